"""Every page there is, in light on a desk and in dark on the narrowest phone: accessible, quiet, and never too wide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser import DESKTOP, violations
from tests.sandbox.billing import new_customer
from tests.sandbox.conftest import Client, Running, charge, new_session
from tests.sandbox.test_portal_acts import Portal, updates

pytestmark = pytest.mark.browser

NARROWEST: Any = {"width": 360, "height": 780}
Pages = dict[str, Callable[[], str]]
"""Where each is; some links open once, so they are asked for when they are needed."""


def _at(url: str) -> Callable[[], str]:
    return lambda: url


def _checkout(client: Client, sandbox: Running) -> Pages:
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": True})
    line = {"price_data": {"currency": "eur", "unit_amount": 900, "product_data": {"name": "Ink"}}, "quantity": 2}
    way = {"display_name": "Post", "fixed_amount": {"amount": 500, "currency": "eur"}}
    full = new_session(
        client,
        line_items=[line | {"tax_rates": [rate.id], "adjustable_quantity": {"enabled": True}}],
        allow_promotion_codes=True,
        billing_address_collection="required",
        phone_number_collection={"enabled": True},
        shipping_address_collection={"allowed_countries": ["DE", "US"]},
        shipping_options=[{"shipping_rate_data": way}, {"shipping_rate_data": way | {"display_name": "Courier"}}],
        custom_fields=[{"key": "a", "label": {"type": "custom", "custom": "Engraving"}, "type": "text"}],
        consent_collection={"terms_of_service": "required", "promotions": "auto"},
        tax_id_collection={"enabled": True},
    )
    setup = client.v1.checkout.sessions.create({"mode": "setup", "currency": "usd", "success_url": "http://127.0.0.1:9/x"})
    paid, expired = new_session(client), new_session(client)
    sandbox.pay(paid.id, card="4242424242424242")
    client.v1.checkout.sessions.expire(expired.id)
    asks = charge(
        client,
        card="pm_card_threeDSecure2Required",
        automatic_payment_methods={"enabled": True},
        return_url="http://127.0.0.1:9/back",
    )
    found = {"everything asked": full, "setup": setup, "paid": paid, "expired": expired}
    return {name: _at(str(each.url)) for name, each in found.items()} | {
        "bank": lambda: str(asks.next_action.redirect_to_url.url),
        "nothing there": lambda: f"{sandbox.url}/c/pay/cs_test_none",
    }


def _portal(client: Client, sandbox: Running) -> Pages:
    reasons = {"enabled": True, "options": ["unused", "other"]}
    portal = Portal(
        client,
        sandbox,
        subscription_update=updates(client),
        subscription_cancel={"enabled": True, "cancellation_reason": reasons},
        subscription_pause={"enabled": True},
        payment_method_update={"enabled": True},
        customer_update={"enabled": True, "allowed_updates": ["email", "name", "phone", "address", "tax_id"]},
        invoice_history={"enabled": True},
    )
    portal.act("add_tax_id", tax_id_type="eu_vat", tax_id="DE123456789")
    empty = client.v1.billing_portal.sessions.create({"customer": new_customer(client, card=None).id})
    invoice = client.v1.invoices.create({"customer": portal.customer, "collection_method": "send_invoice", "days_until_due": 7})
    client.v1.invoice_items.create({"customer": portal.customer, "invoice": invoice.id, "amount": 900, "currency": "usd"})
    due = client.v1.invoices.send_invoice(invoice.id)
    paid = client.v1.invoices.list({"subscription": portal.plan.id}).data[0]
    found = {
        "portal": portal.session.url,
        "empty portal": empty.url,
        "canceling": portal.flow("subscription_cancel").url,
        "changing": portal.flow("subscription_update").url,
        "open invoice": due.hosted_invoice_url,
        "paid invoice": paid.hosted_invoice_url,
    }
    return {name: _at(str(url)) for name, url in found.items()}


def _sellers(client: Client, sandbox: Running) -> Pages:
    wanted: Any = {"type": "express", "country": "US", "capabilities": {"transfers": {"requested": True}}}
    new, done = (client.v1.accounts.create(wanted).id for _ in range(2))
    assert sandbox.post(f"/accounts/{done}/onboard", outcome="complete").status_code == 200
    ways = {"return_url": "http://127.0.0.1:9/r", "refresh_url": "http://127.0.0.1:9/f"}

    def onboard() -> str:
        link = client.v1.account_links.create({"account": new, "type": "account_onboarding", **ways}).url
        return str(sandbox.http.get(link).headers["location"])

    return {
        "onboarding": lambda: sandbox.url + onboard(),
        "onboarding, bank": lambda: sandbox.url + onboard() + "?step=2",
        "onboarding, agreement": lambda: sandbox.url + onboard() + "?step=3",
        "seller's dashboard": lambda: str(client.v1.accounts.login_links.create(done).url),
        "used link": lambda: f"{sandbox.url}/c/seller/none",
    }


@pytest.fixture
def pages(client: Client, sandbox: Running) -> Pages:
    made = _checkout(client, sandbox) | _portal(client, sandbox) | _sellers(client, sandbox)
    client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["customer.created"]})
    customer = client.v1.customers.create({})
    board = f"{sandbox.url}/_sandbox/"
    return made | {
        "dashboard": lambda: f"{board}?ahead=31",
        "objects": lambda: f"{board}objects?type=payment_intent",
        "object": lambda: f"{board}objects/{customer.id}",
    }


@pytest.fixture(params=["light", "dark and narrow"])
def dressed(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """With the policy off, because axe is injected."""
    dark = request.param != "light"
    context = browser.new_context(
        color_scheme="dark" if dark else "light",
        viewport=NARROWEST if dark else DESKTOP,
        bypass_csp=True,
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


def test_every_page_is_accessible_quiet_and_fits(dressed: Page, pages: Pages) -> None:
    found, complaints = dict[str, list[str]](), list[str]()
    dressed.on("pageerror", lambda error: complaints.append(str(error)))
    for name, where in pages.items():
        dressed.goto(where())
        dressed.evaluate("document.querySelectorAll('details').forEach((drawer) => (drawer.open = true))")
        wrong = violations(dressed)
        if dressed.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append("wider than the window")
        if "no real money" not in dressed.locator("header.banner").inner_text():
            wrong.append("no banner")
        if wrong:
            found[name] = wrong
    if wrong := _told_of_a_decline(dressed, pages["everything asked"]()):
        found["declined"] = wrong
    assert found == {}
    assert complaints == []


def _told_of_a_decline(page: Page, url: str) -> list[str]:
    page.goto(url)
    page.get_by_role("button", name=re.compile("^Is declined")).click()
    page.get_by_role("button", name=re.compile("^Pay €")).click()
    expect(page.get_by_label("Card number")).to_be_focused()
    return violations(page)


def test_nothing_on_a_page_runs_or_comes_from_elsewhere(pages: Pages, sandbox: Running) -> None:
    for name, where in pages.items():
        answer = sandbox.http.get(where(), follow_redirects=True)
        assert answer.headers["content-security-policy"].startswith("default-src 'self'"), name
        for foreign in ("<style", " style=", "<script>", "onclick", "stripe.com/v", "fonts.googleapis"):
            assert foreign not in answer.text, name
        assert "Powered by" not in answer.text


def test_sums_are_spelled_as_their_currency_is(client: Client, sandbox: Running) -> None:
    yen = client.v1.prices.create(
        {"currency": "jpy", "unit_amount": 1200, "recurring": {"interval": "month"}, "product_data": {"name": "Tea"}}
    )
    session = client.v1.checkout.sessions.create(
        {"mode": "subscription", "line_items": [{"price": yen.id, "quantity": 2}], "success_url": "http://127.0.0.1:9/x"}
    )
    assert "¥2,400 per month until you cancel." in sandbox.http.get(session.url).text
