"""A customer changes their plan on their own pages: at the price that was shown."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.news import hear
from tests.pages.visitor import Visitor
from tests.subscriptions.conftest import Ada, subscribe, the_one
from tests.worlds import Account

from farthing import invoices, web
from farthing.http.callers import CustomerIdentity
from farthing.money import Money
from farthing.world import World


@pytest.fixture
async def visitor(world: World) -> AsyncIterator[Visitor]:
    async def authenticate(request: object) -> CustomerIdentity | None:
        return CustomerIdentity("ada")

    pages = web.build(world, authenticate=authenticate)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://testserver") as client:
        yield Visitor(client)


def field(name: str, text: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', text)
    assert found is not None, text
    return found[1]


async def test_an_upgrade_costs_what_the_page_said(world: World, account: Account, ada: Ada, visitor: Visitor) -> None:
    bought = await subscribe(world, account)
    path = f"/account/subscriptions/{bought.id}"
    assert "Change it" in (await visitor.get(path)).text
    assert "Team, €50.00" in (await visitor.get(f"{path}/change")).text
    shown = (await visitor.post(f"{path}/change/preview", choice="team/monthly", quantity="1")).text
    said = re.search(r"Change, and pay €([0-9]+)\.([0-9]{2})", shown)
    assert said is not None, shown
    done = await visitor.post(f"{path}/change", quote=field("quote", shown))
    assert "Your plan is changed." in await visitor.follow(done)
    await hear(world, account)
    assert (await the_one(world, "team")).id == bought.id
    async with world.db.transaction("test") as tx:
        charged = (await invoices.of_subscription(tx, bought.id))[0]
    assert charged.paid == Money(int(said[1] + said[2]), "eur")


async def test_a_downgrade_is_planned_and_called_off(world: World, account: Account, ada: Ada, visitor: Visitor) -> None:
    bought = await subscribe(world, account, quantity=3)
    path = f"/account/subscriptions/{bought.id}"
    await visitor.get(path)
    shown = (await visitor.post(f"{path}/change/preview", choice="pro/monthly", quantity="1")).text
    assert "nothing is charged before" in shown
    planned = await visitor.follow(await visitor.post(f"{path}/change", quote=field("quote", shown)))
    assert "It is planned" in planned
    assert "It becomes 1 × Pro" in planned
    kept = await visitor.follow(await visitor.post(f"{path}/change/drop", change=field("change", planned)))
    assert "Your plan stays as it is." in kept
    assert "It becomes" not in kept


@pytest.mark.parametrize(
    ("choice", "quantity", "said"),
    [
        ("pro/monthly", "1", "nothing would change"),
        ("pro/monthly", "11", "at most 10"),
        ("pro/monthly", "many", "a whole number"),
        ("nonsense/monthly", "1", "There is no plan"),
        ("easy/monthly", "1", "of the group"),
        ("", "", "nothing would change"),
    ],
    ids=lambda value: str(value) or "empty",
)
async def test_what_cannot_be_chosen_is_said_and_changes_nothing(
    world: World, account: Account, ada: Ada, visitor: Visitor, choice: str, quantity: str, said: str
) -> None:
    bought = await subscribe(world, account)
    path = f"/account/subscriptions/{bought.id}"
    await visitor.get(path)
    answer = await visitor.post(f"{path}/change/preview", choice=choice, quantity=quantity)
    assert answer.status_code in (404, 409, 422)
    assert said in answer.text
    assert (await the_one(world)).quantity == 1
