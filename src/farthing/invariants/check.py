"""Run every rule; what a rule finds breaks it."""

from dataclasses import dataclass
from typing import Final

from farthing.db import Transaction
from farthing.invariants.rules import RULES, Rule

SHOWN_MAX: Final = 20
"""Rows of one broken rule that are shown; how many there are is counted in full."""


@dataclass(frozen=True, slots=True)
class Violation:
    rule: Rule
    count: int
    rows: list[dict[str, str]]


async def check_all(tx: Transaction) -> list[Violation]:
    """The broken rules, in one snapshot of the database."""
    broken = []
    for rule in RULES:
        cursor = await tx.connection.execute(rule.sql, {"now": tx.now})
        rows = await cursor.fetchall()
        if rows:
            shown = [{key: str(value) for key, value in row.items()} for row in rows[:SHOWN_MAX]]
            broken.append(Violation(rule, len(rows), shown))
    return broken
