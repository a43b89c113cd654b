"""What is written to a subscriber, and when. Each function is a reaction to an event, and may run twice: the message is stored
under a key made of its kind and the event, and sent only while it waits."""

from datetime import datetime
from typing import Any, Final

from farthing import customers, dunning, events, invoices, subscriptions
from farthing.db import Transaction
from farthing.emails import store, words
from farthing.events import Event
from farthing.ids import CustomerId, InvoiceId, SubscriptionId
from farthing.lifecycles import EmailStatus
from farthing.money import Money
from farthing.world import World

ACCOUNT: Final = "/account/subscriptions"
FIRST: Final = "subscription_create"


async def renewal_failed(world: World, event: Event) -> None:
    """To a subscriber whose renewal was not paid, each time that it is tried, with the link by which it is. Not for a first
    payment, which failed before their eyes, and not once it is paid or over."""
    about = event.data
    if about["subscription"] is None or about["reason"] == FIRST:
        return
    async with world.db.transaction("worker") as tx:
        invoice = await invoices.get(tx, InvoiceId.parse(about["invoice"]))
        found = await subscriptions.get(tx, SubscriptionId.parse(about["subscription"]))
        written = await store.find(tx, _key(event))
    if written is not None:
        await _send(world, event, written)
        return
    code = await dunning.learn_trouble(world, invoice, actor="worker")
    if invoice.status != "open" or not found.is_live:
        return
    at, until = about["next_attempt_at"], found.access_until
    await _tell(
        world,
        event,
        "renewal_action_required" if code == dunning.NEEDS_BUYER else "renewal_failed",
        amount=_money(about),
        next_attempt_at=None if at is None else datetime.fromisoformat(at),
        until=until if until is not None and until > world.clock.now() else None,
        link=dunning.renewal_url(world.settings, invoice),
    )


async def subscription_lapsed(world: World, event: Event) -> None:
    """To a subscriber whose plan cannot be used any more, because its money never came."""
    async with world.db.transaction("worker") as tx:
        found = await subscriptions.get(tx, SubscriptionId.parse(event.data["subscription"]))
        owed = await dunning.owed(tx, found)
    link = world.settings.base_url + ACCOUNT if owed is None else dunning.renewal_url(world.settings, owed)
    await _tell(world, event, "subscription_lapsed", over=owed is None, link=link)


async def trial_ending(world: World, event: Event) -> None:
    """To a subscriber, some days before their trial ends: what it will cost, or that a card is missing."""
    ends_at, has_method = datetime.fromisoformat(event.data["trial_end"]), event.data["has_method"]
    link = world.settings.base_url + ACCOUNT
    await _tell(world, event, "trial_ending", amount=_money(event.data), ends_at=ends_at, has_method=has_method, link=link)


async def card_expiring(world: World, event: Event) -> None:
    """To a subscriber whose card will not be good for the next charge."""
    expires = f"{event.data['exp_month']:02d}/{event.data['exp_year']}"
    charge_at, link = datetime.fromisoformat(event.data["next_charge_at"]), f"{world.settings.base_url}/account/payment-methods"
    await _tell(world, event, "card_expiring", amount=_money(event.data), charge_at=charge_at, expires=expires, link=link)


def _money(about: dict[str, Any]) -> Money:
    return Money(about["amount"]["amount"], about["amount"]["currency"])


def _key(event: Event) -> str:
    """One message for each fact, whichever words it is told in."""
    return f"{event.type}:{event.id}"


async def _tell(world: World, event: Event, kind: str, **facts: Any) -> None:
    if kind in world.catalog.emails.off:
        return
    async with world.db.transaction("worker") as tx:
        email = await store.find(tx, _key(event)) or await _written(world, tx, event, kind, facts)
    if email is not None:
        await _send(world, event, email)


async def _send(world: World, event: Event, email: store.Email) -> None:
    if email.status == EmailStatus.SENT:
        return
    await world.mailer.send(key=email.key, recipient=email.recipient, subject=email.subject, text=email.text, html=email.html)
    async with world.db.transaction("worker") as tx:
        if await store.mark_sent(tx, email):
            about = {"subscription": event.data["subscription"], "customer": event.data["customer"]}
            await events.record(tx, "email.sent", order=None, **about, email=email.id, kind=email.kind)


async def _written(world: World, tx: Transaction, event: Event, kind: str, facts: dict[str, Any]) -> store.Email | None:
    found = await subscriptions.get(tx, SubscriptionId.parse(event.data["subscription"]))
    recipient = (await customers.get(tx, CustomerId.parse(event.data["customer"]))).email
    if recipient is None:
        return None
    folder, shop, product = world.settings.emails, world.catalog.shop, world.catalog.products.get(found.plan)
    locale = words.chosen(shop.locale, folder)
    plan = found.plan if product is None else product.name
    letter = words.compose(kind, {"shop": shop, "plan": plan, **facts}, locale=locale, folder=folder)
    return await store.write(tx, key=_key(event), kind=kind, order=None, recipient=recipient, locale=locale, letter=letter)
