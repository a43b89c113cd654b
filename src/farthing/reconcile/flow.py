"""Comparing our rows with the provider's lists, page by page, and making right what the normal path makes right."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import structlog

from farthing import ledger
from farthing.db import Transaction
from farthing.errors import Conflict, DatabaseUnavailable, FarthingError, ProviderUnavailable
from farthing.ids import OrderId, ReconciliationId
from farthing.lifecycles import DiscrepancyStatus, ReconciliationStatus
from farthing.payments import NotYetKnown
from farthing.providers import Listed, Movement
from farthing.reconcile import actions, cursors, model, ours, store
from farthing.reconcile.kinds import ACTOR, KINDS, Kind, look, wanted, wanted_by_id
from farthing.reconcile.model import Difference, Discrepancy, Reconciliation
from farthing.world import World

T = TypeVar("T")

GRACE: Final = timedelta(minutes=10)
"""What is younger may have its news on the way: at night it is left for the next night."""

BELIEVED: Final = timedelta(minutes=2)
"""For so long a process is believed to be alive, which says that it is `SAID_EVERY` so often."""

SAID_EVERY: Final = timedelta(seconds=30)
INTERRUPTED: Final = "Interrupted: the process that ran it is gone. What it found is kept; run it again for the rest."

BATCH: Final = 100
BOOKED: Final = (
    "payment",
    "fee",
    "refund",
    "refund_returned",
    "dispute_withdrawn",
    "dispute_reinstated",
    "transfer",
    "transfer_reversed",
)
"""Facts in the books that a movement at the provider stands behind."""

IDS: Final = (ours.payment_ids, ours.refund_ids, ours.transfer_ids, ours.reversal_ids)
"""The provider's ids of what moved, to ours: they begin with what they name, so that no two are the same."""

BY_HAND: Final = "the normal path leaves it as it is: a person must decide"

REVERSAL: Final = "the books are only ever added to: find the fact, and post its reversal"

log = structlog.get_logger("farthing.reconcile")


@dataclass(slots=True)
class _Counts:
    compared: int = 0
    foreign: int = 0
    found: int = 0
    healed: int = 0


async def start(
    tx: Transaction, provider: str, livemode: bool, *, since: datetime | None, heals: bool, here: bool = False
) -> ReconciliationId:
    """Note that somebody wants to know. `run` does it: as the job `reconcile.run`, or `here`, in this process.

    What another process did itself and died with is closed.
    """
    await close_interrupted(tx)
    claimed_until = tx.now + BELIEVED if here else None
    id = await store.insert_run(tx, provider, livemode, since=since, heals=heals, claimed_until=claimed_until)
    assert id is not None, "only nights are unique"
    return id


async def close_interrupted(tx: Transaction) -> None:
    """A job that dies with its process is taken up again; what a process did itself is nobody's any more."""
    for id in await store.fail_unclaimed(tx, INTERRUPTED):
        await ours.forget_seen(tx, id)
        log.warning("reconciliation.interrupted", reconciliation=str(id))


async def run(world: World, id: ReconciliationId) -> Reconciliation:
    """Compare, write down the differences, and with `heals` bring them through the normal path. Repeating it is harmless.

    Holds a few pages in memory. Raises ProviderError or ProviderUnavailable; then it may be run again. Raises Conflict where
    it was closed meanwhile, because nobody could know that this process is alive.
    """
    async with world.db.transaction(ACTOR) as tx:
        wanted_run = await store.get_run(tx, id)
    started = world.clock.now()
    if not await world.db.run(ACTOR, lambda tx: store.start_run(tx, id)):
        return wanted_run
    work = _Run(world, wanted_run, started)
    alive = None if wanted_run.claimed_until is None else asyncio.create_task(_stay_claimed(world, id))
    try:
        await work.compare_all()
    finally:
        if alive is not None:
            await _ended(alive)
    done = await world.db.run(ACTOR, work.finish)
    if done.status == ReconciliationStatus.FAILED:
        raise Conflict(f"{id} was closed before it was done: {done.failure}")
    return done


async def fail(tx: Transaction, id: ReconciliationId, failure: str) -> None:
    """Nobody will go on with it."""
    await store.fail_run(tx, id, failure)


