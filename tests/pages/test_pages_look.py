"""Every page in a real browser, with a shop's whole life on it: accessible, nothing refused by the policy, fit for a phone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize
from tests.browser import DESKTOP, PHONE, violations
from tests.shops import Client, Shop, running_shop
from tests.whole import WHOLE
from tests.worlds import DECLINED_CARD, DISPUTED_CARD, Sandbox

from farthing import catalog

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # a crowded machine takes its time

GUEST, BUYER, STAFF = "guest", "buyer", "staff"
LOOKS = (("light", DESKTOP), ("dark", PHONE))

MORE = """
[products.star-map]
name = "A map of the sky, to print"
kind = "download"
price = "9.00 EUR"
download = { files = ["map/star-map.pdf"], downloads_max = 3, days = 30 }

[products.letters]
name = "Ten letters read to you"
kind = "credits"
price = "20.00 EUR"
credits = { amount = 10, days = 365 }

[products.reading]
name = "We read your manuscript"
kind = "service"
price = "90.00 EUR"
service = { units = 3, deadline_days = 14 }

[products.story]
name = "A story"
kind = "content"
price = "3.00 EUR"

[marketplace]

[legal]
name = "Navy Lanterns Ltd"
address = ["1 Harbour Road", "Portsmouth"]
country = "GB"
tax_rate = 20

