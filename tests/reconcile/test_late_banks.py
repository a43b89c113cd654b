"""A bank debit that fails days after the buyer left the page: the order ends, and nothing differs from the provider."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.news import read
from tests.reconcile.test_reconcile import compare, named
from tests.worlds import Account, Sandbox, running_sandbox, session_of, start

from farthing import checkout
from farthing.clock import TravelClock
from farthing.world import World


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Its clock is moved."""
    monkeypatch.delenv("FARTHING_STRICT", raising=False)
    with running_sandbox() as running:
        yield running


async def test_an_order_that_ended_after_its_bank_debit_failed_differs_in_nothing(
    world: World, account: Account, clock: TravelClock
) -> None:
    """The page was completed, so the provider keeps its payment open for ever; nobody can pay there."""
    started = await start(world)
    session = await session_of(world, started.id)
    paid = await account.pay(session, "", iban="DE62370400440532013001", name="Ada")
    assert paid.status_code == 200, paid.text
    await checkout.sync(world, session, actor="test")
    await account.advance(5 * 86_400)
    await checkout.sync(world, session, actor="test")
    clock.advance(timedelta(days=5))
    while await checkout.tidy(world):
        pass
    assert (await read(world, started.order_id)).status == "expired"
    assert (await compare(world)).left_open == 0, await named(world)
