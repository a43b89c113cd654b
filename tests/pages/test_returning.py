"""Where a buyer lands: what the page says in each state, and what it never says."""

import pytest
from tests.pages.test_shop import HOPPER, fill_cart
from tests.pages.visitor import Visitor
from tests.worlds import DECLINED_CARD, Account, session_of, start

from farthing import checkout
from farthing.ids import CheckoutId
from farthing.world import World


async def begun(world: World) -> tuple[CheckoutId, str]:
    started = await start(world)
    return started.id, await session_of(world, started.id)


async def test_a_paid_order_is_shown_without_a_word_about_its_buyer(visitor: Visitor, world: World, account: Account) -> None:
    _, session = await begun(world)
    await account.pay(session)
    answer = await visitor.get(f"/checkout/success?session_id={session}")
    assert all(words in answer.text for words in ("Thank you", "Order 1001 is paid", "The guide", "€49.00"))
    assert "ada" not in answer.text.lower()
    assert "refresh" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


async def test_a_payment_that_is_not_confirmed_is_looked_at_again_for_a_minute(
    visitor: Visitor, world: World, account: Account
) -> None:
    _, session = await begun(world)
    await account.pay(session, card=DECLINED_CARD)
    answer = await visitor.get(f"/checkout/success?session_id={session}")
    assert "Your payment is being confirmed" in answer.text
    assert answer.headers["refresh"] == f"3; url=?session_id={session}&looks=1"
    last = await visitor.get(f"/checkout/success?session_id={session}&looks=20")
    assert "refresh" not in last.headers
    assert "Look again" in last.text


async def test_when_the_provider_is_away_the_page_waits_instead_of_failing(
    visitor: Visitor, world: World, account: Account
) -> None:
    _, session = await begun(world)
    await account.pay(session)
    await account.fail_next("500_before", "/v1/*", method="GET", times=20)
    assert "Your payment is being confirmed" in (await visitor.get(f"/checkout/success?session_id={session}")).text
    await account.http.delete("/_sandbox/faults")
    assert "Order 1001 is paid" in (await visitor.get(f"/checkout/success?session_id={session}")).text


async def test_a_canceled_order_says_that_nothing_was_bought(visitor: Visitor, world: World) -> None:
    started = await start(world)
    session = await session_of(world, started.id)
    await checkout.cancel_order(world, started.order_id, actor="test")
    text = (await visitor.get(f"/checkout/success?session_id={session}")).text
    assert "This order is canceled" in text
    assert "Nothing was bought with order 1001" in text


@pytest.mark.covers("F160")
@pytest.mark.parametrize("query", ["", "?session_id=", "?session_id=cs_test_x", "?session_id=%00", "?session_id=%ed%a0%80"])
async def test_a_session_of_nobody_is_not_found(visitor: Visitor, query: str) -> None:
    answer = await visitor.get(f"/checkout/success{query}")
    assert answer.status_code == 404
    assert "There is no such checkout session" in answer.text


async def test_the_cart_is_empty_after_it_was_paid_and_kept_when_it_was_not(visitor: Visitor, account: Account) -> None:
    attempt = await fill_cart(visitor)
    sent = await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER)
    session = sent.headers["location"].rpartition("/")[2]
    assert "Back to your cart" in (await visitor.get("/checkout/canceled")).text
    assert "€25.00" in (await visitor.get("/cart")).text
    await account.pay(session)
    await visitor.get(f"/checkout/success?session_id={session}")
    assert "Your cart is empty" in (await visitor.get("/cart")).text
