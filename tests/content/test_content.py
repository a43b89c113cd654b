"""Selling the host's content: asked of the host, owned once, shared without a rest, and never lost."""

from dataclasses import replace

import pytest
from tests.news import happened, hear, read, sound, work
from tests.worlds import CONTENTS, Account, buy, session_of, start, unchanged

from farthing import catalog, checkout, ledger, payments, purchases
from farthing.catalog import CartItem, Content
from farthing.checkout import Buyer
from farthing.errors import AlreadyPurchased, ContentNotFound, ContentNotPriced, Invalid, ProviderError
from farthing.ids import OrderId, RefundId
from farthing.lifecycles import OrderStatus, PurchaseStatus
from farthing.money import Money
from farthing.purchases import Purchase
from farthing.world import World

ARTICLE = CartItem("article", content="abc-123")


async def _of(world: World, order: OrderId) -> list[Purchase]:
    async with world.db.transaction("test") as tx:
        return await purchases.of_order(tx, order)


async def _balances(world: World) -> dict[str, int]:
    async with world.db.transaction("test") as tx:
        return {each.account: each.money.amount for each in await ledger.trial_balance(tx)}


@pytest.mark.covers("S002-1", "S002-2", "S002-13", "S002-14", "S002-15", "S002-16", "S002-20", "C7", "C16", "C18")
async def test_a_paid_content_is_owned_and_its_price_is_shared_at_the_same_commit(world: World, account: Account) -> None:
    order = await buy(world, account, ARTICLE)
    (purchase,) = await _of(world, order.id)
    assert (purchase.content, purchase.title, purchase.status) == ("abc-123", "Introduction to SQL", "completed")
    shares = purchase.shares
    assert (shares.platform_fee.amount, shares.organization_fee.amount, shares.seller_share.amount) == (30, 15, 255)
    assert purchase.paid == order.total == Money(300, "eur")
    async with world.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, order.id)
    assert purchase.payment_id == payment.id
    assert await purchases.owns(world.db, "ada", "abc-123")
    assert not await purchases.owns(world.db, "ada", "own")
    assert not await purchases.owns(world.db, "grace", "abc-123")
    balances = await _balances(world)
    owed = {"seller:grace:pending": -255, "organization:school:pending": -15, "platform:fees": -30}
    assert {name: balances[name] for name in owed} == owed
    assert "purchase.completed" in await happened(world, order.id)
    (session,) = (await account.get("/v1/checkout/sessions"))["data"]
    assert (session["mode"], session["customer_details"]["email"]) == ("payment", "buyer@example.com")
    lines = await account.get(f"/v1/checkout/sessions/{session['id']}/line_items")
    assert lines["data"][0]["description"] == "Introduction to SQL"
    assert await sound(world)


@pytest.mark.covers("S002-9", "S002-10", "C26")
@pytest.mark.parametrize(
    ("item", "refusal", "status"),
    [
        (CartItem("article", content="nowhere"), ContentNotFound, 404),
        (CartItem("article", content="draft"), ContentNotFound, 404),
        (CartItem("article", content="free"), ContentNotPriced, 400),
        (CartItem("article", content=""), Invalid, 422),
        (CartItem("article", content="x" * 256), Invalid, 422),
        (CartItem("article", content="a\0b"), Invalid, 422),
        (CartItem("article"), Invalid, 422),
        (CartItem("article", 2, content="abc-123"), Invalid, 422),
        (CartItem("mug", content="abc-123"), Invalid, 422),
    ],
)
async def test_what_the_host_does_not_sell_cannot_be_bought(
    world: World, item: CartItem, refusal: type[Invalid], status: int
) -> None:
    async with unchanged(world):
        with pytest.raises(refusal) as refused:
            await start(world, item)
    assert refused.value.status == status
    assert refused.value.param


async def test_the_same_content_twice_in_a_cart_is_refused_and_different_ones_are_lines_of_their_own(
    world: World, account: Account
) -> None:
    with pytest.raises(Invalid, match="twice"):
        await start(world, ARTICLE, replace(ARTICLE, metadata={"gift": "yes"}))
    order = await buy(world, account, ARTICLE, CartItem("article", content="own"))
    assert [(line.name, line.total.amount) for line in order.lines] == [
        ("Introduction to SQL", 300),
        ("By the shop itself", 500),
    ]
    shares = {each.content: each.shares for each in await _of(world, order.id)}
    own = shares["own"]
    assert (own.platform_fee.amount, own.seller_share.amount) == (0, 500), "nobody shares what the shop sells itself"


