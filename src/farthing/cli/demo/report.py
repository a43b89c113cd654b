"""What the demo says at its end: each order's timeline, the books, the rules, and what is off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table

from farthing import invariants, timeline
from farthing.cli import show
from farthing.cli.demo import outcome
from farthing.cli.demo.outcome import Outcome
from farthing.cli.demo.script import Story
from farthing.ledger import Balance
from farthing.timeline import Entry
from farthing.world import World


@dataclass(frozen=True, slots=True)
class Told:
    story: Story
    found: Outcome
    timeline: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Report:
    """`wrong` is empty when all is as it should be."""

    orders: Sequence[Told]
    books: Sequence[Balance]
    wrong: Sequence[str]

    @property
    def good(self) -> bool:
        return not self.wrong


async def write(world: World, stories: Sequence[Story]) -> Report:
    async with world.db.transaction("farthing demo") as tx:
        told = [
            Told(story, await outcome.of_order(tx, story.order), await timeline.of_order(tx, story.order)) for story in stories
        ]
        wrong = [line for each in told for line in outcome.differences(_name(each.story), each.story.expected, each.found)]
        books, off = await outcome.books(tx, outcome.balance([story.expected for story in stories]))
        return Report(told, books, [*wrong, *off, *await outcome.rules(tx)])


def document(report: Report, seconds: float) -> dict[str, object]:
    return {
        "good": report.good,
        "seconds": round(seconds, 1),
        "wrong": list(report.wrong),
        "orders": [
            {
                "title": told.story.title,
                "order": told.story.order,
                "number": told.story.number,
                "outcome": {name: getattr(told.found, name) for name in Outcome.__dataclass_fields__},
                "timeline": show.timeline_document(told.timeline),
            }
            for told in report.orders
        ],
        "trial_balance": [show.balance_document(balance) for balance in report.books],
        "invariants": {"checked": len(invariants.RULES), "broken": sum("Broken" in line for line in report.wrong)},
    }


def pages(report: Report, seconds: float) -> list[RenderableType]:
    """The same for people."""
    shown: list[RenderableType] = []
    for told in report.orders:
        found = told.found
        paid = f" · received {found.received} · fee {found.fee}" if found.received else ""
        back = f" · refunded {', '.join(found.refunds)}" if found.refunds else ""
        shown += [
            f"\n[bold]{_name(told.story)}[/] · {told.story.title} · {show.status(found.status)} · {found.total}{paid}{back}",
            show.timeline(told.timeline),
        ]
    shown += [
        "\n[bold]Trial balance[/]",
        show.balances(report.books),
        f"\n[bold]Invariants[/]: {len(invariants.RULES)} checked",
    ]
    if report.good:
        shown.append(f"\n[green]Everything is as it should be[/], down to the last farthing. {seconds:.1f} s\n")
    else:
        shown.append(_complaints(report.wrong))
    return shown


def _complaints(wrong: Sequence[str]) -> Table:
    table = Table(title="[red]Not as it should be[/]", title_justify="left", show_header=False, box=None)
    for line in wrong:
        table.add_row(line)
    return table


def _name(story: Story) -> str:
    return f"Order {story.number}"
