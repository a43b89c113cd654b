"""What comes in and goes out about returns."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from farthing.http.bodies import CURSOR_MAX, Body, PageQuery, Shown, Storable, read_id
from farthing.ids import LineItemId, public
from farthing.lifecycles import ReturnStatus
from farthing.returns.actions import CARRIER_MAX, TRACKING_MAX
from farthing.returns.model import WORDS_MAX, Asked, Found, Reason, RefundAt, Return, Returnable, Wanted, WayBack

LINES_MAX = 50
QUANTITY_MAX = 1_000_000

Words = Annotated[str, StringConstraints(min_length=1, max_length=WORDS_MAX), Storable]
AskedReason = Literal["changed_mind", "damaged", "defective", "wrong_item", "not_as_described", "other"]


class AskedIn(Body):
    line_item: str = Field(max_length=CURSOR_MAX)
    quantity: int = Field(ge=1, le=QUANTITY_MAX)
    reason: AskedReason

    def asked(self) -> Asked:
        return Asked(read_id(LineItemId, self.line_item, param="lines"), self.quantity, self.reason)


class NewReturn(Body):
    lines: list[AskedIn] = Field(min_length=1, max_length=LINES_MAX)
    wanted: Wanted = Field("refund", description='"exchange": something else is ordered for it once it came.')
    message: Words | None = Field(None, description="The buyer's own words.")


class Approval(Body):
    note: Words | None = Field(None, description="For the buyer: where to send it, for example.")


class Refusal(Body):
    note: Words = Field(description="For the buyer: why not.")


class Dispatch(Body):
    carrier: Annotated[str, StringConstraints(min_length=1, max_length=CARRIER_MAX)] | None = None
    tracking_number: Annotated[str, StringConstraints(min_length=1, max_length=TRACKING_MAX)] | None = None


class FoundIn(Body):
    line_item: str = Field(max_length=CURSOR_MAX)
    restocked: int = Field(0, ge=0, le=QUANTITY_MAX, description="Is on the shelf again.")
    written_off: int = Field(0, ge=0, le=QUANTITY_MAX, description="Came, and is of no use.")
    location: Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[^\x00]+$")] | None = Field(
        None, description="Where it lies now; by default where it came from."
    )

    def found(self) -> Found:
        id = read_id(LineItemId, self.line_item, param="lines")
        return Found(id, self.restocked, self.written_off, self.location)


class Receipt(Body):
    """Without lines: all of it came, and is on the shelf again. What is not named did not come."""

    lines: list[FoundIn] | None = Field(None, min_length=1, max_length=LINES_MAX)
    note: Words | None = Field(None, description="For the buyer.")

    def found(self) -> list[Found] | None:
        return None if self.lines is None else [line.found() for line in self.lines]


class ReturnQuery(PageQuery):
    status: ReturnStatus | None = None
    order: Annotated[str, StringConstraints(max_length=CURSOR_MAX)] | None = None


class ReturnLineShown(Shown):
    line_item: str
    name: str
    quantity: int
    reason: Reason
    restocked: int
    written_off: int


class ReturnShown(Shown):
    id: str
    object: Literal["return"] = "return"
    number: str = Field(description="For people.", examples=["1042-1-R1"])
    seller_order: str
    order: str
    status: ReturnStatus
    shipment: str | None = Field(description="The parcel that came back by itself; null: the buyer sends it.")
    way_back: WayBack = Field(description="Who pays the carrier for the way back.")
    refund_at: RefundAt
    restocking_basis_points: int
    requested_at: datetime
    message: str | None
    note: str | None
    decided_at: datetime | None
    send_before: datetime | None
    carrier: str | None
    tracking_number: str | None
    sent_at: datetime | None
    received_at: datetime | None
    refund: str | None
    wanted: Wanted
    exchange_order: str | None = Field(description="The order that replaces what came back.")
    closed_at: datetime | None
    lines: list[ReturnLineShown]

    @classmethod
    def of(cls, back: Return) -> "ReturnShown":
        lines = [
            ReturnLineShown(
                line_item=str(line.line),
                name=line.name,
                quantity=line.quantity,
                reason=line.reason,
                restocked=line.restocked,
                written_off=line.written_off,
            )
            for line in back.lines
        ]
        return cls(
            id=str(back.id),
            number=back.number,
            seller_order=str(back.seller_order_id),
            order=str(back.order_id),
            status=back.status,
            shipment=public(back.shipment_id),
            way_back=back.way_back,
            refund_at=back.refund_at,
            restocking_basis_points=back.restocking_basis_points,
            requested_at=back.requested_at,
            message=back.message,
            note=back.note,
            decided_at=back.decided_at,
            send_before=back.send_before,
            carrier=back.carrier,
            tracking_number=back.tracking_number,
            sent_at=back.sent_at,
            received_at=back.received_at,
            refund=public(back.refund_id),
            wanted=back.wanted,
            exchange_order=public(back.exchange_order_id),
            closed_at=back.closed_at,
            lines=lines,
        )


class ReturnableShown(Shown):
    line_item: str
    name: str
    quantity: int = Field(description="How many can be sent back now.")
    until: datetime | None
    why_not: str | None = Field(
        description="not_delivered, not_returnable, window_over, returned, refunded or disputed; null where some can be."
    )

    @classmethod
    def of(cls, may: Returnable) -> "ReturnableShown":
        return cls(line_item=str(may.line), name=may.name, quantity=may.quantity, until=may.until, why_not=may.why_not)
