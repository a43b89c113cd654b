"""How things look in a terminal: statuses, times, timelines, balances. The same words as on the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rich import box
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from farthing.money import Money

if TYPE_CHECKING:
    # Half a second that a command should not wait for, which shows no order.
    from farthing.ledger import Balance
    from farthing.timeline import Entry

COLORS: Final = {
    **dict.fromkeys(("paid", "succeeded", "complete", "processed", "sent", "done"), "green"),
    **dict.fromkeys(("refunded", "surplus", "parked", "authorized"), "yellow"),
    **dict.fromkeys(("failed", "dead"), "red"),
    **dict.fromkeys(("expired", "canceled", "ignored"), "dim"),
}


CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that move the cursor, name the window or turn the line round. A line break is none of them."""


class Marked(str):
    """A text with colors that we put into it. Every other one is shown as it is written."""

    __slots__ = ()


def said(text: object) -> str:
    """What somebody else wrote, for a text of ours: its brackets are no colors, and it moves nothing in the terminal."""
    return escape(printable(text))


def printable(text: object) -> str:
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(text))


def status(name: str) -> Marked:
    color = COLORS.get(name)
    return Marked(f"[{color}]{name}[/]" if color else name)


def at(moment: datetime | None) -> str:
    """In the time of whoever reads it; documents hold UTC."""
    return "" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def table(columns: Iterable[str], rows: Iterable[Sequence[object]], *, right: frozenset[str] = frozenset()) -> Table:
    """Columns whose name is in `right` hold amounts."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        shown.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(_cell(cell) for cell in row))
    return shown


def _cell(cell: object) -> Text:
    if isinstance(cell, Marked):
        return Text.from_markup(cell)
    return Text("" if cell is None else printable(cell))


def timeline(entries: Sequence[Entry]) -> Table:
    shown = Table.grid(padding=(0, 2))
    for column in ("at", "title", "money", "actor", "detail"):
        shown.add_column(justify="right" if column == "money" else "left", overflow="fold")
    for entry in entries:
        detail = f"[dim]{said(entry.detail)}[/]" if entry.detail else ""
        money = "" if entry.money is None else str(entry.money)
        moment = entry.at.astimezone().isoformat(timespec="milliseconds")[11:23]
        shown.add_row(f"  [dim]{moment}[/]", said(entry.title), money, f"[dim]{said(entry.actor)}[/]", detail)
    return shown


def timeline_document(entries: Sequence[Entry]) -> list[dict[str, object]]:
    names = ("at", "kind", "name", "title", "actor", "detail", "money", "ref")
    return [{name: getattr(entry, name) for name in names} for entry in entries]


def balances(books: Sequence[Balance]) -> Table:
    rows = [
        (balance.account, balance.kind, *_sides(balance.money), balance.money.currency.upper())
        for balance in books
        if balance.money
    ]
    shown = table(("Account", "Kind", "Debit", "Credit", ""), rows, right=frozenset({"Debit", "Credit"}))
    for currency in dict.fromkeys(balance.money.currency for balance in books):
        amounts = [balance.money.amount for balance in books if balance.money.currency == currency]
        debit, credit = (sum(a for a in amounts if a > 0), -sum(a for a in amounts if a < 0))
        seal = "[green]balanced[/]" if debit == credit else "[red]NOT BALANCED[/]"
        totals = (Money(debit, currency).decimal, Money(credit, currency).decimal)
        shown.add_row("[bold]Sum[/]", seal, *(f"[bold]{total}[/]" for total in totals), currency.upper())
    return shown


def balance_document(balance: Balance) -> dict[str, object]:
    return {"account": balance.account, "kind": balance.kind, "balance": balance.money}


def _sides(money: Money) -> tuple[str, str]:
    """A positive balance is a debit, a negative one a credit."""
    return (str(money.decimal), "") if money.amount > 0 else ("", str((-money).decimal))
