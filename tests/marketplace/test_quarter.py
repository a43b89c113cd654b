"""A quarter of a marketplace: in CI thirty sellers and six hundred orders, news that comes shuffled, twice or never, workers
that die, and a plain model beside it. In the end both agree to the last cent, and so does the provider.
"""

import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, LiteralString

import pytest
from tests.disputes.disputed import payment_of
from tests.marketplace.conftest import MARKET, of
from tests.marketplace.plain_market import DAYS, HOLDING_DAYS, SELLERS, Model, Part, Sale, price, quarter
from tests.marketplace.test_payouts_to_banks import NO_ACCOUNT
from tests.mortal_worker import SharedClock, mortal
from tests.news import read, sound
from tests.passing import INBOX, Passing
from tests.reconcile.command import reconciled
from tests.sellers.selling import act, news_of, onboarded
from tests.whole import sized
from tests.worlds import Account, Sandbox, session_of, start

from farthing import (
    cancellations,
    catalog,
    checkout,
    ledger,
    listings,
    orders,
    payments,
    payouts,
    returns,
    seller_orders,
    sellers,
)
from farthing.catalog import ReturnPolicy
from farthing.checkout import Buyer
from farthing.config import Settings
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.listings import Listing
from farthing.money import Money
from farthing.payments import WantedLine
from farthing.returns import Asked
from farthing.seller_orders import SellerOrder
from farthing.sellers import Seller
from farthing.testing.process import running
from farthing.world import World

Act = Callable[[Transaction, SellerOrder], Awaitable[None]]

BANK_FAILS_EACH = 6
"""Every so manieth seller has a bank account that the bank does not know."""

QUARTER = MARKET.replace("holding_days = 3", f"holding_days = {HOLDING_DAYS}")
STEP = timedelta(days=1)
SETTLED_EVERY = 7
"""Days, after which a worker looks for what was lost."""

KILLED_EACH_DAY = sized(0.12, 0.25)
COMES_BACK = 0.5
"""How many buyers come back to our page after they paid; of the others we hear by the provider alone, or look."""

AT_REST_WITHIN = 120
"""Seconds of a crowded machine, until a worker has done all there is to do."""

LATER = timedelta(minutes=16)

RESTLESS: LiteralString = (
    INBOX
    + """
    UNION ALL SELECT 'a refund is asked for' FROM refunds WHERE status = 'requested'
    UNION ALL SELECT 'a transfer is asked for' FROM transfers WHERE status = 'requested'
    UNION ALL SELECT 'a transfer is to be taken back' FROM transfer_reversals WHERE status = 'requested'
    UNION ALL SELECT 'a payout is asked for' FROM payouts WHERE status = 'requested'
    UNION ALL SELECT 'nobody asked where a payout is' FROM payouts
        WHERE status IN ('pending', 'in_transit') AND arrives_at < %(since)s AND looked_at < arrives_at
    UNION ALL SELECT 'nobody asked whether a payout came back' FROM payouts WHERE status = 'paid'
        AND arrives_at > %(since)s::timestamptz - interval '6 days' AND looked_at < %(since)s::timestamptz - interval '1 day'
    UNION ALL SELECT 'something is due' FROM seller_orders part
        WHERE seller_id IS NOT NULL AND released_at IS NULL AND held_at IS NULL AND greatest(release_at, retry_at) <= %(since)s
            AND (SELECT payouts_enabled FROM sellers WHERE id = part.seller_id)
            AND NOT EXISTS (SELECT FROM disputes WHERE disputes.order_id = part.order_id AND closed_at IS NULL)
    LIMIT 1
"""
)

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """In a process of its own: three are at work here."""
    with running() as server:
        yield Sandbox(server.url)


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock()


