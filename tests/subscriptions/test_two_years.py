"""Two years of a SaaS: customers of every kind, news that comes shuffled, twice or never, and a plain model beside it.

At the end of each month the model and we agree on who may use what, on every invoice, on the revenue in the books and on MRR.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import pytest
from tests.mortal_worker import SharedClock, mortal
from tests.news import sound
from tests.passing import INBOX, Passing
from tests.reconcile.test_reconcile import compare, found
from tests.subscriptions.conftest import PLANS, begin, page_of
from tests.subscriptions.plain_model import ABOUT, LATE, MONTHS, Member, members
from tests.whole import sized
from tests.worlds import Account, Sandbox

from farthing import analytics, catalog, customers, entitlements, ledger, subscriptions
from farthing.config import Settings
from farthing.subscriptions import Subscription
from farthing.testing.process import running
from farthing.world import World

GRACE = timedelta(days=7)
PARTS = 30240
"""Of a minor unit, in which MRR is counted."""

KILLED_EACH_STEP = sized(0.1, 0.2)
"""How often a worker dies at what a step of some days brings: a few times in a quarter."""

AT_REST_WITHIN = 60
"""Seconds of a crowded machine, until a worker has done all there is to do."""

LATER = timedelta(minutes=6)

RESTLESS: LiteralString = (
    INBOX
    + """
    UNION ALL SELECT 'something should have been heard' FROM subscriptions WHERE news_due_at <= %(since)s
    UNION ALL SELECT 'something is asked of the provider' FROM subscriptions WHERE asked IS NOT NULL
    LIMIT 1
"""
)

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """In a process of its own: three are at work here."""
    with running() as server:
        yield Sandbox(server.url)


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock()


@dataclass
class Saas(Passing):
    members: list[Member]
    began_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.began_at = self.now()

    def now(self) -> datetime:
        return self.clock.now()

    async def travel(self, to: datetime) -> None:
        """The provider's time and ours, in steps of some days, with the news of each step."""
        while self.now() < to:
            await self.pass_on(min(timedelta(days=4), to - self.now()))
            await self.hear(killed=KILLED_EACH_STEP)

    async def settle(self) -> None:
        """A worker looks for the lost news and for what is late, and does the rest: it too may die at it once."""
        if self.chance.random() < KILLED_EACH_STEP * 2:
            await self.wake(LATER)
            await self.kill()
        await self.rest(RESTLESS, await self.wake(LATER), within=AT_REST_WITHIN)

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


@pytest.mark.covers("F74", "F50", "F64")
async def test_a_saas_is_each_month_what_a_plain_model_says_though_workers_are_killed(
    plain_world: World, settings: Settings, account: Account, clock: SharedClock
) -> None:
    world = replace(plain_world, catalog=catalog.parse(PLANS))
    await catalog.apply(world)
    with mortal(settings, PLANS, clock) as workers:
        saas = Saas(world, account, clock, workers, random.Random("two years"), members=members())
        for month in range(MONTHS):
            await live_through(saas, month)
            await saas.compare(month)
        assert workers.killed > MONTHS // 2
        done = await compare(world)
        assert [each.difference for each in await found(world)] == []
        assert done.status == "finished"


async def live_through(saas: Saas, month: int) -> None:
    start = saas.began_at
    year, of_year = divmod(start.year * 12 + start.month + month, 12)
    ends = datetime(year, of_year + 1, 1, tzinfo=UTC) - timedelta(hours=2)
    while any(member.changes_about(ends) for member in saas.members):
        ends -= timedelta(hours=1)
    while saas.now() < ends:
        for member in saas.members:
            if member.born is None and start + member.joins <= saas.now() < ends - ABOUT:
                await saas.join(member)
            await saas.live(member)
            await saas.recover(member)
        await saas.travel(min(ends, saas.now() + timedelta(days=4)))
    await saas.settle()
