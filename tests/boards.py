"""A job board: postings with add-ons, services and credits for sale, and what goes on there."""

from dataclasses import replace
from datetime import timedelta

from tests.worlds import Account, buy, start

from farthing import catalog, credits, fulfillment, inventory, job_postings
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.db import Transaction
from farthing.job_postings import JobPosting
from farthing.orders import Order
from farthing.world import World

BOARD = """
currency = "usd"

[shop]
name = "The test board"

[products.job-posting]
name = "A job posting"
kind = "job_posting"
price = "99.00 USD"

[products.checked-posting]
name = "A job posting that somebody looks at"
kind = "job_posting"
price = "99.00 USD"
job_posting = { days = 60, approval = true, remind_days = 7 }

[products.email-blast]
name = "An email to everybody"
kind = "custom"
addon_of = ["job-posting", "checked-posting"]
price = "49.00 USD"

[products.priority-listing]
name = "On top of the list"
kind = "custom"
addon_of = ["job-posting"]
addon_max = 2
price = "29.00 USD"

[products.stand]
name = "A stand at the fair"
kind = "custom"
price = "80.00 USD"

[products.lamp]
name = "A lamp for the stand"
kind = "custom"
addon_of = ["stand"]
price = "8.00 USD"

[products.review]
name = "Your advertisement, rewritten"
kind = "service"
price = "150.01 USD"
service = { units = 3, deadline_days = 5 }

[products.sign]
name = "A sign for the door"
kind = "goods"
price = "12.00 USD"

[products.credits]
name = "Ten credits"
kind = "credits"
price = "100.00 USD"
credits = { amount = 10, days = 365 }

[products.loose-credits]
name = "Credits that never end"
kind = "credits"
price = "3.00 USD"
credits = { amount = 7 }
"""

ADA = Buyer("ada", "ada@example.com", "Ada Lovelace")
BOB = Buyer("bob", "bob@example.com", "Bob")


def board(world: World) -> World:
    """The same world, with the board's catalog."""
    return replace(world, catalog=catalog.parse(BOARD))


def posting(job: str = "job-1", product: str = "job-posting", quantity: int = 1) -> CartItem:
    return CartItem(product, quantity, {"job": job})


async def posted(world: World, job: str = "job-1") -> JobPosting:
    async with world.db.transaction("test") as tx:
        found = await job_postings.find(tx, job)
    assert found is not None, f"nobody bought a posting for {job}"
    return found


async def post_job(world: World, account: Account, *more: CartItem, job: str = "job-1", buyer: Buyer = ADA) -> Order:
    return await buy(world, account, posting(job), *more, buyer=buyer)


async def balance(world: World, order: Order) -> int:
    async with world.db.transaction("test") as tx:
        return (await credits.show(tx, order.customer_id)).balance


async def board_day(world: World, account: Account) -> None:
    """Some of everything that a job board sells."""
    there = board(world)
    await buy(there, account, posting("busy-1"), CartItem("email-blast", 1, {"job": "busy-1"}), buyer=BOB)
    await buy(there, account, posting("busy-2", "checked-posting"), CartItem("review"), buyer=BOB)
    order = await buy(there, account, CartItem("credits"), buyer=BOB)

    async def spend(tx: Transaction) -> None:
        (bought,) = [each for each in await fulfillment.to_do(tx, limit=10) if each.delivered_units == 0][:1]
        await fulfillment.advance_to(tx, bought.order_id, bought.line_id, 1)
        await credits.spend(tx, order.customer_id, 2, reference="busy: kept")
        undone = await credits.spend(tx, order.customer_id, 3, reference="busy: undone")
        await credits.release(tx, undone.id)

    await there.db.run("test", spend)

    async def signs(tx: Transaction) -> None:
        await inventory.define(tx, "sign", "A sign", low_at=2)
        await inventory.receive(tx, "sign", 6)

    await there.db.run("test", signs)
    await buy(there, account, CartItem("sign", 2), buyer=BOB)
    returned = await buy(there, account, CartItem("sign", 2), buyer=BOB)
    await there.db.run("test", lambda tx: inventory.put_back(tx, returned.lines[0].id, 2, reason="changed their mind"))
    await start(there, CartItem("sign"), buyer=BOB)


async def days_pass(world: World, days: int) -> None:
    """For what is on the board; the rest of the world stays where it is, for the provider has a clock of its own."""
    async with world.db.transaction("test") as tx:
        await tx.run(
            """
            UPDATE job_postings SET published_at = published_at - %(time)s::interval,
                expires_at = expires_at - %(time)s::interval, remind_at = remind_at - %(time)s::interval
            """,
            time=timedelta(days=days),
        )
    while await job_postings.expire_due(world):
        pass
