"""What can be set about a sandbox, with the values it has when nobody sets them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

API_VERSION = "2026-10-28.endive"
DAY = 86_400
DEFAULT_KEY = "sk_test_farthing"
"""Whose account commands mean where nobody says whose."""


@dataclass(frozen=True, slots=True)
class Settings:
    url: str = ""
    """Where it is reached, for the links it hands out; empty means as the request's Host header says."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names besides the loopback ones that may be used to reach it."""
    remote: bool = False
    """Other machines may reach it, by its address; by a name only where that is one of the allowed hosts."""
    id_seed: str = ""
    """Makes ids the same in every run; empty means random ones. A request may bring its own in `Sandbox-Id-Seed`."""
    seed_file: str = ""
    """JSON or TOML with objects to begin with, planted when the state is empty."""
    fee_permille: int = 29
    fee_fixed_amount: int = 30
    available_after_seconds: int = 2 * DAY
    """When the money of a charge becomes available."""
    settles_after_seconds: float = 0.2
    """When a charge captured asynchronously gets its balance transaction."""
    refund_pending_seconds: int = DAY
    """How long the refunds of the pending and failing test cards take to end."""
    disputed_after_seconds: float = 0.5
    """When the holder of a disputing test card complains, counted from the payment's booking."""
    dispute_answer_days: int = 9
    """How long there is to send evidence."""
    dispute_decided_after_seconds: float = DAY
    """How long the bank thinks about evidence whose text says how it ends."""
    dispute_fee_amount: int = 1500
    bank_debit_seconds: float = 4 * DAY
    """How long a debit from a bank account takes to arrive or to bounce."""
    retry_after_seconds: tuple[float, ...] = (1, 5, 30, 120, 600, 3_600, 4 * 3_600, 12 * 3_600, DAY)
    webhook_timeout_seconds: float = 10
    dunning_days: tuple[int, ...] = (3, 5, 7)
    """How many days after each failed charge of an invoice it is tried again."""
    dunning_ends: str = "cancel"
    """What becomes of a subscription when they all failed: cancel, unpaid, past_due or paused."""
    will_be_due_days: int = 3
    """How many days before an invoice that was sent is due invoice.will_be_due reminds of it."""
    overdue_ends_days: int = 0
    """How many days after its due date a sent invoice ends its subscription as dunning does; 0 for never."""
    upcoming_days: int = 7
    """How many days before a renewal invoice.upcoming tells of it."""
    strict: bool = field(default_factory=lambda: os.environ.get("FARTHING_STRICT") == "1")
    """Compare every answer and every event with the SDK's types, and answer 500 naming the field when they differ."""

    def fee(self, amount: int) -> int:
        """2.9 % rounded half up, plus the fixed part."""
        return (amount * self.fee_permille + 500) // 1000 + self.fee_fixed_amount
