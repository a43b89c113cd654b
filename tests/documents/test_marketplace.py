"""Document 004: its four calls as written, with curl against a running service, and what its other routes may say."""

import asyncio
import json
import shlex
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request
from tests.marketplace.conftest import MARKET
from tests.news import hear, read, sound, work
from tests.sellers.selling import onboarded
from tests.worlds import CARD, DECLINED_CARD, Account, Outbox, account, buy, outbox, sandbox, settings

from farthing import Farthing, addresses, catalog, customers, erasure, inventory, listings, seller_orders
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.config import Settings
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.http.callers import CustomerIdentity
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.listings import Listing
from farthing.money import Money
from farthing.world import World

__all__ = ["account", "outbox", "sandbox", "settings"]

SHIPPING = """
[shipping]
countries = ["US", "DE"]
"""

# As the document writes them; what stands between ⟨ and ⟩ is what it leaves open.
CREATE = """
curl -X POST http://localhost:3000/api/v1/orders \\
  -H "Authorization: Bearer ⟨token⟩" \\
  -H "Content-Type: application/json" \\
  -d '{
    "listingId": "⟨listing⟩",
    "quantity": 2,
   "shippingAddress": ⟨address⟩
  }'
"""
INTENT = """
curl -X POST http://localhost:3000/api/v1/payments/create-intent \\
  -H "Authorization: Bearer ⟨token⟩" \\
  -H "Content-Type: application/json" \\
  -d '{
    "orderId": "⟨order⟩"
  }'
"""
HISTORY = """
curl -X GET http://localhost:3000/api/v1/orders \\
  -H "Authorization: Bearer ⟨token⟩"
"""
ONBOARD = """
curl -X POST http://localhost:3000/api/v1/sellers/stripe-onboard \\
  -H "Authorization: Bearer ⟨token⟩"
"""
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "1600 Amphitheatre Pkwy",
    "city": "Mountain View",
    "state": "CA",
    "postalCode": "94043",
    "country": "US",
}


async def by_token(request: Request) -> CustomerIdentity | None:
    """A host whose tokens are names."""
    scheme, _, user = request.headers.get("authorization", "").partition(" ")
    known = scheme == "Bearer" and user in ("ada", "eve", "grace")
    return CustomerIdentity(user, f"{user}@example.com", user.capitalize()) if known else None


@pytest.fixture
async def pay(settings: Settings, dsn: str, outbox: Outbox) -> AsyncIterator[Farthing]:
    del dsn
    shop = catalog.parse(MARKET + SHIPPING)
    async with Farthing(settings, authenticate=by_token, catalog=shop, mailer=outbox, run_worker=False) as made:
        yield made


