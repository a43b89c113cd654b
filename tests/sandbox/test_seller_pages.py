"""The seller's pages in a real browser: onboarding to each of its ends, and the express dashboard."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser import DESKTOP, PHONE, violations
from tests.sandbox.conftest import Client, Listener, Running, charge, eventually
from tests.sandbox.connect import CAPABILITIES, balance_of, on

pytestmark = pytest.mark.browser


@pytest.fixture
def seller(client: Client) -> str:
    return str(client.v1.accounts.create({"type": "express", "country": "US", "capabilities": CAPABILITIES}).id)


@pytest.fixture
def platform(listener: Listener) -> str:
    return listener.url.removesuffix("/hooks")


def _link(client: Client, seller: str, platform: str) -> str:
    urls = {"refresh_url": f"{platform}/again", "return_url": f"{platform}/back"}
    return str(client.v1.account_links.create({"account": seller, "type": "account_onboarding", **urls}).url)


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def _fill_and_go_on(page: Page) -> None:
    _press(page, "Fill for me")
    _press(page, "Continue")


def _leaves(page: Page, platform: str, button: str) -> None:
    with page.expect_request(re.compile(f"{platform}/back")):
        _press(page, button)


def _at_the_end(page: Page, client: Client, seller: str, platform: str) -> None:
    page.goto(_link(client, seller, platform))
    _fill_and_go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Where should the money go?")
    _fill_and_go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Look at it and agree")


def test_a_seller_types_everything_and_may_sell(page: Page, client: Client, seller: str, platform: str) -> None:
    page.goto(_link(client, seller, platform))
    expect(page.get_by_text("no real money")).to_be_visible()
    _press(page, "Continue")
    expect(page.get_by_label("First name")).to_be_focused()
    for label, text in (
        ("First name", "Ada"),
        ("Last name", "Lovelace"),
        ("Email", "ada@example.com"),
        ("Phone", "0000000000"),
        ("Date of birth", "1902-01-01"),
        ("Last 4 digits", "0000"),
        ("Street address", "1 Main Street"),
        ("City", "London"),
        ("State", "NY"),
        ("Postal code", "10001"),
        ("Website", "https://example.com"),
    ):
        page.get_by_label(label).fill(text)
    _press(page, "Continue")
    page.get_by_label("Routing number").fill("110000000")
    page.get_by_label("Account number").fill("000123456789")
    _press(page, "Continue")
    expect(page.get_by_text("…6789")).to_be_visible()
    _leaves(page, platform, "Agree and finish")
    ready = client.v1.accounts.retrieve(seller)
    assert (ready.charges_enabled, ready.payouts_enabled, ready.details_submitted) == (True, True, True)


def test_a_half_done_seller_goes_on_where_they_left(page: Page, client: Client, seller: str, platform: str) -> None:
    page.goto(_link(client, seller, platform))
    _press(page, "Fill for me")
    _leaves(page, platform, "Save and leave half-done")
    left = client.v1.accounts.retrieve(seller)
    assert (left.details_submitted, "external_account" in left.requirements.currently_due) == (False, True)
    assert "individual.first_name" not in left.requirements.currently_due
    page.goto(_link(client, seller, platform))
    expect(page.get_by_role("heading", level=1)).to_have_text("Where should the money go?")


def test_a_document_is_asked_for_and_given(page: Page, client: Client, seller: str, platform: str) -> None:
    _at_the_end(page, client, seller, platform)
    _leaves(page, platform, "Finish, needing a document")
    assert client.v1.accounts.retrieve(seller).requirements.currently_due == ["individual.verification.document"]
    page.goto(_link(client, seller, platform))
    expect(page.get_by_role("heading", level=1)).to_have_text("One document is needed")
    _leaves(page, platform, "Use the test document")
    assert client.v1.accounts.retrieve(seller).charges_enabled


def test_a_rejected_seller_sees_so(page: Page, client: Client, seller: str, platform: str) -> None:
    _at_the_end(page, client, seller, platform)
    _leaves(page, platform, "Finish, and be rejected")
    assert client.v1.accounts.retrieve(seller).requirements.disabled_reason == "rejected.other"
    page.goto(_link(client, seller, platform))
    expect(page.get_by_role("heading", level=1)).to_have_text("This account was rejected")
    _leaves(page, platform, "Go back")


def test_a_wrong_bank_number_is_told(page: Page, client: Client, seller: str, platform: str) -> None:
    page.goto(_link(client, seller, platform))
    _fill_and_go_on(page)
    page.get_by_label("Routing number").fill("12")
    page.get_by_label("Account number").fill("000123456789")
    _press(page, "Continue")
    expect(page.get_by_role("alert")).to_have_text("Invalid routing number")
    expect(page.get_by_label("Account number")).to_have_value("000123456789")
    assert client.v1.accounts.retrieve(seller).external_accounts.data == []


def test_the_express_dashboard_shows_the_sellers_money(page: Page, client: Client, sandbox: Running, seller: str) -> None:
    assert sandbox.post(f"/accounts/{seller}/onboard").status_code == 200
    charge(client, 12_300, transfer_data={"destination": seller}, application_fee_amount=300)
    eventually(lambda: balance_of(client, seller) == (0, 12_000))
    login = client.v1.accounts.login_links.create(seller)
    page.goto(login.url)
    expect(page.get_by_text("$120.00")).to_be_visible()
    expect(page.get_by_role("region", name="Payments: table")).to_contain_text("$123.00")
    assert client.v1.charges.list({}, on(seller)).data[0].amount == 12_300
    page.goto(login.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link does not open anymore")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_pages_are_readable_for_everyone(
    browser: Browser, client: Client, sandbox: Running, seller: str, platform: str, scheme: Any, size: Any
) -> None:
    with browser.new_context(color_scheme=scheme, viewport=size) as context:
        page = context.new_page()
        page.goto(_link(client, seller, platform))
        _press(page, "Continue")
        for _ in (1, 2):
            assert violations(page) == []
            _fill_and_go_on(page)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert sandbox.post(f"/accounts/{seller}/onboard").status_code == 200
        page.goto(client.v1.accounts.login_links.create(seller).url)
        assert violations(page) == []
