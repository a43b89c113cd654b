"""What follows from how the provider sees a payment: a table, and laws that hold for every case there can be."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from farthing.errors import Conflict, Invalid
from farthing.ids import OrderId, PaymentId, RefundId
from farthing.lifecycles import ORDER, PAYMENT, REFUND, OrderStatus, PaymentStatus, RefundStatus
from farthing.money import Money
from farthing.payments.model import (
    Authorized,
    Canceled,
    Declined,
    Nothing,
    Payment,
    Processing,
    Refund,
    Settled,
    Surplus,
    check_refund,
    decide,
    refund_verb,
    total_refunded,
)
from farthing.providers import SeenPayment, SeenRefund

MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
PRICE = Money(4900, "eur")
PAYMENT_OF_ORDER = Payment(
    id=PaymentId.new(),
    order_id=OrderId.new(),
    provider="stripe",
    livemode=False,
    provider_payment_id="pi_1",
    provider_charge_id=None,
    status=PaymentStatus.OPEN,
    settles=False,
    asked=PRICE,
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
    opened_at=MOMENT,
    succeeded_at=None,
)
REFUND_OF_IT = Refund(
    id=RefundId.new(),
    payment_id=PAYMENT_OF_ORDER.id,
    order_id=PAYMENT_OF_ORDER.order_id,
    provider="stripe",
    provider_refund_id=None,
    status=RefundStatus.PROMISED,
    money=PRICE,
    reason="requested_by_customer",
    note=None,
    failure_reason=None,
    requested_by="test",
    promised_at=MOMENT,
    asked_at=None,
    succeeded_at=None,
)
OPEN, PAID = OrderStatus.OPEN, OrderStatus.PAID
CENT_LESS, DOLLARS = Money(4899, "eur"), Money(4900, "usd")


def payment(status: str = "open", **changes: Any) -> Payment:
    return replace(PAYMENT_OF_ORDER, status=PaymentStatus(status), **changes)


def received(status: str = "succeeded", **changes: Any) -> Payment:
    reason = "already_paid" if status == "surplus" else None
    fields: dict[str, Any] = {"received": PRICE, "settles": status == "succeeded", "surplus_reason": reason}
    return payment(status, **(fields | changes))


def seen(status: str, money: Money | None = None, **details: Any) -> SeenPayment:
    return SeenPayment("pi_1", status, money, str(PAYMENT_OF_ORDER.id), **details)  # type: ignore[arg-type]


DECLINE: dict[str, Any] = {"failure_code": "generic_decline", "failure_message": "Declined.", "charge_id": "ch_1"}
KNOWN_DECLINE: dict[str, Any] = {"failure_code": "generic_decline", "provider_charge_id": "ch_1"}

CASES = [
    ("the whole price settles", OPEN, payment(), seen("succeeded", PRICE), Settled(PRICE)),
    ("also after the bank took its time", OPEN, payment("processing"), seen("succeeded", PRICE), Settled(PRICE)),
    ("and after a decline", OPEN, payment(**KNOWN_DECLINE), seen("succeeded", PRICE), Settled(PRICE)),
    ("a cent less is surplus", OPEN, payment(), seen("succeeded", CENT_LESS), Surplus(CENT_LESS, "wrong_amount")),
    ("so is a cent more", OPEN, payment(), seen("succeeded", Money(4901, "eur")), Surplus(Money(4901, "eur"), "wrong_amount")),
    ("and the same number of dollars", OPEN, payment(), seen("succeeded", DOLLARS), Surplus(DOLLARS, "wrong_currency")),
    ("a second payment", PAID, payment(), seen("succeeded", PRICE), Surplus(PRICE, "already_paid")),
    ("one for a refunded order", OrderStatus.REFUNDED, payment(), seen("succeeded", PRICE), Surplus(PRICE, "already_paid")),
    ("one for a canceled order", OrderStatus.CANCELED, payment(), seen("succeeded", PRICE), Surplus(PRICE, "order_canceled")),
    ("one for an expired order", OrderStatus.EXPIRED, payment(), seen("succeeded", PRICE), Surplus(PRICE, "order_expired")),
    ("one we gave up", OPEN, payment("canceled"), seen("succeeded", PRICE), Surplus(PRICE, "payment_canceled")),
    ("known already", PAID, received(), seen("succeeded", PRICE), Nothing()),
    ("known with another amount", PAID, received(), seen("succeeded", CENT_LESS), Nothing()),
    ("surplus is known, too", PAID, received("surplus"), seen("succeeded", PRICE), Nothing()),
    ("late news of a decline after success", PAID, received(), seen("open", **DECLINE), Nothing()),
    ("late news of processing after success", PAID, received(), seen("processing"), Nothing()),
    ("late news of canceling after success", PAID, received(), seen("canceled"), Nothing()),
    ("the bank takes its time", OPEN, payment(), seen("processing"), Processing()),
    ("still", OPEN, payment("processing"), seen("processing"), Nothing()),
    ("given up, and then processing", OPEN, payment("canceled"), seen("processing"), Nothing()),
    ("canceled there", OPEN, payment(), seen("canceled"), Canceled()),
    ("canceled while processing", OPEN, payment("processing"), seen("canceled"), Canceled()),
    ("canceled here and there", OPEN, payment("canceled"), seen("canceled"), Nothing()),
    ("nothing happened yet", OPEN, payment(), seen("open"), Nothing()),
    ("a decline", OPEN, payment(), seen("open", **DECLINE), Declined("generic_decline", "Declined.")),
    ("the same decline again", OPEN, payment(**KNOWN_DECLINE), seen("open", **DECLINE), Nothing()),
    (
        "a second card declined for the same reason",
        OPEN,
        payment(**KNOWN_DECLINE),
        seen("open", **(DECLINE | {"charge_id": "ch_2"})),
        Declined("generic_decline", "Declined."),
    ),
    (
        "the same charge, another reason",
        OPEN,
        payment(**KNOWN_DECLINE),
        seen("open", **(DECLINE | {"failure_code": "lost_card"})),
        Declined("lost_card", "Declined."),
    ),
    (
        "the bank says no in the end",
        OPEN,
        payment("processing"),
        seen("open", **DECLINE),
        Declined("generic_decline", "Declined."),
    ),
    ("without a reason", OPEN, payment("processing"), seen("open"), Declined("unknown", None)),
]


@pytest.mark.parametrize(
    ("order", "payment", "seen", "decision"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_follows_is_this(order: OrderStatus, payment: Payment, seen: SeenPayment, decision: object) -> None:
    assert decide(order, payment, seen) == decision


EVERY_PAYMENT = [payment("open"), payment("processing"), payment("canceled"), received(), received("surplus")]
EVERY_LOOK = [
    seen("open"),
    seen("open", **DECLINE),
    seen("processing"),
    seen("canceled"),
    *(seen("succeeded", money) for money in (PRICE, CENT_LESS, DOLLARS)),
]


@pytest.mark.covers("F48", "F105")
@pytest.mark.parametrize(("order", "payment"), list(product(OrderStatus, EVERY_PAYMENT)))
def test_every_decision_can_be_carried_out_and_no_money_is_dropped(order: OrderStatus, payment: Payment) -> None:
    for look in EVERY_LOOK:
        match decide(order, payment, look):
            case Nothing():
                assert look.received is None or payment.received is not None, "money came in and nothing followed"
            case Processing():
                assert PAYMENT.allows(payment.status, "process")
            case Authorized():
                assert PAYMENT.allows(payment.status, "authorize")
            case Canceled():
                assert PAYMENT.allows(payment.status, "cancel")
            case Declined():
                assert payment.received is None
            case Settled(money):
                assert PAYMENT.allows(payment.status, "settle")
                assert ORDER.allows(order, "pay")
                assert money == payment.asked == look.received
            case Surplus(money, reason):
                assert PAYMENT.allows(payment.status, "give_back")
                assert money == look.received
                assert reason


def test_all_but_what_is_on_its_way_or_gone_can_go_back() -> None:
    part = received(refunding_amount=1000, refunded_amount=2000)
    assert part.refundable == Money(1900, "eur")
    assert payment().refundable == Money(0, "eur")
    for amount in (1, 1899, 1900):
        check_refund(part, Money(amount, "eur"))


@pytest.mark.parametrize(
    ("payment", "money", "error", "said"),
    [
        (payment(), Money(1, "eur"), Conflict, "nothing to refund"),
        (received(), Money(4901, "eur"), Conflict, "has 49.00 EUR left to refund, not 49.01 EUR"),
        (received(refunding_amount=4900), Money(1, "eur"), Conflict, "has 0.00 EUR left"),
        (received(refunded_amount=4899), Money(2, "eur"), Conflict, "has 0.01 EUR left"),
        (received(), Money(4900, "usd"), Invalid, "paid in eur, not usd"),
        (received(), Money(0, "eur"), Invalid, "positive"),
        (received(), Money(-100, "eur"), Invalid, "positive"),
    ],
)
def test_a_refund_that_cannot_be_is_refused(payment: Payment, money: Money, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        check_refund(payment, money)


@pytest.mark.parametrize("known", list(RefundStatus))
@pytest.mark.parametrize("status", ["pending", "succeeded", "failed", "canceled"])
def test_a_refund_moves_only_forward(known: RefundStatus, status: Any) -> None:
    refund = replace(REFUND_OF_IT, status=known)
    verb = refund_verb(refund, SeenRefund("re_1", "pi_1", status, PRICE, str(refund.id)))
    if verb is None:
        late = known in (RefundStatus.FAILED, RefundStatus.CANCELED) or known == status
        assert late or (known, status) in {(RefundStatus.SUCCEEDED, "pending"), (RefundStatus.SUCCEEDED, "canceled")}
    else:
        assert REFUND.move(known, verb) == status


def test_only_what_succeeded_is_back() -> None:
    made = [replace(REFUND_OF_IT, status=status, money=Money(100, "eur")) for status in RefundStatus]
    assert total_refunded(made, "eur") == Money(100, "eur")
    assert total_refunded([], "jpy") == Money(0, "jpy")
