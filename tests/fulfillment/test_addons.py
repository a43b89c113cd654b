"""Add-ons: never alone, never more than fit, never on another's purchase, and gone with what they accompany."""

import pytest
from tests.boards import ADA, BOB, days_pass, post_job, posted, posting
from tests.fulfillment.conftest import give_back
from tests.news import happened, hear, sound, work
from tests.worlds import Account, buy, session_of, start, unchanged

from farthing import catalog, checkout, fulfillment, orders, payments
from farthing.catalog import CartItem
from farthing.db import Transaction
from farthing.errors import ConfigError, Conflict, FarthingError, Invalid, NotFound
from farthing.orders import Order
from farthing.payments import WantedLine
from farthing.world import World

BLAST = CartItem("email-blast", 1, {"job": "job-1"})


@pytest.mark.covers("F2", "F3", "S000-5", "S000-33")
@pytest.mark.parametrize(
    ("cart", "said"),
    [
        ([CartItem("email-blast")], "put 'job-posting' or 'checked-posting' into the cart as well"),
        ([CartItem("email-blast"), CartItem("review")], "'email-blast' is an add-on: put"),
        ([posting("job-1"), CartItem("email-blast", 1, {"job": "job-2"})], "the cart does not say which"),
        ([posting("job-1"), posting("job-2"), CartItem("email-blast")], "the cart does not say which"),
        ([posting(), CartItem("email-blast", 2)], "at most 1 for each"),
        ([posting(), CartItem("email-blast"), BLAST], "at most 1 for each"),
        ([posting(), CartItem("priority-listing", 3)], "at most 2 for each"),
        ([CartItem("review", 1, for_line="line_item_01k9h4w3q8fvtb7m2x5c6d0e1f")], "'review' is no add-on"),
    ],
)
async def test_an_add_on_alone_too_often_or_for_nobody_knows_what_is_refused(
    cart: list[CartItem], said: str, shop: World
) -> None:
    async with unchanged(shop):
        with pytest.raises(Invalid, match=said):
            await start(shop, *cart)


@pytest.mark.covers("S000-18")
async def test_add_ons_are_recorded_with_what_they_accompany(shop: World, account: Account) -> None:
    order = await post_job(shop, account, posting("job-2"), BLAST, CartItem("priority-listing", 2, {"job": "job-2"}))
    one, two, blast, priority = order.lines
    assert [line.addon_to for line in order.lines] == [None, None, one.id, two.id]
    assert (await posted(shop, "job-1")).selected == ("email-blast",)
    assert (await posted(shop, "job-2")).selected == ("priority-listing",)
    assert orders.with_addons(order.lines, {one.id}) == (one, blast)
    assert orders.with_addons(order.lines, {two.id}) == (two, priority)
    assert orders.with_addons(order.lines, {blast.id}) == (blast,)
    assert await sound(shop)


async def test_an_add_on_is_bought_later_for_a_paid_line_and_no_more_than_fit(shop: World, account: Account) -> None:
    order = await post_job(shop, account)
    line = str(order.lines[0].id)
    later = await buy(shop, account, CartItem("email-blast", 1, for_line=line), buyer=ADA)
    assert later.lines[0].addon_to == order.lines[0].id
    assert (await posted(shop)).selected == ("email-blast",)
    assert "job.addon_added" in await happened(shop)
    async with unchanged(shop):
        with pytest.raises(Conflict, match="may have 1 of 'email-blast', and has 1"):
            await start(shop, CartItem("email-blast", 1, for_line=line), buyer=ADA)
        with pytest.raises(Conflict, match="may have 2 of 'priority-listing', and has 0"):
            await start(shop, CartItem("priority-listing", 3, for_line=line), buyer=ADA)
    # It is its own order: refunded alone it goes alone.
    await give_back(shop, account, later)
    assert (await posted(shop)).selected == ()
    assert await sound(shop)


@pytest.mark.covers("F2")
async def test_nobody_adds_to_what_is_not_theirs_not_paid_or_over(shop: World, account: Account) -> None:
    order, review = await post_job(shop, account), await buy(shop, account, CartItem("review"), buyer=ADA)
    unpaid = await start(shop, posting("job-9"), buyer=ADA)
    async with shop.db.transaction("test") as tx:
        waiting = (await orders.get(tx, unpaid.order_id)).lines[0].id

    async def refused(error: type[FarthingError], said: str, line: object, buyer: object = ADA) -> None:
        async with unchanged(shop):
            with pytest.raises(error, match=said):
                await start(shop, CartItem("email-blast", 1, for_line=str(line)), buyer=buyer)  # type: ignore[arg-type]

    await refused(NotFound, "There is no line item", order.lines[0].id, BOB)
    await refused(NotFound, "There is no line item", "nonsense")
    await refused(NotFound, "There is no line item", "line_item_01k9h4w3q8fvtb7m2x5c6d0e1f")
    await refused(Invalid, "accompanies 'job-posting' or 'checked-posting', not 'review'", review.lines[0].id)
    await refused(Conflict, "is open: an add-on is bought with it, or once it is paid", waiting)
    await days_pass(shop, 31)
    await refused(Conflict, "is expired: buy 'job-posting' again, with 'email-blast'", order.lines[0].id)


