"""Two years of a SaaS: forty customers of every kind, news that comes shuffled, twice or never, and a plain model beside it.

At the end of each month the model and we agree on who may use what, on every invoice, on the revenue in the books and on MRR.
"""

import asyncio
import contextlib
import random
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from tests.news import sound, tell
from tests.reconcile.test_reconcile import compare, found
from tests.subscriptions.conftest import PLANS, begin, page_of
from tests.worlds import Account, Sandbox, lone_sandbox

from farthing import analytics, catalog, customers, entitlements, ledger, reconcile, subscriptions, webhooks
from farthing.clock import TravelClock
from farthing.subscriptions import Subscription
from farthing.world import World

__all__ = ["lone_sandbox"]

MONTHS = 24
GRACE = timedelta(days=7)
PARTS = 30240
"""Of a minor unit, in which MRR is counted."""
SETTLED = timedelta(hours=3)
"""After a period ends, until its invoice is finalized and paid."""

Fate = Literal["stays", "ends with the period", "thinks better of it", "ends now", "stops paying", "pays late"]

LATE = ("stops paying", "pays late")

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def sandbox(lone_sandbox: Sandbox) -> Sandbox:
    return lone_sandbox


@dataclass
class Member:
    """One customer, and all that the model knows of them."""

    name: str
    plan: str
    price: str
    unit: int
    months: int
    """Of one period."""
    seats: int
    trial: int
    joins: timedelta
    """After the beginning."""
    fate: Fate
    at: int
    """The period before which it comes true."""
    acted: bool = False
    recovered: bool = False
    born: datetime | None = None
    ended_at: datetime | None = None

    @property
    def feature(self) -> str:
        return {"pro": "api", "team": "team"}[self.plan]

    @property
    def amount(self) -> int:
        return self.unit * self.seats

    def boundary(self, period: int) -> datetime:
        """When a period begins: on the day of the month that the first one began on, or the last day of a shorter month."""
        assert self.born is not None
        first = self.born + timedelta(days=self.trial)
        year, month = divmod(first.year * 12 + first.month - 1 + period * self.months, 12)
        return first.replace(year=year, month=month + 1, day=min(first.day, monthrange(year, month + 1)[1]))

    def periods_paid(self, now: datetime) -> int:
        """By that time, all of which are paid that are due and can be paid."""
        if self.born is None:
            return 0
        begun = [self.boundary(period) for period in range(MONTHS + 1)]
        due = sum(at <= now - SETTLED and (self.ended_at is None or at < self.ended_at) for at in begun)
        return due if self.fate not in LATE or self.recovered else min(due, self.at)

    def paid_until(self, now: datetime) -> datetime | None:
        """None: nobody has begun. A trial is used like what is paid."""
        return None if self.born is None else self.boundary(self.periods_paid(now))

    def may_use(self, now: datetime) -> bool:
        until = self.paid_until(now)
        return until is not None and now < until

    def worth(self, now: datetime) -> int:
        """A month, in twelfths of a minor unit."""
        over = self.ended_at is not None and self.ended_at <= now
        trying = self.born is not None and now < self.boundary(0) + SETTLED
        if self.born is None or over or trying:
            return 0
        return self.amount * 12 // self.months


def forty() -> list[Member]:
    chance = random.Random("forty customers")
    wanted: dict[Fate, int] = {
        "stays": 16,
        "ends with the period": 6,
        "thinks better of it": 4,
        "ends now": 4,
        "stops paying": 5,
        "pays late": 5,
    }
    fates = [fate for fate, count in wanted.items() for _ in range(count)]
    made = []
    for number, fate in enumerate(fates):
        plan, price, unit, months, trial = chance.choice(
            [*[("pro", "monthly", 2000, 1, 0)] * 2, ("pro", "yearly", 20000, 12, 0), ("team", "monthly", 5000, 1, 14)]
        )
        seats = chance.randint(1, 4) if plan == "pro" else 1
        joins = timedelta(days=30 * chance.randint(0, 8) + chance.randint(1, 27), hours=chance.randint(0, 12))
        at = chance.randint(1, 5) if months == 1 else 1
        made.append(Member(f"member-{number}", plan, price, unit, months, seats, trial, joins, fate, at))
    return made


