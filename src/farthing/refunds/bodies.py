"""What comes in about money back."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from farthing.http.bodies import Body, MoneyIn, Storable, read_id
from farthing.ids import LineItemId
from farthing.payments import WantedLine
from farthing.refunds.model import Wanted

NOTE_MAX: Final = 500
LINES_MAX: Final = 100
FIGURE_MAX: Final = 64

Reason = Literal["requested_by_customer", "duplicate", "fraudulent"]
Note = Annotated[str, StringConstraints(max_length=NOTE_MAX), Storable]


class WantedLineIn(Body):
    """A line to be given back: so many, so much, or all that is left of it."""

    line_item: Annotated[str, StringConstraints(max_length=64)]
    quantity: int | None = Field(None, ge=1, le=1_000_000)
    amount: MoneyIn | None = None

    def line(self) -> WantedLine:
        id = read_id(LineItemId, self.line_item, param="lines.line_item")
        return WantedLine(id, self.quantity, self.amount.money() if self.amount else None)


class WantedIn(Body):
    """Without an amount and without lines, all that is left."""

    amount: MoneyIn | None = None
    lines: Annotated[list[WantedLineIn], Field(max_length=LINES_MAX)] = Field(
        default=[], description="Line items that go back; what is not named stays."
    )

    def wanted(self) -> Wanted:
        return Wanted(self.amount.money() if self.amount else None, tuple(each.line() for each in self.lines))


class NewRefund(WantedIn):
    """Without an amount and without lines, all that is left goes back."""

    reason: Reason = "requested_by_customer"
    note: Note | None = Field(None, description="For staff.")
    figure: Annotated[str, StringConstraints(max_length=FIGURE_MAX)] | None = Field(
        None, description="Of a preview: the refund is made at exactly its figures, or refused with the new ones."
    )


class NewRequest(WantedIn):
    """Without an amount and without lines, all that is left, or what is not used up of it where the policy says so."""

    reason: Reason = "requested_by_customer"
    message: Note | None = Field(None, description="The buyer's own words.")


class Decision(Body):
    note: Note | None = Field(None, description="For staff.")
