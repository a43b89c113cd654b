"""A day at a shop that sells everything: many orders, each with a fate, and news that come late, twice, or never.

The same seed is the same day. Buyers and bankers act at the sandbox through the twins of its pages; we hear of it as a real
shop does, from whoever returns and from whatever webhook arrives.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar, cast

import psycopg
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from tests.worlds import BASE_URL, CARD, DECLINED_CARD, Account, session_of, signed

from farthing import checkout, credits, job_postings, orders, payments, reconcile, refunds, webhooks
from farthing.catalog import CartItem, Content
from farthing.checkout import Buyer
from farthing.clock import TravelClock
from farthing.credits import CreditSpend
from farthing.db import Transaction
from farthing.ids import CheckoutId, OrderId, PaymentId
from farthing.jobs.queue import Queue
from farthing.lifecycles import OrderStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Payment, WantedLine
from farthing.providers.stripe.webhook import WATCHED
from farthing.webhooks import Delivery
from farthing.worker import TASKS
from farthing.world import World

T = TypeVar("T")

WINDOW: Final = 80
"""So many events arrive in any order; those of another hour do not overtake them."""

ERRANDS: Final = {name: TASKS[name] for name in ("payments.send_refund", "customers.push", "disputes.send_answer")}

WORKERS: Final = 3

AT_ONCE: Final = 8
"""So many of them act at the same moment: as many as there are connections."""

BUYERS: Final = 60

CATALOG: Final = """
currency = "eur"

[shop]
name = "The shop that sells everything"

[products.guide]
name = "The guide"
kind = "access"
features = ["guide:pro"]
prices = ["49.00 EUR", "55.00 USD", "7900 JPY", "15.250 KWD"]

[products.mug]
name = "A mug"
kind = "custom"
prices = ["12.50 EUR", "14.00 USD", "1999 JPY", "4.500 KWD"]
max_quantity = 100

[products.article]
name = "An article"
kind = "content"
prices = ["3.00 EUR", "3.50 USD", "501 JPY", "1.010 KWD"]
content = { platform_fee_basis_points = 1000, organization_fee_basis_points = 500 }

[products.ebook]
name = "An e-book"
kind = "download"
prices = ["9.00 EUR", "10.00 USD"]
download = { files = ["book/book.pdf"], downloads_max = 2, days = 30 }

[products.job-posting]
name = "A job posting"
kind = "job_posting"
prices = ["99.00 EUR", "110.00 USD"]

[products.checked-posting]
name = "A job posting that somebody looks at"
kind = "job_posting"
prices = ["99.00 EUR", "110.00 USD"]
job_posting = { days = 60, approval = true, remind_days = 7 }

[products.email-blast]
name = "An email to everybody"
kind = "custom"
addon_of = ["job-posting", "checked-posting"]
prices = ["49.00 EUR", "55.00 USD"]

[products.review]
name = "Your advertisement, rewritten"
kind = "service"
prices = ["150.01 EUR", "170.01 USD"]
service = { units = 3, deadline_days = 5 }

[products.credits]
name = "Ten credits"
kind = "credits"
prices = ["100.00 EUR", "110.00 USD"]
credits = { amount = 10, days = 365 }

[coupons.welcome]
name = "Welcome"
percent = 10
codes = ["WELCOME10"]

[coupons.once]
name = "One of a kind"
amount = "5.00 EUR"
codes = ["ONLY1"]
max_redemptions = 1

[coupons.gift]
name = "A gift"
percent = 100
codes = ["GIFT"]
"""

BANK_PAYS, BANK_FAILS = "DE89370400440532013000", "DE62370400440532013001"
SLOW_REFUND, FAILED_REFUND = "4000000000007726", "4000000000005126"


async def content_of(reference: str) -> Content | None:
    """The host's: every third is the shop's own, the others belong to somebody."""
    number = int(reference.rpartition("-")[2])
    if number % 3 == 0:
        return Content(f"Content {number}")
    return Content(f"Content {number}", seller=f"seller-{number % 5}", organization="school" if number % 2 else None)


@dataclass(slots=True)
class Sale:
    """One order of the day: what is in it, and what becomes of it."""

    number: int
    buyer: Buyer
    items: list[CartItem]
    currency: str
    code: str | None
    way: str
    """page, intent or free."""
    paying: str
    """card, declined_first, bank, bank_fails, never, canceled, or the name of a card with a will of its own."""
    comes_back: bool
    """The buyer's browser returns, so that we know before any webhook."""
    after: str
    """What happens to a paid one in the afternoon."""
    order: OrderId | None = None
    checkout: CheckoutId | None = None
    payment: PaymentId | None = None
    session: str = ""


