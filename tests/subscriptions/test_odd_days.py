"""Months of different lengths and leap days: what is paid, used, given and counted follows the calendar to the second."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.news import hear, sound
from tests.subscriptions.conftest import PLANS, Ada, begin, the_one
from tests.worlds import Account

from farthing import analytics, catalog, credits, entitlements
from farthing.world import World

CREDITED = PLANS.replace("seats_max = 10\n", "seats_max = 10\ncredits = 100\n")
PARTS = 30240
"""Of a minor unit, in which MRR is counted."""

CASES = {
    "the last of a month": (
        "monthly",
        2000,
        ["2027-01-31T09:00Z", "2027-02-28T09:00Z", "2027-03-31T09:00Z", "2027-04-30T09:00Z"],
    ),
    "over the change to summer time": ("monthly", 2000, ["2027-02-28T01:30Z", "2027-03-28T01:30Z", "2027-04-28T01:30Z"]),
    "the leap day": (
        "yearly",
        20000,
        ["2028-02-29T23:30Z", "2029-02-28T23:30Z", "2030-02-28T23:30Z", "2031-02-28T23:30Z", "2032-02-29T23:30Z"],
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_is_paid_used_given_and_counted_follows_the_calendar(
    case: str, world: World, account: Account, ada: Ada
) -> None:
    price, amount, moments = CASES[case]
    begins, *ends = map(datetime.fromisoformat, moments)
    world = ada.world = replace(world, catalog=catalog.parse(CREDITED))
    await ada.wait(seconds=int((begins - world.clock.now()).total_seconds()))
    await ada.saves("pm_card_visa")
    await begin(world, price=price, success_url=None, cancel_url=None, use_default=True)
    for end in ends:
        await hear(world, account)
        mine = await the_one(world)
        assert mine.paid_until is not None
        assert mine.grace_until == mine.paid_until + timedelta(days=7)
        assert abs(mine.paid_until - end) < timedelta(minutes=1), (mine.paid_until, end)
        async with world.db.transaction("test") as tx:
            held = (await credits.show(tx, mine.customer_id)).balance
            await analytics.refresh(tx, limit=1000)
            (worth,) = await analytics.mrr(tx, world.clock.now().date(), livemode=False)
        assert (held, worth.parts) == (100, amount * PARTS // (1 if price == "monthly" else 12))
        await ada.wait(seconds=int((mine.paid_until - world.clock.now()).total_seconds()) - 60)
        assert await entitlements.check(world.db, "ada", "reports")
        await ada.wait(days=7, minutes=2)
        # Its money is there, of which nobody has told us: the grace is over.
        assert not await entitlements.check(world.db, "ada", "reports")
    assert await sound(world)
