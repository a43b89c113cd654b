"""What sellers and buyers of a marketplace are written, once for each fact."""

from functools import partial

import httpx
import pytest
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_paying_sellers import delivered, give_back, settle, time_passes
from tests.news import happened, hear, work
from tests.sellers.selling import act
from tests.worlds import Outbox, buy

from farthing import cancellations, checkout, reactions, returns, seller_orders, sellers
from farthing.checkout import Buyer
from farthing.ids import EventId
from farthing.returns import Asked

ADDRESS = {"country": "US", "name": "Ada Lovelace", "line1": "1 Navy Way", "city": "Arlington", "state": "VA"}
TO = ADDRESS | {"postal_code": "22202"}


def told(outbox: Outbox, recipient: str) -> list[str]:
    return [message.subject for message in outbox.messages if message.recipient == recipient]


@pytest.mark.covers("S004-18")
async def test_everybody_is_told_what_is_theirs_to_know_and_once(market: Market, outbox: Outbox) -> None:
    lamp, novel = await market.lists(market.grace, "lamp", 2000), await market.lists(market.linus, "novel", 1500)
    started = await checkout.start(
        market.world,
        items=[of(lamp, 2), of(novel)],
        buyer=Buyer("ada", "ada@example.com", "Ada"),
        success_url="http://testserver/thanks",
        cancel_url="http://testserver/cart",
        shipping_address=TO,
        actor="test",
    )
    assert (await market.account.pay(httpx.URL(started.url).path.rpartition("/")[2])).status_code == 200
    await hear(market.world, market.account)
    await work(market.world)
    assert told(outbox, "ada@example.com") == ["Your order 1001"]
    (to_ship,) = [message for message in outbox.messages if message.recipient == "grace@example.com"]
    assert to_ship.subject == "Sold: order 1001-1"
    assert all(words in to_ship.text for words in ("2 x lamp of Grace", "Ada Lovelace", "1 Navy Way", "VA 22202"))
    assert not any(words in to_ship.text + to_ship.html for words in ("ada@example.com", "novel", "4242", "$", "55.00"))
    assert "http://testserver/progress/" in outbox.messages[0].text + outbox.messages[1].text + outbox.messages[2].text

    first, second = await market.do(lambda tx: seller_orders.of_order(tx, started.order_id))
    sent = partial(seller_orders.ship, carrier="dhl", tracking_number="JD01", tracking_url="https://dhl.example/JD01")
    parcel = await market.do(lambda tx: sent(tx, first.id))
    await work(market.world)
    shipped = outbox.messages[-1]
    assert (shipped.recipient, shipped.subject) == ("ada@example.com", "Your order 1001 is on its way")
    assert all(words in shipped.text for words in ("Grace has sent", "2 x lamp", "DHL", "JD01", "https://dhl.example/JD01"))
    await market.do(lambda tx: seller_orders.move_shipment(tx, parcel.id, "deliver"))
    await work(market.world)
    assert told(outbox, "ada@example.com")[-1] == "Your order 1001 has arrived"
    lost = await market.do(lambda tx: seller_orders.ship(tx, second.id, carrier="dhl", tracking_number="JD02"))
    await market.do(lambda tx: seller_orders.move_shipment(tx, lost.id, "return"))
    await work(market.world)
    assert told(outbox, "ada@example.com")[-1] == "A parcel of your order 1001 went back"
    every = len(outbox.messages)
    await work(market.world)
    assert len(outbox.messages) == every
    assert (await happened(market.world, started.order_id)).count("email.sent") == every


async def test_one_sellers_part_is_told_without_waiting_for_anothers(market: Market, outbox: Outbox) -> None:
    lamp, novel = await market.lists(market.grace, "lamp", 2000), await market.lists(market.linus, "novel", 1500)
    await buy(market.world, market.account, of(lamp), of(novel))
    newest_first = "SELECT id FROM events WHERE type = 'seller_order.confirmed' ORDER BY sequence DESC"
    parts = await market.do(lambda tx: tx.all(lambda row: str(EventId.of(row["id"])), newest_first))
    for part in parts:
        await reactions.announce(market.world, {"event": part})
    await reactions.react(market.world, {"event": parts[0], "to": "email:sale"})
    assert [(told.recipient, told.subject) for told in outbox.messages] == [("linus@example.com", "Sold: order 1001-2")]


async def test_a_seller_hears_of_their_money_and_of_what_is_called_off(market: Market, outbox: Outbox) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    order = await buy(market.world, market.account, of(lamp))
    await delivered(market, order)
    await time_passes(market, 4)
    await act(market.account, market.grace, "ask", fields=["individual.id_number"], blocks="charges")
    for _ in range(3):
        await settle(market)
        await time_passes(market, 1)
    path = f"/v1/accounts/{market.grace.provider_account_id}"
    (await market.account.http.post(path, data={"individual[id_number]": "000000000"})).raise_for_status()
    await sellers.sync(market.world, market.grace.id, actor="test")
    await settle(market)
    await work(market.world)
    subjects = told(outbox, "grace@example.com")
    assert subjects.count("What you earned with order 1001-1 is late") == 1
    assert subjects.count("$18.00 for order 1001-1") == 1

    await give_back(market, await buy(market.world, market.account, of(lamp)))
    assert told(outbox, "grace@example.com")[-1] == "Do not send order 1002-1"


@pytest.mark.covers("S004-18")
async def test_a_seller_is_told_what_is_missing_and_until_when(market: Market, outbox: Outbox) -> None:
    await act(market.account, market.grace, "ask", fields=["individual.id_number"], seconds=86_400)
    await sellers.sync(market.world, market.grace.id, actor="test")
    await work(market.world)
    (message,) = outbox.messages
    assert message.recipient == "grace@example.com"
    assert ("- Your tax number." in message.text, "Until " in message.text) == (True, True)
    await sellers.sync(market.world, market.grace.id, actor="test")
    await work(market.world)
    assert len(outbox.messages) == 1


async def test_what_is_called_off_or_sent_back_is_told_to_who_has_to_act_on_it(market: Market, outbox: Outbox) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    order = await buy(market.world, market.account, of(lamp, 3))
    (part,) = await market.do(lambda tx: seller_orders.of_order(tx, order.id))
    line, policy = part.lines[0].line_id, market.world.catalog.returns
    await market.do(lambda tx: cancellations.cancel(tx, part.id, [(line, 1)], party="buyer", policy=policy))
    await work(market.world)
    (less,) = [message for message in outbox.messages if message.subject == "Send less of order 1001-1"]
    assert (less.recipient, "1 x lamp of Grace" in less.text) == ("grace@example.com", True)

    await delivered(market, order)
    back = await market.do(lambda tx: returns.request(tx, part.id, [Asked(line, 1, "damaged")], policy=policy))
    await work(market.world)
    assert told(outbox, "grace@example.com")[-1] == "Return 1001-1-R1: please decide"
    await market.do(lambda tx: returns.approve(tx, back.id, policy=policy, note="To the lamp works, please."))
    await work(market.world)
    assert told(outbox, "ada@example.com")[-1] == "Your return 1001-1-R1"
    assert all(words in outbox.messages[-1].text for words in ("You may send it back", "To the lamp works", "Send it before"))
    await market.do(lambda tx: returns.receive(tx, back.id))
    await work(market.world)
    assert "Your return 1001-1-R1 has arrived" in told(outbox, "ada@example.com")
