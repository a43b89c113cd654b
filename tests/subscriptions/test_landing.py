"""Where a subscriber lands after the payment page."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.subscriptions.conftest import Ada, begin, page_of
from tests.worlds import Account

from farthing import subscriptions, web
from farthing.world import World


@pytest.fixture
async def visitor(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(web.build(world, authenticate=None))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.mark.covers("S001-15")
@pytest.mark.parametrize("path", ["/checkout/success", "/payment/success"])
async def test_a_plan_that_was_paid_is_welcomed_without_a_word_about_its_buyer(
    visitor: httpx.AsyncClient, world: World, account: Account, ada: Ada, path: str
) -> None:
    session = await page_of(world, await begin(world, quantity=3))
    waiting = await visitor.get(f"{path}?session_id={session}")
    assert "Your payment is being confirmed" in waiting.text
    assert waiting.headers["refresh"] == f"3; url=?session_id={session}&looks=1"
    await account.pay(session)
    answer = await visitor.get(f"{path}?session_id={session}")
    assert all(words in answer.text for words in ("Welcome to Pro", "has begun", "€60.00", "Next payment"))
    assert "ada" not in answer.text.lower()
    assert "refresh" not in answer.headers


async def test_a_trial_is_said_to_cost_nothing_yet(
    visitor: httpx.AsyncClient, world: World, account: Account, ada: Ada
) -> None:
    session = await page_of(world, await begin(world, "team"))
    await account.pay(session)
    text = (await visitor.get(f"/checkout/success?session_id={session}")).text
    assert all(words in text for words in ("Welcome to Team", "Nothing was charged", "First payment"))


@pytest.mark.covers("S001-15")
async def test_a_page_that_was_closed_says_that_nothing_has_begun(
    visitor: httpx.AsyncClient, world: World, account: Account, ada: Ada
) -> None:
    session = await page_of(world, await begin(world))
    (await account.http.post(f"/v1/checkout/sessions/{session}/expire")).raise_for_status()
    await subscriptions.sync_checkout(world, session, actor="test")
    assert "Nothing has begun" in (await visitor.get(f"/checkout/success?session_id={session}")).text
    assert "Nothing was charged" in (await visitor.get("/payment/cancel")).text
    assert (await visitor.get("/checkout/success?session_id=cs_test_of_nobody")).status_code == 404