class _Run:
    def __init__(self, world: World, wanted_run: Reconciliation, started: datetime) -> None:
        self._world = world
        self._provider = world.provider
        self._run = wanted_run
        self._started = started
        self._counts = _Counts()

    async def compare_all(self) -> None:
        """The movements are read at the same time as the lists: both mostly wait for the provider, page after page."""
        moving = asyncio.create_task(self._moved()) if self._run.since is None else None
        try:
            for kind in KINDS:
                async for page in _ahead(kind.pages(self._provider, self._run.since)):
                    await self._page(kind, page)
                await self._not_seen(kind)
            await self._seen_before()
            if moving is not None:
                await self._balance(await moving)
        finally:
            if moving is not None:
                await _ended(moving)

    async def finish(self, tx: Transaction) -> Reconciliation:
        provider, counts = self._provider, self._counts
        left = await store.count_open(tx, provider.name, provider.livemode)
        await store.finish_run(
            tx,
            self._run.id,
            compared=counts.compared,
            foreign=counts.foreign,
            found=counts.found,
            healed=counts.healed,
            left_open=left,
        )
        await ours.forget_seen(tx, self._run.id)
        if self._run.since is None:
            await cursors.forget_loss(tx, provider.name, provider.livemode, before=self._started)
        return await store.get_run(tx, self._run.id)

    async def _page(self, kind: Kind, page: Sequence[Listed[Any]]) -> None:
        async with self._world.db.transaction(ACTOR) as tx:
            known = await kind.known(tx, wanted(self._provider, page))
            await ours.remember_seen(
                tx, self._run.id, kind.name, [i.seen.id for i in page if i.seen.id in known.by_provider_id]
            )
        for listed in page:
            differences = kind.compare(listed, known)
            if differences is None:
                self._counts.foreign += 1
                continue
            self._counts.compared += 1
            if self._that_matter(differences, listed):
                await self._look_closer(kind, listed.seen.id)

    def _that_matter(self, differences: Sequence[Difference], listed: Listed[Any] | None) -> Sequence[Difference]:
        """A fee is told later than the payment it belongs to; at night all that is young is left for the next one."""
        if listed is None or self._started - listed.created_at >= GRACE:
            return differences
        if self._run.night:
            return []
        return [each for each in differences if each.field != "fee" or each.ours is not None]

    async def _not_seen(self, kind: Kind) -> None:
        """Ours that the list did not show: made before `since` by their clock, or unknown there."""
        after = ""
        while True:
            async with self._world.db.transaction(ACTOR) as tx:
                ids = await ours.not_seen(
                    tx,
                    self._run.id,
                    kind.name,
                    wanted_by_id(self._provider, ""),
                    since=self._run.since,
                    until=self._started,
                    after=after,
                    limit=BATCH,
                )
            if not ids:
                return
            for id in ids:
                self._counts.compared += 1
                await self._look_closer(kind, id)
            after = ids[-1]

    async def _seen_before(self) -> None:
        """Open differences from other times: each object is looked at again, so that what is gone is closed."""
        kinds = {kind.name: kind for kind in KINDS}
        while True:
            async with self._world.db.transaction(ACTOR) as tx:
                left = await store.seen_before(
                    tx, self._provider.name, self._provider.livemode, before=self._started, limit=BATCH
                )
            if not left:
                return
            for name, id in left:
                await self._look_closer(kinds[name], id)

    async def _look_closer(self, kind: Kind, id: str) -> None:
        """A list may be older than our rows by now: what counts is how both stand at one moment."""
        differences, listed = await look(self._world, kind, id)
        found = await self._note(kind.name, id, self._that_matter(differences or [], listed))
        self._counts.found += len(found)
        if found and self._run.heals:
            await self._heal(kind, id, found)

    async def _heal(self, kind: Kind, id: str, found: Sequence[Discrepancy]) -> None:
        order: OrderId | None = None
        reason = BY_HAND
        try:
            recorded = await kind.heal(self._world, id)
            order = recorded.order_id
        except ProviderUnavailable:
            raise
        except FarthingError as error:
            reason = error.detail
        except NotYetKnown as error:
            reason = str(error)
        after, _ = await look(self._world, kind, id)
        left = {difference.key for difference in after or ()}

        async def work(tx: Transaction) -> int:
            healed = 0
            for discrepancy in found:
                if discrepancy.difference.key in left:
                    await store.save_reason(tx, discrepancy.id, reason)
                else:
                    await actions.close(tx, discrepancy, DiscrepancyStatus.HEALED, order=order)
                    healed += 1
            return healed

        self._counts.healed += await self._world.db.run(ACTOR, work)

    async def _note(self, subject_kind: str, subject: str, differences: Sequence[Difference]) -> list[Discrepancy]:
        provider = self._provider
        return await self._world.db.run(
            ACTOR, lambda tx: actions.note(tx, provider.name, provider.livemode, subject_kind, subject, differences)
        )

    async def _balance(self, theirs: Mapping[str, int]) -> None:
        """The books' account against the provider's movements, fact by fact.

        What is on its way there or here is in neither: a charge has no movement yet for a while after it succeeded.
        """
        async with self._world.db.transaction(ACTOR) as tx:
            booked = await ours.balance(tx, self._provider.name, BOOKED, before=self._started - GRACE)
        account = ledger.provider(self._provider.name).name
        found = await self._note(
            "balance", account, model.compare_balances(account, booked, {name: sum for name, sum in theirs.items() if sum})
        )
        self._counts.found += len(found)
        await self._world.db.run(ACTOR, lambda tx: _explain(tx, found, REVERSAL))

    async def _moved(self) -> Mapping[str, int]:
        """By the provider's own list, in each currency: the sum of what the books have as well."""
        theirs: Counter[str] = Counter()
        async for page in _ahead(self._provider.list_movements()):
            await self._movements(page, theirs)
        return theirs

    async def _movements(self, page: Sequence[Movement], theirs: Counter[str]) -> None:
        provider = self._provider
        named = [
            [found for movement in page if (found := getattr(movement, name))]
            for name in ("payment_id", "refund_id", "transfer_id", "reversal_id")
        ]
        async with self._world.db.transaction(ACTOR) as tx:
            known: dict[str, str] = {}
            for look_up, ids in zip(IDS, named, strict=True):
                known |= await look_up(tx, provider.name, provider.livemode, ids) if ids else {}
            facts = [_fact(movement, known) for movement in page]
            names = [name for _, name in facts if name]
            booked = await ours.booked_at(tx, provider.name, BOOKED, names, before=self._started - GRACE)
        for movement, (fact, name) in zip(page, facts, strict=True):
            if (fact, name, movement.money.currency) in booked:
                theirs[movement.money.currency] += movement.money.amount
            # The fee of a dispute is part of its fact.
            if ("fee" if fact == "payment" else fact, name, movement.fee.currency) in booked:
                theirs[movement.fee.currency] -= movement.fee.amount


