"""What the process does that is killed, and what is done after it: each flow with the way it is taken up again.

A flow runs in the process that dies. It says what was acknowledged to whom; only what was not is repeated afterwards, as real
clients and the provider would. `recover` runs in the process that comes next.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from tests.races.shop import CART, LEASES, Shop, events_at

from farthing import disputes, dunning, orders, payments, subscriptions
from farthing.ids import OrderId, SubscriptionId
from farthing.invoices.flow import FEE_EXPECTED
from farthing.money import Money

Say = Callable[[str], None]

OF_PLANS: Final = {"subscribe": FEE_EXPECTED + LEASES, "change": FEE_EXPECTED + LEASES, "collect": timedelta(days=32)}
"""Flow → when a fee of it is asked for: a renewal that is collected is a month ahead."""


@dataclass(frozen=True)
class Case:
    """One purchase, and what is done with it."""

    flow: str
    order: str = ""
    """The order it is about, once there is one."""
    subscription: str = ""
    quote: str = ""
    """Of a change of the subscription."""
    stored: frozenset[str] = field(default_factory=frozenset)
    """Events of the provider that had been acknowledged before."""


async def check_out(shop: Shop, case: Case, say: Say) -> None:
    """A client starts a checkout."""
    await _started(shop, say)


async def settle(shop: Shop, case: Case, say: Say) -> None:
    """The provider tells everything about a payment, and a worker acts on it."""
    await _hear(shop, case, say)
    await shop.work()


async def refund(shop: Shop, case: Case, say: Say) -> None:
    """A client asks for all of the money back, the refund is sent, and the provider tells of it."""
    await _refunded(shop, case, say)
    await shop.work()
    await _hear(shop, case, say)
    await shop.work()


async def cancel(shop: Shop, case: Case, say: Say) -> None:
    """A client calls the order off before anybody paid."""
    await _canceled(shop, case, say)
    await _hear(shop, case, say)
    await shop.work()


async def dispute(shop: Shop, case: Case, say: Say) -> None:
    """The provider tells of a dispute, a client submits the evidence, and it is sent."""
    await _hear(shop, case, say)
    await shop.work()
    await _submitted(shop, case, say)
    await shop.work()
    await _hear(shop, case, say)
    await shop.work()


async def refund_line(shop: Shop, case: Case, say: Say) -> None:
    """A client asks for one line back, the refund is sent, and the provider tells of it."""
    await _line_refunded(shop, case, say)
    await shop.work()
    await _hear(shop, case, say)
    await shop.work()


async def spend(shop: Shop, case: Case, say: Say) -> None:
    """A client spends some of the credits that were bought."""
    await _spent(shop, case, say)


async def capture(shop: Shop, case: Case, say: Say) -> None:
    """Somebody takes a part of the money that was kept, and the provider tells of it."""
    await _captured(shop, case, say)
    await _hear(shop, case, say)
    await shop.work()


async def charge(shop: Shop, case: Case, say: Say) -> None:
    """A client charges the saved card of somebody who is away, and the provider tells of it."""
    await _charged(shop, case, say)
    await _hear(shop, case, say)
    await shop.work()


async def subscribe(shop: Shop, case: Case, say: Say) -> None:
    """A client begins a plan for somebody with a saved card, and the provider tells of it."""
    await _subscribed(shop, case, say)
    await _hear(shop, case, say)
    await shop.work()


async def change(shop: Shop, case: Case, say: Say) -> None:
    """A client commits to the quote of a dearer plan, and the provider tells of it."""
    await _changed(shop, case, say)
    await _hear(shop, case, say)
    await shop.work()


async def collect(shop: Shop, case: Case, say: Say) -> None:
    """A client tries again to collect a renewal that was declined, and the provider tells of it."""
    await _collected(shop, case, say)
    await _hear(shop, case, say)
    await shop.work()


async def release(shop: Shop, case: Case, say: Say) -> None:
    """What a seller earned is due: a worker sends it, and the provider tells of it."""
    await shop.work()
    await _hear(shop, case, say)
    await shop.work()


async def take_back(shop: Shop, case: Case, say: Say) -> None:
    """A client asks for all of the money back that a seller has already; a worker takes the seller's part back from them."""
    await refund(shop, case, say)


async def recover(shop: Shop, case: Case, say: Say) -> None:
    """The leases of the dead have run out; clients and the provider repeat what nobody acknowledged, workers work."""
    shop.clock.advance(LEASES)
    await shop.work()
    await AGAIN[case.flow](shop, case, say)
    await _come_to_rest(shop, case, say)


async def recover_at_once(shop: Shop, case: Case, say: Say) -> None:
    """The same, but clients and the provider come before the workers do."""
    shop.clock.advance(LEASES)
    await AGAIN[case.flow](shop, case, say)
    await _come_to_rest(shop, case, say)


async def _come_to_rest(shop: Shop, case: Case, say: Say) -> None:
    for _ in range(2):
        await _hear(shop, case, say)
        await shop.work()
    if case.flow in OF_PLANS:
        # Where the news of a fee came before that of the invoice, the fee is asked for later.
        shop.clock.advance(OF_PLANS[case.flow])
        await shop.work()


async def _started(shop: Shop, say: Say) -> None:
    answer = await shop.post("/v1/checkout/sessions", CART, "the one purchase")
    assert answer.status_code == 201, answer.text
    say(f"url {answer.json()['url']}")


async def _refunded(shop: Shop, case: Case, say: Say) -> None:
    answer = await shop.post(f"/v1/orders/{case.order}/refunds", {"note": "asked for"}, "the one refund")
    assert answer.status_code == 201, answer.text
    say(f"refund {answer.json()['id']}")