@dataclass
class Saas:
    world: World
    account: Account
    clock: TravelClock
    members: list[Member]
    chance: random.Random
    last: str | None = None

    def now(self) -> datetime:
        return self.clock.now()

    async def travel(self, to: datetime) -> None:
        """The provider's time and ours, in steps of some days, with the news of each step."""
        while self.now() < to:
            await self.pass_on(min(timedelta(days=4), to - self.now()))
            await self.hear()

    async def pass_on(self, time: timedelta) -> None:
        moved = await self.account.http.post("/_sandbox/clock/advance", json={"seconds": max(1, int(time.total_seconds()))})
        moved.raise_for_status()
        self.clock.advance(time)

    async def hear(self) -> None:
        """What is new, without a quarter of it, some of it twice, in any order; and now and then nobody gets to the end."""
        news = await self.news()
        kept = [each for each in news if self.chance.random() < 0.75]
        kept += [each for each in kept if self.chance.random() < 0.2]
        self.chance.shuffle(kept)
        await tell(self.world, kept)
        if self.chance.random() < 0.3:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.chance.uniform(0.005, 0.1)):
                    await webhooks.drain(self.world)
            return
        while await webhooks.drain(self.world):
            pass

    async def news(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        before = {"ending_before": self.last} if self.last else {}
        while True:
            page = await self.account.get("/v1/events", limit="100", **before)
            found += reversed(page["data"])
            if page["data"]:
                before = {"ending_before": page["data"][0]["id"]}
            if not page["has_more"]:
                break
        self.last = before.get("ending_before", self.last)
        return found

    async def settle(self) -> None:
        """What a worker does all the time: the lost news is found, the late ones are looked for, the rest is done."""
        await self.pass_on(timedelta(minutes=5))  # what a worker died with in its hands is free again
        await reconcile.sweep_events(self.world, actor="test")
        while await webhooks.drain(self.world):
            pass
        await subscriptions.look_again(self.world)
        await subscriptions.ask_again(self.world)

    async def join(self, member: Member) -> None:
        begun = await begin(
            self.world,
            member.plan,
            external_id=member.name,
            email=f"{member.name}@example.com",
            price=member.price,
            quantity=member.seats,
        )
        page = await page_of(self.world, begun)
        assert (await self.account.pay(page)).status_code == 200
        await subscriptions.sync_checkout(self.world, page, actor="return page")
        mine = await self.of(member)
        member.born = mine.trial_start or mine.current_period_start

    async def of(self, member: Member) -> Subscription:
        async with self.world.db.transaction("test") as tx:
            person = await customers.find(tx, member.name)
            (mine,) = await subscriptions.of_customer(tx, person.id)
        return mine

    async def card(self, member: Member, name: str) -> None:
        mine = await self.of(member)
        theirs = await self.account.get(f"/v1/subscriptions/{mine.provider_subscription_id}")
        attached = await self.account.http.post(f"/v1/payment_methods/{name}/attach", data={"customer": theirs["customer"]})
        data = {"default_payment_method": attached.raise_for_status().json()["id"]}
        (await self.account.http.post(f"/v1/subscriptions/{theirs['id']}", data=data)).raise_for_status()

    async def pay_what_is_owed(self, member: Member) -> None:
        mine = await self.of(member)
        owed = await self.account.get("/v1/invoices", subscription=mine.provider_subscription_id, status="open")
        for invoice in owed["data"]:
            (await self.account.http.post(f"/v1/invoices/{invoice['id']}/pay")).raise_for_status()

    async def live(self, member: Member) -> None:
        """Five days before the period in which the fate of a member comes true."""
        if member.born is None or member.acted or self.now() < member.boundary(member.at) - timedelta(days=5):
            return
        member.acted = True
        mine = await self.of(member)
        match member.fate:
            case "ends with the period":
                member.ended_at = member.boundary(member.at)
                ending = await subscriptions.cancel(self.world, mine.id, now=False, comment="as planned", actor="test")
                assert ending.ends_at == member.ended_at, member
            case "thinks better of it":
                await subscriptions.cancel(self.world, mine.id, now=False, actor="test")
                await subscriptions.resume(self.world, mine.id, actor="test")
            case "ends now":
                member.ended_at = (await subscriptions.cancel(self.world, mine.id, now=True, actor="test")).ended_at
            case "stops paying" | "pays late":
                await self.card(member, "pm_card_chargeCustomerFail")
            case "stays":
                pass

    async def recover(self, member: Member) -> None:
        """Two days after a payment failed, with another card."""
        if member.fate != "pays late" or member.born is None or member.recovered:
            return
        since = self.now() - member.boundary(member.at)
        if since >= timedelta(days=2):
            await self.card(member, "pm_card_visa")
            await self.pay_what_is_owed(member)
            member.recovered = True
            await self.settle()

    # What must be true at the end of a month.

    async def compare(self, month: int) -> None:
        now = self.now()
        for member in self.members:
            where = f"month {month}, {member}"
            if member.born is None:
                continue
            mine = await self.of(member)
            if member.fate == "stops paying" and mine.status == "canceled":
                member.ended_at = mine.ended_at
            may = await entitlements.check(self.world.db, member.name, member.feature)
            late = member.fate in LATE
            in_grace = late and member.paid_until(now) is not None and now < member.paid_until(now) + GRACE  # type: ignore[operator]
            assert may == (member.may_use(now) or (in_grace and mine.status != "canceled")), where
            if not late:
                assert mine.paid_until == member.paid_until(now), where
        paid = {each.name: each.periods_paid(now) for each in self.members}
        assert await self._invoiced() == {
            each.name: (paid[each.name], paid[each.name] * each.amount) for each in self.members if paid[each.name]
        }, month
        async with self.world.db.transaction("test") as tx:
            await analytics.refresh(tx, limit=10_000)
            revenue = {each.account: each.money.amount for each in await ledger.trial_balance(tx)}
            (worth,) = await analytics.mrr(tx, now.date(), livemode=False)
        assert revenue["subscriptions"] == -sum(paid[each.name] * each.amount for each in self.members), month
        assert worth.parts == sum(each.worth(now) for each in self.members) * PARTS // 12, month
        if month % 4 == 3:
            assert await sound(self.world)

    async def _invoiced(self) -> dict[str, tuple[int, int]]:
        """Member → how many invoices were paid that cost anything, and how much."""
        async with self.world.db.transaction("test") as tx:
            rows = await tx.all(
                lambda row: (row["name"], (row["count"], int(row["paid"]))),
                """
                SELECT customers.external_id AS name, count(*) AS count, sum(paid_amount) AS paid
                FROM invoices JOIN customers ON customers.id = invoices.customer_id
                WHERE invoices.status = 'paid' AND paid_amount > 0 GROUP BY 1
                """,
            )
        return dict(rows)


@pytest.mark.covers("F74", "F50")
async def test_two_years_of_forty_customers_are_what_a_plain_model_says(
    plain_world: World, account: Account, clock: TravelClock
) -> None:
    world = replace(plain_world, catalog=catalog.parse(PLANS))
    await catalog.apply(world)
    saas = Saas(world, account, clock, forty(), random.Random("two years"))
    start = clock.now()
    for month in range(MONTHS):
        year, of_year = divmod(start.year * 12 + start.month + month, 12)
        ends = datetime(year, of_year + 1, 1, tzinfo=UTC) - timedelta(hours=2)
        while saas.now() < ends:
            joining = [each for each in saas.members if each.born is None and start + each.joins <= saas.now()]
            for member in joining:
                await saas.join(member)
            for member in saas.members:
                await saas.live(member)
                await saas.recover(member)
            await saas.travel(min(ends, saas.now() + timedelta(days=4)))
        await saas.settle()
        await saas.compare(month)
    done = await compare(world)
    assert [each.difference for each in await found(world)] == []
    assert done.status == "finished"
