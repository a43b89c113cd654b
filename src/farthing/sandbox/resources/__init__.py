"""What the sandbox knows of Stripe: one file per object, each with its lifecycle, its verbs and its events."""

from __future__ import annotations

from farthing.sandbox.account import Job
from farthing.sandbox.operations import Directory, Operation
from farthing.sandbox.resources import (
    accounts,
    balance,
    bank_debits,
    charges,
    checkout_sessions,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    prices,
    products,
    refunds,
    webhook_endpoints,
)

ROOMS = (
    accounts,
    balance,
    bank_debits,
    charges,
    checkout_sessions,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    prices,
    products,
    refunds,
    webhook_endpoints,
)
OPERATIONS: list[Operation] = [operation for room in ROOMS for operation in room.OPERATIONS]
DIRECTORY = Directory(OPERATIONS)
JOBS: dict[str, tuple[str, Job]] = {}
"""What falls due later: {name: (kind of object, what to do with it)}."""
for _room in ROOMS:
    JOBS |= getattr(_room, "JOBS", {})
