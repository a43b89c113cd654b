"""The frame in a real browser: nothing refused by the policy, nothing in the way of anyone, complete without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from tests.browser import DESKTOP, PHONE, violations

pytestmark = pytest.mark.browser

PAGES = ["admin/orders", "admin/orders/2026-0142", "admin/empty", "sign-in", "account", "shop", "nowhere"]
ORDER = "admin/orders/2026-0142"


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """A browser that runs no scripts."""
    context = browser.new_context(viewport=DESKTOP, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit(page: Page, address: str, scheme: str, viewport: ViewportSize) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size(viewport)
    for path in PAGES:
        page.goto(f"{address}/{path}")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_opens_is_accessible(page: Page, address: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size(PHONE)
    page.goto(f"{address}/{ORDER}")
    for opener in ("You and your settings", "Menu"):
        page.get_by_label(opener, exact=True).click()
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_label(opener, exact=True)).to_be_focused()
    page.get_by_text("As the provider reports it").first.click()
    page.get_by_role("link", name="Cancel order").click()
    expect(page.get_by_role("dialog", name="Cancel this order?")).to_be_visible()
    assert violations(page) == []


def test_the_dialog_asks_then_sends_the_form(page: Page, address: str) -> None:
    page.goto(f"{address}/{ORDER}")
    opener = page.get_by_role("link", name="Cancel order")
    opener.click()
    page.get_by_role("button", name="Go back").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()
    opener.click()
    page.get_by_label("Reason").fill("changed their mind")
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_role("status").first).to_contain_text("The order is canceled")
    assert page.url == f"{address}/{ORDER}"


def test_without_javascript_the_same_question_is_a_page(plain_page: Page, address: str) -> None:
    plain_page.goto(f"{address}/{ORDER}")
    plain_page.get_by_role("link", name="Cancel order").click()
    assert plain_page.url == f"{address}/{ORDER}/cancellation"
    plain_page.get_by_label("Reason").fill("changed their mind")
    plain_page.get_by_role("button", name="Cancel the order").click()
    expect(plain_page.get_by_role("status").first).to_contain_text("The order is canceled")
    expect(plain_page.locator(".copy").first).to_be_hidden()
    expect(plain_page.get_by_text("20 Nov 2026, 12:00 UTC").first).to_be_visible()


def test_without_javascript_the_colors_follow_the_system(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}/shop")
    shot_dark = page.screenshot()
    page.emulate_media(color_scheme="light")
    assert page.screenshot() != shot_dark
    context.close()


def test_moments_are_in_the_zone_of_the_reader_and_exact_on_hover(page: Page, address: str) -> None:
    page.goto(f"{address}/admin/orders")
    moment = page.locator("td time").first
    expect(moment).to_have_text("20 Nov 2026, 13:00")
    expect(moment).to_have_attribute("title", "2026-11-20 12:00:05 UTC")


def test_the_chosen_theme_is_kept_and_wins_over_the_system(page: Page, address: str) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/admin/orders")
    page.get_by_label("You and your settings").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.goto(f"{address}/shop")
    assert page.evaluate("document.documentElement.className") == "js dark"
    page.get_by_label("You and your settings").click()
    page.get_by_role("button", name="System").click()
    assert page.evaluate("document.documentElement.className") == "js light"


def test_an_id_is_copied_and_that_is_said(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}/{ORDER}")
    page.get_by_role("button", name="Copy pi_3QxY").click()
    expect(page.locator("[data-live]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "pi_3QxY"


def test_the_keyboard_reaches_the_content_the_search_and_the_rows(page: Page, address: str) -> None:
    page.goto(f"{address}/admin/orders")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    page.keyboard.type("a/b")
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("a/b")


def test_a_click_anywhere_in_a_row_leads_to_it_and_a_phone_shows_two_lines(page: Page, address: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{address}/admin/orders")
    row = page.get_by_role("row").nth(1)
    box = row.bounding_box()
    assert box
    assert box["height"] < 90
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(f"{address}/{ORDER}")


def test_every_target_is_large_enough(page: Page, address: str) -> None:
    page.goto(f"{address}/{ORDER}")
    small = page.evaluate("""() => [...document.querySelectorAll("a, button, summary, input")]
        .filter((it) => it.checkVisibility() && !it.closest("p") && !it.matches(".skip-link"))
        .map((it) => [it.outerHTML.slice(0, 80), it.getBoundingClientRect()])
        .filter(([_, box]) => box.height < 24 || box.width < 24).map(([html]) => html)""")
    assert small == []
