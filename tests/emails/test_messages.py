"""What a buyer reads: one message for each fact, however often its job runs."""

from dataclasses import replace

import pytest
from tests.news import count, happened, read, work
from tests.worlds import CATALOG, Account, Outbox, buy

from farthing import catalog, emails, events, jobs, payments
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.emails import Email
from farthing.errors import ProviderUnavailable
from farthing.events import Event
from farthing.ids import OrderId
from farthing.money import Money
from farthing.worker import TASKS
from farthing.world import World


async def written(world: World, order: OrderId) -> list[Email]:
    async with world.db.transaction("test") as tx:
        return await emails.of_order(tx, order)


async def paid_event(world: World, order: OrderId) -> Event:
    async with world.db.transaction("test") as tx:
        return next(event for event in await events.of_order(tx, order) if event.type == "order.paid")


@pytest.mark.covers("S003-22")
async def test_the_buyer_is_told_what_they_bought(world: World, account: Account, outbox: Outbox) -> None:
    order = await buy(world, account, CartItem("mug", 2), CartItem("guide"))
    await work(world)
    (message,) = outbox.messages
    assert (message.recipient, message.subject) == ("ada@example.com", f"Your order {order.number}")
    for part in ("2 x A mug: €25.00", "1 x The guide: €49.00", "Total paid: €74.00", "The test shop"):
        assert part in message.text
    for part in ("A mug", "€25.00", "€74.00"):
        assert part in message.html
    (email,) = await written(world, order.id)
    assert (email.status, email.kind, email.recipient) == ("sent", "order_confirmation", "ada@example.com")
    assert email.sent_at is not None
    assert (await happened(world, order.id)).count("email.sent") == 1


async def test_a_refund_is_told_with_its_own_amount(world: World, account: Account, outbox: Outbox) -> None:
    order = await buy(world, account)
    async with world.db.transaction("test") as tx:
        await payments.refund_order(tx, order.id, Money(1234, "eur"), reason="requested_by_customer", note="a private note")
    await work(world)
    receipt = outbox.messages[-1]
    assert receipt.subject == f"Refund for your order {order.number}"
    assert "€12.34" in receipt.text
    assert "€12.34" in receipt.html
    assert "private" not in receipt.text + receipt.html


async def test_running_its_job_again_sends_nothing_again(world: World, account: Account, outbox: Outbox) -> None:
    order = await buy(world, account)
    event = await paid_event(world, order.id)
    for _ in range(3):
        await emails.order_confirmation(world, event)
    await work(world)
    assert (len(outbox.messages), await count(world, "emails")) == (1, 1)
    assert (await happened(world, order.id)).count("email.sent") == 1


class Letterbox(Outbox):
    """A post office that takes the message, and whose answer is lost the first time."""

    async def send(self, *, key: str, recipient: str, subject: str, text: str, html: str) -> None:
        await Outbox.send(self, key=key, recipient=recipient, subject=subject, text=text, html=html)
        if len(self.messages) == 1:
            raise ProviderUnavailable("the line was cut")


@pytest.mark.covers("F73")
async def test_after_a_lost_answer_the_same_message_goes_out_again(world: World, account: Account) -> None:
    post = Letterbox()
    torn = replace(world, mailer=post)
    order = await buy(torn, account)
    drained = await jobs.drain(torn.db, torn, TASKS, ignore_delays=True)
    assert drained.again == 1
    first, second = post.messages
    assert first == second, "the same key, so that a receiver sees one message"
    assert [email.status for email in await written(world, order.id)] == ["sent"]


async def test_what_is_written_once_is_not_written_anew(world: World, account: Account, outbox: Outbox) -> None:
    post = Letterbox()
    order = await buy(world, account)
    event = await paid_event(world, order.id)
    with pytest.raises(ProviderUnavailable):
        await emails.order_confirmation(replace(world, mailer=post), event)
    renamed = replace(world, catalog=catalog.parse(CATALOG.replace("The test shop", "Another shop")))
    await emails.order_confirmation(renamed, event)
    assert "The test shop" in outbox.messages[0].text
    assert [email.status for email in await written(world, order.id)] == ["sent"]


@pytest.mark.covers("F164")
async def test_a_name_is_no_markup(world: World, account: Account, outbox: Outbox) -> None:
    evil = CATALOG.replace("A mug", "<script>alert(1)</script> & co")
    shop = replace(world, catalog=catalog.parse(evil))
    await buy(shop, account, CartItem("mug"))
    await work(shop)
    (message,) = outbox.messages
    assert "<script>" not in message.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in message.html
    assert "<script>alert(1)</script> & co" in message.text


async def test_who_left_no_address_gets_no_email_and_nothing_fails(world: World, account: Account, outbox: Outbox) -> None:
    order = await buy(world, account, buyer=Buyer("grace"))
    drained = await work(world)
    assert (drained.again, drained.dead, outbox.messages) == (0, 0, [])
    assert await written(world, order.id) == []


async def test_a_guest_is_written_to_at_the_address_of_this_order(world: World, account: Account, outbox: Outbox) -> None:
    order = await buy(world, account, buyer=Buyer(email="Guest@Example.com"))
    await work(world)
    assert outbox.messages[0].recipient == "Guest@Example.com"
    assert (await read(world, order.id)).email == "Guest@Example.com"
