"""The hosted pages in a real browser: pay, be declined, ask the bank, cancel, with and without scripts; and the dashboard."""

from __future__ import annotations

import re
from typing import Any

import pytest
import stripe
from playwright.sync_api import Browser, Page, expect
from tests.sandbox.conftest import Client, Listener, Running, charge, error_of, eventually, new_session

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(listener: Listener) -> str:
    """Where success_url and cancel_url lead: another origin, as a shop is."""
    return listener.url.removesuffix("/hooks")


@pytest.fixture
def session(client: Client, shop: str) -> Any:
    return new_session(
        client,
        success_url=f"{shop}/thanks?s={{CHECKOUT_SESSION_ID}}&note=[a]",
        cancel_url=f"{shop}/cart",
        metadata={"o": "1"},
    )


def _fill(page: Page, what: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{what}")).click()


def _pay(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Pay ")).click()


def _status(client: Client, session: Any) -> Any:
    return client.v1.checkout.sessions.retrieve(session.id).status


def test_a_buyer_types_a_card_and_comes_back_to_the_shop(page: Page, client: Client, session: Any, shop: str) -> None:
    page.goto(str(session.url))
    expect(page.get_by_text("no real money")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("$25.00")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_label("Expires").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on the card").fill("Ada Lovelace")
    page.get_by_label("Postal code").fill("SW1A")
    page.get_by_label("Country").select_option("GB")
    with page.expect_request(re.compile(f"{shop}/thanks")) as went:
        _pay(page)
    assert went.value.url.startswith(f"{shop}/thanks?s={session.id}&note=[a")
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert paid.status == "complete"
    billing = paid.payment_intent.latest_charge.billing_details
    assert (billing.name, billing.address.country, billing.address.postal_code) == ("Ada Lovelace", "GB", "SW1A")


def test_one_click_fills_the_form_and_a_second_one_pays(page: Page, client: Client, session: Any) -> None:
    page.goto(str(session.url))
    expect(page.get_by_label("Card number")).to_have_value("")
    page.get_by_label("Email").fill("mine@example.com")
    _fill(page, "Succeeds …4242")
    expect(page.get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    _pay(page)
    eventually(lambda: _status(client, session) == "complete")
    assert client.v1.checkout.sessions.retrieve(session.id).customer_details.email == "mine@example.com"


@pytest.mark.parametrize(
    ("what", "label", "message"),
    [
        ("Is declined", "Card number", "Your card was declined."),
        ("Has insufficient funds", "Card number", "Your card has insufficient funds."),
        ("Has expired", "Expires", "Your card has expired."),
        ("Has a wrong security code", "Security code", "Your card's security code is incorrect."),
        ("Fails in processing", "Card number", "An error occurred while processing your card."),
    ],
)
def test_a_decline_is_told_at_its_field_and_nothing_typed_is_lost(
    page: Page, client: Client, session: Any, what: str, label: str, message: str
) -> None:
    page.goto(str(session.url))
    page.get_by_label("Name on the card").fill("Ada Lovelace")
    _fill(page, what)
    _pay(page)
    told = page.get_by_label(label)
    expect(told).to_have_attribute("aria-invalid", "true")
    expect(told).to_have_accessible_description(re.compile(re.escape(message)))
    expect(told).to_be_focused()
    expect(page.get_by_label("Name on the card")).to_have_value("Ada Lovelace")
    assert _status(client, session) == "open"
    _fill(page, "Succeeds …4242")
    _pay(page)
    eventually(lambda: _status(client, session) == "complete")


def test_an_empty_form_names_every_field(page: Page, session: Any, sandbox: Running) -> None:
    answer = sandbox.http.post(str(session.url), data={"email": "nobody"})
    assert answer.status_code == 400
    for field in ("email", "number", "expiry", "cvc", "name"):
        assert f'aria-describedby="{field}-error"' in answer.text


@pytest.mark.parametrize(("button", "status"), [("Complete", "complete"), ("Fail", "open")])
def test_the_bank_is_asked(page: Page, client: Client, session: Any, button: str, status: str) -> None:
    page.goto(str(session.url))
    _fill(page, "Asks the bank")
    _pay(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Is it you who is paying $25.00?")
    page.get_by_role("button", name=button).click()
    if status == "complete":
        eventually(lambda: _status(client, session) == "complete")
    else:
        expect(page.get_by_role("alert")).to_contain_text("unable to authenticate")
        expect(page.get_by_label("Email")).to_have_value("buyer@example.com")
        assert _status(client, session) == "open"


def test_a_payment_confirmed_by_the_api_comes_back_to_its_return_url(page: Page, client: Client, shop: str) -> None:
    waiting = charge(
        client, card="pm_card_threeDSecure2Required", automatic_payment_methods={"enabled": True}, return_url=f"{shop}/back"
    )
    page.goto(waiting.next_action.redirect_to_url.url)
    with page.expect_request(re.compile(f"{shop}/back")) as went:
        page.get_by_role("button", name="Complete").click()
    assert "redirect_status=succeeded" in went.value.url
    assert client.v1.payment_intents.retrieve(waiting.id).status == "succeeded"


def test_canceling_leads_back_to_the_cart(page: Page, session: Any, shop: str) -> None:
    page.goto(str(session.url))
    expect(page.get_by_role("link", name="Cancel and go back")).to_have_attribute("href", f"{shop}/cart")


def test_paying_twice_pays_once(client: Client, session: Any, sandbox: Running) -> None:
    form = {"email": "a@example.com", "number": "4242424242424242", "expiry": "12/34", "cvc": "123", "name": "A"}
    first, second = (sandbox.http.post(str(session.url), data=form) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    assert f"?s={session.id}&note=[a]" in first.headers["location"]
    assert len(client.v1.charges.list().data) == 1


def test_a_paid_and_an_expired_page_say_so(page: Page, client: Client, sandbox: Running) -> None:
    paid, expired = new_session(client), new_session(client)
    sandbox.pay(paid.id, card="4242424242424242")
    page.goto(str(paid.url))
    expect(page.get_by_role("heading", level=1)).to_have_text("This has been paid")
    client.v1.checkout.sessions.expire(expired.id)
    page.goto(str(expired.url))
    expect(page.get_by_role("heading", level=1)).to_have_text("This page has expired")
    expect(page.get_by_role("link", name="Back to the shop")).to_have_attribute("href", "http://127.0.0.1:9/cart")
    page.goto(f"{sandbox.url}/c/pay/cs_test_nothing")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")


def test_it_works_without_javascript(browser: Browser, client: Client, session: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(str(session.url))
    _fill(page, "Asks the bank")
    _pay(page)
    page.get_by_role("button", name="Complete").click()
    eventually(lambda: _status(client, session) == "complete")
    context.close()


def test_nothing_foreign_may_run_on_a_page(sandbox: Running, session: Any, shop: str) -> None:
    for url in (str(session.url), f"{sandbox.url}/_sandbox/"):
        answer = sandbox.http.get(url)
        assert answer.headers["content-security-policy"].startswith("default-src 'self'; form-action 'self'")
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?! src=)|<style| style=| on[a-z]+=", answer.text)
    policy = sandbox.http.get(str(session.url)).headers["content-security-policy"]
    assert f"form-action 'self' {shop};" in policy


def test_markup_in_names_is_shown_and_not_obeyed(sandbox: Running, client: Client) -> None:
    evil: Any = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "<script>alert(1)</script>"}}
    url = str(new_session(client, line_items=[{"price_data": evil, "quantity": 1}]).url)
    answer = sandbox.http.get(url)
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_the_dashboard_shows_what_happened_and_resends(
    page: Page, sandbox: Running, client: Client, listener: Listener
) -> None:
    client.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["customer.created"]})
    client.v1.customers.create({})
    listener.wait_for(lambda types: len(types) == 1)
    event = client.v1.events.list({"type": "customer.created"}).data[0].id
    page.goto(f"{sandbox.url}/_sandbox/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    page.get_by_role("button", name=f"Resend customer.created {event}").click()
    listener.wait_for(lambda types: len(types) == 2)
    expect(page).to_have_url(f"{sandbox.url}/_sandbox/")
    page.goto(f"{sandbox.url}/_sandbox/objects/{event}")
    expect(page.get_by_label("The object as JSON")).to_contain_text('"type": "customer.created"')


def test_the_request_log_shows_what_was_refused(sandbox: Running, client: Client) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.retrieve("cus_none")
    shown = sandbox.http.get(error_of(refused).request_log_url, follow_redirects=True).text
    assert "GET /v1/customers/cus_none" in shown
    assert "resource_missing" in shown
