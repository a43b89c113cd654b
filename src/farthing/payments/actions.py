"""What is written when a provider says how a payment stands. One transaction: state, books, audit trail and jobs."""

from dataclasses import dataclass, replace

from farthing import events, fulfillment, ledger, orders, tax
from farthing.catalog import Legal
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.ids import OrderId, PaymentId
from farthing.ledger import Move
from farthing.lifecycles import PAYMENT, PaymentStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import live, refunds, store
from farthing.payments.model import (
    Authorized,
    Canceled,
    Declined,
    Nothing,
    Payment,
    Processing,
    Settled,
    Surplus,
    decide,
)
from farthing.providers import CaptureMethod, IntentRequest, SeenPayment


class NotYetKnown(Exception):
    """It carries our mark, and we do not have it: perhaps another process is about to commit it. Look again later."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a look: the order it belongs to, or why it concerns nobody here."""

    order_id: OrderId | None
    ignored: str | None = None


NOT_OURS = Recorded(None, "not ours: it does not carry the id of one of our payments")


async def open_payment(
    tx: Transaction, order: Order, provider: str, *, capture_method: CaptureMethod = "automatic", return_url: str | None = None
) -> Payment:
    """The intention to collect for the order. Its id is the idempotency key of whatever is asked of the provider.

    It becomes the one way to pay the order: the database refuses a second one. The caller holds the order's lock.
    """
    payment = _new(order, provider, provider_payment_id=None, tx=tx)
    payment = replace(payment, live=True, capture_method=capture_method, return_url=return_url)
    await store.insert(tx, payment)
    return payment


async def open_intent(
    tx: Transaction,
    order: Order,
    provider: str,
    *,
    capture_method: CaptureMethod,
    return_url: str | None,
    customer_id: str | None,
) -> Payment:
    """The same for a payment in the host's own pages. What the provider is asked for is kept word for word."""
    payment = replace(_new(order, provider, provider_payment_id=None, tx=tx), live=True, capture_method=capture_method)
    request = IntentRequest(order.total, str(payment.id), str(order.number), capture_method, customer_id)
    payment = replace(payment, request=request, return_url=return_url)
    await store.insert(tx, payment)
    await events.record(tx, "payment.opened", order=order.id, payment=payment.id, amount=_plain(payment.asked))
    return payment


async def record_payment(
    tx: Transaction, provider: str, livemode: bool, seen: SeenPayment, *, legal: Legal | None = None
) -> Recorded:
    """Bring our payment, and what hangs on it, up to what the provider says. Repeating it changes nothing.

    `legal`: in whose name the tax invoice of what it pays for is issued.
    """
    order_id = await _order_of(tx, provider, livemode, seen)
    if order_id is None:
        return NOT_OURS
    order = await orders.lock(tx, order_id)
    payment = await _lock_payment(tx, order, provider, seen)
    paid = await _act(tx, order, payment, seen)
    await _learn_details(tx, order, payment.id, seen)
    if paid is not None:
        # Last: whoever draws the next number waits for this commit.
        await tax.issue_order(tx, paid, legal)
    return Recorded(order_id)


async def cancel_payment(tx: Transaction, id: PaymentId) -> None:
    """Nobody can pay it any more, if nobody has. The caller holds the order's lock."""
    payment = await store.lock(tx, id)
    if PAYMENT.allows(payment.status, "cancel"):
        await store.save_status(tx, payment, None, PaymentStatus.CANCELED)
        await events.record(tx, "payment.canceled", order=payment.order_id, payment=payment.id)


async def know(tx: Transaction, payment: Payment, provider_payment_id: str) -> Payment:
    """The provider answered: keep its name for the payment. Whoever comes second finds it kept."""
    await orders.lock(tx, payment.order_id)
    await live.save_known(tx, payment.id, provider_payment_id)
    return await store.get(tx, payment.id)


async def _order_of(tx: Transaction, provider: str, livemode: bool, seen: SeenPayment) -> OrderId | None:
    known = await store.find_by_provider_id(tx, provider, livemode, seen.id)
    if known is not None:
        return known.order_id
    if seen.reference is None:
        return None
    try:
        reference = PaymentId.parse(seen.reference)
    except NotFound:
        return None
    order_id = await store.find_order_id(tx, reference)
    if order_id is None:
        raise NotYetKnown(f"{seen.id} carries {reference}, which is not in this database")
    return order_id


async def _lock_payment(tx: Transaction, order: Order, provider: str, seen: SeenPayment) -> Payment:
    """Our row of their payment. A second payment of theirs with the mark of the same one of ours gets a row of its own."""
    known = await store.find_by_provider_id(tx, provider, order.livemode, seen.id)
    if known is not None:
        return await store.lock(tx, known.id)
    assert seen.reference is not None, "an unknown payment was found by its reference"
    payment = await store.lock(tx, PaymentId.parse(seen.reference))
    if payment.provider_payment_id is None:
        return payment
    second = _new(order, provider, provider_payment_id=seen.id, tx=tx)
    await store.insert(tx, second)
    return second


