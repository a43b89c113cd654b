"""A subscriber's year in the browser: a trial, a card that fails and what mends it, an end that is taken back."""

import asyncio
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.shops import Client, Shop, running_shop
from tests.worlds import CARD, Sandbox

from farthing import catalog, customers
from farthing.db import Database
from farthing.http import keys

pytestmark = pytest.mark.browser

FAILS_LATER = "4000000000000341"
"""It can be saved, and later charges of it are declined."""

PLANS = """
currency = "eur"

[shop]
name = "The Star Shop"

[products.pro]
name = "Pro"
kind = "plan"
features = ["reports"]

[products.pro.plan.prices.monthly]
price = "20.00 EUR"
interval = "month"

[products.studio]
name = "Studio"
kind = "plan"
features = ["reports", "studio"]

[products.studio.plan.prices.monthly]
price = "60.00 EUR"
interval = "month"

[products.team]
name = "Team"
kind = "plan"
features = ["team"]

[products.team.plan]
group = "team"
trial_days = 14

[products.team.plan.prices.monthly]
price = "50.00 EUR"
interval = "month"

[legal]
name = "Star Shop GmbH"
address = ["Sternwartestraße 1", "1180 Wien"]
country = "AT"
tax_id = "ATU13585627"
"""


@pytest.fixture
def shop(dsn: str, sandbox: Sandbox) -> Iterator[Shop]:
    with running_shop(dsn, sandbox, catalog.parse(PLANS)) as running:
        yield running


@dataclass(slots=True)
class Provider:
    """The sandbox, for whom the demo customer lives on a clock of their own."""

    shop: Shop
    http: httpx.Client
    server: httpx.Client
    clock: str
    customer: str

    def page_for(self, plan: str) -> str:
        """Where the demo customer subscribes: what the shop's own server asks for."""
        body = {
            "plan": plan,
            "customer": {"id": "demo-customer", "email": "demo@example.com"},
            "success_url": f"{self.shop.url}/account/subscriptions",
            "cancel_url": f"{self.shop.url}/account/subscriptions",
        }
        answer = self.server.post("/v1/subscriptions/checkout", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    def passes(self, span: timedelta) -> None:
        path = f"/v1/test_helpers/test_clocks/{self.clock}"
        until = self.http.get(path).json()["frozen_time"] + int(span.total_seconds())
        self.http.post(f"{path}/advance", data={"frozen_time": str(until)}).raise_for_status()
        while self.http.get(path).json()["status"] == "advancing":
            pass


async def _prepare(dsn: str, provider_customer: str) -> str:
    """The demo customer known at the provider, and a key for the shop's server."""
    db = Database(dsn)
    await db.open()
    async with db.transaction("test") as tx:
        person = await customers.remember(tx, external_id="demo-customer", email="demo@example.com", name="Demo Customer")
        await customers.want(tx, person, "stripe", livemode=False, soon=False)
        await tx.run("UPDATE provider_customers SET provider_customer_id = %(id)s", id=provider_customer)
        _, secret = await keys.create(tx, "the shop's server", livemode=False)
    await db.close()
    return secret


@pytest.fixture
def provider(shop: Shop) -> Iterator[Provider]:
    http = httpx.Client(base_url=shop.sandbox.url, auth=(shop.key, ""), timeout=30)
    clock = http.post("/v1/test_helpers/test_clocks", data={"frozen_time": str(int(time.time()))}).json()["id"]
    customer = http.post("/v1/customers", data={"email": "demo@example.com", "test_clock": clock}).json()["id"]
    with ThreadPoolExecutor(1) as elsewhere:
        secret = elsewhere.submit(asyncio.run, _prepare(shop.dsn, customer)).result()
    server = httpx.Client(base_url=shop.url, headers={"Authorization": f"Bearer {secret}"}, timeout=30)
    staff = Client(shop)
    staff.sign_in("admin@shop.example")
    assert staff.post("/admin/products/apply").status_code == 303
    yield Provider(shop, http, server, clock, customer)
    http.close()
    server.close()


def sign_in(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.url}/account/subscriptions")
    page.get_by_role("button", name="Continue as the demo customer").click()
    page.get_by_role("link", name="Plans").click()


def pay(page: Page, url: str, card: str, button: str) -> None:
    page.goto(url)
    page.get_by_label("Card number").fill(card)
    page.get_by_label("Expires").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on the card").fill("Demo Customer")
    page.get_by_role("button", name=button).click()


def see(page: Page, words: str) -> None:
    """Until the webhooks have come."""
    for _ in range(50):
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(200)
        page.reload()
    raise AssertionError(f"{page.url} never said {words!r}: {page.inner_text('main')}")


def link_in_mail(shop: Shop, subject: str) -> str:
    reader = Client(shop)
    reader.wait_for("/mailbox", subject)
    mail = reader.link("/mailbox", r"/mailbox/email_\w+")
    found = re.search(r"/renewal/[\w-]+", reader.http.get(f"{mail}/text").text)
    assert found is not None
    return found[0]


def test_a_trial_is_begun_ended_and_goes_on_after_all(page: Page, shop: Shop, provider: Provider) -> None:
    sign_in(page, shop)
    expect(page.get_by_text("You have no plan.")).to_be_visible()
    pay(page, provider.page_for("team"), CARD, "Start the trial")
    page.wait_for_url(f"{shop.url}/account/subscriptions**")
    see(page, "Your trial lasts until")
    page.get_by_role("link", name="Team").click()
    expect(page.get_by_text("Then €50.00 is charged.")).to_be_visible()

    page.get_by_role("link", name="Change it").click()
    expect(page.get_by_label("Team, €50.00 every month")).to_be_checked()
    page.get_by_role("link", name="Go back").click()
    page.get_by_role("link", name="End it").click()
    page.get_by_label("Why? It helps us").fill("Too many stars")
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("until then you can take that back")).to_be_visible()
    expect(page.get_by_text("Next charge")).to_have_count(0)
    page.get_by_role("button", name="Let it go on after all").click()
    expect(page.get_by_text("It goes on as before.")).to_be_visible()
    expect(page.get_by_text("Next charge")).to_be_visible()


