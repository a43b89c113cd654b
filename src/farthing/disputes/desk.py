"""`pay.disputes`: what a host's own code asks about disputes."""

from collections.abc import Callable, Mapping

from farthing.db import Transaction
from farthing.disputes import answers, store
from farthing.disputes.answers import Pack
from farthing.disputes.model import Answer, Dispute
from farthing.ids import DisputeId
from farthing.paging import Page
from farthing.world import World

ACTOR = "app"


class Desk:
    """Looking at disputes and answering the bank."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    async def list(self, *, unanswered: bool = False, limit: int = 25, cursor: str | None = None) -> Page[Dispute]:
        """Newest first; `unanswered`: those whose bank waits for us."""
        after = DisputeId.parse(cursor) if cursor else None
        async with self._world().db.transaction(ACTOR) as tx:
            return await store.list_page(tx, limit=limit, cursor=after, unanswered=unanswered)

    async def get(self, id: str) -> Dispute:
        """Raises NotFound."""
        dispute = DisputeId.parse(id)
        async with self._world().db.transaction(ACTOR) as tx:
            return await store.get(tx, dispute)

    async def evidence(self, id: str, changes: Mapping[str, str | None] | None = None) -> Mapping[str, str]:
        """The texts that would be submitted, or were, by Stripe's names of them; with `changes`, a draft is kept first.

        Raises Invalid for a text that no bank reads or that is too long, Conflict where it is too late to change any.
        """
        world, dispute = self._world(), DisputeId.parse(id)

        async def work(tx: Transaction) -> Pack:
            if changes:
                return await answers.save_evidence(tx, world.catalog, dispute, changes)
            return await answers.evidence_of(tx, world.catalog, dispute)

        return (await world.db.run(ACTOR, work)).evidence

    async def submit(self, id: str) -> Answer:
        """Promise the bank our evidence, once and for all; a job sends it. Raises Conflict where the bank takes none now."""
        world, dispute = self._world(), DisputeId.parse(id)
        return await world.db.run(ACTOR, lambda tx: answers.submit(tx, world.catalog, dispute))

    async def accept(self, id: str) -> Answer:
        """Promise to give the dispute up; a job tells the bank. The money is lost. Raises Conflict where that is too late."""
        world, dispute = self._world(), DisputeId.parse(id)
        return await world.db.run(ACTOR, lambda tx: answers.accept(tx, dispute))
