"""What arrived can be sent back in its time: asked for, approved, taken in, put on the shelf or written off, paid back."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import orjson
import pytest
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_canceling import arrive, cancel, left
from tests.marketplace.test_one_payment_many_sellers import owed, parts, usd
from tests.marketplace.test_paying_sellers import delivered, settle, time_passes, transfers
from tests.news import happened, read, sound
from tests.worlds import buy, unchanged

from farthing import checkout, inventory, orders, payments, returns, seller_orders
from farthing.catalog import ReturnPolicy
from farthing.clock import TravelClock
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid, NotFound, ReturnWindowOver
from farthing.ids import EventId, LineItemId, OrderId
from farthing.inventory.model import MovementKind
from farthing.lifecycles import OrderStatus, ReturnStatus, SellerOrderStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import WantedLine
from farthing.returns import Asked, Found, Return
from farthing.returns.model import Reason
from farthing.seller_orders import SellerOrder

POLICY = ReturnPolicy()


async def ask(
    market: Market, part: SellerOrder, quantity: int = 1, reason: Reason = "changed_mind", policy: ReturnPolicy = POLICY
) -> Return:
    asked = [Asked(part.lines[0].line_id, quantity, reason)]
    return await market.do(lambda tx: returns.request(tx, part.id, asked, policy=policy))


async def approved(market: Market, part: SellerOrder, quantity: int = 1, policy: ReturnPolicy = POLICY) -> Return:
    back = await ask(market, part, quantity, policy=policy)
    return await market.do(lambda tx: returns.approve(tx, back.id, policy=policy))


async def arrived(market: Market, quantity: int = 3, amount: int = 2000, sku: str = "lamp") -> tuple[Order, SellerOrder, str]:
    """So many of one thing of grace's are with their buyer."""
    lamp = await market.lists(market.grace, sku, amount)
    order = await buy(market.world, market.account, of(lamp, quantity))
    await delivered(market, order)
    (part,) = await parts(market, order)
    return order, part, lamp.stock


async def moved(market: Market, sku: str, *kinds: MovementKind) -> list[int]:
    page = await market.do(lambda tx: inventory.movements(tx, sku, before=None, limit=100))
    return [each.quantity for each in reversed(page.items) if each.kind in kinds]


async def days_ago(market: Market, days: int) -> None:
    """Every parcel arrived so much earlier."""

    async def earlier(tx: Transaction) -> None:
        await tx.run("UPDATE shipments SET delivered_at = delivered_at - %(time)s::interval", time=timedelta(days=days))

    await market.do(earlier)


@pytest.mark.covers("S004-2", "S004-16", "S004-20")
async def test_a_return_goes_from_the_question_to_the_shelf_and_the_money(market: Market) -> None:
    order, part, sku = await arrived(market)
    line = part.lines[0].line_id
    back = await ask(market, part, 2)
    assert (back.status, back.number, back.way_back) == (ReturnStatus.REQUESTED, f"{part.number}-R1", "buyer")
    with pytest.raises(Conflict, match="1 can be sent back, not 2"):
        await ask(market, part, 2)
    back = await market.do(lambda tx: returns.approve(tx, back.id, policy=POLICY, note="To the door at the back, please."))
    assert (back.status, back.refund_id) == (ReturnStatus.APPROVED, None)
    back = await market.do(lambda tx: returns.send(tx, back.id, carrier="dhl", tracking_number="RT01"))
    assert back.status == ReturnStatus.IN_TRANSIT
    came = [Found(line, restocked=1, written_off=1)]
    back = await market.do(lambda tx: returns.receive(tx, back.id, came, note="One was broken."))
    assert (back.status, back.lines[0].restocked, back.lines[0].written_off) == (ReturnStatus.REFUNDED, 1, 1)
    assert (await left(market, sku), await moved(market, sku, "returned", "lost")) == ((8, 8), [1, -1, 1])
    await arrive(market)
    assert (await read(market.world, order.id)).payment_status == "partially_refunded"
    assert await owed(market) == {"seller:grace:pending": 1800}
    (part,) = await parts(market, order)
    assert (part.status, part.lines[0].returned, part.lines[0].returnable) == (SellerOrderStatus.COMPLETED, 2, 1)
    with pytest.raises(Conflict, match="cannot receive"):
        await market.do(lambda tx: returns.receive(tx, back.id))
    second = await approved(market, part)
    second = await market.do(lambda tx: returns.receive(tx, second.id))
    await arrive(market)
    assert (second.number, (await read(market.world, order.id)).status) == (f"{part.number}-R2", OrderStatus.REFUNDED)
    assert (await owed(market), await left(market, sku)) == ({}, (9, 9))
    told = [type for type in await happened(market.world, order.id) if type.startswith("return.")]
    assert told == [
        *("return.requested", "return.approved", "return.sent", "return.received", "return.refunded"),
        *("return.requested", "return.approved", "return.received", "return.refunded"),
    ]
    assert await sound(market.world)