def test_a_renewal_that_fails_is_paid_by_the_emailed_link(page: Page, shop: Shop, provider: Provider) -> None:
    sign_in(page, shop)
    pay(page, provider.page_for("team"), FAILS_LATER, "Start the trial")
    page.wait_for_url(f"{shop.url}/account/subscriptions**")
    see(page, "Your trial lasts until")
    provider.passes(timedelta(days=14, hours=12))
    link = link_in_mail(shop, "We could not charge you for Team")
    page.goto(f"{shop.url}/account/subscriptions")
    see(page, "The last payment failed.")
    page.get_by_role("link", name="Team").click()
    expect(page.get_by_role("link", name="See how to pay")).to_be_visible()

    page.goto(shop.url + link)
    expect(page.get_by_role("heading", name="Pay for Team")).to_be_visible()
    expect(page.get_by_text("Try 1: your bank said no")).to_be_visible()
    page.get_by_role("button", name="Pay €50.00").click()
    page.get_by_label("Card number").fill(CARD)
    page.get_by_role("button", name="Pay €50.00").click()
    expect(page.get_by_text("Thank you: this invoice is paid.")).to_be_visible()
    page.goto(shop.url + link)
    see(page, "There is nothing left to do.")
    page.goto(f"{shop.url}/account/subscriptions")
    see(page, "€50.00 is charged")


def test_an_upgrade_costs_what_the_page_said_and_its_invoice_can_be_downloaded(
    page: Page, shop: Shop, provider: Provider
) -> None:
    sign_in(page, shop)
    pay(page, provider.page_for("pro"), CARD, "Pay €20.00")
    page.wait_for_url(f"{shop.url}/account/subscriptions**")
    see(page, "€20.00 is charged")
    page.get_by_role("link", name="Pro").click()
    see(page, "-000001")
    page.get_by_role("link", name="Change it").click()
    page.get_by_label("Studio, €60.00 every month").check()
    page.get_by_role("button", name="See what it costs").click()
    said = page.get_by_role("button", name="Change, and pay").inner_text().rpartition("€")[2]
    expect(page.get_by_text("Charged now").locator("xpath=..")).to_contain_text(f"€{said}")
    page.get_by_role("button", name="Change, and pay").click()
    expect(page.get_by_text("Your plan is changed.")).to_be_visible()
    see(page, "-000002")
    paid = provider.http.get("/v1/invoices", params={"limit": "1"}).json()["data"][0]
    assert (paid["status"], paid["amount_paid"]) == ("paid", int(said.replace(".", "")))

    newest = page.get_by_role("listitem").filter(has_text="-000002")
    expect(newest).to_contain_text(f"€{said}")
    number = newest.get_by_role("strong").inner_text()
    where = {name: newest.get_by_role("link", name=f"{name} {number}").get_attribute("href") for name in ("PDF", "See it")}
    pdf = page.request.get(f"{shop.url}{where['PDF']}")
    assert (pdf.headers["content-type"], pdf.body()[:5], len(pdf.body()) > 5000) == ("application/pdf", b"%PDF-", True)
    newest.get_by_role("link", name=f"See it {number}").click()
    expect(page.get_by_role("heading", name="Invoice")).to_be_visible()
    expect(page.get_by_text(number)).to_be_visible()
    expect(page.get_by_role("row", name="Total")).to_contain_text(f"{said} EUR")
    assert httpx.get(f"{shop.url}{where['PDF']}").content[:5] != b"%PDF-"