[coupons.lantern]
name = "For friends of the lantern"
percent = 10
codes = ["LANTERN10"]
"""


@pytest.fixture
def shop(dsn: str, sandbox: Sandbox) -> Iterator[Shop]:
    with running_shop(dsn, sandbox, catalog.parse(catalog.EXAMPLE + MORE)) as running:
        yield running


def life_of(shop: Shop) -> tuple[dict[str, Client], list[tuple[str, str]]]:
    """Orders in many states, and every page as (who looks, path)."""
    guest, buyer, staff = Client(shop), Client(shop), Client(shop)
    staff.sign_in("admin@shop.example")
    buyer.post("/demo/sign-in")
    first = buyer.start(night_sky_atlas=1, ink_bottle=3, lantern_club=1)
    assert (buyer.pay(first, DECLINED_CARD), buyer.pay(first)) == (402, 200)
    second = buyer.start(ink_bottle=1)
    buyer.pay(second)
    paper = buyer.link(buyer.link("/account/orders", r"/account/orders/order_\w+"), r"/account/documents/tax_document_\w+")
    waiting = guest.start("a.very.long.address.of.a.guest@navy.example", lantern_club=1)
    paid, small = (staff.http.get(f"/admin/orders?q={number}").headers["location"] for number in (1001, 1002))
    left = staff.http.get("/admin/orders?q=1003").headers["location"]
    staff.post(f"{paid}/refund", amount="12.50", reason="requested_by_customer", note="One arrived broken", attempt="a")
    staff.post(f"{small}/refund", amount="12.50", reason="duplicate", attempt="b")
    staff.wait_for("/mailbox", "Refund for your order 1002")
    staff.wait_for("/admin/events?type=refund.created", "row-link")
    notice = staff.link("/admin/events?type=payment_intent.succeeded", r"/admin/events/notice_\w+")
    event = staff.link("/admin/audit?type=order.paid", r"/admin/audit/event_\w+")
    mail = staff.link("/mailbox", r"/mailbox/email_\w+")
    person = staff.link("/admin/customers", r"/admin/customers/customer_\w+")
    staff.post("/admin/coupons/new", key="spring", name="Spring sale", percent="12.5", redemptions_max="3")
    staff.post("/admin/coupons/spring/codes", code="SPRING-26")
    disputed = guest.start("lantern@navy.example", lantern_club=1)
    guest.pay(disputed, DISPUTED_CARD)
    staff.wait_for("/admin/disputes", "row-link")
    dispute = staff.link("/admin/disputes", r"/admin/disputes/dispute_\w+")
    back = staff.link("/admin/refunds", r"/admin/refunds/refund_\w+")
    staff.post("/admin/refunds/requests", order=paid.rpartition("/")[2], how="rest", reason="duplicate", note="Twice")
    request = staff.link("/admin/refunds/requests", r"/admin/refunds/requests/refund_request_\w+")
    staff.post("/admin/reconciliation")
    staff.wait_for("/admin/reconciliation", "Finished")
    buyer.pay(buyer.start(star_map=1, letters=1, reading=2, ink_bottle=2))
    buyer.pay(buyer.start(letters=1, ink_bottle=2))
    much, whole = (staff.http.get(f"/admin/orders?q={number}").headers["location"] for number in (1005, 1006))
    much, whole = much.replace("admin", "account"), whole.replace("admin", "account")
    buyer.post(f"{much}/refund-request", message=f"It does not write any more. {'N' + 'o' * 200}!", **asked(buyer, much))
    buyer.post("/seller", name="The ink maker", country="US")
    seller = staff.link("/admin/sellers", r"/admin/sellers/seller_\w+")
    buyer.start(ink_bottle=2)
    unpaid = buyer.link("/account/orders", r"/account/orders/order_\w+")
    paying = buyer.link(unpaid, r"/pay/[\w-]+")
    pages = {
        GUEST: f"""/ /cart /checkout/success?session_id={first} /checkout/success?session_id={waiting} /checkout/canceled
            /account/orders {paying} /admin/sign-in /nowhere""",
        BUYER: f"""/account/orders {paid.replace("admin", "account")} {left.replace("admin", "account")} {much}
            {whole}/refund-request {unpaid} /account/downloads /account/credits /account/purchases
            /account/payment-methods /cart /seller {paper}""",
        STAFF: f"""/admin/orders /admin/orders?status=canceled /admin/orders?q=4242 /admin/orders?q=nobody {paid} {small} {left}
            {paid}/refund {paid}/refund?amount=500&reason=duplicate {paid}/refund?amount=5&reason=duplicate
            {left}/cancellation /admin/events {notice} /admin/events?status=parked /admin/events/replay?status=processed
            /admin/metrics /admin/metrics/movements
            /admin/payments /admin/payments?status=authorized /admin/reconciliation /admin/search
            /admin/search?q=lantern@navy.example
            /admin/refunds /admin/refunds?status=failed {back} /admin/refunds/requests {request} {request}/decline
            {paid}/refund?how=rest&reason=duplicate /admin/disputes /admin/disputes?status=won {dispute}
            {dispute}/evidence {dispute}/submission {dispute}/acceptance
            /admin/sellers?status=onboarding {seller} {seller}/suspension {seller}/rejection
            /admin/customers /admin/customers?q=nobody {person} /admin/products /admin/products/plan
            /admin/coupons /admin/coupons/new /admin/coupons/spring /admin/audit {event}
            /admin/ledger /admin/jobs /admin/health /mailbox {mail} {mail}?view=source""",
    }
    who = {GUEST: guest, BUYER: buyer, STAFF: staff}
    return who, [(name, path) for name, paths in pages.items() for path in paths.split()]


def asked(buyer: Client, order: str) -> dict[str, str]:
    """The first line of its form, ticked."""
    form = buyer.http.get(f"{order}/refund-request").text
    return {re.findall(r'name="(units:[^"]+)"', form)[-1]: "1"}


def opened(browser: Browser, client: Client, shop: Shop, viewport: ViewportSize, scheme: str) -> BrowserContext:
    dark = scheme == "dark"
    context = browser.new_context(
        viewport=viewport, color_scheme="dark" if dark else "light", reduced_motion="reduce", locale="en-GB"
    )
    kept = [(cookie.name, (cookie.value or "").strip('"')) for cookie in client.http.cookies.jar]
    context.add_cookies([{"name": name, "value": value, "url": shop.url} for name, value in kept])
    return context


def listen(page: Page, complaints: list[str]) -> None:
    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))


def flaws(browser: Browser, shop: Shop, who: dict[str, Client], pages: list[tuple[str, str]]) -> list[str]:
    """Of each page on a light desktop and a dark phone. Where the whole is too long to wait for, axe looks on one of them."""
    found: list[str] = []
    for turn, (scheme, viewport) in enumerate(LOOKS):
        for name, client in who.items():
            context = opened(browser, client, shop, viewport, scheme)
            page = context.new_page()
            listen(page, found)
            for number, path in enumerate(path for looks, path in pages if looks == name):
                answer = page.goto(shop.url + path)
                found += [] if not answer or answer.status < 500 else [f"{path}: {answer.status}"]
                if WHOLE or number % len(LOOKS) == turn:
                    found += [f"{path}: {violation}" for violation in violations(page)]
                width = page.evaluate("document.documentElement.scrollWidth")
                found += [f"{path}: {width} wide"] if width > viewport["width"] else []
            context.close()
    return found


def test_every_page_is_accessible_and_fits(browser: Browser, shop: Shop) -> None:
    who, pages = life_of(shop)
    assert flaws(browser, shop, who, pages) == []
