"""A saved method is charged while its owner is away: once, whatever is lost; what is not paid can be paid by a link."""

from datetime import timedelta

import pytest
from tests.customers.test_methods import attach, methods
from tests.customers.test_push import ADA, theirs
from tests.news import happened, hear, read, sound, work
from tests.worlds import Account, buy

from farthing import checkout, customers, orders
from farthing.catalog import CartItem
from farthing.checkout import Charged
from farthing.errors import Conflict, NotFound, ProviderUnavailable
from farthing.http.idempotency import Key
from farthing.world import World

pytestmark = pytest.mark.covers("S003-25")


async def charge(world: World, key: str | None = None, **what: object) -> Charged:
    held = Key.of("test", key, [key]) if key else None
    return await checkout.charge(world, external_id="ada", items=[CartItem("mug", 2)], actor="test", key=held, **what)  # type: ignore[arg-type]


async def saved(world: World, account: Account, token: str = "pm_card_visa") -> None:
    """Ada has this card, and it pays by default."""
    person = await world.db.run("test", lambda tx: customers.remember(tx, external_id="ada", email="ada@example.com"))
    there = await customers.at_provider(world, person.id, actor="test")
    await attach(account, there, token)
    await customers.sync_methods(world, person.id, actor="test")


async def sums(account: Account) -> list[str]:
    return [f"{each['status']} {each['amount']}" for each in (await account.get("/v1/charges"))["data"]]


async def test_the_default_method_pays_an_order_like_any_other(world: World, account: Account) -> None:
    await saved(world, account)
    first = await charge(world, "the one")
    again = await charge(world, "the one")
    assert (first.status, again.order_id, again.replayed) == ("paid", first.order_id, True)
    assert (await read(world, first.order_id)).status == "paid"
    assert await sums(account) == ["succeeded 2500"]
    await hear(world, account)
    assert (await happened(world, first.order_id)).count("order.paid") == 1
    assert await sound(world)


async def test_a_lost_answer_is_asked_for_again_and_charges_once(world: World, account: Account) -> None:
    await saved(world, account)
    await account.fail_next("lost_response", "/v1/payment_intents/*/confirm", times=3)
    with pytest.raises(ProviderUnavailable):
        await charge(world, "the one")
    async with world.db.transaction("test") as tx:
        await tx.connection.execute("UPDATE off_session_charges SET asked_at = asked_at - interval '2 minutes'")
    await checkout.ask_again(world)
    charged = await charge(world, "the one")
    assert charged.status == "paid"
    assert await sums(account) == ["succeeded 2500"]


async def test_what_was_never_asked_within_a_day_is_given_up(world: World, account: Account) -> None:
    await saved(world, account)
    await account.fail_next("500_before", "/v1/payment_intents/*/confirm", times=3)
    with pytest.raises(ProviderUnavailable):
        await charge(world, "the one")
    async with world.db.transaction("test") as tx:
        await tx.connection.execute("UPDATE off_session_charges SET asked_at = asked_at - interval '24 hours'")
    await checkout.ask_again(world)
    assert (await charge(world, "the one")).status == "given_up"
    assert await sums(account) == []


async def test_a_decline_leaves_the_order_to_be_paid(world: World, account: Account) -> None:
    await saved(world, account, "pm_card_chargeCustomerFail")
    charged = await charge(world)
    assert (charged.status, charged.code) == ("declined", "generic_decline")
    order = await read(world, charged.order_id)
    assert (order.status, order.expires_at > world.clock.now() + timedelta(hours=22)) == ("open", True)
    assert "payment.off_session_failed" in await happened(world, charged.order_id)
    assert "payment.action_required" not in await happened(world, charged.order_id)


async def test_a_bank_that_wants_the_buyer_gets_them_by_a_link(world: World, account: Account) -> None:
    await saved(world, account, "pm_card_authenticationRequired")
    charged = await charge(world)
    assert (charged.status, charged.code) == ("action_required", "authentication_required")
    assert (await happened(world, charged.order_id)).count("payment.action_required") == 1
    await work(world)
    order = await read(world, charged.order_id)
    url = checkout.recovery_url(world.settings, order)
    assert not any(word in url for word in ("ada", "order_", str(order.number)))
    token = url.rpartition("/")[2]
    assert (await checkout.order_of(world, token, actor="test")).id == order.id
    started = await checkout.open_recovery_page(world, token, actor="test")
    assert (await account.pay(started.url.rsplit("/", 1)[-1])).status_code == 200
    await hear(world, account)
    assert (await read(world, order.id)).status == "paid"
    with pytest.raises(Conflict, match="nothing to pay"):
        await checkout.open_recovery_page(world, token, actor="test")
    assert await sound(world)


async def test_a_link_that_is_changed_or_too_old_opens_nothing(world: World, account: Account) -> None:
    await saved(world, account, "pm_card_authenticationRequired")
    order = await read(world, (await charge(world)).order_id)
    token = checkout.recovery_url(world.settings, order).rpartition("/")[2]
    for wrong in ("", "x", token[:-2], f"A{token[1:]}" if token[0] != "A" else f"B{token[1:]}", token + "AAAA", "é" * 50):
        with pytest.raises(NotFound):
            await checkout.order_of(world, wrong, actor="test")
    async with world.db.transaction("test") as tx:
        past = await orders.get(tx, order.id)
        await tx.connection.execute("UPDATE orders SET expires_at = placed_at WHERE id = %s", (order.id,))
        old = await orders.get(tx, past.id)
    with pytest.raises(Conflict, match="too old"):
        await checkout.order_of(world, checkout.recovery_url(world.settings, old).rpartition("/")[2], actor="test")


async def test_without_a_method_of_their_own_nothing_is_charged(world: World, account: Account) -> None:
    with pytest.raises(NotFound):
        await charge(world)
    await buy(world, account, buyer=ADA)
    with pytest.raises(Conflict, match="no saved payment method"):
        await charge(world)
    await saved(world, account)
    (card,) = await methods(world)
    await customers.detach(world, card.customer_id, card.id, actor="test")
    with pytest.raises(Conflict):
        await charge(world, method=card.id)
    assert len(await theirs(account)) == 1
    assert await sums(account) == ["succeeded 4900"]