async def _act(tx: Transaction, order: Order, payment: Payment, seen: SeenPayment) -> Order | None:
    """The order where this paid for it."""
    match decide(order.status, payment, seen):
        case Nothing():
            pass
        case Processing():
            await store.save_status(tx, payment, seen.id, PAYMENT.move(payment.status, "process"))
            await events.record(tx, "payment.processing", order=order.id, payment=payment.id)
        case Declined(code, message):
            status = PAYMENT.move(payment.status, "fail") if PAYMENT.allows(payment.status, "fail") else payment.status
            await store.save_decline(tx, payment, seen, status)
            # Who waits for a bank debit is not at the page any more.
            away = payment.status == PaymentStatus.PROCESSING
            await events.record(tx, "payment.failed", order=order.id, payment=payment.id, code=code, message=message, away=away)
        case Authorized(misfit):
            await live.save_authorized(tx, payment, seen, fits=misfit is None)
            held = payment.asked if seen.held is None else seen.held
            before = None if seen.capture_before is None else seen.capture_before.isoformat()
            told = {"amount": _plain(held), "capture_before": before, "reason": misfit}
            await events.record(tx, "payment.authorized", order=order.id, payment=payment.id, **told)
        case Canceled():
            await store.save_status(tx, payment, seen.id, PAYMENT.move(payment.status, "cancel"))
            await events.record(tx, "payment.canceled", order=order.id, payment=payment.id, reason=seen.cancel_reason)
            if payment.live and (order.cancel_requested_at is not None or order.expires_at <= tx.now):
                # It was the only way to pay the order.
                await orders.close_unpaid(tx, order)
        case Settled(received):
            return await _settle(tx, order, payment, seen, received)
        case Surplus(received, reason):
            await _give_back(tx, order, payment, seen, received, reason)
    return None


async def _settle(tx: Transaction, order: Order, payment: Payment, seen: SeenPayment, received: Money) -> Order | None:
    if refused := await fulfillment.refusal(tx, order):
        # It became impossible while the buyer paid: an order is handed over whole, or its money goes back.
        await _give_back(tx, order, payment, seen, received, refused)
        await orders.cancel(tx, order)
        return None
    status = PAYMENT.move(payment.status, "settle")
    await store.save_received(tx, payment, seen, received, status, surplus=None)
    move = Move(ledger.SALES, ledger.provider(payment.provider), received)
    await ledger.post(tx, "payment", str(payment.id), move, order=order.id)
    await events.record(tx, "payment.succeeded", order=order.id, payment=payment.id, received=_plain(received))
    if received < order.total:
        order = await orders.reduce(tx, order, order.total - received)
    paid = await orders.mark_paid(tx, order)
    await fulfillment.grant(tx, paid)
    return paid


async def _give_back(tx: Transaction, order: Order, payment: Payment, seen: SeenPayment, received: Money, reason: str) -> None:
    """Recorded, posted and promised back: money that pays for nothing is never just an error."""
    status = PAYMENT.move(payment.status, "give_back")
    await store.save_received(tx, payment, seen, received, status, surplus=reason)
    move = Move(ledger.SURPLUS, ledger.provider(payment.provider), received)
    await ledger.post(tx, "payment", str(payment.id), move, order=order.id)
    await events.record(tx, "payment.surplus", order=order.id, payment=payment.id, received=_plain(received), reason=reason)
    surplus = await store.get(tx, payment.id)
    await refunds.promise(tx, surplus, received, reason="surplus", note=reason)


async def _learn_details(tx: Transaction, order: Order, id: PaymentId, seen: SeenPayment) -> None:
    """What a provider may know only later: until when to capture; the fee, the charge and the card."""
    if seen.capture_before is not None:
        held = await store.get(tx, id)
        if held.status == PaymentStatus.AUTHORIZED and held.capture_before != seen.capture_before:
            await live.save_deadline(tx, held, seen.capture_before)
    if seen.fee is None:
        return
    payment = await store.get(tx, id)
    if payment.received is None or payment.fee is not None:
        return
    await store.save_details(tx, payment, seen)
    move = Move(ledger.provider(payment.provider), ledger.FEES, seen.fee)
    await ledger.post(tx, "fee", str(payment.id), move, order=order.id)
    await events.record(tx, "payment.fee_known", order=order.id, payment=payment.id, fee=_plain(seen.fee))


def _new(order: Order, provider: str, *, provider_payment_id: str | None, tx: Transaction) -> Payment:
    return Payment(
        id=PaymentId.new(),
        order_id=order.id,
        provider=provider,
        livemode=order.livemode,
        provider_payment_id=provider_payment_id,
        provider_charge_id=None,
        status=PaymentStatus.OPEN,
        settles=False,
        asked=order.total,
        received=None,
        fee=None,
        refunding_amount=0,
        refunded_amount=0,
        withheld_amount=0,
        surplus_reason=None,
        failure_code=None,
        failure_message=None,
        card_brand=None,
        card_last4=None,
        opened_at=tx.now,
        succeeded_at=None,
    )


def _plain(money: Money) -> dict[str, object]:
    return {"amount": money.amount, "currency": money.currency}
