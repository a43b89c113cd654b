"""`farthing reconcile`: our rows against the provider's lists, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from farthing.cli import opening, show
from farthing.cli.events import length
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.errors import FarthingError, Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.table import Table

    from farthing.db import Transaction
    from farthing.ids import ReconciliationId
    from farthing.reconcile import Discrepancy, Reconciliation
    from farthing.world import World

DIFFERS: Final = 7
DAYS: Final = 30
SHOWN_MAX: Final = 100


async def reconcile(
    *, check: bool = False, apply: bool = False, since: str | None = None, days: int | None = None, full: bool = False
) -> int:
    """Compare our payments, refunds and payment pages with what the provider lists, field by field, in both directions.

    Every difference is named and kept with its age until it is gone, healed or accepted. Nothing is changed without --apply,
    which does what a webhook would have done: it records what the provider says. What that does not make right stays for a
    person: an amount that somebody changed here, money there that carries the mark of a payment which is not here.

    For example:

        farthing reconcile --check --days 7
        farthing reconcile --apply
        farthing reconcile --full --check --json

    Parameters
    ----------
    check
        The exit code is 7 where a difference is open.
    apply
        Heal what the normal path heals.
    since
        Only objects that were made within this time, such as 12h or 7d.
    days
        The same in days; 30 where nothing is said.
    full
        Everything there ever was, and the books' balance against the provider's.
    """
    if sum(bool(each) for each in (since, days, full)) > 1:
        raise Invalid("Say one of --since, --days and --full.")
    if days is not None and days <= 0:
        raise Invalid("--days is at least 1.")
    async with opening.world() as world:
        oldest = None if full else world.clock.now() - length(since or f"{days or DAYS}d")
        with terminal().progress("Comparing with the provider"):
            done, left = await _reconcile(world, oldest, apply)
    _show(done, left)
    return DIFFERS if check and done.left_open else 0


async def accept(discrepancy: str, /, *, note: str) -> int:
    """Live with a difference: it is not counted any more, as long as both sides stay as they are.

    For example:

        farthing discrepancies accept discrepancy_01k9h4w3q8fvtb7m2x5c6d0e1f --note "repaid by bank transfer"

    Parameters
    ----------
    discrepancy
        Its id.
    note
        Why.
    """
    from farthing import reconcile as room
    from farthing.ids import DiscrepancyId

    async with opening.database() as db:
        found = await db.run(ACTOR, lambda tx: room.accept(tx, DiscrepancyId.parse(discrepancy), note))
    terminal().show(_document(found), f"{found.id} is accepted: {show.said(found.note)}")
    return 0


async def list_(*, status: str | None = None, limit: int = 25) -> int:
    """List differences from the provider, newest first.

    For example:

        farthing discrepancies list --status open

    Parameters
    ----------
    status
        Only those that are open, healed, resolved or accepted.
    limit
        How many.
    """
    from farthing import reconcile as room
    from farthing.lifecycles import DiscrepancyStatus

    if status is not None and status not in list(DiscrepancyStatus):
        raise Invalid(f"--status is one of {', '.join(DiscrepancyStatus)}, not {status[:20]!r}.")
    wanted = None if status is None else DiscrepancyStatus(status)
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        page = await room.list_page(tx, limit=limit, status=wanted)
    terminal().show({"data": [_document(found) for found in page.items]}, _table(page.items))
    return 0


async def _reconcile(world: World, since: datetime | None, heals: bool) -> tuple[Reconciliation, list[Discrepancy]]:
    from farthing import reconcile as room
    from farthing.lifecycles import DiscrepancyStatus

    provider = world.provider

    async def begin(tx: Transaction) -> ReconciliationId:
        return await room.start(tx, provider.name, provider.livemode, since=since, heals=heals, here=True)

    id = await world.db.run(ACTOR, begin)
    try:
        done = await room.run(world, id)
    except FarthingError as error:
        failure = error.detail
        await world.db.run(ACTOR, lambda tx: room.fail(tx, id, failure))
        raise
    async with world.db.transaction(ACTOR) as tx:
        page = await room.list_page(tx, limit=SHOWN_MAX, status=DiscrepancyStatus.OPEN)
    return done, list(page.items)


def _show(done: Reconciliation, left: list[Discrepancy]) -> None:
    verdict = f"{done.compared} compared, {done.foreign} not ours, {done.found} different, {done.healed} healed, "
    end = f"[red]{done.left_open} open.[/]" if done.left_open else "[green]none open.[/]"
    document = {
        "id": done.id,
        "since": done.since,
        "compared": done.compared,
        "foreign": done.foreign,
        "found": done.found,
        "healed": done.healed,
        "open": done.left_open,
        "discrepancies": [_document(found) for found in left],
    }
    said = verdict + end
    if done.since is not None and not done.compared and not done.foreign:
        said += (
            f"\nNothing was made there or here since {show.at(done.since)}: --days or --since reach further back, "
            "and `farthing reconcile --full` compares everything there ever was."
        )
    terminal().show(document, *([_table(left)] if left else []), said)


def _table(found: Sequence[Discrepancy]) -> Table:
    rows = [
        (each.difference.kind.replace("_", " "), each.difference.subject, each.difference.field, each.difference.ours,
         each.difference.theirs, show.at(each.first_seen_at), show.status(each.status), each.reason or each.note)
        for each in found
    ]  # fmt: skip
    return show.table(("Difference", "Object", "Field", "Here", "There", "Since", "Status", "Why"), rows)


def _document(found: Discrepancy) -> dict[str, object]:
    difference = found.difference
    return {
        "id": found.id,
        "kind": difference.kind,
        "subject": difference.subject,
        "field": difference.field,
        "ours": difference.ours,
        "theirs": difference.theirs,
        "order": difference.order_id,
        "status": found.status,
        "reason": found.reason,
        "note": found.note,
        "first_seen_at": found.first_seen_at,
        "last_seen_at": found.last_seen_at,
    }
