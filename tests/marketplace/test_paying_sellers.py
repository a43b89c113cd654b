"""What a seller earned is held until it is delivered and the holding period is over, and goes to them once."""

import asyncio
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_one_payment_many_sellers import owed, parts, usd
from tests.news import happened, hear, read, sound, work
from tests.races.rounds import ROUNDS
from tests.sellers.selling import act
from tests.worlds import CARD, buy, session_of, start

from farthing import checkout, ledger, payments, payouts, seller_orders
from farthing.clock import TravelClock
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.lifecycles import TransferReversalStatus, TransferStatus
from farthing.orders import Order
from farthing.payouts import Transfer
from farthing.sellers import Seller

DAYS = timedelta(days=1)
AT_ONCE = 5
AVAILABLE_AT_ONCE = "4000000000000077"


async def delivered(market: Market, order: Order) -> None:
    """All of its parcels have arrived."""

    async def arrive(tx: Transaction) -> None:
        for part in await seller_orders.of_order(tx, order.id):
            parcel = await seller_orders.ship(tx, part.id, carrier="dhl", tracking_number=part.number)
            await seller_orders.move_shipment(tx, parcel.id, "deliver")

    await market.do(arrive)


async def time_passes(market: Market, days: int) -> None:
    """For what sellers wait for; the provider has a clock of its own."""

    async def earlier(tx: Transaction) -> None:
        await tx.run(
            """
            UPDATE seller_orders SET release_at = release_at - %(time)s::interval, retry_at = retry_at - %(time)s::interval
            WHERE released_at IS NULL
            """,
            time=days * DAYS,
        )

    await market.do(earlier)


async def settle(market: Market) -> None:
    """The sweeps, the jobs, and what the provider tells."""
    await payouts.release_due(market.world)
    await work(market.world)
    await payouts.take_back_due(market.world)
    await work(market.world)
    await hear(market.world, market.account)


async def transfers(market: Market, seller: Seller) -> list[Transfer]:
    page = await market.do(lambda tx: payouts.list_page(tx, livemode=False, limit=100, seller=seller.id))
    return list(reversed(page.items))


async def theirs(market: Market) -> list[dict[str, Any]]:
    return list((await market.account.get("/v1/transfers", limit="100"))["data"])


async def give_back(market: Market, order: Order, amount: int | None = None) -> None:
    money = None if amount is None else usd(amount)
    await market.do(lambda tx: payments.refund_order(tx, order.id, money, reason="requested_by_customer", note=None))
    await work(market.world)
    await hear(market.world, market.account)


async def debts(tx: Transaction) -> dict[str, int]:
    """What sellers owe."""
    found = await ledger.trial_balance(tx)
    return {each.account: each.money.amount for each in found if each.account.endswith(":owed") and each.money}


async def earned(market: Market, amount: int = 2000, sku: str = "lamp", card: str = CARD) -> Order:
    """An order of one thing of grace's, delivered and past its holding period."""
    listing = await market.lists(market.grace, sku, amount)
    started = await start(market.world, of(listing))
    session = await session_of(market.world, started.id)
    assert (await market.account.pay(session, card)).status_code == 200
    await checkout.sync(market.world, session, actor="test")
    order = await read(market.world, started.order_id)
    await delivered(market, order)
    await time_passes(market, 3)
    return order


async def owes_a_lamp(market: Market) -> None:
    """Grace's bank has all she earned with it, and then it goes back."""
    order = await earned(market, card=AVAILABLE_AT_ONCE)
    await settle(market)
    out = {"amount": "1800", "currency": "usd"}
    header = {"Stripe-Account": str(market.grace.provider_account_id)}
    (await market.account.http.post("/v1/payouts", data=out, headers=header)).raise_for_status()
    await give_back(market, order)
    await settle(market)
    assert await market.do(debts) == {"seller:grace:owed": 1800}


