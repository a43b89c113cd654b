"""Recovery links of invoices: `/renewal/{token}`, by which what a subscription owes is paid. Nobody signs in for it."""

from datetime import timedelta
from typing import Final

from farthing import customers, events, invoices, subscriptions
from farthing.config import Settings
from farthing.db import Transaction
from farthing.dunning import flow, store
from farthing.dunning.debts import Attempt, Debt, Failure
from farthing.errors import Conflict, NotFound
from farthing.http import signed
from farthing.ids import EventId, InvoiceId
from farthing.invoices import Invoice
from farthing.world import World

PATH: Final = "/renewal/"
CARD: Final = "/card?session_id={CHECKOUT_SESSION_ID}"
PURPOSE: Final = "renewal link"
GOOD_FOR: Final = timedelta(days=60)
"""From when the invoice was made: longer than any provider tries on."""


def renewal_url(settings: Settings, invoice: Invoice) -> str:
    """The link for the email. Made when it is needed, stored nowhere."""
    return f"{settings.base_url}{PATH}{signed.token(settings, PURPOSE, invoice.id, invoice.issued_at + GOOD_FOR)}"


async def debt_of(world: World, token: str, *, actor: str) -> Debt:
    """What the link stands for. Raises NotFound for one that is not ours, Conflict for one whose time is over."""
    id, until = signed.read(world.settings, PURPOSE, token)
    async with world.db.transaction(actor) as tx:
        if until <= tx.now:
            raise Conflict("This link is too old: ask the shop for a new one.")
        return await _debt(tx, world, InvoiceId(bytes=id))


async def page_to_pay(world: World, token: str, *, actor: str) -> str:
    """The provider's page of the invoice, where any card pays it and a bank is answered. How it stands is looked at first.

    Raises Conflict where nothing is owed any more, or it is being collected at this moment: nobody pays twice.
    """
    debt = await debt_of(world, token, actor=actor)
    await subscriptions.sync(world, debt.subscription.provider_subscription_id, actor=actor)
    debt = await debt_of(world, token, actor=actor)
    _check(debt)
    if debt.invoice.hosted_url is None:
        raise Conflict("This invoice has no page to pay it on yet: try again in a moment.")
    return debt.invoice.hosted_url


async def page_to_save(world: World, token: str, *, actor: str) -> str:
    """The provider's page on which another card is saved, to pay this and what comes after."""
    debt = await debt_of(world, token, actor=actor)
    _check(debt)
    theirs, here = await customers.at_provider(world, debt.subscription.customer_id, actor=actor), _here(world, token)
    return await world.provider_named(debt.subscription.provider).setup_page(
        theirs,
        currency=debt.invoice.currency,
        success_url=here + CARD,
        cancel_url=here,
        # Nothing is charged there: each call is a page.
        key=str(EventId.new()),
    )


async def use_saved(world: World, token: str, setup: str, *, actor: str) -> Attempt | None:
    """Back from that page: what was saved there pays from now on, and this at once. Repeating it charges nothing again.

    None where nothing was saved. Raises NotFound for a page that was made for somebody else.
    """
    debt = await debt_of(world, token, actor=actor)
    async with world.db.transaction(actor) as tx:
        known = await store.find_of_setup(tx, setup)
    if known is not None and known.invoice_id == debt.invoice.id and known.answered_at is not None:
        return known
    found = debt.subscription
    provider = world.provider_named(found.provider)
    theirs, saved = await customers.at_provider(world, found.customer_id, actor=actor), await provider.saved_on_page(setup)
    if saved.customer_id != theirs:
        raise NotFound("There is no such page: follow the link of the email again.")
    if saved.method_id is None:
        return None
    await provider.pay_with(found.provider_subscription_id, saved.method_id, key=f"{found.id}:{setup}")
    await customers.sync_methods(world, found.customer_id, actor=actor)
    return await flow.retry(world, found.id, actor=actor, method=saved.method_id, setup=setup)


async def learn_trouble(world: World, invoice: Invoice, *, actor: str) -> str | None:
    """Why the last payment of it failed, asked for and kept."""
    code = await world.provider_named(invoice.provider).invoice_trouble(invoice.provider_invoice_id)
    if code is not None:
        await world.db.run(actor, lambda tx: store.save_code(tx, invoice.id, code))
    return code


async def _debt(tx: Transaction, world: World, id: InvoiceId) -> Debt:
    invoice = await invoices.get(tx, id)
    if invoice.subscription_id is None:
        raise NotFound("There is no such payment link: follow the link of the email again.")
    found = await subscriptions.get(tx, invoice.subscription_id)
    told = [each for each in await events.of_subscription(tx, found.id) if each.type == "invoice.payment_failed"]
    product = world.catalog.products.get(found.plan)
    return Debt(
        invoice=invoice,
        subscription=found,
        plan=found.plan if product is None else product.name,
        failures=[Failure(each.happened_at, each.data["attempt"]) for each in told if each.data["invoice"] == str(invoice.id)],
        code=await store.code_of(tx, invoice.id),
        trying=await store.find_open(tx, invoice.id) is not None,
    )


def _check(debt: Debt) -> None:
    if debt.state != "owed":
        raise Conflict("There is nothing to pay any more.")
    if debt.trying:
        raise Conflict("It is being collected at this moment. Wait a minute, and look again.")


def _here(world: World, token: str) -> str:
    return f"{world.settings.base_url}{PATH}{token}"
