"""What is written about differences: found, healed, gone, accepted."""

from collections.abc import Sequence

from farthing import events
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid
from farthing.events import EventName
from farthing.ids import DiscrepancyId, OrderId
from farthing.lifecycles import DISCREPANCY, DiscrepancyStatus
from farthing.reconcile import store
from farthing.reconcile.model import Difference, Discrepancy

NOTE_MAX = 500

TOLD: dict[DiscrepancyStatus, EventName] = {
    DiscrepancyStatus.HEALED: "discrepancy.healed",
    DiscrepancyStatus.RESOLVED: "discrepancy.resolved",
    DiscrepancyStatus.ACCEPTED: "discrepancy.accepted",
}


async def note(
    tx: Transaction, provider: str, livemode: bool, subject_kind: str, subject: str, found: Sequence[Difference]
) -> list[Discrepancy]:
    """Write down how one object differs now: new differences are told, old ones keep their age, those that are gone close."""
    current = []
    for difference in found:
        if await store.is_accepted(tx, provider, livemode, difference):
            continue
        discrepancy, is_new = await store.see(tx, provider, livemode, difference)
        if is_new:
            await _tell(tx, "discrepancy.found", discrepancy)
        current.append(discrepancy)
    still = {discrepancy.id for discrepancy in current}
    for known in await store.open_of(tx, provider, livemode, subject_kind, subject):
        if known.id not in still:
            await close(tx, known, DiscrepancyStatus.RESOLVED)
    return current


async def close(
    tx: Transaction,
    discrepancy: Discrepancy,
    status: DiscrepancyStatus,
    *,
    note: str | None = None,
    order: OrderId | None = None,
) -> None:
    """Once, whoever comes second."""
    if await store.close(tx, discrepancy.id, status, note=note, order=order):
        await _tell(tx, TOLD[status], await store.get(tx, discrepancy.id))


async def accept(tx: Transaction, id: DiscrepancyId, reason: str) -> Discrepancy:
    """Somebody has looked at it and lives with it: it is not counted any more, as long as both sides stay as they are.

    Raises NotFound, Conflict where it is closed, Invalid without a note.
    """
    if not reason.strip() or len(reason) > NOTE_MAX:
        raise Invalid(f"Say why in a note of at most {NOTE_MAX} characters.", param="note")
    found = await store.get(tx, id)
    if not DISCREPANCY.allows(found.status, "accept"):
        raise Conflict(f"{id} is {found.status} already.")
    await close(tx, found, DiscrepancyStatus.ACCEPTED, note=reason.strip())
    return await store.get(tx, id)


async def _tell(tx: Transaction, type: EventName, discrepancy: Discrepancy) -> None:
    difference = discrepancy.difference
    await events.record(
        tx,
        type,
        order=difference.order_id,
        discrepancy=discrepancy.id,
        subject=difference.subject,
        kind=difference.kind,
        field=difference.field,
        ours=difference.ours,
        theirs=difference.theirs,
        note=discrepancy.note,
        difference=words(difference),
    )


def words(difference: Difference) -> str:
    """In a line: "re_123 amount: 9.00 EUR here, 8.00 EUR there"."""
    here, there = difference.ours or "nothing", difference.theirs or "nothing"
    return f"{difference.subject} {difference.field}: {here} here, {there} there"
