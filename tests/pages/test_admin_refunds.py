"""Refunds and requests as staff see them: looked over by line, granted by one or by two, tried again, called off."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.pages.test_admin import work
from tests.pages.visitor import Visitor
from tests.worlds import Account, buy

from farthing import catalog, payments, refunds
from farthing.catalog import CartItem
from farthing.ids import OrderId
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Refund
from farthing.refunds import RefundRequest, Wanted
from farthing.web.staff import Role
from farthing.world import World

POLICY = catalog.RefundPolicy(second_person_above={"eur": Money(2000, "eur")}, limits={"support": {"eur": Money(500, "eur")}})


@pytest.fixture
def world(world: World) -> World:
    """Two people above 20 euros; support up to 5 alone."""
    return replace(world, catalog=replace(world.catalog, refunds=POLICY))


async def of(world: World, order: OrderId) -> list[Refund]:
    async with world.db.transaction("test") as tx:
        return await payments.refunds_of_order(tx, order)


async def filed(world: World, order: Order, money: Money | None = None) -> RefundRequest:
    async with world.db.transaction(f"customer:{order.customer_id}") as tx:
        return await refunds.request(
            tx,
            order.id,
            Wanted(money),
            reason="requested_by_customer",
            message="It does not fit.",
            policy=POLICY,
            by_buyer=True,
        )


async def test_some_of_the_items_go_back_at_the_figures_that_were_looked_at(
    admin: Visitor, world: World, account: Account
) -> None:
    order = await buy(world, account, CartItem("mug", 3))
    (line,) = order.lines
    path = f"/admin/orders/{order.id}/refund"
    assert "3 of 3 left" in (await admin.get(path)).text
    shown = (await admin.get(f"{path}?how=lines&line_{line.id}=1&reason=duplicate")).text
    wanted = (
        "Refund €12.50?",
        "The buyer gets",
        "Fee that the provider keeps",
        "€25.00 is left then",
        "Nothing that was granted",
    )
    assert [word for word in wanted if word not in shown] == []
    figure = shown.partition('name="figure" value="')[2].partition('"')[0]
    typed = {"how": "lines", f"line_{line.id}": "1", "reason": "duplicate", "figure": figure}
    for _ in range(2):
        assert "12.50 EUR is on its way" in await admin.follow(await admin.post(path, **typed, attempt="a"))
    moved = await admin.post(path, **typed, attempt="b")
    assert (moved.status_code, "Something moved since the preview" in moved.text) == (409, True)
    for count, status in {"0": 422, "x": 422, "-1": 422, "4": 409}.items():
        answer = await admin.get(f"{path}?how=lines&line_{line.id}={count}&reason=duplicate")
        assert answer.status_code == status, count
    assert [refund.money for refund in await of(world, order.id)] == [Money(1250, "eur")]


async def test_a_request_takes_the_word_of_two(
    visit: Callable[[], Visitor], admin: Visitor, world: World, account: Account
) -> None:
    order = await buy(world, account)
    assert "appear here when a buyer asks" in (await admin.get("/admin/refunds/requests")).text
    asked = await admin.get(f"/admin/orders/{order.id}/refund?how=rest&reason=duplicate")
    assert "only with the word of two people" in asked.text
    text = await admin.follow(await admin.post("/admin/refunds/requests", order=str(order.id), how="rest", reason="duplicate"))
    assert [word for word in ("Filed.", "guide:pro", "Approve as the first of two") if word not in text] == []
    async with world.db.transaction("test") as tx:
        found = await refunds.find_open(tx, order.id)
    assert found is not None
    path = f"/admin/refunds/requests/{found.id}"
    first = await admin.follow(await admin.post(f"{path}/approval", note="Looks right"))
    assert [word for word in ("Yours is the first word", "First: admin@shop.example", "Looks right") if word not in first] == []
    assert "somebody else has to approve it" in await admin.follow(await admin.post(f"{path}/approval"))
    assert await of(world, order.id) == []
    assert "a second person" in (await admin.get("/admin/refunds/requests?status=requested")).text
    support, finance = visit(), visit()
    await support.sign_in(Role.SUPPORT)
    assert "may not give back 49.00 EUR" in await support.follow(await support.post(f"{path}/approval"))
    await finance.sign_in(Role.FINANCE)
    assert "49.00 EUR is on its way" in await finance.follow(await finance.post(f"{path}/approval"))
    await work(world)
    after = (await admin.get(path)).text
    assert [word for word in ("Refunded", "finance@shop.example", "See the refund") if word not in after] == []


async def test_a_buyer_s_request_is_declined_with_a_note(
    admin: Visitor, viewer: Visitor, world: World, account: Account
) -> None:
    order = await buy(world, account, CartItem("mug"))
    found = await filed(world, order)
    path = f"/admin/refunds/requests/{found.id}"
    shown = (await admin.get(path)).text
    assert [word for word in ("It does not fit.", "Approve and refund €12.50") if word not in shown] == []
    assert "Your role, viewer, may look but not change anything" in (await viewer.get(path)).text
    assert (await viewer.post(f"{path}/approval")).status_code == 403
    assert "stay with you" in (await admin.get(f"{path}/decline")).text
    assert "Declined: no money goes back." in await admin.follow(await admin.post(f"{path}/decline", why="Used"))
    for verb in ("approval", "decline"):
        assert 'data-tone="danger"' in await admin.follow(await admin.post(f"{path}/{verb}"))
    assert "Used" in (await admin.get(path)).text
    assert await of(world, order.id) == []


async def test_a_refund_that_failed_is_tried_again_once_and_one_not_sent_is_called_off(
    admin: Visitor, world: World, account: Account
) -> None:
    order = await buy(world, account, CartItem("mug"))
    assert "Refunds appear here when money goes back" in (await admin.get("/admin/refunds")).text
    await admin.post(f"/admin/orders/{order.id}/refund", amount="5", reason="duplicate", attempt="x")
    (made,) = await of(world, order.id)
    path = f"/admin/refunds/{made.id}"
    assert "The money stays" not in (await admin.get(f"{path}/cancellation")).text
    assert "Called off: the money stays." in await admin.follow(await admin.post(f"{path}/cancellation"))
    assert "is sent once more" in await admin.follow(await admin.post(f"{path}/retry"))
    assert "tried again already" in await admin.follow(await admin.post(f"{path}/retry"))
    await work(world)
    text = (await admin.get("/admin/refunds")).text
    assert (text.count("row-link"), "Canceled" in text, "Succeeded" in text) == (2, True, True)
    assert (await admin.get("/admin/refunds?status=succeeded")).text.count("row-link") == 1
    assert "No refund is failed" in (await admin.get("/admin/refunds?status=failed")).text


async def test_pages_of_what_is_not_there(admin: Visitor) -> None:
    for path in ("/admin/refunds/refund_x", "/admin/refunds/requests/x", "/admin/refunds?cursor=x"):
        assert (await admin.get(path)).status_code == 404


async def test_a_typed_amount_beside_all_that_is_left_is_asked_about_and_never_refunds_the_whole(
    admin: Visitor, world: World, account: Account
) -> None:
    order = await buy(world, account, CartItem("mug", 2))
    line = order.lines[0]
    path = f"/admin/orders/{order.id}/refund"
    for contradiction in (
        "how=rest&amount=5.00",
        f"how=lines&line_{line.id}=1&amount=5.00",
        f"how=amount&amount=5.00&line_{line.id}=1",
        f"how=rest&line_{line.id}=1",
    ):
        answer = await admin.get(f"{path}?{contradiction}&reason=duplicate")
        assert (answer.status_code, "chose another way" in answer.text) == (422, True), contradiction
    for clear in ("how=rest&amount=", f"how=amount&amount=5.00&line_{line.id}=0"):
        assert (await admin.get(f"{path}?{clear}&reason=duplicate")).status_code == 200