async def _line_refunded(shop: Shop, case: Case, say: Say) -> None:
    async with shop.world.db.transaction("test") as tx:
        order = await orders.get(tx, OrderId.parse(case.order))
    (article,) = [line for line in order.lines if line.product == "article"]
    wanted = {"lines": [{"line_item": str(article.id)}]}
    answer = await shop.post(f"/v1/orders/{case.order}/refunds", wanted, "the one refund")
    assert answer.status_code == 201, answer.text


async def _spent(shop: Shop, case: Case, say: Say) -> None:
    answer = await shop.post("/v1/customers/ada/credit-spends", {"amount": 3, "reference": "the one job"}, "")
    assert answer.status_code == 201, answer.text


async def _captured(shop: Shop, case: Case, say: Say) -> None:
    async with shop.world.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, OrderId.parse(case.order))
    await payments.capture(shop.world, payment.id, Money(4000, "eur"), actor="clerk")


async def _charged(shop: Shop, case: Case, say: Say) -> None:
    wanted = {"items": [{"product": "mug", "quantity": 2}]}
    answer = await shop.post("/v1/customers/ada/charges", wanted, "the one charge")
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "paid"
    await _fee_known(shop)


async def _subscribed(shop: Shop, case: Case, say: Say) -> None:
    wanted = {"plan": "pro", "payment_method": "default", "customer": {"id": "ada"}}
    answer = await shop.post("/v1/subscriptions", wanted, "the one subscription")
    assert answer.status_code == 201, answer.text
    assert answer.json()["subscription"]["status"] == "active"
    await _fee_known(shop)


async def _changed(shop: Shop, case: Case, say: Say) -> None:
    answer = await shop.post(f"/v1/subscriptions/{case.subscription}/changes", {"quote": case.quote}, "")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["id"]) == ("done", case.quote)
    await _fee_known(shop)


async def _collected(shop: Shop, case: Case, say: Say) -> None:
    answer = await shop.post(f"/v1/subscriptions/{case.subscription}/retry", {}, "")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "paid"
    await _fee_known(shop)


async def _collected_unless_paid(shop: Shop, case: Case, say: Say) -> None:
    """What was paid by then is not owed any more, and says so."""
    async with shop.world.db.transaction("test") as tx:
        found = await subscriptions.get(tx, SubscriptionId.parse(case.subscription))
        owed = await dunning.owed(tx, found)
    if owed is not None:
        await _collected(shop, case, say)
    await _fee_known(shop)


async def _fee_known(shop: Shop) -> None:
    """A moment later, as is all that the provider has to say."""
    (await shop.outside.post("/_sandbox/clock/advance", json={"seconds": 2})).raise_for_status()


async def _canceled(shop: Shop, case: Case, say: Say) -> None:
    answer = await shop.post(f"/v1/orders/{case.order}/cancellation", {}, "")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "canceled"


async def _submitted(shop: Shop, case: Case, say: Say) -> None:
    async with shop.world.db.transaction("test") as tx:
        (found,) = await disputes.of_order(tx, OrderId.parse(case.order))
    answer = await shop.post(f"/v1/disputes/{found.id}/submission", {}, "the one submission")
    assert answer.status_code == 201, answer.text


async def _submitted_once_known(shop: Shop, case: Case, say: Say) -> None:
    """Nobody could ask before the dispute was known."""
    await _hear(shop, case, say)
    await shop.work()
    await _submitted(shop, case, say)


async def _hear(shop: Shop, case: Case, say: Say) -> None:
    """Deliver what was never acknowledged."""
    await shop.deliver_all([event for event in events_at(shop.place) if event["id"] not in case.stored], say)


async def _canceled_unless_known(shop: Shop, case: Case, say: Say) -> None:
    """Whoever asked is gone, and what was asked for happens all the same; unless it never reached us."""
    async with shop.world.db.transaction("test") as tx:
        order = await orders.get(tx, OrderId.parse(case.order))
    if order.cancel_requested_at is None:
        await _canceled(shop, case, say)


async def _nothing_again(shop: Shop, case: Case, say: Say) -> None:
    """Nobody waits for an answer."""


async def _started_again(shop: Shop, case: Case, say: Say) -> None:
    await _started(shop, say)


AGAIN: Final[Mapping[str, Callable[[Shop, Case, Say], Awaitable[None]]]] = {
    "check_out": _started_again,
    "settle": _nothing_again,
    "refund": _refunded,
    "cancel": _canceled_unless_known,
    "dispute": _submitted_once_known,
    "settle_everything": _nothing_again,
    "refund_line": _line_refunded,
    "spend": _spent,
    "capture": _captured,
    "charge": _charged,
    "subscribe": _subscribed,
    "change": _changed,
    "collect": _collected_unless_paid,
    "release": _nothing_again,
    "take_back": _refunded,
}

FLOWS: Final[Mapping[str, Callable[[Shop, Case, Say], Awaitable[None]]]] = {
    "check_out": check_out,
    "settle": settle,
    "refund": refund,
    "cancel": cancel,
    "dispute": dispute,
    "settle_everything": settle,
    "refund_line": refund_line,
    "spend": spend,
    "capture": capture,
    "charge": charge,
    "subscribe": subscribe,
    "change": change,
    "collect": collect,
    "release": release,
    "take_back": take_back,
    "recover": recover,
    "recover_at_once": recover_at_once,
}


def learned(case: Case, said: list[str]) -> Case:
    """The case as the next process finds it: what was acknowledged stays acknowledged."""
    heard = {line.split(" ", 1)[1] for line in said if line.startswith("stored ")}
    return replace(case, stored=case.stored | heard)


def told(said: list[str], what: str) -> Any:
    return [line.split(" ", 1)[1] for line in said if line.startswith(f"{what} ")]