@pytest.mark.covers("S004-14", "S004-19", "F27", "F28")
async def test_a_seller_is_paid_once_after_the_holding_period_and_not_before(market: Market) -> None:
    lamp, novel = await market.lists(market.grace, "lamp", 2000), await market.lists(market.linus, "novel", 1000)
    order = await buy(market.world, market.account, of(lamp), of(novel))
    await settle(market)
    assert await theirs(market) == []
    await delivered(market, order)
    await time_passes(market, 2)
    await settle(market)
    assert await theirs(market) == []
    await time_passes(market, 1)
    await settle(market)
    await settle(market)
    (sent,) = await transfers(market, market.grace)
    assert (sent.status, sent.money) == (TransferStatus.SENT, usd(1800))
    seen = {each["destination"]: each for each in await theirs(market)}
    assert {id: each["amount"] for id, each in seen.items()} == {
        market.grace.provider_account_id: 1800,
        market.linus.provider_account_id: 900,
    }
    charge = sent.provider_charge_id
    assert all(each["source_transaction"] == charge and each["transfer_group"] == str(order.id) for each in seen.values())
    assert await owed(market) == {}
    told = await happened(market.world, order.id)
    assert (told.count("transfer.requested"), told.count("transfer.sent")) == (2, 2)
    assert await sound(market.world)


@pytest.mark.covers("F71")
async def test_a_lost_answer_pays_once(market: Market) -> None:
    await earned(market)
    await market.account.fail_next("lost_response", "/v1/transfers")
    await settle(market)
    await settle(market)
    (sent,) = await transfers(market, market.grace)
    assert sent.status == TransferStatus.SENT
    assert len(await theirs(market)) == 1
    assert await sound(market.world)


@pytest.mark.covers("F72")
async def test_what_a_worker_was_sending_when_it_died_is_sent_by_the_next_one_and_once(
    market: Market, clock: TravelClock
) -> None:
    order = await earned(market)
    (part,) = await parts(market, order)
    assert await market.do(lambda tx: payouts.releasing.release(tx, [part.id], send=True))
    await payouts.take_back_due(market.world)
    assert await theirs(market) == [], "perhaps it is still at it"
    clock.advance(timedelta(minutes=3))
    await payouts.take_back_due(market.world)
    await settle(market)
    (sent,) = await transfers(market, market.grace)
    assert (sent.status, len(await theirs(market))) == (TransferStatus.SENT, 1)
    assert await sound(market.world)


async def test_what_the_provider_refuses_is_tried_again_under_another_key(market: Market) -> None:
    order = await earned(market)
    # At the provider the account can take nothing any more, and we have not heard of it.
    await act(market.account, market.grace, "ask", fields=["individual.id_number"], blocks="charges")
    await settle(market)
    (first,) = await transfers(market, market.grace)
    assert (first.status, await theirs(market)) == (TransferStatus.REFUSED, [])
    assert await owed(market) == {"seller:grace:pending": 1800}
    assert "transfer.refused" in await happened(market.world, order.id)
    assert await sound(market.world)
    told = {"individual[id_number]": "000000000"}
    path = f"/v1/accounts/{market.grace.provider_account_id}"
    (await market.account.http.post(path, data=told)).raise_for_status()
    await time_passes(market, 1)
    await settle(market)
    _, second = await transfers(market, market.grace)
    assert (second.status, second.money) == (TransferStatus.SENT, usd(1800))
    assert await owed(market) == {}
    assert await sound(market.world)


@pytest.mark.covers("F18", "F26")
async def test_what_goes_back_after_the_seller_was_paid_is_taken_back_from_them(market: Market) -> None:
    order = await earned(market)
    await settle(market)
    await give_back(market, order, 500)
    assert await market.do(debts) == {"seller:grace:owed": 450}
    await settle(market)
    (sent,) = await transfers(market, market.grace)
    assert sent.reversed == usd(450)
    (reversal,) = await market.do(lambda tx: payouts.reversals_of(tx, sent.id))
    assert (reversal.status, reversal.money) == (TransferReversalStatus.SUCCEEDED, usd(450))
    assert [each["amount_reversed"] for each in await theirs(market)] == [450]
    assert await sound(market.world)
    await give_back(market, order)
    await settle(market)
    (sent,) = await transfers(market, market.grace)
    assert sent.reversed == sent.money
    assert await owed(market) == {}
    assert await sound(market.world)


