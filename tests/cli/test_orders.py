"""Orders from the command line: looking, refunding, canceling, asking the provider, and why."""

import pytest
from tests.cli.conftest import Farthing
from tests.worlds import Account, buy, session_of, start

from farthing import orders, payments
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.world import World

UNKNOWN = "order_01k9h4w3q8fvtb7m2x5c6d0e1f"


async def refunds_of(world: World, order: OrderId) -> list[str]:
    async with world.db.transaction("test") as tx:
        return [str(refund.money) for refund in await payments.refunds_of_order(tx, order)]


async def status_of(world: World, order: OrderId) -> OrderStatus:
    async with world.db.transaction("test") as tx:
        return (await orders.get(tx, order)).status


async def test_a_list_names_each_order_with_its_status_and_total(farthing: Farthing, world: World, account: Account) -> None:
    paid = await buy(world, account, CartItem("mug", 2))
    waiting = await start(world)
    said = farthing("orders", "list", "--json")
    assert said.code == 0
    shown = [(order["id"], order["status"], order["total"]) for order in said.json["data"]]
    assert shown == [
        (str(waiting.order_id), "open", {"amount": 4900, "currency": "eur"}),
        (str(paid.id), "paid", {"amount": 2500, "currency": "eur"}),
    ]
    only = farthing("orders", "list", "--status", "paid", "--limit", "1", "--json").json
    assert [order["number"] for order in only["data"]] == [paid.number]
    people = farthing("orders", "list").out
    assert str(paid.number) in people
    assert "25.00 EUR" in people


async def test_pages_follow_the_cursor(farthing: Farthing, world: World) -> None:
    first, second = await start(world), await start(world)
    page = farthing("orders", "list", "--limit", "1", "--json").json
    assert [order["id"] for order in page["data"]] == [str(second.order_id)]
    rest = farthing("orders", "list", "--limit", "1", "--cursor", page["next_cursor"], "--json").json
    assert [order["id"] for order in rest["data"]] == [str(first.order_id)]
    assert rest["next_cursor"] is None


async def test_an_order_is_shown_by_number_and_by_id(farthing: Farthing, world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("guide"))
    by_number, by_id = (
        farthing("orders", "show", str(order.number), "--json"),
        farthing("orders", "show", str(order.id), "--json"),
    )
    assert by_number.json == by_id.json
    shown = by_id.json
    assert [(line["product"], line["quantity"]) for line in shown["line_items"]] == [("guide", 1)]
    assert [payment["received"] for payment in shown["payments"]] == [{"amount": 4900, "currency": "eur"}]
    assert [payment["card"] for payment in shown["payments"]] == ["visa •••• 4242"]
    assert [held["feature"] for held in shown["entitlements"]] == ["guide:pro"]


async def test_why_tells_all_that_happened_in_order(farthing: Farthing, world: World, account: Account) -> None:
    order = await buy(world, account)
    said = farthing("why", str(order.number), "--json")
    assert said.code == 0
    names = [entry["name"] for entry in said.json["timeline"]]
    assert names[:3] == ["order.placed", "checkout.started", "checkout.opened"]
    assert {"payment.succeeded", "order.paid", "entitlement.granted", "payment"} <= set(names)
    moments = [entry["at"] for entry in said.json["timeline"]]
    assert moments == sorted(moments)
    assert "Order paid" in farthing("why", str(order.id)).out


async def test_what_is_not_there_is_not_found(farthing: Farthing) -> None:
    for words in (["why", "4711"], ["orders", "show", UNKNOWN], ["orders", "sync", "nonsense"], ["why", "9" * 30]):
        said = farthing(*words)
        assert (said.code, said.out) == (4, ""), words
        assert said.err.startswith("farthing: There is no order")


async def test_a_part_is_refunded(farthing: Farthing, world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("mug", 2))
    said = farthing("orders", "refund", str(order.number), "--amount", "12.50", "--note", "arrived broken", "--yes", "--json")
    assert said.code == 0
    assert said.json["money"] == {"amount": 1250, "currency": "eur"}
    assert said.json["status"] == "promised"
    assert await refunds_of(world, order.id) == ["12.50 EUR"]