@dataclass
class Marketplace(Passing):
    model: Model
    sellers: list[Seller] = field(default_factory=list)
    wares: list[Listing] = field(default_factory=list)
    placed: dict[int, OrderId] = field(default_factory=dict)
    renamed: int = 0

    async def open(self) -> None:
        for number in range(SELLERS):
            bank = {"account_number": NO_ACCOUNT} if number % BANK_FAILS_EACH == 0 else {}
            seller = await onboarded(self.world, self.account, f"seller-{number}", **bank)
            self.sellers.append(seller)

            async def work(tx: Transaction, seller: Seller = seller, number: int = number) -> Listing:
                wanted = listings.Wanted(title=f"Thing {number}", prices=[Money(price(number), "usd")])
                made = await listings.create(
                    tx, self.world.catalog, seller.id, f"thing-{number}", wanted, livemode=False, stock=1_000
                )
                return await listings.publish(tx, made.id)

            self.wares.append(await self.world.db.run("test", work))

    # What people do.

    async def sell(self, sale: Sale) -> None:
        items = [of(self.wares[part.seller], part.quantity) for part in sale.parts]
        buyer = Buyer(f"buyer-{sale.number}", f"buyer-{sale.number}@example.com")
        try:
            started = await start(self.world, *items, buyer=buyer)
        except Conflict as refused:
            assert "its seller may not sell" in refused.detail  # noqa: PT017 - the buyer comes again tomorrow
            sale.day += 1
            return
        session = await session_of(self.world, started.id)
        assert (await self.account.pay(session)).status_code == 200
        self.placed[sale.number] = started.order_id
        if self.chance.random() < COMES_BACK:
            await checkout.sync(self.world, session, actor="return page")

    async def live(self, sale: Sale, day: int) -> None:
        """What happens to it on that day. Once."""
        due = [what for what, when in sale.plan() if when <= day and what not in sale.done]
        # Nobody sends what we have not heard to be paid, and then all of it comes later.
        if due and (await read(self.world, self.placed[sale.number])).status != OrderStatus.OPEN:
            for what in due:
                sale.done.add(what)
                await self.act(sale, what)

    async def act(self, sale: Sale, what: str) -> None:
        order = self.placed[sale.number]
        match what:
            case "send":
                await self.each_part(order, send)
            case "deliver":
                await self.each_part(order, deliver)
            case "lose":
                # One parcel; its buyer has their money back, and whoever sold it nothing.
                lost = self.chance.choice(sale.parts)
                await self.each_part(order, deliver, but=self.sellers[lost.seller])
                await self.each_part(order, lose, only=self.sellers[lost.seller])
                await self.give_back(sale, [lost])
                sale.gives_back([lost])
            case "give half back":
                half = sale.parts[0].paid // 2
                await self.give_back(sale, sale.parts[:1], half)
                sale.parts[0].back = half
            case "call off" | "give all back":
                await self.give_back(sale, sale.parts)
                sale.gives_back(sale.parts)
            case "call one off":
                await self.each_part(order, call_one_off, only=self.sellers[sale.parts[0].seller])
                sale.parts[0].back = sale.parts[0].unit
            case "send back":
                await self.each_part(order, send_back, only=self.sellers[sale.parts[0].seller])
                sale.gives_back(sale.parts[:1])
            case "complain":
                payment = await payment_of(self.world, await read(self.world, order))
                await self.account.complain(str(payment.provider_payment_id))
            case outcome:
                await self.decide(order, outcome)
                if outcome == "lost":
                    sale.gives_back(sale.parts)

    async def each_part(self, order: OrderId, do: Act, *, only: Seller | None = None, but: Seller | None = None) -> None:
        async def work(tx: Transaction) -> None:
            for part in await seller_orders.of_order(tx, order):
                if (only is None or part.seller_id == only.id) and (but is None or part.seller_id != but.id):
                    await do(tx, part)

        await self.world.db.run("test", work)

    async def give_back(self, sale: Sale, parts: list[Part], amount: int | None = None) -> None:
        async def work(tx: Transaction) -> None:
            order, half = await orders.get(tx, self.placed[sale.number]), None if amount is None else Money(amount, "usd")
            sold = dict(zip([part.seller for part in sale.parts], order.lines, strict=True))
            wanted = [WantedLine(sold[part.seller].id, amount=half) for part in parts]
            await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None, lines=wanted)

        await self.world.db.run("test", work)

    async def decide(self, order: OrderId, outcome: str) -> None:
        payment = await payment_of(self.world, await read(self.world, order))
        (theirs,) = (await self.account.get("/v1/disputes", payment_intent=str(payment.provider_payment_id)))["data"]
        await self.account.decide(theirs["id"], outcome)

    async def pay_out(self) -> None:
        """Some sellers want what they have on their bank account. Whose account the bank does not know, names another one."""
        for seller in self.chance.sample(self.sellers, 6):
            with suppress(Conflict):  # nothing is there, or another is on its way
                await payouts.pay_out(self.world, seller.id, actor="test")

    # Time, and what is heard meanwhile.

    async def listen(self) -> None:
        await self.hear(*await news_of(self.account, self.chance.choice(self.sellers)), killed=KILLED_EACH_DAY)

    async def settle(self) -> None:
        """A worker looks for the lost news and for what is late, and does the rest."""
        await self.rest(RESTLESS, await self.wake(LATER), within=AT_REST_WITHIN)

    async def name_other_banks(self) -> None:
        for seller in self.sellers:
            now = await sellers.sync(self.world, seller.id, actor="test")
            if not now.payouts_enabled:
                self.renamed += 1
                await act(self.account, seller, "onboard")
                await sellers.sync(self.world, seller.id, actor="test")

    async def close(self) -> None:
        """What is still on its way arrives."""
        for _ in range(4):
            await self.name_other_banks()
            await self.pass_on(STEP)
            await self.settle()

    # What must be true in the end.

    async def agree(self) -> None:
        """We, the provider and the model, to the cent."""
        model = self.model
        async with self.world.db.transaction("test") as tx:
            books = {each.account: each.money.amount for each in await ledger.trial_balance(tx)}
        assert [name for name, amount in books.items() if name.endswith(":pending") and amount] == [], "nobody waits for money"
        # What is on their bank cannot be taken back: it is kept of what they sell next.
        owe = [books.get(ledger.seller_owes(seller.external_id).name, 0) for seller in self.sellers]
        assert [await self.transferred(seller) for seller in self.sellers] == [
            model.share(number) + owe[number] for number in range(SELLERS)
        ]
        assert -books[ledger.PLATFORM_FEES.name] == model.margin
        balance = await self.account.get("/v1/balance")
        there = sum(each["amount"] for kind in ("available", "pending") for each in balance[kind])
        assert there == model.at_the_provider - sum(owe) == books[ledger.provider("stripe").name]

    async def transferred(self, seller: Seller) -> int:
        """By the provider's word: what went to their account, less what came back; it is there, or with their bank."""
        page = await self.account.get("/v1/transfers", limit="100", destination=str(seller.provider_account_id))
        assert not page["has_more"]
        sent = sum(each["amount"] - each["amount_reversed"] for each in page["data"])
        balance, payments_out = await self.at_account(seller, "/v1/balance"), await self.at_account(seller, "/v1/payouts")
        there = sum(each["amount"] for kind in ("available", "pending") for each in balance[kind])
        out = sum(each["amount"] for each in payments_out["data"] if each["status"] not in ("failed", "canceled"))
        assert there == sent - out
        ours = await self.world.db.run("test", lambda tx: payouts.balance(tx, seller.id))
        assert [(each.with_seller.amount, each.to_bank.amount + each.paid_out.amount) for each in ours if sent] == (
            [(there, out)] if sent else []
        )
        return int(sent)

    async def at_account(self, seller: Seller, path: str) -> dict[str, Any]:
        header = {"Stripe-Account": str(seller.provider_account_id)}
        answer = await self.account.http.get(path, params={"limit": "100"} if path == "/v1/payouts" else {}, headers=header)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


