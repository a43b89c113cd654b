"""The frame around every page: headers, links, assets, errors, messages."""

import re
from datetime import UTC, datetime

import pytest
from httpx import Client
from tests.browser import serving
from tests.web.gallery import gallery

from farthing.errors import ConfigError
from farthing.formats import count_text, exact_text, moment_text, money_text
from farthing.money import Money
from farthing.web import Mode
from farthing.web.pages import headers_for
from farthing.web.statuses import LOOKS, look_of, words_of

PAGES = [
    "/billing/shop",
    "/billing/account",
    "/billing/sign-in",
    "/billing/admin/orders",
    "/billing/admin/orders/2026-0142",
    "/billing/admin/orders/2026-0142/cancellation",
    "/billing/admin/empty",
    "/billing/nowhere",
    "/billing/broken",
]


@pytest.mark.covers("F181", "F164")
@pytest.mark.parametrize("path", PAGES)
def test_every_page_forbids_what_is_inline_or_from_elsewhere(visitor: Client, path: str) -> None:
    headers = visitor.get(path).headers
    assert headers["content-security-policy"] == (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "form-action 'self' https://checkout.stripe.com; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_holds_inline_script_style_or_handlers(visitor: Client, path: str) -> None:
    page = visitor.get(path).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?! src=)", page)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_one_heading_one_main_and_a_skip_link(visitor: Client, path: str) -> None:
    page = visitor.get(path).text
    assert (page.count("<h1"), page.count("<main "), page.count('href="#main"')) == (1, 1, 1)


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_stays_under_the_mount(visitor: Client, path: str) -> None:
    links = re.findall(r'(?:href|src|action)="([^"#]+)', visitor.get(path).text)
    assert links
    assert {link.split("/")[1] for link in links if not link.startswith("?")} == {"billing"}


def test_the_policy_covers_the_host_of_a_payment_page_and_nothing_that_could_widen_it() -> None:
    assert "form-action 'self' http://127.0.0.1:4242;" in headers_for(["http://127.0.0.1:4242"])["Content-Security-Policy"]
    for wide in (
        "*",
        "https://pay.test; script-src *",
        "https://pay.test/path",
        "pay.test",
        "https://pay.test 'unsafe-inline'",
    ):
        with pytest.raises(ConfigError):
            headers_for([wide])


def test_assets_are_kept_for_ever_under_the_hash_of_their_content(visitor: Client) -> None:
    links = re.findall(r'(?:href|src)="(/billing/static/[^"#]+)', visitor.get("/billing/shop").text)
    assert len(links) >= 6
    for link in links:
        answer = visitor.get(link)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


def test_an_asset_of_another_release_is_not_kept(visitor: Client) -> None:
    answer = visitor.get("/billing/static/000000000000/farthing.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("path", ["%2e%2e/frame.py", "%2e%2e/%2e%2e/errors.py", "..%2fframe.py", "none.css", "vendor"])
def test_nothing_but_assets_is_served_as_one(visitor: Client, path: str) -> None:
    answer = visitor.get(f"/billing/static/000000000000/{path}")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/billing/nowhere", 404, "There is nothing at this address"),
        ("/billing/forbidden", 403, "You are not allowed to see this"),
        ("/billing/conflict", 409, "An order that is paid cannot expire."),
        ("/billing/broken", 500, "The fault is ours"),
    ],
)
def test_what_goes_wrong_is_said_in_the_frame(visitor: Client, path: str, status: int, words: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == status
    assert words in answer.text
    assert "a secret detail" not in answer.text
    assert "Corner Shop" in answer.text


def test_a_method_that_a_page_lacks_is_refused_with_the_methods_it_has(visitor: Client) -> None:
    answer = visitor.options("/billing/admin/orders")
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})


def test_the_menu_marks_the_section_of_this_page(visitor: Client) -> None:
    page = visitor.get("/billing/admin/orders/2026-0142").text
    marked = set(re.findall(r'<a href="([^"]+)" aria-current="page">', page))
    assert marked == {"/billing/admin/orders"}


def test_filters_stay_in_the_links_of_a_list(visitor: Client) -> None:
    page = visitor.get("/billing/admin/orders?q=a%26b&cursor=order_1&status=paid").text
    assert 'href="/billing/admin/orders?q=a%26b&amp;cursor=order_1&amp;status=refunded"' in page
    assert 'rel="next" href="/billing/admin/orders?q=a%26b&amp;status=paid&amp;cursor=order_01jd"' in page
    assert 'href="/billing/admin/orders?q=a%26b&amp;status=paid"' in page


@pytest.mark.covers("F164")
def test_what_a_page_shows_is_escaped_everywhere(visitor: Client) -> None:
    page = visitor.get("/billing/admin/orders/2026-0142").text
    assert "&lt;/pre&gt;&lt;script&gt;" in page.replace("\\u003c", "&lt;")
    assert "</pre><script>" not in page