async def test_what_accompanied_a_refunded_posting_in_another_order_is_named(shop: World, account: Account) -> None:
    order = await post_job(shop, account)
    later = await buy(shop, account, CartItem("email-blast", 1, for_line=str(order.lines[0].id)), buyer=ADA)
    await give_back(shop, account, order)
    async with shop.db.transaction("test") as tx:
        left = await tx.value("SELECT data -> 'addons_left' AS left FROM events WHERE type = 'job.unpublished'")
        assert [other for other, _ in await orders.addons_of(tx, order.lines[0].id)] == [later.id]
    assert left == [str(later.id)]


async def test_an_add_on_paid_after_its_posting_went_back_goes_back_as_well(shop: World, account: Account) -> None:
    order = await post_job(shop, account)
    late = await start(shop, CartItem("email-blast", for_line=str(order.lines[0].id)), buyer=ADA)
    await give_back(shop, account, order)
    session = await session_of(shop, late.id)
    assert (await account.pay(session)).status_code == 200
    await checkout.sync(shop, session, actor="test")
    async with shop.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, late.order_id)
    assert (payment.status, payment.surplus_reason) == ("surplus", "accompanies_nothing")
    assert await sound(shop)


async def give_back_line(shop: World, account: Account, order: Order) -> None:
    """The money of its first line alone: the order stays paid."""

    async def promise(tx: Transaction) -> None:
        lines = [WantedLine(order.lines[0].id)]
        await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None, lines=lines)

    await shop.db.run("clerk", promise)
    await work(shop)
    await hear(shop, account)


async def test_an_add_on_paid_after_the_one_line_it_accompanies_went_back_goes_back_as_well(
    shop: World, account: Account
) -> None:
    """It was kept, for an order that is still paid and a posting that is gone."""
    order = await post_job(shop, account, CartItem("review"))
    late = await start(shop, CartItem("email-blast", for_line=str(order.lines[0].id)), buyer=ADA)
    await give_back_line(shop, account, order)
    session = await session_of(shop, late.id)
    assert (await account.pay(session)).status_code == 200
    await checkout.sync(shop, session, actor="test")
    async with shop.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, late.order_id)
        assert (await orders.get(tx, order.id)).status == "paid"
    assert (payment.status, payment.surplus_reason) == ("surplus", "accompanies_nothing")
    assert (await posted(shop)).selected == ()
    assert await sound(shop)


async def test_nothing_is_added_to_a_line_that_went_back_although_its_order_is_paid(shop: World, account: Account) -> None:
    order = await buy(shop, account, CartItem("stand"), CartItem("review"), buyer=ADA)
    await give_back_line(shop, account, order)
    async with unchanged(shop):
        with pytest.raises(Conflict, match="was given back, or is on its way: buy 'stand' again"):
            await start(shop, CartItem("lamp", for_line=str(order.lines[0].id)), buyer=ADA)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('["job-postin"]', "6: products.x.addon_of[0]: there is no product 'job-postin'. Did you mean 'job-posting'?"),
        ('["y"]', "6: products.x.addon_of[0]: 'y' is an add-on itself: name what both of them accompany."),
        ('["job-posting", "job-posting"]', "6: products.x.addon_of[1]: 'job-posting' is listed twice."),
    ],
)
def test_an_add_on_of_nothing_is_refused_with_its_line(written: str, said: str) -> None:
    text = f"""currency = "usd"
[products.x]
name = "X"
kind = "custom"
price = "1.00 USD"
addon_of = {written}
[products.y]
name = "Y"
kind = "custom"
price = "1.00 USD"
addon_of = ["job-posting"]
[products.job-posting]
name = "J"
kind = "job_posting"
price = "1.00 USD"
"""
    with pytest.raises(ConfigError) as refused:
        catalog.parse(text)
    assert f"farthing.toml:{said}" in refused.value.detail


def test_no_kind_of_ours_forgets_what_a_kind_must_do() -> None:
    assert fulfillment.registered(fulfillment.KINDS, None) == fulfillment.KINDS