async def test_after_its_window_nothing_is_taken_back(market: Market) -> None:
    order, part, _ = await arrived(market, 1)
    await days_ago(market, 14)
    (may,) = await market.do(lambda tx: returns.offer_order(tx, order.id, ReturnPolicy(days=15)))
    assert (may.quantity, may.why_not) == (1, None)
    async with unchanged(market.world):
        with pytest.raises(ReturnWindowOver, match="could be sent back until") as refused:
            await ask(market, part)
    assert (refused.value.code, "until" in (refused.value.extra or {})) == ("return_window_over", True)


async def test_what_cannot_be_sent_back_is_refused_and_nothing_is_written(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp")
    order = await buy(market.world, market.account, of(lamp, 3))
    (part,) = await parts(market, order)
    line = part.lines[0].line_id
    async with unchanged(market.world):
        with pytest.raises(Conflict, match="has not arrived"):
            await ask(market, part)
    await delivered(market, order)
    some = [WantedLine(line, quantity=2)]
    await market.do(lambda tx: payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None, lines=some))
    wrong: Sequence[tuple[Sequence[Asked], ReturnPolicy, type[FarthingError], str]] = [
        ([Asked(line, 2, "damaged")], POLICY, Conflict, "1 can be sent back"),
        ([Asked(line, 0, "damaged")], POLICY, Invalid, "at least 1"),
        ([], POLICY, Invalid, "at least one line"),
        ([Asked(line, 1, "damaged")] * 2, POLICY, Invalid, "each once"),
        ([Asked(line, 1, "undeliverable")], POLICY, Invalid, "A reason is one of"),
        ([Asked(LineItemId.new(), 1, "damaged")], POLICY, NotFound, "no line item"),
        ([Asked(line, 1, "damaged")], ReturnPolicy(days=0), Conflict, "is not taken back"),
    ]
    async with unchanged(market.world):
        for asked, policy, refusal, said in wrong:
            with pytest.raises(refusal, match=said):
                await market.do(partial(_request, part, asked, policy))
    await market.do(lambda tx: payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None))
    async with unchanged(market.world):
        with pytest.raises(Conflict, match="paid back already"):
            await ask(market, part)


async def _request(part: SellerOrder, asked: Sequence[Asked], policy: ReturnPolicy, tx: Transaction) -> Return:
    return await returns.request(tx, part.id, asked, policy=policy)


async def test_the_shop_may_keep_a_part_unless_it_was_wrong_itself(market: Market) -> None:
    order, part, _ = await arrived(market, 2, 1999)
    policy = ReturnPolicy(restocking_basis_points=1000, auto_approve=True)
    first = await ask(market, part, policy=policy)
    assert (first.status, first.decided_by) == (ReturnStatus.APPROVED, "policy")
    await market.do(lambda tx: returns.receive(tx, first.id))
    broken = await ask(market, part, reason="defective", policy=policy)
    assert broken.way_back == "seller"
    await market.do(lambda tx: returns.receive(tx, broken.id, []))
    found = await market.do(lambda tx: payments.refunds_of_order(tx, order.id))
    assert [each.money for each in found] == [usd(1999 - 199)]
    assert (await market.do(lambda tx: returns.get(tx, broken.id))).status == ReturnStatus.CLOSED
    await arrive(market)
    assert await owed(market) == {"seller:grace:pending": 3598 - 1620}
    assert await sound(market.world)


async def test_the_money_may_go_back_at_once_and_then_the_things_are_awaited(market: Market) -> None:
    order, part, sku = await arrived(market, 1)
    policy = ReturnPolicy(refund_at="approval", auto_approve=True, send_days=1)
    back = await ask(market, part, policy=policy)
    assert back.refund_id is not None
    with pytest.raises(Conflict, match="went back already"):
        await market.do(lambda tx: returns.withdraw(tx, back.id))
    await arrive(market)
    assert (await read(market.world, order.id)).status == OrderStatus.REFUNDED
    assert await left(market, sku) == (9, 9)
    back = await market.do(lambda tx: returns.receive(tx, back.id))
    assert (back.status, await left(market, sku)) == (ReturnStatus.REFUNDED, (10, 10))
    assert len(await market.do(lambda tx: payments.refunds_of_order(tx, order.id))) == 1
    assert await sound(market.world)