@pytest.mark.covers("S002-11")
async def test_who_owns_a_content_cannot_start_to_buy_it_again(world: World, account: Account) -> None:
    await buy(world, account, ARTICLE)
    async with unchanged(world):
        with pytest.raises(AlreadyPurchased) as refused:
            await start(world, ARTICLE)
    assert (refused.value.status, refused.value.code) == (409, "already_purchased")
    await buy(world, account, ARTICLE, buyer=Buyer("bob", "bob@example.com"))


@pytest.mark.covers("S002-4", "D7", "F35", "F37")
async def test_of_two_pages_that_are_both_paid_the_second_gives_its_money_back_by_itself(
    world: World, account: Account
) -> None:
    first, second = await start(world, ARTICLE), await start(world, ARTICLE, CartItem("mug"))
    for each in (first, second):
        assert (await account.pay(await session_of(world, each.id))).status_code == 200
    await hear(world, account)
    await work(world)
    await hear(world, account)
    # Whichever was heard of first.
    statuses = {each.order_id: (await read(world, each.order_id)).status for each in (first, second)}
    assert sorted(statuses.values()) == [OrderStatus.CANCELED, OrderStatus.PAID]
    (lost,) = [order for order, status in statuses.items() if status == OrderStatus.CANCELED]
    assert [len(await _of(world, order)) for order in statuses] == [int(order != lost) for order in statuses]
    async with world.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, lost)
    assert (payment.status, payment.surplus_reason, payment.refundable.amount) == ("surplus", "already_purchased", 0)
    assert payment.received is not None
    assert payment.refunded_amount == payment.received.amount
    notices = await account.events("checkout.session.completed")
    assert len(notices) == 2
    assert await sound(world)


@pytest.mark.covers("S002-14", "S002-22", "F20")
async def test_content_that_is_deleted_after_paying_is_owned_all_the_same_and_news_twice_is_one_purchase(
    world: World, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = await start(world, ARTICLE)
    assert (await account.pay(await session_of(world, started.id))).status_code == 200
    monkeypatch.delitem(CONTENTS, "abc-123")
    await hear(world, account)
    await hear(world, account)
    await checkout.sync(world, await session_of(world, started.id), actor="test")
    (purchase,) = await _of(world, started.order_id)
    assert purchase.title == "Introduction to SQL"
    assert await purchases.owns(world.db, "ada", "abc-123")
    assert (await happened(world, started.order_id)).count("purchase.completed") == 1


@pytest.mark.parametrize(("currency", "shares"), [("eur", (100, 0, 899)), ("jpy", (100, 0, 901)), ("bhd", (1001, 0, 9009))])
async def test_odd_amounts_are_shared_without_a_rest_in_every_kind_of_currency(
    world: World, account: Account, currency: str, shares: tuple[int, int, int]
) -> None:
    started = await checkout.start(
        world,
        items=[CartItem("article", content="dear")],
        buyer=Buyer("ada", "ada@example.com"),
        success_url="http://testserver/thanks",
        cancel_url="http://testserver/cart",
        actor="test",
        currency=currency,
    )
    session = await session_of(world, started.id)
    assert (await account.pay(session)).status_code == 200
    await checkout.sync(world, session, actor="test")
    (purchase,) = await _of(world, started.order_id)
    found = purchase.shares
    assert (found.platform_fee.amount, found.organization_fee.amount, found.seller_share.amount) == shares
    assert found.total == started.total


async def test_a_refunded_content_is_owned_no_more_and_may_be_bought_again(world: World, account: Account) -> None:
    order = await buy(world, account, ARTICLE)
    async with world.db.transaction("test") as tx:
        await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None)
    await work(world)
    (purchase,) = await _of(world, order.id)
    assert (purchase.status, purchase.refunded_at is not None) == (PurchaseStatus.REFUNDED, True)
    assert not await purchases.owns(world.db, "ada", "abc-123")
    again = await buy(world, account, ARTICLE)
    assert again.status == OrderStatus.PAID
    assert await purchases.owns(world.db, "ada", "abc-123")