async def test_nothing_is_refunded_that_nobody_confirmed(farthing: Farthing, world: World, account: Account) -> None:
    order = await buy(world, account)
    said = farthing("orders", "refund", str(order.number))
    assert said.code == 8
    assert "--yes" in said.err
    assert await refunds_of(world, order.id) == []


async def test_a_dry_run_says_how_much_it_would_be(farthing: Farthing, world: World, account: Account) -> None:
    order = await buy(world, account)
    said = farthing("orders", "refund", str(order.number), "--dry-run")
    assert (said.code, said.out) == (0, f"Would refund 49.00 EUR of order {order.number}.\n")
    assert await refunds_of(world, order.id) == []


async def test_refunds_that_cannot_be_are_refused(farthing: Farthing, world: World, account: Account) -> None:
    order, unpaid = await buy(world, account), await start(world)
    for amount, code in (("49.01", 5), ("0", 2), ("-1", 2), ("1.005", 2), ("1e400", 2), ("lots", 2)):
        said = farthing("orders", "refund", str(order.number), f"--amount={amount}", "--yes")
        assert (said.code, said.out) == (code, ""), amount
    assert farthing("orders", "refund", str(unpaid.order_number), "--yes").code == 5
    assert await refunds_of(world, order.id) == []


async def test_nobody_is_asked_to_confirm_a_refund_that_cannot_be(farthing: Farthing, world: World, account: Account) -> None:
    order, unpaid = await buy(world, account), await start(world)
    for words in ([str(unpaid.order_number)], [str(order.number), "--amount", "49.01"]):
        for more in ([], ["--dry-run"]):
            said = farthing("orders", "refund", *words, *more)
            assert (said.code, said.out) == (5, "")
            assert "refund" in said.err
            assert "--yes" not in said.err
    assert await refunds_of(world, order.id) == []


async def test_an_unpaid_order_is_canceled_with_its_page(farthing: Farthing, world: World, account: Account) -> None:
    started = await start(world)
    said = farthing("orders", "cancel", str(started.order_number), "--yes")
    assert said.code == 0
    assert await status_of(world, started.order_id) == OrderStatus.CANCELED
    assert (await account.pay(await session_of(world, started.id))).status_code == 400


async def test_a_paid_order_is_not_canceled(farthing: Farthing, world: World, account: Account) -> None:
    order = await buy(world, account)
    assert farthing("orders", "cancel", str(order.number), "--yes").code == 5
    assert await status_of(world, order.id) == OrderStatus.PAID


async def test_sync_finds_what_no_webhook_told(farthing: Farthing, world: World, account: Account) -> None:
    started = await start(world)
    assert (await account.pay(await session_of(world, started.id))).status_code == 200
    assert await status_of(world, started.order_id) == OrderStatus.OPEN
    said = farthing("orders", "sync", str(started.order_number), "--json")
    assert said.code == 0
    assert said.json["status"] == "paid"
    assert await status_of(world, started.order_id) == OrderStatus.PAID


async def test_a_silent_provider_is_said_to_be_silent(farthing: Farthing, shop: dict[str, str], world: World) -> None:
    started = await start(world)
    said = farthing("orders", "sync", str(started.order_number), environ=shop | {"STRIPE_API_BASE": "http://127.0.0.1:9"})
    assert (said.code, said.out) == (6, "")
    assert "does not answer" in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.covers("F143")
async def test_what_a_buyer_writes_is_neither_color_nor_command_in_a_terminal(farthing: Farthing, world: World) -> None:
    """An address with a closing tag in it once hid every order from `orders list`."""
    started = await start(world, buyer=Buyer("[/red]", "[/x]@shop.example"))
    async with world.db.transaction("test") as tx:
        await tx.run("UPDATE customers SET name = %(name)s", name="\x1b]0;owned\x07")
        await tx.run("UPDATE payments SET failure_message = %(said)s", said="\x1b[2J[link=http://evil.example]no[/link]")
    for line in (("orders", "list"), ("orders", "show", str(started.order_number)), ("why", str(started.order_number))):
        said = farthing(*line)
        assert said.code == 0, said.err
        assert "\x1b" not in said.out
    assert "[/x]@shop.example" in farthing("orders", "list").out
    assert "[2J[link=http://evil.example]no" in farthing("orders", "show", str(started.order_number)).out