def _fact(movement: Movement, known: Mapping[str, str]) -> tuple[str, str]:
    """Kind and reference under which the books have a movement; the reference of what is not ours is empty."""
    if movement.transfer_id is not None:
        return "transfer", known.get(movement.transfer_id, "")
    if movement.reversal_id is not None:
        return "transfer_reversed", known.get(movement.reversal_id, "")
    if movement.dispute_id is not None:
        kind = "dispute_withdrawn" if movement.money.amount < 0 else "dispute_reinstated"
        return kind, f"{movement.dispute_id} {movement.id}"
    if movement.refund_id is not None:
        return "refund_returned" if movement.returned else "refund", known.get(movement.refund_id, "")
    return "payment", known.get(movement.payment_id or "", "")


async def _stay_claimed(world: World, id: ReconciliationId) -> None:
    while True:
        await asyncio.sleep(SAID_EVERY.total_seconds())
        with suppress(DatabaseUnavailable):
            await world.db.run(ACTOR, lambda tx: store.claim_run(tx, id, until=tx.now + BELIEVED))


async def _explain(tx: Transaction, found: Sequence[Discrepancy], reason: str) -> None:
    for discrepancy in found:
        await store.save_reason(tx, discrepancy.id, reason)


async def _ahead(pages: AsyncIterator[T]) -> AsyncIterator[T]:
    """The next page is asked for while this one is compared."""

    async def following() -> T | None:
        return await anext(pages, None)

    waiting = asyncio.create_task(following())
    try:
        while (page := await waiting) is not None:
            waiting = asyncio.create_task(following())
            yield page
    finally:
        await _ended(waiting)


async def _ended(task: asyncio.Task[Any]) -> None:
    """Whatever it was doing: nobody waits for it any more."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
