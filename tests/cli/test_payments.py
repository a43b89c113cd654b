"""`farthing payments`: look, capture and void from the command line."""

from tests.cli.conftest import Farthing
from tests.worlds import Account

from farthing import checkout, payments
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.payments import Payment
from farthing.world import World


async def held(world: World, *items: CartItem) -> Payment:
    order, _ = await checkout.place_order(world, items=items, buyer=Buyer("ada", "ada@example.com"), actor="test")
    intent = await checkout.open_intent(world, order.id, actor="test", capture_method="manual")
    return (await payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="test")).payment


async def test_what_is_authorized_is_listed_taken_in_part_and_let_go(
    farthing: Farthing, world: World, account: Account
) -> None:
    first, second = await held(world, CartItem("guide")), await held(world, CartItem("mug", 2))
    listed = farthing("payments", "list", "--status", "authorized", "--json").json["data"]
    assert [each["id"] for each in listed] == [str(second.id), str(first.id)]
    wrong = farthing("payments", "capture", str(first.id), "--amount", "49.01", "--yes")
    assert (wrong.code != 0, "49.00" in wrong.err, "Traceback" in wrong.err) == (True, True, False)
    captured = farthing("payments", "capture", str(first.id), "--amount", "30.00", "--yes", "--json")
    assert (captured.code, captured.json["received"]) == (0, {"amount": 3000, "currency": "eur"})
    voided = farthing("payments", "void", str(second.id), "--yes", "--json")
    assert (voided.code, voided.json["status"]) == (0, "canceled")
    assert farthing("payments", "void", str(first.id), "--yes").code == 5
    shown = farthing("payments", "show", str(first.id))
    assert ("30.00" in shown.out, "4242" in shown.out, str(first.order_id) in shown.out) == (True, True, True)
