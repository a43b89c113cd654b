"""What became of a payment on the hosted page, and which session is meant by what a test has in its hands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

Status = Literal["paid", "waits", "declined"]
STATUSES: Final[dict[int, Status]] = {200: "paid", 202: "waits", 402: "declined"}
SESSION: Final = re.compile(r"cs_\w+")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a payment ended. It is true where the buyer's part is done: paid, or a bank's debit under way."""

    status: Status
    """`waits`: the bank wants to see the buyer (3-D Secure), see `sandbox.authenticate`."""
    session: dict[str, Any] | None
    payment_intent: dict[str, Any] | None
    redirect_to: str | None
    """Where the buyer's browser goes next."""
    error: dict[str, Any] | None = None
    """What the buyer is told of a decline, as Stripe's error object."""

    @property
    def decline_code(self) -> str | None:
        """`insufficient_funds` and the like; None where nothing was declined."""
        found: str | None = (self.error or {}).get("decline_code") or (self.error or {}).get("code")
        return found

    def __bool__(self) -> bool:
        return self.status == "paid"


def outcome_of(status: int, body: dict[str, Any]) -> Outcome:
    how, intent, error = STATUSES[status], body.get("payment_intent"), body.get("error")
    if status == 200 and intent and intent.get("status") == "requires_payment_method":
        # The bank did not recognize the buyer: nobody was charged, so nobody was declined either, but it is not paid.
        how, error = "declined", intent.get("last_payment_error")
    return Outcome(how, body.get("session"), intent, body.get("redirect_to"), error)


def session_of(wanted: object) -> str:
    """The id (cs_…) of a session: it may be given as itself, as its page's address, or as an object that has either."""
    for text in (wanted, getattr(wanted, "id", None), getattr(wanted, "url", None)):
        if isinstance(text, str) and (found := SESSION.search(text)):
            return found[0]
    raise TypeError(f"{wanted!r} is no checkout session: pass one, or its id (cs_…), or the address of its page.")


def id_of(wanted: object) -> str:
    """Of any object of Stripe's, or an id as it is."""
    found = wanted if isinstance(wanted, str) else getattr(wanted, "id", None)
    if not isinstance(found, str):
        raise TypeError(f"{wanted!r} is no object of Stripe's: pass one, or its id.")
    return found