async def _refund(world: World, order: OrderId, amount: int | None = None) -> RefundId:
    async with world.db.transaction("test") as tx:
        money = None if amount is None else Money(amount, "eur")
        return (await payments.refund_order(tx, order, money, reason="requested_by_customer", note=None)).id


@pytest.mark.covers("F14")
async def test_everybody_bears_their_part_of_what_goes_back_and_in_the_end_exactly_their_share(
    world: World, account: Account
) -> None:
    order = await buy(world, account, CartItem("article", content="dear"))
    seen = []
    for amount in (1, 332, 333, None):
        await _refund(world, order.id, amount)
        (purchase,) = await _of(world, order.id)
        assert purchase.refunded.total.amount == {1: 1, 332: 333, 333: 666, None: 999}[amount]
        assert purchase.status == PurchaseStatus.COMPLETED, "it is owned until all of it is back"
        seen.append((purchase.refunded.platform_fee.amount, purchase.refunded.seller_share.amount))
        assert await sound(world)
    assert seen == [(0, 1), (33, 300), (67, 599), (100, 899)]
    await work(world)
    (purchase,) = await _of(world, order.id)
    assert purchase.status == PurchaseStatus.REFUNDED
    assert (await _balances(world)).get("seller:grace:pending", 0) == 0
    assert await sound(world)


@pytest.mark.covers("S002-7", "S002-17", "S002-23")
async def test_the_history_is_paged_and_counted_and_sales_are_summed_by_seller(world: World, account: Account) -> None:
    await buy(world, account, ARTICLE, CartItem("article", content="own"))
    await buy(world, account, CartItem("article", content="dear"))
    await buy(world, account, ARTICLE, buyer=Buyer("bob", "bob@example.com"))
    async with world.db.transaction("test") as tx:
        page = await purchases.history(tx, "ada", page=1, page_size=2)
        rest = await purchases.history(tx, "ada", page=2, page_size=2)
        none = await purchases.history(tx, "nobody")
        refunded = await purchases.history(tx, "ada", status=PurchaseStatus.REFUNDED)
        sales = await purchases.sales_by_seller(tx)
        hers = await purchases.sales_by_seller(tx, seller="grace", until=tx.now)
        with pytest.raises(Invalid):
            await purchases.history(tx, "ada", page_size=101)
    assert ([each.content for each in page.items], page.total_count, page.total_pages) == (["dear", "own"], 3, 2)
    assert [each.content for each in rest.items] == ["abc-123"]
    assert (none.total_count, none.total_pages, refunded.total_count) == (0, 0, 0)
    assert [(each.seller, each.sold_count, each.gross.amount, each.left.seller_share.amount) for each in sales] == [
        ("grace", 3, 1599, 2 * 255 + 899),
        (None, 1, 500, 500),
    ]
    assert len(hers) == 1


async def test_a_catalog_may_leave_the_price_of_content_to_the_host_and_share_in_all_that_is_sold() -> None:
    text = """
    currency = "eur"
    [shop]
    platform_fee_basis_points = 2000
    [products.film]
    name = "A film"
    kind = "content"
    """
    sold = catalog.parse(text)
    items = [CartItem("film", content="f1")]
    found = await catalog.offers(sold, items, lambda _: Content("F1", price=Money(900, "eur"), seller="s"))
    cart = catalog.price(sold, items, offers=found)
    assert (cart.total.amount, cart.lines[0].product.options["platform_fee_basis_points"]) == (900, 2000)
    with pytest.raises(ContentNotPriced):
        await catalog.offers(sold, items, lambda _: Content("F1"))


async def test_a_provider_that_refuses_is_answered_as_such_and_nothing_is_owned(world: World, account: Account) -> None:
    await account.fail_next("500_before", "/v1/checkout/sessions", times=9)
    with pytest.raises(ProviderError) as refused:
        await start(world, ARTICLE)
    assert refused.value.status in (502, 503)
    assert not await purchases.owns(world.db, "ada", "abc-123")
