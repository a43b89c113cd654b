"""What is written about customers: who they are, that they are wanted at a provider, and what came of it."""

from collections.abc import Mapping
from typing import Final

from farthing import events, jobs
from farthing.customers import attachments, methods, store
from farthing.customers.model import Attachment, Customer, check_known, checked_metadata
from farthing.db import Transaction
from farthing.ids import CustomerId
from farthing.providers import SeenCustomer

PUSH: Final = "customers.push"


async def remember(
    tx: Transaction,
    *,
    external_id: str | None,
    email: str | None,
    name: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Customer:
    """Find or make the customer. What is newly known of a signed-in one is kept and pushed to whoever knows them; of a guest,
    whom anybody may claim to be, the first word stays.
    """
    given = None if metadata is None else checked_metadata(metadata)
    found = await store.remember(tx, external_id=external_id, email=email, name=name, metadata=given)
    if external_id is not None and await attachments.mark_due(tx, found.id):
        await events.record(tx, "customer.updated", customer=found.id)
        await jobs.schedule(tx, PUSH, customer=str(found.id))
    return found


async def want(tx: Transaction, customer: Customer, provider: str, *, livemode: bool, soon: bool = True) -> None:
    """Say that the provider shall have them: the row now, and with `soon` a job that asks. Harmless to repeat."""
    check_known(customer)
    if await attachments.claim(tx, customer.id, provider, livemode=livemode) and soon:
        await jobs.schedule(tx, PUSH, customer=str(customer.id))


async def forget(tx: Transaction, id: CustomerId) -> None:
    """Nothing is kept of who it was; wherever they are known they are due to be deleted."""
    await store.erase(tx, id)
    await attachments.mark_due(tx, id)
    await attachments.forget_requests(tx, id)


async def made(tx: Transaction, link: Attachment, seen: SeenCustomer) -> str:
    """The provider answered: keep their id of the customer. Whoever comes second finds it kept."""
    current = await attachments.lock(tx, link.customer_id, link.provider, livemode=link.livemode)
    assert current is not None, f"{link.customer_id} was claimed and cannot be gone"
    if current.provider_customer_id is not None:
        return current.provider_customer_id
    await attachments.save_made(tx, current, seen.id)
    await events.record(tx, "customer.pushed", customer=link.customer_id, provider_customer=seen.id, made=True)
    await push_what_changed_meanwhile(tx, link)
    return seen.id


async def push_what_changed_meanwhile(tx: Transaction, link: Attachment) -> None:
    after = await attachments.get(tx, link.customer_id, link.provider, livemode=link.livemode)
    if after is not None and after.push_due_at is not None:
        await jobs.schedule(tx, PUSH, customer=str(link.customer_id))


async def lost(tx: Transaction, link: Attachment) -> None:
    """Somebody deleted them at the provider, and with them every saved method. The next use makes them anew."""
    if link.provider_customer_id is not None and await attachments.save_lost(tx, link):
        gone = link.provider_customer_id
        await events.record(tx, "customer.gone", customer=link.customer_id, provider_customer=gone)
        await methods.detach_all(tx, link)


async def refused(tx: Transaction, link: Attachment, reason: str) -> None:
    await attachments.save_refused(tx, link, reason)
    await events.record(tx, "customer.push_failed", customer=link.customer_id, reason=reason)


async def customer_of(tx: Transaction, provider: str, livemode: bool, seen: SeenCustomer) -> CustomerId | None:
    """Whose customer it is: by their id, or by our mark where the answer to our call is not written yet."""
    owner = await attachments.find_owner(tx, provider, livemode, seen.id)
    if owner is not None or seen.reference is None:
        return owner
    marked = await store.list_page(tx, limit=1, search=seen.reference, exact=True)
    link = await attachments.get(tx, marked.items[0].id, provider, livemode=livemode) if marked.items else None
    if link is None or link.provider_customer_id is not None or link.request is None:
        return None
    await made(tx, link, seen)
    return link.customer_id
