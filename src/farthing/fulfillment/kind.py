"""What a kind of product must answer. A module with these functions is one; the others it may leave out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from farthing.db import Transaction
from farthing.ids import CustomerId
from farthing.money import Money
from farthing.orders import LineItem, NewLine, Order


@dataclass(frozen=True, slots=True)
class Proof:
    """Something a buyer was given, or used, in words that a bank understands."""

    at: datetime
    text: str


class Kind(Protocol):
    async def grant(self, tx: Transaction, order: Order, line: LineItem, /) -> None:
        """Hand it over, in the transaction that marks the order paid. Harmless when repeated."""

    async def revoke(self, tx: Transaction, order: Order, line: LineItem, /) -> None:
        """Take it back: all that was paid for the line went back."""

    async def restore(self, tx: Transaction, order: Order, line: LineItem, /) -> None:
        """Hand it over again: the refund did not happen after all."""


@runtime_checkable
class Checked(Protocol):
    """A kind that not everybody may buy at any time."""

    async def check(self, tx: Transaction, customer: CustomerId, line: NewLine, /) -> NewLine:
        """Before the order is placed: raise Invalid, Conflict or NotFound, or return the line with its `details`."""


@runtime_checkable
class Limited(Protocol):
    """A kind of which there may be none left."""

    async def left(self, tx: Transaction, lines: Sequence[NewLine], /) -> None:
        """Raise OutOfStock where there is not enough for these lines: asked before anything is written, for in a rush most
        are refused. Keeps nothing: `place` decides."""


@runtime_checkable
class Placing(Protocol):
    """A kind of which something is kept for the order while the buyer pays."""

    async def place(self, tx: Transaction, order: Order, lines: Sequence[LineItem], /) -> None:
        """The order is stored: keep what its lines of this kind need, or raise, and there is no order. What is kept is let
        go by whoever closes the order."""


@runtime_checkable
class Refusing(Protocol):
    """A kind that may have become impossible to hand over while the buyer was paying."""

    async def refusal(self, tx: Transaction, order: Order, line: LineItem, /) -> str | None:
        """Why not, in a word such as "already_purchased": then nothing is handed over and all of the money goes back."""


@runtime_checkable
class Suspending(Protocol):
    """A kind for which it matters whether it is taken back for good: others are revoked while a dispute is open."""

    async def suspend(self, tx: Transaction, order: Order, line: LineItem, /) -> None:
        """Take it back until the bank has decided: `restore` follows, or `revoke`. Harmless when repeated."""


@runtime_checkable
class Sharing(Protocol):
    """A kind whose price is shared with others, who then bear their part of what goes back."""

    async def reverse(self, tx: Transaction, line: LineItem, reference: str, money: Money, /) -> None:
        """So much of the line, without tax, goes back with this refund or dispute. Once for each reference."""

    async def withdraw_reversal(self, tx: Transaction, line: LineItem, reference: str, /) -> None:
        """It did not go back after all."""


@runtime_checkable
class Used(Protocol):
    """A kind of which a part may have been used up."""

    async def used(self, tx: Transaction, order: Order, line: LineItem, /) -> Money:
        """How much of the line's total is used up: what a refund by policy leaves out, and staff may give back."""


@runtime_checkable
class Holding(Protocol):
    """A kind of which nobody may use what is on its way back."""

    async def hold(self, tx: Transaction, order: Order, line: LineItem, reference: str, money: Money, /) -> None:
        """A refund of so much of the line is promised. Once for each reference."""

    async def let_go(self, tx: Transaction, order: Order, line: LineItem, reference: str, /) -> None:
        """That refund did not happen after all. Harmless when repeated."""


@runtime_checkable
class Sent(Protocol):
    """A kind of things that leave, and that a buyer may have with their money."""

    async def goes_back_unseen(self, tx: Transaction, line: LineItem, /, *, whole: bool) -> bool:
        """Whether a buyer's request for all that is left of its price, or for less, may be granted by policy alone."""


@runtime_checkable
class Proven(Protocol):
    """A kind that can show what the buyer was given and used: evidence in a dispute."""

    async def proofs(self, tx: Transaction, order: Order, line: LineItem, /) -> Sequence[Proof]:
        """What was handed over for the line, and what the buyer did with it, in any order. No personal data."""


@runtime_checkable
class Accompanied(Protocol):
    """A kind that must know what accompanies its lines: the host's own kinds may, and leave it out otherwise."""

    async def check_addon(self, tx: Transaction, order: Order, line: LineItem, addon: NewLine, /) -> None:
        """Before an add-on is ordered for a line of a paid order: raise Conflict where it would come to nothing."""

    async def add(self, tx: Transaction, order: Order, line: LineItem, addon: LineItem, /) -> None:
        """An add-on of the line is paid. Harmless when repeated."""

    async def remove(self, tx: Transaction, order: Order, line: LineItem, addon: LineItem, /) -> None:
        """An add-on of the line is refunded."""