async def call_one_off(tx: Transaction, part: SellerOrder) -> None:
    lines = [(part.lines[0].line_id, 1)]
    await cancellations.cancel(tx, part.id, lines, party="buyer", reason=None, policy=ReturnPolicy(), judge=None)


async def send_back(tx: Transaction, part: SellerOrder) -> None:
    """All of it, and it is as new."""
    asked = [Asked(line.line_id, line.quantity, "changed_mind") for line in part.lines]
    back = await returns.request(tx, part.id, asked, policy=ReturnPolicy(), by_buyer=False)
    await returns.approve(tx, back.id, policy=ReturnPolicy())
    await returns.receive(tx, back.id)


async def lose(tx: Transaction, part: SellerOrder) -> None:
    for parcel in await seller_orders.shipments_of(tx, part.id):
        await seller_orders.move_shipment(tx, parcel.id, "lose")


async def send(tx: Transaction, part: SellerOrder) -> None:
    await seller_orders.ship(tx, part.id, carrier="dhl", tracking_number=part.number)


async def deliver(tx: Transaction, part: SellerOrder) -> None:
    for parcel in await seller_orders.shipments_of(tx, part.id):
        await seller_orders.move_shipment(tx, parcel.id, "deliver")


@pytest.mark.covers("F74", "F18")
async def test_a_marketplace_is_to_the_unit_what_a_plain_model_says_though_workers_are_killed(
    world: World, settings: Settings, account: Account, clock: SharedClock, tmp_path: Path
) -> None:
    there = replace(world, catalog=catalog.parse(QUARTER))
    with mortal(settings, QUARTER, clock) as workers:
        market = Marketplace(there, account, clock, workers, random.Random("a marketplace"), model=quarter())
        await market.open()
        for day in range(DAYS):
            for sale in market.model.sales:
                if sale.day == day:
                    await market.sell(sale)
            await market.listen()
            if day % SETTLED_EVERY == SETTLED_EVERY - 1:
                await market.settle()
                await market.name_other_banks()
                await market.pay_out()
            await market.pass_on(STEP)
            for sale in market.model.sales:
                if sale.number in market.placed:
                    await market.live(sale, day + 1)
        await market.close()
        assert workers.killed > DAYS // 30
        assert market.renamed, "no bank sent anything back"
        await market.agree()
        assert await sound(there)
        assert reconciled(settings, QUARTER, tmp_path, "--full") == (0, [])
