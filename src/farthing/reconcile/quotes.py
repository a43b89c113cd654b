"""A change of a plan that was charged at another figure than its quote: somebody decides what is right, and says so."""

from farthing.db import Transaction
from farthing.events import Event
from farthing.money import Money
from farthing.reconcile import actions
from farthing.reconcile.model import Difference
from farthing.world import World


async def note_quote(world: World, event: Event) -> None:
    """Among the differences, where it stays until somebody accepts it. Repeating it finds the same one."""
    data = event.data
    quoted, charged = (Money(data[name]["amount"], data[name]["currency"]) for name in ("quoted", "charged"))
    found = Difference("differs", "quote", data["provider_invoice"], "total", str(quoted), str(charged))

    async def work(tx: Transaction) -> None:
        await actions.note(tx, data["provider"], data["livemode"], "quote", data["provider_invoice"], [found])

    await world.db.run("worker", work)
