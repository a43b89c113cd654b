"""Whose subscriptions a caller may see: a server all of them, a customer their own."""

from farthing import customers
from farthing.db import Transaction
from farthing.errors import Conflict, NotFound
from farthing.http.callers import CustomerCaller, Server
from farthing.ids import CustomerId, SubscriptionId
from farthing.lifecycles import SubscriptionStatus
from farthing.paging import Page
from farthing.subscriptions import store
from farthing.subscriptions.model import Subscription


async def find_for(tx: Transaction, caller: Server | CustomerCaller, id: SubscriptionId) -> Subscription:
    """Raises NotFound for the subscription of somebody else, in the words of one that does not exist."""
    found = await store.get(tx, id)
    if isinstance(caller, CustomerCaller):
        own = await customers.find_by_external_id(tx, caller.identity.external_id)
        if own is None or own.id != found.customer_id:
            raise NotFound(f"There is no subscription {id}.")
    return found


async def page_for(
    tx: Transaction,
    caller: Server | CustomerCaller,
    *,
    limit: int,
    cursor: SubscriptionId | None = None,
    status: SubscriptionStatus | None = None,
    customer: str | None = None,
    plan: str | None = None,
) -> Page[Subscription]:
    """Newest first; of a customer only their own."""
    whose = customer if isinstance(caller, Server) else caller.identity.external_id
    owner: CustomerId | None = None
    if whose is not None:
        found = await customers.find_by_external_id(tx, whose)
        if found is None:
            return Page((), None)
        owner = found.id
    return await store.list_page(tx, limit=limit, cursor=cursor, status=status, customer=owner, plan=plan)


async def find_one(tx: Transaction, named: str) -> Subscription:
    """By its id, the provider's, or whoever has it: an email address or the host's own id. Raises Conflict where there are
    several that live, NotFound where there is none."""
    if named.startswith(f"{SubscriptionId.prefix}_"):
        return await store.get(tx, SubscriptionId.parse(named))
    if named.startswith("sub_"):
        for livemode in (True, False):
            found = await store.find_by_provider_id(tx, "stripe", livemode, named)
            if found is not None:
                return found
        raise NotFound(f"There is no subscription {named[:64]!r}.")
    people = (await customers.list_page(tx, limit=20, search=named, exact=True)).items
    held = [each for person in people for each in await store.of_customer(tx, person.id)]
    live = [each for each in held if each.is_live]
    if len(live) > 1:
        listed = ", ".join(f"{each.id} ({each.plan})" for each in live)
        raise Conflict(f"{named[:64]} has several: {listed}. Name one by its id.")
    if not held:
        raise NotFound(f"Nobody called {named[:64]!r} has a subscription.")
    return (live or held)[0]
