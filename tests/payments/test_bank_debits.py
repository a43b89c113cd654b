"""A debit takes days: the order waits for the bank, is paid or stays to be paid, and money that is too late goes back."""

import pytest
from tests.news import happened, hear, read, sound, work
from tests.payments.looks import payment_of
from tests.worlds import BASE_URL, Account, Sandbox, lone_sandbox

from farthing import checkout, jobs, payments
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus, PaymentStatus
from farthing.orders import Order
from farthing.world import World

__all__ = ["lone_sandbox"]

ADA = Buyer("ada", "ada@example.com", "Ada Lovelace")
PAYS, FAILS, LATE = "DE89370400440532013000", "DE65370400440002222227", "DE08370400440532013003"


@pytest.fixture
def sandbox(lone_sandbox: Sandbox) -> Sandbox:
    """Banks take their days here."""
    return lone_sandbox


async def debited(world: World, account: Account, iban: str) -> tuple[Order, dict[str, str]]:
    """The buyer has agreed in the host's pages, as Stripe.js does it, and left."""
    order, _ = await checkout.place_order(world, items=[CartItem("guide")], buyer=ADA, actor="test")
    intent = await checkout.open_intent(world, order.id, actor="test")
    form = {"type": "sepa_debit", "sepa_debit[iban]": iban}
    form |= {"billing_details[email]": "ada@example.com", "billing_details[name]": "Ada"}
    method = (await account.http.post("/v1/payment_methods", data=form)).json()["id"]
    agreed = {"payment_method": method, "return_url": BASE_URL, "mandate_data[customer_acceptance][type]": "offline"}
    name = intent.payment.provider_payment_id
    assert (await account.http.post(f"/v1/payment_intents/{name}/confirm", data=agreed)).json()["status"] == "processing"
    await hear(world, account)
    assert (await payment_of(world, order.id)).status == PaymentStatus.PROCESSING
    return order, {"id": str(name)}


async def days(world: World, account: Account, number: int) -> None:
    """They pass at the bank, and what we hear is done."""
    await account.advance(number * 24 * 3600)
    await hear(world, account)
    await work(world)


async def payments_told(world: World, order: OrderId) -> list[str]:
    known = await happened(world, order)
    return [type for type in known if type.startswith("payment.") and type != "payment.fee_known"]


@pytest.mark.covers("F96", "D2", "C9")
async def test_the_bank_pays_days_later_and_then_the_order_is_paid(world: World, account: Account) -> None:
    order, _ = await debited(world, account, PAYS)
    assert (await read(world, order.id)).status == OrderStatus.OPEN
    await days(world, account, 6)
    assert (await read(world, order.id)).status == OrderStatus.PAID
    assert await payments_told(world, order.id) == ["payment.opened", "payment.processing", "payment.succeeded"]
    assert (await happened(world, order.id)).count("order.paid") == 1
    assert await sound(world)


@pytest.mark.covers("F96", "D5")
async def test_the_bank_says_no_days_later_to_a_buyer_who_is_away_and_another_way_is_open(
    world: World, account: Account
) -> None:
    order, there = await debited(world, account, FAILS)
    await days(world, account, 6)
    failed = await payment_of(world, order.id)
    assert (failed.status, failed.failure_code) == (PaymentStatus.OPEN, "insufficient_funds")
    async with world.db.transaction("test") as tx:
        told = await tx.all(lambda row: row["data"]["away"], "SELECT data FROM events WHERE type = 'payment.failed'")
    assert told == [True]
    assert (await read(world, order.id)).status == OrderStatus.OPEN
    other = await checkout.open_intent(world, order.id, actor="test")
    assert (await payments.confirm(world, other.payment.id, method="pm_card_visa", actor="test")).payment.settles
    assert (await account.get(f"/v1/payment_intents/{there['id']}"))["status"] == "canceled"
    await hear(world, account)
    assert (await read(world, order.id)).status == OrderStatus.PAID, "the refusal of the first way is no news about the second"
    assert await sound(world)


async def test_money_for_an_order_that_was_closed_meanwhile_goes_back(world: World, account: Account) -> None:
    order, there = await debited(world, account, LATE)
    async with world.db.transaction("test") as tx:
        # What no path of ours does: the order ends while the bank is at it.
        await tx.connection.execute("UPDATE payments SET live = false WHERE order_id = %s", (order.id,))
        await tx.connection.execute("UPDATE orders SET status = 'expired', closed_at = %s WHERE id = %s", (tx.now, order.id))
    await days(world, account, 10)
    late = await payment_of(world, order.id)
    assert (late.status, late.settles, late.refunded_amount + late.refunding_amount) == (PaymentStatus.SURPLUS, False, 4900)
    assert (await read(world, order.id)).status == OrderStatus.EXPIRED
    assert "order.paid" not in await happened(world, order.id)
    (back,) = (await account.get("/v1/refunds", payment_intent=there["id"]))["data"]
    assert back["amount"] == 4900
    async with world.db.transaction("test") as tx:
        assert (await jobs.counts(tx)).dead == 0
    assert await sound(world)
