"""Where a buyer may be sent back to: hosts that were allowed, and nothing that only looks like one."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import start, unchanged

from farthing import checkout
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.errors import Invalid
from farthing.http.urls import URL_MAX, checked_url
from farthing.world import World

HOSTS = frozenset({"shop.example", "127.0.0.1"})

TAKEN = [
    "https://shop.example",
    "https://shop.example/thanks",
    "https://shop.example/thanks?order={ORDER_ID}&session={CHECKOUT_SESSION_ID}#top",
    "https://SHOP.Example/thanks",
    "https://shop.example:8443/thanks",
    "http://127.0.0.1:4242/thanks",
    "https://shop.example/?next=https://evil.example",
    "https://shop.example/@evil.example",
    "https://shop.example/" + "a" * (URL_MAX - 21),
]

ATTACKS = [
    "",
    "/thanks",
    "thanks",
    "//evil.example",
    "///evil.example",
    "https:",
    "https:/shop.example",
    "https:shop.example",
    "https:///shop.example",
    "https:////evil.example",
    "https://",
    "https://evil.example",
    "https://evil.example/shop.example",
    "https://evil.example?shop.example",
    "https://evil.example#shop.example",
    "https://shop.example.evil.example",
    "https://evilshop.example",
    "https://sub.shop.example",
    "https://shop.example.",
    "https://shop.example@evil.example",
    "https://shop.example:pw@evil.example",
    "https://user@shop.example",
    "https://user:pw@shop.example",
    "https://@shop.example",
    "https://shop.example%40evil.example",
    "https://shop.example%2f@evil.example",
    "https://evil.example%2fshop.example",
    "https://shop.example\\@evil.example",
    "https://evil.example\\shop.example",
    "https:\\\\evil.example",
    "/\\evil.example",
    "https://shop.example\t.evil.example",
    "https://shop.example\n.evil.example",
    "https://shop.example\r\nLocation: https://evil.example",
    " https://shop.example",
    "https://shop.example ",
    "\x00https://shop.example",
    "https://shop.example\0.evil.example",
    "https://shop.example;@evil.example",
    "https://shop.example,evil.example",
    "https://shop.example:0x50",
    "https://shop.example:99999",
    "https://shop.example:-1",
    "https://[shop.example]",
    "https://[::1",
    "https://[::ffff:127.0.0.1]",
    "http://2130706433",
    "http://0x7f.0.0.1",
    "http://127.1",
    "http://0",
    "https://ѕhop.example",  # a Cyrillic s
    "https://shop。example",
    "https://shop.example／@evil.example",
    "https://xn--hop-6cd.example",
    "https://{ORDER_ID}.shop.example",
    "javascript:alert(1)",
    "javascript://shop.example/%0aalert(1)",
    "JavaScript://shop.example/",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "ftp://shop.example/",
    "blob:https://shop.example/1",
    "https+evil://shop.example/",
    "https://shop.example/" + "a" * (URL_MAX - 20),
]


@pytest.mark.parametrize("url", TAKEN, ids=lambda url: ascii(url)[:60])
def test_an_allowed_host_is_taken_as_it_is_written(url: str) -> None:
    assert checked_url(url, HOSTS, param="success_url") == url


@pytest.mark.covers("F159")
@pytest.mark.parametrize("url", ATTACKS, ids=lambda url: ascii(url)[:60])
def test_what_only_looks_allowed_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        checked_url(url, HOSTS, param="success_url")
    assert refusal.value.param == "success_url"
    assert refusal.value.detail.startswith("success_url ")


PIECES = st.sampled_from(
    ["https:", "http:", "/", "//", "\\", "@", ":", "?", "#", ".", "shop.example", "evil.example", "443", "%40"]
)


@given(st.lists(PIECES, max_size=8).map("".join))
def test_a_browser_never_leaves_for_another_host(url: str) -> None:
    """What is taken starts, for a reader that knows no URLs, with an allowed origin and ends it there."""
    try:
        checked_url(url, HOSTS, param="success_url")
    except Invalid:
        return
    scheme, _, rest = url.partition("://")
    assert scheme in ("http", "https")
    assert rest.startswith("shop.example")
    assert rest[len("shop.example") :][:1] in ("", "/", "?", "#", ":")
    origin = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    assert "@" not in origin
    assert "\\" not in url


async def test_a_checkout_with_a_foreign_return_is_refused_and_nothing_is_placed(world: World) -> None:
    async with unchanged(world):
        for urls in (("https://evil.example", "https://shop.example"), ("https://shop.example", "//evil.example")):
            with pytest.raises(Invalid, match=r"success_url|cancel_url"):
                await checkout.start(
                    world, items=[CartItem("guide")], buyer=Buyer("ada"), success_url=urls[0], cancel_url=urls[1], actor="x"
                )


@pytest.mark.covers("F160")
async def test_nobody_is_sent_where_only_the_query_says(world: World) -> None:
    started = await start(world)
    async with world.db.transaction("test") as tx:
        session = await checkout.get(tx, started.id)
    assert session.asked.success_url == "http://testserver/checkout/return?session_id={CHECKOUT_SESSION_ID}"
    assert quote(session.success_url, safe=":/") == session.success_url == "http://testserver/thanks"
