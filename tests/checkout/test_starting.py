"""From a cart to the payment page: the catalog's price, one order for one wish, and no page that charges anything else."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.news import count, happened, hear, read, sound
from tests.worlds import BASE_URL, DECLINED_CARD, Account, buy, session_of, start, unchanged

from farthing import catalog, checkout, orders
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.clock import TravelClock
from farthing.errors import Conflict, FarthingError, Invalid, KeyInUse, KeyReused, NotFound, ProviderError, ProviderUnavailable
from farthing.http.idempotency import LEASE, Key
from farthing.lifecycles import CheckoutStatus, OrderStatus
from farthing.money import Money
from farthing.world import World

KEY = Key.of("app", "key-1", ["a guide for ada"])


async def open_sessions(account: Account) -> list[dict[str, Any]]:
    sessions = (await account.get("/v1/checkout/sessions", limit="100"))["data"]
    return [session for session in sessions if session["status"] == "open"]


async def status(world: World, id: Any) -> str:
    async with world.db.transaction("test") as tx:
        return str((await checkout.get(tx, id)).status)


@pytest.mark.covers("S000-53", "S000-37")
async def test_the_page_charges_what_the_catalog_says(world: World, account: Account) -> None:
    started = await start(world, CartItem("mug", 3), CartItem("guide", 1))
    assert started.total == Money(8650, "eur")
    (session,) = await open_sessions(account)
    assert (session["amount_total"], session["currency"], session["url"]) == (8650, "eur", started.url)
    assert session["metadata"]["farthing_checkout"] == str(started.id)
    (customer,) = (await account.get("/v1/customers"))["data"]
    assert (session["customer"], session["customer_email"]) == (customer["id"], None)
    order = await read(world, started.order_id)
    assert [(line.product, line.quantity, line.unit, line.amount) for line in order.lines] == [
        ("mug", 3, Money(1250, "eur"), Money(3750, "eur")),
        ("guide", 1, Money(4900, "eur"), Money(4900, "eur")),
    ]
    assert (order.status, order.subtotal, order.total) == (OrderStatus.OPEN, started.total, started.total)
    assert await happened(world, order.id) == ["order.placed", "checkout.started", "checkout.opened"]


@pytest.mark.covers("F191")
async def test_an_order_keeps_the_price_it_was_placed_at(world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("mug", 2))
    dearer = catalog.parse('currency = "eur"\n[products.mug]\nname = "Dear mug"\nkind = "custom"\nprice = "99.00 EUR"\n')
    assert dearer.products["mug"].prices["eur"] == Money(9900, "eur")
    kept = await read(world, order.id)
    assert (kept.lines[0].unit, kept.lines[0].name, kept.total) == (Money(1250, "eur"), "A mug", Money(2500, "eur"))


async def test_what_cannot_be_sold_places_nothing(world: World, account: Account) -> None:
    carts: list[tuple[list[Any], type[FarthingError]]] = [
        ([], Invalid),
        ([CartItem("mugg")], NotFound),
        ([CartItem("retired")], Conflict),
        *([([CartItem("mug", quantity)], Invalid) for quantity in (0, -1, 101, 10**30)]),
        *([([CartItem("mug", bad)], Invalid) for bad in (True, 1.0, 1.5, "1", None)]),  # type: ignore[arg-type]
        ([CartItem("mug", 60), CartItem("mug", 60)], Invalid),
        ([CartItem("club"), CartItem("club")], Invalid),
    ]
    async with unchanged(world):
        for items, error in carts:
            with pytest.raises(error):
                await checkout.start(
                    world, items=items, buyer=Buyer("ada"), success_url=BASE_URL, cancel_url=BASE_URL, actor="test"
                )
        for buyer in (Buyer(), Buyer(name="Ada"), Buyer(""), Buyer(" "), Buyer("a\0"), Buyer(email=""), Buyer(email="a\nb")):
            with pytest.raises(Invalid):
                await start(world, buyer=buyer)
    assert await open_sessions(account) == []


@pytest.mark.covers("F19")
async def test_a_price_that_was_changed_behind_our_back_leaves_nothing_payable(world: World, account: Account) -> None:
    await catalog.apply(world)
    async with world.db.transaction("test") as tx:
        known = await catalog.provider_price_ids(tx, "stripe", livemode=False)
        price_id, _ = known[catalog.lookup_key("guide", "eur")]
        theirs = await account.get(f"/v1/prices/{price_id}")
        form = {"product": theirs["product"], "currency": "eur", "unit_amount": "100"}
        cheap = (await account.http.post("/v1/prices", data=form)).raise_for_status().json()["id"]
        # As if the price under this id were another one now.
        await tx.run(
            "UPDATE provider_prices SET provider_price_id = %(new)s WHERE provider_price_id = %(old)s", new=cheap, old=price_id
        )
    with pytest.raises(ProviderError, match=r"would charge 1.00 EUR, but the order is 49.00 EUR: run `farthing catalog apply`"):
        await start(world)
    assert await open_sessions(account) == []
    async with world.db.transaction("test") as tx:
        (order,) = (await orders.list_page(tx, limit=10)).items
        (session,) = await checkout.of_order(tx, order.id)
    assert (order.status, session.status, session.url) == (OrderStatus.CANCELED, CheckoutStatus.FAILED, None)
    assert await sound(world)


@pytest.mark.covers("F87")
async def test_after_a_refusal_nothing_is_left_and_the_same_key_may_try_anew(world: World, account: Account) -> None:
    await catalog.apply(world)
    async with world.db.transaction("test") as tx:
        known = await catalog.provider_price_ids(tx, "stripe", livemode=False)
    price_id, _ = known[catalog.lookup_key("guide", "eur")]
    (await account.http.post(f"/v1/prices/{price_id}", data={"active": "false"})).raise_for_status()
    with pytest.raises(ProviderError, match="Stripe refused"):
        await start(world, key=KEY)
    assert await open_sessions(account) == []
    (await account.http.post(f"/v1/prices/{price_id}", data={"active": "true"})).raise_for_status()
    started = await start(world, key=KEY)
    assert not started.replayed
    async with world.db.transaction("test") as tx:
        placed = (await orders.list_page(tx, limit=10)).items
    assert [order.status for order in placed] == [OrderStatus.OPEN, OrderStatus.CANCELED]
    assert len(await open_sessions(account)) == 1
    assert await sound(world)


async def test_the_same_key_is_the_same_order_and_the_same_answer(world: World, account: Account) -> None:
    first = await start(world, key=KEY)
    async with unchanged(world):
        again = await start(world, key=KEY)
    assert not first.replayed
    assert again.replayed
    assert (again.id, again.order_id, again.url, again.total) == (first.id, first.order_id, first.url, first.total)
    assert again.expires_at == first.expires_at
    assert len(await open_sessions(account)) == 1


async def test_a_key_with_another_wish_is_refused_and_another_callers_is_another_key(world: World) -> None:
    await start(world, key=KEY)
    async with unchanged(world):
        with pytest.raises(KeyReused, match="'key-1' was used for another request"):
            await start(world, CartItem("mug"), key=Key.of("app", "key-1", ["a mug for ada"]))
    other = await start(world, key=Key.of("customer:eve", "key-1", ["a guide for ada"]))
    assert not other.replayed
    assert await count(world, "orders") == 2


@pytest.mark.covers("F52")
async def test_a_key_in_use_says_so_until_its_time_is_over_and_then_the_same_order_goes_on(
    world: World, account: Account, clock: TravelClock
) -> None:
    # The process died after the intention was committed and before it could say anything more.
    await account.fail_next("500_before", "/v1/checkout/sessions", times=3)
    with pytest.raises(ProviderUnavailable):
        await start(world, key=KEY)
    async with world.db.transaction("test") as tx:
        await tx.run("UPDATE idempotency_keys SET claimed_until = %(later)s", later=tx.now + LEASE)
    async with unchanged(world):
        with pytest.raises(KeyInUse, match="still running"):
            await start(world, key=KEY)
    clock.advance(LEASE)
    resumed = await start(world, key=KEY)
    assert not resumed.replayed
    assert (await start(world, key=KEY)).replayed
    assert (await count(world, "orders"), len(await open_sessions(account))) == (1, 1)


@pytest.mark.covers("F59", "F82")
async def test_where_the_answer_was_lost_the_same_key_finds_the_page_that_was_made(world: World, account: Account) -> None:
    await account.fail_next("lost_response", "/v1/checkout/sessions", times=3)
    with pytest.raises(ProviderUnavailable, match="Try the same again"):
        await start(world, key=KEY)
    (made,) = await open_sessions(account)
    started = await start(world, key=KEY)
    assert started.url == made["url"]
    assert (await count(world, "orders"), len(await open_sessions(account))) == (1, 1)


async def test_eight_at_once_with_one_key_place_one_order(world: World, account: Account) -> None:
    outcomes = await asyncio.gather(*(start(world, key=KEY) for _ in range(8)), return_exceptions=True)
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) >= 1
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)} <= {KeyInUse}
    assert (await count(world, "orders"), len(await open_sessions(account))) == (1, 1)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "\0"], ids=["empty", "too long", "a line break", "a NUL"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(Invalid, match="1 to 255 printable"):
        Key.of("app", key, [])


@pytest.mark.covers("F58")
async def test_a_start_that_was_never_answered_is_finished_by_the_sweep(
    world: World, account: Account, clock: TravelClock
) -> None:
    await account.fail_next("reset_before", "/v1/checkout/sessions", times=3)
    with pytest.raises(ProviderUnavailable):
        await start(world)
    async with unchanged(world):
        assert await checkout.close_due(world) == 0, "whoever asked may still be at it"
    clock.advance(timedelta(seconds=31))
    assert await checkout.close_due(world) == 1
    (session,) = await open_sessions(account)
    async with world.db.transaction("test") as tx:
        found = await checkout.find_by_provider_id(tx, "stripe", False, session["id"])
    assert found is not None
    assert (found.status, found.url) == (CheckoutStatus.OPEN, session["url"])
    assert await checkout.close_due(world) == 0


async def test_a_declined_buyer_may_try_another_card(world: World, account: Account) -> None:
    started = await start(world)
    session = await session_of(world, started.id)
    assert (await account.pay(session, DECLINED_CARD)).status_code == 402
    await hear(world, account)
    assert (await read(world, started.order_id)).status == OrderStatus.OPEN
    assert "payment.failed" in await happened(world)
    assert (await account.pay(session)).status_code == 200
    await hear(world, account)
    assert (await read(world, started.order_id)).status == OrderStatus.PAID
    assert await status(world, started.id) == "complete"
    assert await sound(world)


async def test_an_order_is_canceled_only_when_nobody_can_pay_it_any_more(world: World, account: Account) -> None:
    started = await start(world)
    session = await session_of(world, started.id)
    canceled = await checkout.cancel_order(world, started.order_id, actor="staff:1")
    assert canceled.status == OrderStatus.CANCELED
    assert (await account.pay(session)).status_code == 400
    assert await open_sessions(account) == []


async def test_an_order_that_was_paid_a_moment_ago_is_not_canceled(world: World, account: Account) -> None:
    started = await start(world)
    session = await session_of(world, started.id)
    assert (await account.pay(session)).status_code == 200
    with pytest.raises(Conflict, match="that is paid cannot cancel"):
        await checkout.cancel_order(world, started.order_id, actor="staff:1")
    assert (await read(world, started.order_id)).status == OrderStatus.PAID
    assert await sound(world)


@pytest.mark.covers("F94")
async def test_a_session_that_is_not_ours_is_ignored(world: World, account: Account) -> None:
    form = {
        "mode": "payment",
        "success_url": "https://elsewhere.example",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "500",
        "line_items[0][price_data][product_data][name]": "Theirs",
        "line_items[0][quantity]": "1",
    }
    theirs = (await account.http.post("/v1/checkout/sessions", data=form)).raise_for_status().json()["id"]
    async with unchanged(world):
        recorded = await checkout.sync(world, theirs, actor="test")
    assert recorded.order_id is None
    assert "not ours" in str(recorded.ignored)