@pytest.mark.covers("F18")
async def test_what_the_sellers_account_does_not_hold_is_kept_of_what_they_earn_next(market: Market) -> None:
    await owes_a_lamp(market)
    (sent,) = await transfers(market, market.grace)
    (reversal,) = await market.do(lambda tx: payouts.reversals_of(tx, sent.id))
    assert reversal.status == TransferReversalStatus.REFUSED
    await earned(market, 5000, "sofa")
    await settle(market)
    *_, second = await transfers(market, market.grace)
    assert (second.money, second.netted) == (usd(4500 - 1800), usd(1800))
    assert await market.do(debts) == {}
    assert await sound(market.world)


@pytest.mark.covers("F42")
async def test_what_is_held_is_not_sent_until_somebody_lets_it_go(market: Market) -> None:
    order = await earned(market)
    (part,) = await parts(market, order)
    await market.do(lambda tx: seller_orders.hold(tx, part.id, "looks strange"))
    await settle(market)
    assert await theirs(market) == []
    await market.do(lambda tx: seller_orders.let_go(tx, part.id))
    await settle(market)
    assert len(await theirs(market)) == 1
    with pytest.raises(Conflict, match="went to its seller already"):
        await market.do(lambda tx: seller_orders.hold(tx, part.id, "too late"))


@pytest.mark.covers("F43")
async def test_two_payout_runs_at_once_pay_once(market: Market) -> None:
    for first in range(0, ROUNDS, AT_ONCE):
        await asyncio.gather(*(earned(market, sku=f"lamp {number}") for number in range(first, first + AT_ONCE)))
        await asyncio.gather(*(payouts.release_due(market.world) for _ in range(3)))
    await settle(market)
    assert len(await theirs(market)) == len(await transfers(market, market.grace)) == ROUNDS
    assert await sound(market.world)


async def test_a_refund_and_a_release_at_once_never_pay_more_than_is_left(market: Market) -> None:
    async def race(number: int) -> None:
        order = await earned(market, sku=f"lamp {number}")

        async def refund() -> None:
            await market.do(lambda tx: payments.refund_order(tx, order.id, usd(500), reason="requested_by_customer", note=None))

        await asyncio.gather(payouts.release_due(market.world), refund())

    for first in range(0, ROUNDS, AT_ONCE):
        await asyncio.gather(*(race(number) for number in range(first, first + AT_ONCE)))
    for _ in range(2):
        await work(market.world)
        await hear(market.world, market.account)
        await settle(market)
    sent = await transfers(market, market.grace)
    assert sum((each.money - each.reversed).amount for each in sent) == ROUNDS * 1350
    assert await sound(market.world)


async def test_a_balance_says_where_all_of_it_is_and_until_when(market: Market) -> None:
    lamp, sofa = await market.lists(market.grace, "lamp", 2000), await market.lists(market.grace, "sofa", 3000)
    first = await buy(market.world, market.account, of(lamp))
    second = await buy(market.world, market.account, of(sofa))

    async def standing() -> dict[str, int]:
        (found,) = await market.do(lambda tx: payouts.balance(tx, market.grace.id))
        return {each.name: getattr(found, each.name).amount for each in fields(found) if getattr(found, each.name)}

    assert await standing() == {"undelivered": 4500}
    await delivered(market, first)
    assert await standing() == {"holding": 1800, "undelivered": 2700}
    page = await market.do(lambda tx: payouts.holdings(tx, market.grace.id, limit=10))
    assert [(each.money, each.why, each.release_at is None) for each in page.items] == [
        (usd(1800), "holding", False),
        (usd(2700), "undelivered", True),
    ]
    await time_passes(market, 3)
    assert await standing() == {"due": 1800, "undelivered": 2700}
    (part,) = await parts(market, second)
    await market.do(lambda tx: seller_orders.hold(tx, part.id, "looks strange"))
    await payouts.release_due(market.world, send=False)
    assert await standing() == {"in_transit": 1800, "held": 2700}
    await settle(market)
    await give_back(market, first, 500)
    assert await standing() == {"with_seller": 1800, "owed": 450, "held": 2700}