async def test_what_is_paid_back_at_once_and_never_sent_does_not_hold_its_seller_for_ever(
    market: Market, clock: TravelClock
) -> None:
    _, part, sku = await arrived(market)
    policy = ReturnPolicy(refund_at="approval", auto_approve=True, send_days=5)
    back = await ask(market, part, policy=policy)
    await time_passes(market, 3)
    await settle(market)
    assert await transfers(market, market.grace) == []
    clock.advance(timedelta(days=5))
    assert (await returns.lapse_due(market.world), await returns.lapse_due(market.world)) == (1, 0)
    await settle(market)
    (sent,) = await transfers(market, market.grace)
    assert (sent.money, await owed(market)) == (usd(3600), {})
    back = await market.do(lambda tx: returns.get(tx, back.id))
    assert (back.status, back.refund_id is not None) == (ReturnStatus.LAPSED, True)
    with pytest.raises(Conflict, match="2 can be sent back"):
        await ask(market, part, 3)
    # It comes after all.
    back = await market.do(lambda tx: returns.receive(tx, back.id))
    assert (back.status, await left(market, sku)) == (ReturnStatus.REFUNDED, (8, 8))
    unpaid = await approved(market, part)
    clock.advance(timedelta(days=POLICY.send_days))
    assert await returns.lapse_due(market.world) == 1
    async with unchanged(market.world):
        with pytest.raises(Conflict, match="is not awaited"):
            await market.do(lambda tx: returns.receive(tx, unpaid.id))
    assert await sound(market.world)


async def test_while_something_may_come_back_its_seller_is_not_paid(market: Market) -> None:
    _, part, _ = await arrived(market, 2)
    back = await approved(market, part)
    await time_passes(market, 3)
    await settle(market)
    assert await transfers(market, market.grace) == []

    async def late(tx: Transaction) -> None:
        await tx.run("UPDATE returns SET send_before = %(now)s", now=tx.now)

    await market.do(late)
    assert (await returns.lapse_due(market.world), await returns.lapse_due(market.world)) == (1, 0)
    assert (await market.do(lambda tx: returns.get(tx, back.id))).status == ReturnStatus.LAPSED
    await settle(market)
    (sent,) = await transfers(market, market.grace)
    assert sent.money == usd(3600)
    again = await approved(market, part)
    await market.do(lambda tx: returns.receive(tx, again.id))
    await settle(market)
    await settle(market)
    (sent,) = await transfers(market, market.grace)
    assert (sent.reversed, await owed(market)) == (usd(1800), {})
    assert await sound(market.world)


async def test_a_seller_says_no_with_a_reason_and_a_buyer_changes_their_mind(market: Market) -> None:
    _, part, _ = await arrived(market, 1)
    back = await ask(market, part)
    with pytest.raises(Invalid, match="Say why"):
        await market.do(lambda tx: returns.decline(tx, back.id, note=" "))
    back = await market.do(lambda tx: returns.decline(tx, back.id, note="It was worn."))
    assert (back.status, back.note) == (ReturnStatus.DECLINED, "It was worn.")
    again = await approved(market, part)
    again = await market.do(lambda tx: returns.withdraw(tx, again.id))
    assert again.status == ReturnStatus.WITHDRAWN
    with pytest.raises(Conflict, match="cannot receive"):
        await market.do(lambda tx: returns.receive(tx, again.id))
    assert (await ask(market, part)).number.endswith("-R3")
    assert await sound(market.world)


async def test_hooks_hear_of_a_return_that_does_not_come(market: Market, clock: TravelClock) -> None:
    _, part, _ = await arrived(market, 2)
    kept = await approved(market, part)
    await market.do(lambda tx: returns.withdraw(tx, kept.id))
    await approved(market, part)
    clock.advance(timedelta(days=POLICY.send_days))
    await returns.lapse_due(market.world)
    waiting = "SELECT payload FROM jobs WHERE entrypoint = 'events.announce' ORDER BY id"
    jobs = await market.do(lambda tx: tx.all(lambda row: str(orjson.loads(row["payload"])["event"]), waiting))
    rows = await market.do(
        lambda tx: tx.all(lambda row: (str(EventId.of(row["id"])), str(row["type"])), "SELECT id, type FROM events")
    )
    told = [dict(rows)[event] for event in jobs]
    assert told[-4:] == ["return.withdrawn", "return.requested", "return.approved", "return.lapsed"]


