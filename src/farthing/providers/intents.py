"""Payments that are collected in the host's own pages, and money that is kept first and taken later."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from farthing.money import Money

if TYPE_CHECKING:
    from datetime import datetime

    from farthing.providers.protocol import SeenPayment

CaptureMethod = Literal["automatic", "manual"]
"""Whether money is taken when the bank agrees, or only kept until we take it."""


@dataclass(frozen=True, slots=True)
class IntentRequest:
    """What an intent is asked for. Stored before the call, so that a repetition is word for word the same."""

    money: Money
    reference: str
    order_number: str
    capture_method: CaptureMethod = "automatic"
    customer_id: str | None = None


@dataclass(frozen=True, slots=True)
class SeenIntent:
    """A payment with what the buyer's browser needs to confirm it. The secret is for that browser alone: never stored."""

    payment: SeenPayment
    client_secret: str | None = field(repr=False)
    redirect_url: str | None
    """Where the buyer's bank wants to see the buyer."""
    needs_method: bool
    """Whether it waits for a card, or for another one."""


class IntentProvider(Protocol):
    """What `PaymentProvider` asks of a company that takes payments without a page of its own."""

    async def create_intent(self, request: IntentRequest, *, key: str) -> SeenIntent:
        """Open a payment. The same key returns the same one."""

    async def intent(self, id: str) -> SeenIntent: ...

    async def find_intent(self, reference: str, *, since: datetime) -> SeenIntent | None:
        """The payment that carries our mark, among those made since then: for when a key may be forgotten."""

    async def confirm_intent(self, id: str, *, method: str, return_url: str, key: str) -> SeenIntent:
        """Pay with this method (pm_…). A decline is no error: the answer tells of it."""

    async def confirm_off_session(self, id: str, *, method: str, return_url: str, key: str) -> SeenIntent:
        """Charge a saved method while its owner is away. A decline, and a bank that wants to see them, are answers."""

    async def capture_payment(self, id: str, money: Money, *, key: str) -> SeenPayment:
        """Take so much of what is kept; the rest is let go at once."""

    async def cancel_payment(self, id: str, *, key: str) -> SeenPayment:
        """Close it if nobody has paid, letting go of what is kept; the answer says how it really stands."""
