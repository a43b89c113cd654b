"""A code in an order: held when it is placed, counted when it is paid, free when nobody can pay; the page asks the same."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.news import count, happened, read, sound
from tests.worlds import BASE_URL, Account, buy, session_of, start, unchanged

from farthing import catalog, checkout, discounts, timeline
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.checkout.actions import Terms, Wanted, begin
from farthing.discounts import Coupon, PromotionCode, Uses
from farthing.errors import Conflict, FarthingError, Invalid, NotFound, ProviderError
from farthing.lifecycles import RedemptionStatus
from farthing.money import Money
from farthing.world import World

ROUNDS = 50
BOB = Buyer("bob", "bob@example.com")


async def uses(world: World, key: str) -> Uses:
    async with world.db.transaction("test") as tx:
        found = {coupon.key: uses for coupon, uses in (await discounts.list_coupons(tx, {}, limit=100)).items}
        codes = {code.coupon: uses for code, uses in (await discounts.list_codes(tx, {}, limit=100)).items}
    assert found[key] == codes[key]
    return found[key]


async def create(world: World, code: PromotionCode, **rule: Any) -> None:
    coupons = world.catalog.coupons
    all_of_it: dict[str, Any] = {"key": code.coupon, "name": "Made at run time", "basis_points": 5000}
    made = Coupon(**(all_of_it | rule))

    async def work(tx: Any) -> None:
        await discounts.create_coupon(tx, coupons, made)
        await discounts.create_code(tx, coupons, code)

    await world.db.run("staff", work)


@pytest.mark.covers("S000-57", "F20", "F19")
async def test_the_page_asks_for_exactly_what_is_left_and_says_why(world: World, account: Account) -> None:
    started = await start(world, CartItem("mug", 3), CartItem("guide"), code=" welcome10 ")
    order = await read(world, started.order_id)
    assert (order.subtotal, order.discount, order.total) == (Money(8650, "eur"), Money(865, "eur"), Money(7785, "eur"))
    assert [line.discount.amount for line in order.lines] == [375, 490]
    session = await session_of(world, started.id)
    page = await account.get(f"/v1/checkout/sessions/{session}/line_items", **{"expand[]": "data.price.product"})
    assert [(line["price"]["product"]["name"], line["price"]["product"]["description"]) for line in page["data"]] == [
        ("3 × A mug", "3 × 12.50 EUR; WELCOME10: −3.75 EUR"),
        ("The guide", "1 × 49.00 EUR; WELCOME10: −4.90 EUR"),
    ]
    assert [line["amount_total"] for line in page["data"]] == [3375, 4410]
    assert await uses(world, "welcome") == Uses(reserved=1)


@pytest.mark.covers("F22", "S000-57")
async def test_a_use_is_held_then_counted_and_stays_so(world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("mug", 3), code="WELCOME10")
    assert await uses(world, "welcome") == Uses(redeemed=1)
    async with world.db.transaction("test") as tx:
        used = await discounts.redemption_of(tx, order.id)
        told = [entry.title for entry in await timeline.of_order(tx, order.id)]
    assert used is not None
    assert (used.code, used.discount, used.status) == ("WELCOME10", Money(375, "eur"), RedemptionStatus.REDEEMED)
    assert {"Promotion code reserved", "Promotion code redeemed"} <= set(told)
    assert await sound(world)


async def test_a_canceled_order_gives_its_use_to_somebody_else(world: World, account: Account) -> None:
    first = await start(world, code="ONLY1")
    async with unchanged(world):
        with pytest.raises(Conflict, match="ONLY1 is used up") as error:
            await start(world, code="only1", buyer=BOB)
        assert error.value.param == "promotion_code"
    await checkout.cancel_order(world, first.order_id, actor="test")
    assert await uses(world, "once") == Uses()
    assert (await buy(world, account, code="ONLY1", buyer=BOB)).discount == Money(500, "eur")
    assert await uses(world, "once") == Uses(redeemed=1)
    assert await sound(world)


async def test_a_page_that_never_opened_gives_its_use_back(world: World) -> None:
    with pytest.raises(ProviderError):
        await start(world, code="ONLY1", buyer=Buyer("eve", "no address"))
    assert await uses(world, "once") == Uses()
    assert await sound(world)


@pytest.mark.covers("F22", "F141")
@pytest.mark.parametrize(
    ("typed", "kind"), [("NOSUCH", NotFound), ("", NotFound), ("x" * 300, NotFound), ("';--", NotFound), ("ÄÖ", NotFound)]
)
async def test_a_code_that_is_none_places_no_order(typed: str, kind: type[FarthingError], world: World) -> None:
    async with unchanged(world):
        with pytest.raises(kind) as error:
            await start(world, code=typed)
        assert error.value.param == "promotion_code"


async def test_the_staff_makes_codes_at_run_time_and_ends_them(world: World) -> None:
    await create(world, PromotionCode("friends", "half", redemptions_max=2))
    assert (await start(world, code="Friends")).total == Money(2450, "eur")
    async with world.db.transaction("test") as tx:
        with pytest.raises(Conflict, match="There is a promotion code FRIENDS already"):
            await discounts.create_code(tx, world.catalog.coupons, PromotionCode("FRIENDS", "half"))
    async with world.db.transaction("test") as tx:
        with pytest.raises(Conflict, match="There is a coupon 'welcome' already"):
            await discounts.create_coupon(tx, world.catalog.coupons, Coupon("welcome", "x", 1))
    async with world.db.transaction("staff") as tx:
        await discounts.deactivate_code(tx, world.catalog.coupons, "friends")
    async with unchanged(world):
        with pytest.raises(Conflict, match="no longer valid"):
            await start(world, code="FRIENDS")
    assert {"coupon.created", "promotion_code.created", "promotion_code.deactivated"} <= set(await happened(world))


async def test_once_per_customer_and_first_purchase_only(world: World, account: Account) -> None:
    await create(world, PromotionCode("EACH1", "each"), once_per_customer=True)
    await create(world, PromotionCode("NEW", "new"), first_purchase=True)
    started = await start(world, code="EACH1")
    with pytest.raises(Conflict, match="You have used the code EACH1 already"):
        await start(world, code="EACH1")
    await checkout.cancel_order(world, started.order_id, actor="test")
    await buy(world, account, code="EACH1")
    with pytest.raises(Conflict, match="NEW is for a first purchase only"):
        await start(world, code="NEW")
    await start(world, code="NEW", buyer=BOB)
    with pytest.raises(Conflict, match="You have used the code NEW already"):
        await checkout.preview(world, items=[CartItem("guide")], actor="test", promotion_code="NEW", customer="bob")
    assert await sound(world)


async def test_a_preview_writes_nothing_and_tells_what_an_order_would(world: World) -> None:
    async with unchanged(world):
        cart = await checkout.preview(world, items=[CartItem("mug", 3)], actor="test", promotion_code="welcome10")
        assert (cart.subtotal.amount, cart.discount.amount, cart.total.amount) == (3750, 375, 3375)
        with pytest.raises(Invalid):
            await checkout.preview(world, items=[CartItem("mug")], currency="usd", actor="test")
    await start(world, code="ONLY1")
    with pytest.raises(Conflict, match="used up"):
        await checkout.preview(world, items=[CartItem("guide")], actor="test", promotion_code="ONLY1")


async def _attempt(world: World, code: str, buyer: Buyer) -> bool:
    """An order up to its commit; the payment page is another matter."""
    cart = catalog.price(world.catalog, [CartItem("guide")])
    wanted = Wanted(cart, buyer, f"{BASE_URL}/thanks", f"{BASE_URL}/cart", {}, code, world.catalog.coupons)
    terms = Terms("stripe", False, BASE_URL, timedelta(minutes=30))
    try:
        await world.db.run("test", lambda tx: begin(tx, wanted, terms))
    except Conflict:
        return False
    return True


@pytest.mark.covers("F22")
async def test_the_last_use_goes_to_exactly_one_of_all_who_want_it_at_once(world: World) -> None:
    for round_ in range(ROUNDS):
        code = f"LAST{round_}"
        await create(world, PromotionCode(code, f"last{round_}"), redemptions_max=1)
        got = await asyncio.gather(*(_attempt(world, code, Buyer(f"u{n}", f"u{n}@example.com")) for n in range(3)))
        assert sorted(got) == [False, False, True], f"round {round_}"
        assert await uses(world, f"last{round_}") == Uses(reserved=1)
    assert await count(world, "orders") == await count(world, "redemptions") == ROUNDS
    assert await sound(world)


@pytest.mark.covers("F22")
async def test_a_customer_who_clicks_at_once_uses_it_once(world: World) -> None:
    for round_ in range(10):
        code = f"MINE{round_}"
        await create(world, PromotionCode(code, f"mine{round_}", redemptions_max=2), once_per_customer=True)
        got = await asyncio.gather(*(_attempt(world, code, BOB) for _ in range(3)))
        assert sorted(got) == [False, False, True], f"round {round_}"
    assert await sound(world)