def test_a_flash_that_is_not_ours_is_not_shown(visitor: Client) -> None:
    for cookie in ("!!", "bnVsbA==", "WyJvd25lZCIsICJ4Il0=", "WyJzdWNjZXNzIiwge31d", "e30=", "WyJzdWNjZXNzIl0="):
        answer = visitor.get("/billing/account", headers={"cookie": f"farthing_flash={cookie}"})
        assert answer.status_code == 200
        assert answer.text.count('class="notice"') == 1


@pytest.mark.parametrize(
    ("mode", "words"), [(Mode.SANDBOX, "Farthing's own sandbox"), (Mode.TEST, "test mode"), (Mode.LIVE, "Real money.")]
)
def test_the_mode_is_on_every_page_of_the_admin(mode: Mode, words: str) -> None:
    with serving(gallery(mode)) as address, Client(base_url=address) as visitor:
        page = visitor.get("/billing/admin/orders").text
    assert f'data-mode="{mode}"' in page
    assert words in page
    assert ("mode-clock" in page) == (mode is Mode.SANDBOX)


def test_a_customer_is_not_told_that_money_is_real() -> None:
    with serving(gallery(Mode.LIVE)) as address, Client(base_url=address) as visitor:
        assert "data-mode" not in visitor.get("/billing/shop").text
        assert "data-mode" not in visitor.get("/billing/account").text


def test_a_timeline_is_newest_first(visitor: Client) -> None:
    page = visitor.get("/billing/admin/orders/2026-0142").text
    timeline = page.partition('class="timeline"')[2].partition("</ol>")[0]
    moments = re.findall(r'<time datetime="([^"]+)"', timeline)
    assert moments == sorted(moments, reverse=True)
    assert len(moments) == 4


@pytest.mark.parametrize(
    ("money", "locale", "text"),
    [
        (Money(129900, "eur"), "en", "€1,299.00"),
        (Money(-400, "usd"), "en", "−$4.00"),
        (Money(1200, "jpy"), "en", "¥1,200"),
        (Money(12345, "kwd"), "en", "KWD\u00a012.345"),
        (Money(0, "chf"), "en", "CHF\u00a00.00"),
        (Money(500, "mga"), "en", "MGA\u00a0500"),
        (Money(129900, "eur"), "de", "1.299,00\u00a0€"),
        (Money(-5, "usd"), "de", "−0,05\u00a0$"),
        (Money(99_999_999_999, "usd"), "en", "$999,999,999.99"),
    ],
)
def test_money_has_its_own_decimals_and_a_true_minus(money: Money, locale: str, text: str) -> None:
    assert money_text(money, locale) == text


def test_a_moment_is_shown_in_utc_whatever_zone_it_came_in() -> None:
    at = datetime.fromisoformat("2026-11-20T23:30:09+05:30")
    assert moment_text(at, "en") == "20 Nov 2026, 18:00 UTC"
    assert exact_text(at) == "2026-11-20 18:00:09 UTC"
    assert moment_text(datetime(2026, 3, 1, tzinfo=UTC), "de") == "1 März 2026, 00:00 UTC"


def test_every_status_has_an_icon_of_the_sprite_and_a_word(visitor: Client) -> None:
    sprite = re.search(r'href="([^"]+icons\.svg)#', visitor.get("/billing/shop").text)
    assert sprite
    icons = set(re.findall(r'symbol id="([^"]+)"', visitor.get(sprite[1]).text))
    assert {look.icon for look in LOOKS.values()} <= icons
    assert (look_of("never_seen").tone, words_of("never_seen")) == ("neutral", "Never seen")


def test_a_page_works_behind_a_prefix_that_the_proxy_took_off() -> None:
    with serving(gallery(), root_path="/shop") as address, Client(base_url=address) as visitor:
        page = visitor.get("/billing/admin/orders").text
    assert 'href="/shop/billing/admin/orders/2026-0142"' in page
    assert 'href="/shop/billing/admin/orders?cursor=order_01jd"' in page


def test_the_host_keeps_its_own_pages(visitor: Client) -> None:
    answer = visitor.get("/")
    assert answer.text == "the host's own page"
    assert "content-security-policy" not in answer.headers


def test_the_request_is_not_shown_in_the_page_of_an_unknown_address(visitor: Client) -> None:
    assert "4242424242424242" not in visitor.get("/billing/4242424242424242?card=4242424242424242").text


@pytest.mark.covers("F150")
def test_a_thousand_ranges_of_one_asset_are_not_answered_one_by_one(visitor: Client) -> None:
    ranges = "bytes=" + ",".join(f"{n}-" for n in range(0, 20_000, 2))
    css = re.search(r'href="([^"]+/farthing\.css)"', visitor.get(PAGES[0]).text)
    assert css
    answer = visitor.get(css[1], headers={"Range": ranges})
    assert answer.status_code in (200, 400, 416)
    assert len(answer.content) <= 200_000


def test_a_million_credits_can_be_read() -> None:
    assert [count_text(count, "en") for count in (0, 7, -3, 1234567)] == ["0", "7", "−3", "1,234,567"]
    assert count_text(1234567, "de") == "1.234.567"
