"""The portal, the hosted invoice and the dashboard in a real browser, as a customer and a developer press them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.sandbox.billing import new_customer
from tests.sandbox.conftest import Client, Running, charge, new_session
from tests.sandbox.test_portal_acts import Portal, updates

pytestmark = pytest.mark.browser


@pytest.fixture
def portal(client: Client, sandbox: Running) -> Portal:
    offered = updates(client)
    reasons = {"enabled": True, "options": ["unused", "other"]}
    made = Portal(
        client,
        sandbox,
        subscription_update=offered,
        subscription_cancel={"enabled": True, "cancellation_reason": reasons},
        payment_method_update={"enabled": True},
        customer_update={"enabled": True, "allowed_updates": ["email", "name", "tax_id"]},
        invoice_history={"enabled": True},
    )
    item = made.plan["items"].data[0].id
    made.client.v1.subscriptions.update(made.plan.id, {"items": [{"id": item, "price": offered["products"][0]["prices"][0]}]})
    return made


def _said(page: Page, words: str) -> None:
    told = page.get_by_role("status")
    expect(told).to_have_text(words)
    expect(told).to_be_focused()


def test_a_customer_changes_the_plan_after_seeing_its_price(page: Page, portal: Portal) -> None:
    page.goto(portal.session.url)
    page.get_by_text("Change the plan").click()
    page.get_by_label("How many").fill("9")
    page.get_by_label("How many").evaluate("field => field.removeAttribute('max')")
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_label("How many")).to_have_accessible_description("Choose from 1 to 5.")
    expect(page.get_by_label("How many")).to_be_focused()
    page.get_by_label("How many").fill("1")
    page.get_by_label("Ten").check()
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_text("To pay now")).to_be_visible()
    expect(page.get_by_text(re.compile("Remaining time on Ten"))).to_be_visible()
    assert portal.now()["items"].data[0].price.unit_amount == 1000
    page.get_by_role("button", name="Change the plan").click()
    _said(page, "Your plan has been changed.")
    assert portal.now()["items"].data[0].price.unit_amount == 5000


def test_a_customer_leaves_by_keyboard_and_comes_back(page: Page, portal: Portal) -> None:
    page.goto(portal.session.url)
    page.get_by_text("Cancel the plan").first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("I do not use it enough").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Too busy")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    _said(page, "Your plan will end with its period.")
    details = portal.now().cancellation_details
    assert (details.feedback, details.comment) == ("unused", "Too busy")
    page.get_by_role("button", name="Keep the plan").click()
    _said(page, "Your plan goes on.")


def test_a_card_asks_the_bank_before_it_pays(page: Page, portal: Portal) -> None:
    page.goto(portal.session.url)
    page.get_by_text("Add a card").click()
    page.get_by_label("Card number").fill("4000 0000 0000 0002")
    page.get_by_role("button", name="Add it and pay with it").click()
    expect(page.get_by_label("Card number")).to_have_accessible_description("Your card was declined.")
    page.get_by_role("button", name=re.compile("^Asks the bank")).click()
    page.get_by_role("button", name="Complete").click()
    _said(page, "The card ending in 3184 pays from now on.")
    page.get_by_role("button", name="Remove the one ending in 4242").click()
    _said(page, "The card has been removed.")


def test_details_and_tax_numbers_are_kept(page: Page, portal: Portal) -> None:
    page.goto(portal.session.url)
    page.get_by_text("Change your details").click()
    page.get_by_label("Email").fill("nobody@nowhere")
    page.get_by_role("button", name="Save your details").click()
    expect(page.get_by_label("Email")).to_have_accessible_description("Invalid email address: nobody@nowhere")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_role("button", name="Save your details").click()
    _said(page, "Your details have been saved.")
    page.get_by_text("Add a tax number").click()
    page.get_by_label("Tax number").fill("DE123456789")
    page.get_by_role("button", name="Add it", exact=True).click()
    _said(page, "The tax number has been added.")
    expect(page.get_by_role("button", name="Remove DE123456789")).to_be_visible()


def test_an_invoice_is_paid_through_the_bank_and_has_papers(browser: Browser, client: Client, sandbox: Running) -> None:
    """Without JavaScript, because it takes none."""
    customer = new_customer(client, card=None)
    invoice = client.v1.invoices.create({"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 7})
    client.v1.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 1900, "currency": "usd"})
    invoice = client.v1.invoices.send_invoice(invoice.id)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(invoice.hosted_invoice_url)
    page.get_by_role("button", name=re.compile("^Asks the bank")).click()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_text("Visa …3184")).to_be_visible()
    receipt = page.get_by_role("link", name="Receipt as PDF").get_attribute("href")
    printed = sandbox.http.get(str(receipt))
    assert (printed.content[:5], b"Receipt for invoice" in printed.content) == (b"%PDF-", True)
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    context.close()


def test_the_dashboard_looks_ahead_and_finds_objects(page: Page, client: Client, sandbox: Running) -> None:
    session, paid = new_session(client), charge(client)
    page.goto(f"{sandbox.url}/_sandbox/")
    page.get_by_text(re.compile("^What the next 7 days would bring")).click()
    page.get_by_label("Look ahead").select_option("1")
    page.get_by_role("button", name="Look ahead").click()
    expect(page.get_by_text("What the next day would bring")).to_be_visible()
    expect(page.get_by_role("list", name="Events ahead")).to_contain_text("checkout.session.expired")
    page.get_by_role("link", name=re.compile("Payments")).click()
    page.get_by_role("link", name=paid.id).click()
    expect(page.get_by_label("The object as JSON")).to_contain_text(paid.latest_charge)
    page.get_by_role("link", name=paid.latest_charge).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("charge")
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_an_expired_page_offers_to_start_again(page: Page, client: Client) -> None:
    session: Any = new_session(client, after_expiration={"recovery": {"enabled": True}})
    client.v1.checkout.sessions.expire(session.id)
    page.goto(session.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("This page has expired")
    page.get_by_role("link", name="Start again").click()
    expect(page.get_by_label("Card number")).to_be_visible()