@pytest.fixture
async def port(pay: Farthing) -> AsyncIterator[int]:
    """A running service."""
    server = uvicorn.Server(uvicorn.Config(pay.asgi, port=0, log_level="critical", lifespan="off", ws="none"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await running


async def curl(port: int, command: str, **open_: object) -> tuple[int, Any]:
    """Run it, with what the document leaves open filled in, and say the status and the answer."""
    for name, value in open_.items():
        command = command.replace(f"⟨{name}⟩", value if isinstance(value, str) else json.dumps(value))
    words = shlex.split(command.replace("localhost:3000", f"127.0.0.1:{port}").replace("\\\n", " "))
    asked = await asyncio.create_subprocess_exec(
        *words, "--silent", "--write-out", "\n%{http_code}", stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asked.communicate()
    body, _, status = said.decode().rpartition("\n")
    return int(status), json.loads(body)


async def lamp(world: World, account: Account, stock: int = 5) -> Listing:
    grace = await onboarded(world, account, "grace")

    async def work(tx: Transaction) -> Listing:
        wanted = listings.Wanted(title="A lamp", prices=[Money(2000, "usd")])
        made = await listings.create(tx, world.catalog, grace.id, "lamp", wanted, livemode=False, stock=stock)
        return await listings.publish(tx, made.id)

    return await world.db.run("test", work)


def other(method: str, path: str, body: dict[str, Any] | None = None) -> str:
    """A call to another route, as the document writes its own."""
    data = "" if body is None else f"""-H "Content-Type: application/json" -d '{json.dumps(body)}'"""
    return f"""curl -X {method} http://localhost:3000{path} -H "Authorization: Bearer ⟨token⟩" {data}"""


async def arrived(tx: Transaction, order: OrderId) -> None:
    for part in await seller_orders.of_order(tx, order):
        parcel = await seller_orders.ship(tx, part.id, carrier="dhl", tracking_number=part.number)
        await seller_orders.move_shipment(tx, parcel.id, "deliver")


@pytest.mark.covers("S004-23", "S004-8", "S004-9", "S004-12", "S004-16", "S004-20", "S004-6", "S004-7", "C4")
async def test_the_four_calls_of_the_document_work_as_written(pay: Farthing, port: int, account: Account) -> None:
    world = pay.world
    listing = await lamp(world, account)
    status, order = await curl(port, CREATE, token="ada", listing=str(listing.id), address=ADDRESS)
    assert (status, order["status"], order["totalAmount"], order["amountDecimal"]) == (201, "PENDING", 4000, "40.00")
    assert (order["buyerId"], order["sellerId"], order["shippingAddress"]["postal_code"]) == ("ada", "grace", "94043")
    assert (await world.db.run("test", lambda tx: inventory.get(tx, listing.stock))).available == 3
    status, intent = await curl(port, INTENT, token="ada", order=order["id"])
    assert (status, intent["amount"], intent["orderId"]) == (201, 4000, order["id"])
    declined = await _pay(account, intent, DECLINED_CARD)
    assert declined == 402
    assert await _pay(account, intent, CARD) == 200
    status, history = await curl(port, HISTORY, token="ada")
    assert (status, [each["id"] for each in history["data"]]) == (200, [order["id"]])
    status, confirmed = await curl(port, other("POST", "/api/v1/payments/confirm", {"orderId": order["id"]}), token="ada")
    assert (status, confirmed["status"], confirmed["payment"]["status"]) == (200, "PAID", "succeeded")
    status, page = await curl(port, ONBOARD, token="grace")
    assert (status, page["chargesEnabled"]) == (200, True)
    await hear(world, account)
    stock = await world.db.run("test", lambda tx: inventory.get(tx, listing.stock))
    assert (stock.on_hand, stock.available) == (3, 3)
    assert await sound(world)
    seen = await world.db.run("test", lambda tx: customers.find_by_external_id(tx, "ada"))
    assert seen is not None
    with pytest.raises(Conflict, match="still to be sent"):
        await erasure.erase(world, seen.id, actor="test")
    await world.db.run("test", lambda tx: arrived(tx, OrderId.parse(order["id"])))
    await erasure.erase(world, seen.id, actor="test")
    forgotten = await world.db.run("test", lambda tx: addresses.find(tx, OrderId.parse(order["id"])))
    assert forgotten is None


@pytest.mark.covers("S004-5", "S004-4", "S004-17", "S004-2")
async def test_an_order_is_sent_by_its_seller_and_received_by_its_buyer_and_nobody_else_says_so(
    pay: Farthing, port: int, account: Account
) -> None:
    listing = await lamp(pay.world, account)
    _, order = await curl(port, CREATE, token="ada", listing=str(listing.id), address=ADDRESS)
    path = f"/api/v1/orders/{order['id']}"
    sent = {"status": "SHIPPED", "carrier": "UPS", "trackingNumber": "1Z999"}
    assert (await curl(port, other("PUT", path, sent), token="eve"))[0] == 404
    assert (await curl(port, other("PUT", path, sent), token="ada"))[0] == 409, "it is not paid"
    _, intent = await curl(port, INTENT, token="ada", order=order["id"])
    await _pay(account, intent, CARD)
    await hear(pay.world, account)
    assert (await curl(port, other("PUT", path, sent), token="ada"))[0] == 403
    assert (await curl(port, other("PUT", path, {"status": "PAID"}), token="grace"))[0] == 400
    status, shown = await curl(port, other("PUT", path, sent), token="grace")
    assert (status, shown["status"]) == (200, "SHIPPED")
    assert (await curl(port, other("PUT", path, {"status": "DELIVERED"}), token="grace"))[0] == 403
    assert (await curl(port, other("PUT", path, {"status": "DELIVERED"}), token="ada"))[1]["status"] == "DELIVERED"
    assert (await curl(port, other("GET", path), token="eve"))[0] == 404
    assert (await curl(port, other("GET", path), token="grace"))[1]["status"] == "DELIVERED"
    assert (await curl(port, other("POST", f"{path}/cancel"), token="ada"))[0] == 409


async def test_a_seller_sees_of_an_order_what_they_sell_in_it_and_not_what_others_do(
    pay: Farthing, port: int, account: Account
) -> None:
    mine = await lamp(pay.world, account)
    linus = await onboarded(pay.world, account, "linus")

    async def lists(tx: Transaction) -> Listing:
        wanted = listings.Wanted(title="A secret", prices=[Money(700, "usd")])
        made = await listings.create(tx, pay.world.catalog, linus.id, "vase", wanted, livemode=False, stock=1)
        return await listings.publish(tx, made.id)

    theirs = await pay.world.db.run("test", lists)
    items = [CartItem("", 1, listing=str(each.id)) for each in (mine, theirs)]
    sold = replace(pay.world, catalog=catalog.parse(MARKET))
    order = await buy(sold, account, *items, buyer=Buyer("ada", "ada@example.com"))
    path = f"/api/v1/orders/{order.id}"
    status, seen = await curl(port, other("GET", path), token="grace")
    assert (status, seen["totalAmount"], seen["sellerId"], seen["payment"]) == (200, 2000, "grace", None)
    assert [each["title"] for each in seen["items"]] == ["A lamp"]
    _, all_ = await curl(port, other("GET", path), token="ada")
    assert (all_["totalAmount"], all_["sellerId"], len(all_["items"])) == (2700, None, 2)
    sent = {"status": "SHIPPED", "carrier": "UPS"}
    assert (await curl(port, other("PUT", path, sent), token="grace"))[1]["status"] == "SHIPPED"
    assert (await curl(port, other("GET", path), token="ada"))[1]["status"] == "PAID"


@pytest.mark.covers("S004-1", "S004-22")
async def test_what_cannot_be_ordered_says_what_is_wrong(pay: Farthing, port: int, account: Account) -> None:
    listing = await lamp(pay.world, account, stock=1)
    one = {"listingId": str(listing.id), "quantity": 1}
    wrong: list[tuple[dict[str, Any], int, str]] = [
        (one, 400, "shippingAddress"),
        ({**one, "shippingAddress": {**ADDRESS, "country": "FR"}}, 400, "country"),
        ({**one, "shippingAddress": {**ADDRESS, "country": "ZZ"}}, 400, "country"),
        ({**one, "shippingAddress": {**ADDRESS, "postalCode": "1"}}, 400, "postal"),
        ({**one, "shippingAddress": {**ADDRESS, "city": None}}, 400, "city"),
        ({**one, "shippingAddress": ADDRESS, "quantity": 0}, 400, "quantity"),
        ({**one, "shippingAddress": ADDRESS, "quantity": 2}, 409, "items"),
        ({**one, "shippingAddress": ADDRESS, "listingId": "listing_x"}, 404, "listing"),
    ]
    for body, status, param in wrong:
        answer = await curl(port, other("POST", "/api/v1/orders", body), token="ada")
        assert answer[0] == status, answer
        assert param in json.dumps(answer[1]["error"]), answer
    assert (await curl(port, other("POST", "/api/v1/orders", one), token="nobody"))[0] == 401
    _, order = await curl(
        port, CREATE.replace('"quantity": 2', '"quantity": 1'), token="ada", listing=str(listing.id), address=ADDRESS
    )
    status, canceled = await curl(port, other("POST", f"/api/v1/orders/{order['id']}/cancel"), token="ada")
    assert (status, canceled["status"]) == (200, "CANCELLED")
    assert (await read(pay.world, OrderId.parse(order["id"]))).status == OrderStatus.CANCELED
    assert (await pay.world.db.run("test", lambda tx: inventory.get(tx, listing.stock))).available == 1


@pytest.mark.covers("S004-8", "S004-20")
async def test_what_is_paid_and_not_sent_is_canceled_and_its_money_goes_back(
    pay: Farthing, port: int, account: Account
) -> None:
    listing = await lamp(pay.world, account)
    _, order = await curl(port, CREATE, token="ada", listing=str(listing.id), address=ADDRESS)
    _, intent = await curl(port, INTENT, token="ada", order=order["id"])
    await _pay(account, intent, CARD)
    await hear(pay.world, account)
    path = f"/api/v1/orders/{order['id']}"
    assert (await curl(port, other("POST", f"{path}/cancel"), token="eve"))[0] == 404
    for _ in range(2):
        status, canceled = await curl(port, other("POST", f"{path}/cancel"), token="ada")
        assert (status, canceled["status"]) == (200, "CANCELLED")
    sent = {"status": "SHIPPED", "carrier": "UPS", "trackingNumber": "1Z999"}
    assert (await curl(port, other("PUT", path, sent), token="grace"))[0] == 409
    await work(pay.world)
    await hear(pay.world, account)
    assert (await curl(port, other("GET", path), token="ada"))[1]["status"] == "REFUNDED"
    stock = await pay.world.db.run("test", lambda tx: inventory.get(tx, listing.stock))
    assert (stock.on_hand, stock.available) == (5, 5)
    assert await sound(pay.world)


async def _pay(account: Account, intent: dict[str, Any], card: str) -> int:
    """As Stripe.js does it, in the buyer's browser."""
    method = await account.http.post(
        "/v1/payment_methods",
        data={"type": "card", "card[number]": card, "card[exp_month]": "12", "card[exp_year]": "2034", "card[cvc]": "123"},
    )
    form = {"payment_method": method.json()["id"], "return_url": "https://shop.example/back"}
    answer = await account.http.post(f"/v1/payment_intents/{intent['paymentIntentId']}/confirm", data=form)
    return answer.status_code