async def test_a_parcel_that_comes_back_by_itself_is_taken_in_once_and_paid_back_whole(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp")
    order = await buy(market.world, market.account, of(lamp, 3))
    (part,) = await parts(market, order)
    line = part.lines[0].line_id
    lost = await market.do(lambda tx: seller_orders.ship(tx, part.id, [(line, 2)], carrier="dhl"))
    with pytest.raises(Conflict, match="only a parcel that came back"):
        await market.do(lambda tx: returns.receive_parcel(tx, lost.id))
    await market.do(lambda tx: seller_orders.move_shipment(tx, lost.id, "return"))
    back = await market.do(lambda tx: returns.receive_parcel(tx, lost.id, [Found(line, 1, 1)]))
    assert (back.status, back.lines[0].reason) == (ReturnStatus.REFUNDED, "undeliverable")
    with pytest.raises(Conflict, match="taken in already"):
        await market.do(lambda tx: returns.receive_parcel(tx, lost.id))
    await delivered(market, order)
    (part,) = await parts(market, order)
    assert (part.status, await left(market, lamp.stock)) == (SellerOrderStatus.COMPLETED, (8, 8))
    await arrive(market)
    assert await owed(market) == {"seller:grace:pending": 1800}
    assert await sound(market.world)


async def test_while_the_bank_decides_what_comes_is_taken_in_and_paid_back_later(market: Market) -> None:
    order, part, sku = await arrived(market, 1)
    back = await approved(market, part)
    await market.do(lambda tx: orders.hold_access(tx, order))
    back = await market.do(lambda tx: returns.receive(tx, back.id))
    assert (back.status, await left(market, sku)) == (ReturnStatus.RECEIVED, (10, 10))
    with pytest.raises(Conflict, match="the bank decides"):
        await market.do(lambda tx: returns.refund(tx, back.id))
    await market.do(lambda tx: orders.release_access(tx, order))
    assert (await market.do(lambda tx: returns.refund(tx, back.id))).status == ReturnStatus.REFUNDED
    assert await sound(market.world)


async def to_exchange(market: Market, amount: int, *, quantity: int = 1, sku: str = "lamp") -> tuple[Order, Return]:
    """A thing of grace's came back, and its buyer wants another for it."""
    order, part, _ = await arrived(market, quantity, amount, sku)
    asked = [Asked(part.lines[0].line_id, quantity, "changed_mind")]
    back = await market.do(lambda tx: returns.request(tx, part.id, asked, policy=KEEPS_SOME, wanted="exchange"))
    await market.do(lambda tx: returns.approve(tx, back.id, policy=KEEPS_SOME))
    back = await market.do(lambda tx: returns.receive(tx, back.id))
    assert (back.status, back.refund_id) == (ReturnStatus.RECEIVED, None)
    return order, back


KEEPS_SOME = ReturnPolicy(restocking_basis_points=5000, refund_at="approval", auto_approve=False)
"""Not of what is taken instead, but of what goes back as money."""


async def test_what_came_back_is_exchanged_for_something_of_the_same_price_and_no_money_moves(market: Market) -> None:
    old, back = await to_exchange(market, 2000)
    vase, novel = await market.lists(market.grace, "vase", 2000), await market.lists(market.linus, "novel", 2000)
    async with unchanged(market.world):
        with pytest.raises(Invalid, match="of who takes it back"):
            await checkout.exchange(market.world, back.id, [of(novel)], actor="test")
    back, new = await checkout.exchange(market.world, back.id, [of(vase)], actor="test")
    assert (back.status, back.exchange_order_id, back.refund_id) == (ReturnStatus.CLOSED, new.id, None)
    assert (new.status, new.total, new.discount, new.customer_id) == (OrderStatus.PAID, usd(0), usd(2000), old.customer_id)
    assert (await owed(market), await left(market, vase.stock)) == ({"seller:grace:pending": 1800}, (9, 9))
    with pytest.raises(Conflict, match="exchanged already"):
        await checkout.exchange(market.world, back.id, [of(vase)], actor="test")
    (part,) = await parts(market, new)
    with pytest.raises(Conflict, match="was had for what came back"):
        await cancel(market, part)
    await delivered(market, new)
    assert await sound(market.world)


async def test_what_was_had_in_exchange_is_not_sent_where_its_price_went_back(market: Market) -> None:
    old, back = await to_exchange(market, 2000)
    vase = await market.lists(market.grace, "vase", 2000)
    _, new = await checkout.exchange(market.world, back.id, [of(vase)], actor="test")
    (part,) = await parts(market, new)
    await market.do(partial(_all_of_it, old.id, None))
    async with unchanged(market.world):
        with pytest.raises(Conflict, match="left to refund"):
            await market.do(partial(_all_of_it, old.id, usd(1)))
        with pytest.raises(Conflict, match="that is not sent"):
            await market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl"))
    await cancel(market, part)
    await arrive(market)
    assert ((await read(market.world, old.id)).status, await owed(market)) == (OrderStatus.REFUNDED, {})
    assert await left(market, vase.stock) == (10, 10)
    assert await sound(market.world)


async def test_while_an_exchange_may_be_paid_what_pays_for_it_is_not_paid_back_as_well(market: Market) -> None:
    jug = await market.lists(market.grace, "jug", 2600)
    old, part, _ = await arrived(market, 2)
    back = await market.do(partial(_exchange_asked, part, [Asked(part.lines[0].line_id, 1, "damaged")]))
    back = await market.do(partial(_received, back))
    back, new = await checkout.exchange(market.world, back.id, [of(jug)], actor="test")
    async with unchanged(market.world):
        for wanted in (usd(2001), usd(4000)):
            with pytest.raises(Conflict, match="left to refund"):
                await market.do(partial(_all_of_it, old.id, wanted))
    assert await sound(market.world)
    await checkout.cancel_order(market.world, new.id, actor="test")
    assert await returns.end_exchanges(market.world) == 1
    await market.do(partial(_all_of_it, old.id, None))
    await arrive(market)
    assert ((await read(market.world, old.id)).status, await owed(market)) == (OrderStatus.REFUNDED, {})
    assert await sound(market.world)


async def _all_of_it(id: OrderId, money: Money | None, tx: Transaction) -> None:
    await payments.refund_order(tx, id, money, reason="requested_by_customer", note=None)


async def test_of_something_dearer_the_difference_is_paid_and_of_something_cheaper_the_rest_goes_back(market: Market) -> None:
    _, back = await to_exchange(market, 2000, quantity=2)
    cup = await market.lists(market.grace, "cup", 1499)
    back, new = await checkout.exchange(market.world, back.id, [of(cup)], actor="test")
    assert (back.status, new.status) == (ReturnStatus.REFUNDED, OrderStatus.PAID)
    await arrive(market)
    assert await owed(market) == {"seller:grace:pending": 3600 - 1126}, "half of what the cup leaves is kept"
    vase = await market.lists(market.grace, "vase", 2600)
    for pays in (True, False):
        order, part, _ = await arrived(market, 1, 2000, sku=f"plate-{pays}")
        asked = [Asked(part.lines[0].line_id, 1, "other")]
        back = await market.do(partial(_exchange_asked, part, asked))
        back = await market.do(partial(_received, back))
        back, new = await checkout.exchange(market.world, back.id, [of(vase)], actor="test")
        assert (back.status, new.status, new.total) == (ReturnStatus.RECEIVED, OrderStatus.OPEN, usd(600))
        with pytest.raises(Conflict, match="exchanged already"):
            await checkout.exchange(market.world, back.id, [of(vase)], actor="test")
        if pays:
            intent = await checkout.open_intent(market.world, new.id, actor="test")
            await payments.confirm(market.world, intent.payment.id, method="pm_card_visa", actor="buyer")
        else:
            await checkout.cancel_order(market.world, new.id, actor="test")
        assert (await returns.end_exchanges(market.world), await returns.end_exchanges(market.world)) == (1, 0)
        back = await market.do(partial(_read, back))
        assert (back.status, back.exchange_order_id is not None) == (
            ReturnStatus.CLOSED if pays else ReturnStatus.REFUNDED,
            pays,
        )
        await arrive(market)
        assert (await read(market.world, order.id)).status == (OrderStatus.PAID if pays else OrderStatus.REFUNDED)
    assert await sound(market.world)


async def _exchange_asked(part: SellerOrder, asked: Sequence[Asked], tx: Transaction) -> Return:
    back = await returns.request(tx, part.id, asked, policy=POLICY, wanted="exchange")
    return await returns.approve(tx, back.id, policy=POLICY)


async def _received(back: Return, tx: Transaction) -> Return:
    return await returns.receive(tx, back.id)


async def _read(back: Return, tx: Transaction) -> Return:
    return await returns.get(tx, back.id)
