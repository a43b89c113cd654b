"""Many deliveries in one statement: each keeps its own bytes."""

import orjson

from farthing import webhooks
from farthing.providers.stripe.webhook import read
from farthing.webhooks import Delivery
from farthing.world import World


async def test_every_body_of_a_batch_is_stored_as_its_own_bytes(world: World) -> None:
    names = ["", "é", "€ 𝄞", "\x00", 'a "quoted" \\ name', "x" * 300_000, "after a long one"]
    bodies = {
        f"evt_{number}": orjson.dumps({"id": f"evt_{number}", "object": "event", "type": "customer.created", "name": name})
        for number, name in enumerate(names)
    }
    deliveries = [Delivery("stripe", read(body, livemode=False), body) for body in bodies.values()]
    await webhooks.store(world.db, [*deliveries, *reversed(deliveries)])
    async with world.db.transaction("test") as tx:
        page = await webhooks.list_page(tx, limit=20)
    assert {notice.provider_event_id: notice.body for notice in page.items} == bodies
    assert len(page.items) == len(names)