@dataclass(slots=True)
class Day:
    world: World
    account: Account
    clock: TravelClock
    sales: list[Sale]
    chance: random.Random
    heard: set[str] = field(default_factory=set)
    """Events that were delivered, or will never be."""

    async def go_by(self) -> None:
        await at_once(self.sales, self.place)
        await at_once(self.sales, self.pay)
        await self.hear(lost=0.15)
        await self.pass_time(timedelta(minutes=5))
        await at_once([sale for sale in self.sales if sale.after != "nothing"], self.afternoon)
        await self.work()
        await self.hear(lost=0.2)
        # Pages close, and the banks answer.
        await self.pass_time(timedelta(days=5))
        await self.close()
        await self.hear(lost=0.1)

    async def makes_up(self) -> None:
        """What was lost is found in the provider's own list."""
        while (await reconcile.sweep_events(self.world, actor="sweep")).stored:
            await self.drain()
        await self.close()
        await self.hear(lost=0)
        await self.work()

    # Buyers.

    async def place(self, sale: Sale) -> None:
        about: dict[str, Any] = {"items": sale.items, "buyer": sale.buyer, "currency": sale.currency, "actor": "day"}
        about["promotion_code"] = sale.code
        if sale.way == "page":
            about |= {"success_url": f"{BASE_URL}/thanks", "cancel_url": f"{BASE_URL}/cart"}
            started = await checkout.start(self.world, **about)
            sale.order, sale.checkout = started.order_id, started.id
            sale.session = await session_of(self.world, started.id)
            return
        order, _ = await checkout.place_order(self.world, **about)
        sale.order = order.id
        if sale.way == "intent":
            sale.payment = (await checkout.open_intent(self.world, order.id, actor="day")).payment.id

    async def pay(self, sale: Sale) -> None:
        if sale.paying == "canceled" and sale.order is not None:
            await checkout.cancel_order(self.world, sale.order, actor="day")
        elif sale.way == "intent" and sale.payment is not None:
            if sale.paying == "declined_first":
                await payments.confirm(self.world, sale.payment, method="pm_card_visa_chargeDeclinedLostCard", actor="day")
            if sale.paying != "never":
                await payments.confirm(self.world, sale.payment, method="pm_card_visa", actor="day")
        elif sale.way == "page" and sale.paying != "never":
            await self._pay_page(sale)

    async def _pay_page(self, sale: Sale) -> None:
        if sale.paying == "declined_first":
            assert (await self.account.pay(sale.session, DECLINED_CARD)).status_code == 402
        how = {"card": sale.paying if sale.paying.isdigit() else CARD}
        if sale.paying.startswith("bank"):
            how = {"card": "", "iban": BANK_FAILS if sale.paying == "bank_fails" else BANK_PAYS, "name": "Ada"}
        answer = await self.account.pay(sale.session, **how)
        assert answer.status_code == 200, answer.text
        if sale.comes_back:
            await checkout.sync(self.world, sale.session, actor="day")

    # What the shop, the bank and people in the dashboard do later.

    async def afternoon(self, sale: Sale) -> None:
        assert sale.order is not None
        async with self.world.db.transaction("day") as tx:
            order = await orders.get(tx, sale.order)
            found = [payment for payment in await payments.of_order(tx, sale.order) if payment.settles]
        if order.status != OrderStatus.PAID or not found:
            return
        await getattr(self, f"_{sale.after}")(order, found[0])

    async def _refund(self, order: Order, money: Money | None, *lines: WantedLine) -> None:
        async def work(tx: Transaction) -> None:
            await payments.refund_order(tx, order.id, money, reason="requested_by_customer", note=None, lines=lines)

        await self.world.db.run("day", work)

    async def _refunded_whole(self, order: Order, payment: Payment) -> None:
        await self._refund(order, None)

    async def _refunded_in_part(self, order: Order, payment: Payment) -> None:
        for _ in range(2):
            await self._refund(order, Money(step_of(order.total) * 3, order.total.currency))

    async def _refunded_by_line(self, order: Order, payment: Payment) -> None:
        line = order.lines[-1]
        await self._refund(order, None, WantedLine(line.id, quantity=1 if line.quantity > 1 else None))

    async def _asked_back(self, order: Order, payment: Payment) -> None:
        policy = self.world.catalog.refunds

        async def work(tx: Transaction) -> None:
            asked = await refunds.request(
                tx, order.id, refunds.Wanted(), reason="duplicate", message=None, policy=policy, by_buyer=False
            )
            await refunds.approve(tx, asked.id, role="server", policy=policy)

        await self.world.db.run("day", work)

    async def _refunded_in_dashboard(self, order: Order, payment: Payment) -> None:
        amount = step_of(order.total) * 2 if order.number % 2 else order.total.amount
        await self.dashboard(payment, amount)

    async def _disputed(self, order: Order, payment: Payment, outcome: str = "", **fields: str) -> None:
        dispute = await self.account.complain(str(payment.provider_payment_id), **fields)
        if outcome:
            await self.account.decide(dispute["id"], outcome)

    async def _dispute_won(self, order: Order, payment: Payment) -> None:
        await self._disputed(order, payment, "won")

    async def _dispute_lost(self, order: Order, payment: Payment) -> None:
        await self._disputed(order, payment, "lost")

    async def _inquiry(self, order: Order, payment: Payment) -> None:
        await self._disputed(order, payment, kind="inquiry")

    async def _refunded_and_disputed(self, order: Order, payment: Payment) -> None:
        await self._refunded_in_part(order, payment)
        await self._dispute_lost(order, payment)

    async def _spent(self, order: Order, payment: Payment) -> None:
        async def spend(tx: Transaction) -> CreditSpend:
            return await credits.spend(tx, order.customer_id, 3, reference=f"order {order.number}")

        spent = await self.world.db.run("day", spend)
        if order.number % 3 == 0:
            await self.world.db.run("day", lambda tx: credits.release(tx, spent.id))
        elif order.number % 3 == 1:
            await self._refund(order, Money(step_of(order.total) * 5, order.total.currency))

    async def _decided(self, order: Order, payment: Payment) -> None:
        async def work(tx: Transaction) -> None:
            posting = await job_postings.get_by_job(tx, order.lines[0].metadata["job"])
            if order.number % 2:
                await job_postings.approve(tx, posting.id)
            else:
                await payments.reject_posting(tx, posting.id, "not a job", refund=True)

        await self.world.db.run("day", work)

    async def dashboard(self, payment: Payment, amount: int) -> str:
        """Somebody gives money back in the provider's dashboard; returns re_…"""
        form = {"payment_intent": str(payment.provider_payment_id), "amount": str(amount)}
        answer = await self.account.http.post("/v1/refunds", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    # News and work.

    async def pass_time(self, by: timedelta) -> None:
        """There and here."""
        await self.account.advance(int(by.total_seconds()))
        self.clock.advance(by)

    async def hear(self, *, lost: float) -> None:
        """Deliver what is new: in any order, some twice, and some never."""
        told = [event for event in await self.events() if event["id"] not in self.heard]
        self.heard |= {event["id"] for event in told}
        arriving = [event for event in told if self.chance.random() >= lost]
        arriving += [event for event in arriving if self.chance.random() < 0.15]
        arriving = [event for at in range(0, len(arriving), WINDOW) for event in self._shuffled(arriving[at : at + WINDOW])]
        now = self.world.clock.now()
        deliveries = []
        for event in arriving:
            body, signature = signed(event, at=int(now.timestamp()))
            notice = self.world.provider.verify(body, signature, now=now.timestamp())
            deliveries.append(Delivery(self.world.provider.name, notice, body))
        for at in range(0, len(deliveries), 64):
            await webhooks.store(self.world.db, deliveries[at : at + 64])
        await self.drain()

    def _shuffled(self, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return self.chance.sample(events, len(events))

    async def drain(self) -> None:
        while await webhooks.drain(self.world):
            pass

    async def events(self) -> list[dict[str, Any]]:
        """All that we listen to."""
        found: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            page = await self.account.get("/v1/events", limit="100", **more)
            found += page["data"]
            if not page["has_more"]:
                return [event for event in reversed(found) if event["type"] in WATCHED]
            more = {"starting_after": page["data"][-1]["id"]}

    async def close(self) -> None:
        """What nobody paid in time."""
        for close in (checkout.close_due, checkout.tidy):
            while await close(self.world):
                pass

    async def work(self) -> None:
        """Run the jobs that are due, as a few workers do, and leave the post: emails have tests of their own."""
        await asyncio.gather(*(self._work() for _ in range(WORKERS)))

    async def _work(self) -> None:
        async with self.world.db.connection() as connection:
            queue = Queue(PsycopgDriver(cast("psycopg.AsyncConnection", connection)))
            while claimed := await queue.claim(ERRANDS.keys(), 10):
                for job in claimed:
                    assert await queue.run(self.world, ERRANDS, job) is None


def step_of(money: Money) -> int:
    """A small part of it that can be paid in its currency."""
    return 10 if money.currency == "kwd" else 7


async def at_once(all_of_them: Sequence[T], act: Callable[[T], Awaitable[None]]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def guarded(each: T) -> None:
        async with gate:
            await act(each)

    for done in await asyncio.gather(*(guarded(each) for each in all_of_them), return_exceptions=True):
        if isinstance(done, BaseException):
            raise done


def planned(count: int, seed: int) -> list[Sale]:
    """The day's orders. Nobody asks for what cannot be sold: what is refused is shown elsewhere."""
    chance = random.Random(seed)
    sales = [_sale(chance, number) for number in range(count)]
    # One of a kind; and one content on two pages of the same buyer, both paid.
    sales[0].code, sales[0].way, sales[0].paying, sales[0].currency = "ONLY1", "page", "card", "eur"
    sales[0].items = [CartItem("guide")]
    return sales


CARTS: Final = (
    ("guide", 24),
    ("mug", 22),
    ("content", 16),
    ("ebook", 6),
    ("posting", 12),
    ("checked", 5),
    ("credits", 9),
    ("mixed", 6),
)
PAYING: Final = (("card", 62), ("declined_first", 9), ("bank", 6), ("bank_fails", 4), ("never", 6), ("canceled", 6),
    (SLOW_REFUND, 4), (FAILED_REFUND, 3))  # fmt: skip
AFTER: Final = (("nothing", 44), ("refunded_whole", 9), ("refunded_in_part", 9), ("refunded_by_line", 9), ("asked_back", 5),
    ("refunded_in_dashboard", 7), ("disputed", 3), ("dispute_won", 4), ("dispute_lost", 4), ("inquiry", 3),
    ("refunded_and_disputed", 3))  # fmt: skip


def _sale(chance: random.Random, number: int) -> Sale:
    cart, after = _of(chance, CARTS), _of(chance, AFTER)
    paying = _of(chance, PAYING)
    everywhere = cart in ("guide", "mug", "content")
    currency = (
        _of(chance, (("eur", 60), ("usd", 20), ("jpy", 12), ("kwd", 8)))
        if everywhere
        else _of(chance, (("eur", 70), ("usd", 30)))
    )
    if paying.startswith("bank"):
        currency = "eur"
    way = "page" if paying.startswith("bank") or paying.isdigit() or chance.random() < 0.5 else "intent"
    code = None
    if chance.random() < 0.12:
        code = "WELCOME10"
    if chance.random() < 0.03:
        code, way, paying = "GIFT", "free", "never"
    if cart == "credits" and after == "nothing":
        after = "spent"
    if cart == "checked" and chance.random() < 0.7:
        after = "decided"
    return Sale(
        number=number,
        buyer=_buyer(chance),
        items=_items(chance, cart, number),
        currency=currency,
        code=code,
        way=way,
        paying=paying,
        comes_back=chance.random() < 0.3,
        after=after,
    )


def _items(chance: random.Random, cart: str, number: int) -> list[CartItem]:
    match cart:
        case "content":
            return [CartItem("article", content=f"content-{number}")]
        case "posting":
            addons = [CartItem("email-blast", 1, {"job": f"job-{number}"})] if chance.random() < 0.5 else []
            return [CartItem("job-posting", 1, {"job": f"job-{number}"}), *addons]
        case "checked":
            return [CartItem("checked-posting", 1, {"job": f"job-{number}"}), CartItem("review")]
        case "mug":
            return [CartItem("mug", chance.randint(1, 5))]
        case "mixed":
            return [CartItem("guide"), CartItem("article", content=f"content-{number}"), CartItem("mug", 2)]
        case _:
            return [CartItem(cart)]


def _buyer(chance: random.Random) -> Buyer:
    number = chance.randrange(BUYERS)
    return Buyer(f"user-{number}", f"user-{number}@example.com", f"Buyer {number}")


def _of(chance: random.Random, weighted: Iterable[tuple[str, int]]) -> str:
    names, weights = zip(*weighted, strict=True)
    return str(chance.choices(names, weights)[0])
