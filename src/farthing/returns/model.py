"""What a return is, and what may come back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from farthing.errors import Conflict, Invalid, NotFound
from farthing.ids import LineItemId, OrderId, RefundId, ReturnId, SellerOrderId, ShipmentId
from farthing.lifecycles import ReturnStatus

WORDS_MAX: Final = 500

RefundAt = Literal["receipt", "approval"]
Wanted = Literal["refund", "exchange"]
WayBack = Literal["buyer", "seller"]
"""Who pays the carrier."""

Reason = Literal["changed_mind", "damaged", "defective", "wrong_item", "not_as_described", "undeliverable", "other"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
"""`undeliverable`: of a parcel that never arrived. Nobody asks for that."""

AT_FAULT: Final = frozenset({"damaged", "defective", "wrong_item", "not_as_described", "undeliverable"})
"""Not the buyer's doing: they pay neither for the way back nor for the shelf."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to send back of one line, and why."""

    line: LineItemId
    quantity: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Found:
    """What was in the parcel of one line: so many go on the shelf, so many are of no use. `location`: by default where they
    came from."""

    line: LineItemId
    restocked: int
    written_off: int = 0
    location: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnLine:
    line: LineItemId
    name: str
    quantity: int
    reason: Reason
    restocked: int
    written_off: int

    @property
    def came(self) -> int:
        return self.restocked + self.written_off


@dataclass(frozen=True, slots=True)
class Return:
    id: ReturnId
    seller_order_id: SellerOrderId
    order_id: OrderId
    number: str
    """For people, such as 1042-1-R1."""
    livemode: bool
    status: ReturnStatus
    shipment_id: ShipmentId | None
    """The parcel that came back by itself; None: the buyer sends it."""
    way_back: WayBack
    refund_at: RefundAt
    restocking_basis_points: int
    requested_by: str
    requested_at: datetime
    message: str | None
    """The buyer's own words."""
    note: str | None
    """Those of whoever decided, for the buyer."""
    decided_by: str | None
    decided_at: datetime | None
    send_before: datetime | None
    carrier: str | None
    tracking_number: str | None
    sent_at: datetime | None
    received_by: str | None
    received_at: datetime | None
    refund_id: RefundId | None
    exchange_order_id: OrderId | None
    """The order that replaces what came back."""
    wanted: Wanted
    credit_amount: int | None
    """What was taken off that order, in minor units of its currency."""
    closed_at: datetime | None
    lines: Sequence[ReturnLine]

    def kept_points(self, line: ReturnLine) -> int:
        """What is kept of its price, in hundredths of a percent: nothing where the buyer is not to blame."""
        return 0 if line.reason in AT_FAULT else self.restocking_basis_points


@dataclass(frozen=True, slots=True)
class Returnable:
    """How many of a line can be asked for now, and until when. None: for ever, or not at all."""

    line: LineItemId
    name: str
    quantity: int
    until: datetime | None
    why_not: str | None = None
    """Why none can, in a word: `not_delivered`, `not_returnable`, `window_over`, `returned`, `refunded`, `disputed`."""


def way_back(asked: Sequence[Asked], usual: WayBack) -> WayBack:
    return "seller" if any(each.reason in AT_FAULT for each in asked) else usual


def check_asked(asked: Sequence[Asked]) -> None:
    """Raises Invalid for what is no question."""
    if not asked or len({each.line for each in asked}) < len(asked):
        raise Invalid("Name at least one line, and each once.", param="lines")
    for each in asked:
        if type(each.quantity) is not int or each.quantity < 1:
            raise Invalid("The quantity is at least 1.", param="lines")
        if each.reason not in REASONS or each.reason == "undeliverable":
            raise Invalid(
                f"A reason is one of {', '.join(reason for reason in REASONS if reason != 'undeliverable')}.", param="lines"
            )


def checked_found(back: Return, found: Sequence[Found] | None) -> list[Found]:
    """What was in the parcel, for each line; all of it goes on the shelf where nothing is said. Raises Invalid, NotFound or
    Conflict for more than was asked for."""
    if found is None:
        return [Found(line.line, line.quantity) for line in back.lines]
    lines = {line.line: line for line in back.lines}
    if len({each.line for each in found}) < len(found):
        raise Invalid("Name each line once.", param="lines")
    for each in found:
        if each.line not in lines:
            raise NotFound(f"There is no line item {each.line} in {back.number}.", param="lines")
        if min(each.restocked, each.written_off) < 0:
            raise Invalid("What came is a whole number, 0 or more.", param="lines")
        if each.restocked + each.written_off > lines[each.line].quantity:
            line = lines[each.line]
            raise Conflict(
                f"Of {line.name} {line.quantity} were to come back, not {each.restocked + each.written_off}.", param="lines"
            )
    named = {each.line for each in found}
    return [*found, *(Found(line, 0) for line in lines if line not in named)]


def checked_words(words: str | None, param: str) -> str | None:
    said = (words or "").strip()
    if len(said) > WORDS_MAX or "\0" in said:
        raise Invalid(f"That has at most {WORDS_MAX} characters.", param=param)
    return said or None
