"""What is written about sellers: who they are, how their account stands, and what we decided about them."""

from datetime import datetime, timedelta
from typing import Any, Final

from farthing import events, jobs
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.ids import SellerId
from farthing.lifecycles import SELLER, SellerStatus
from farthing.providers import RejectionReason, SeenAccount
from farthing.sellers import accounts, store
from farthing.sellers.model import Seller, Wanted, checked, checked_reason, new_payout_accounts, standing

ACCOUNT_CHANGED: Final = "The bank account changed."
REJECT: Final = "sellers.reject"


async def remember(tx: Transaction, wanted: Wanted, *, country: str, provider: str, livemode: bool) -> Seller:
    """Find or make the seller, and keep what is newly told. `country` is of one who named none.

    Raises Invalid, and Conflict for another country once an account was asked for: there it cannot be changed.
    """
    checked(wanted)
    first = await store.insert(tx, wanted, country=wanted.country or country, provider=provider, livemode=livemode)
    found = await store.find_by_external_id(tx, wanted.external_id, livemode=livemode)
    assert found is not None, "it was just inserted, or there before"
    if first:
        await events.record(tx, "seller.created", seller=found.id, external_id=found.external_id, country=found.country)
        return found
    found = await store.lock(tx, found.id)
    asked = found.provider_account_id is not None or found.request is not None
    if asked and wanted.country not in (None, found.country):
        raise Conflict(f"{found.id} has an account in {found.country} already: its country cannot be changed.")
    if await store.update(tx, found.id, wanted):
        await events.record(tx, "seller.changed", seller=found.id, external_id=found.external_id)
    return await store.get(tx, found.id)


async def want_account(tx: Transaction, seller: Seller, *, payouts: str) -> Seller:
    """The intention to have an account, unless there is one, or a question that was not answered."""
    current = await store.lock(tx, seller.id)
    if current.status == SellerStatus.DEAUTHORIZED:
        SELLER.move(current.status, "begin_anew")
        await accounts.save_begun_anew(tx, current)
        current = await store.get(tx, current.id)
    if current.provider_account_id is not None or current.request is not None:
        return current
    await accounts.save_request(tx, current, _request(current, payouts), incarnation=current.incarnation)
    return await store.get(tx, current.id)


async def want_another(tx: Transaction, asked: Seller, *, payouts: str) -> Seller:
    """Nothing came of the first question: ask a new one, with a key of its own. Of two who find that out, one does."""
    current = await store.lock(tx, asked.id)
    if current.provider_account_id is None and current.incarnation == asked.incarnation:
        await accounts.save_request(tx, current, _request(current, payouts), incarnation=current.incarnation + 1)
    return await store.get(tx, current.id)


def _request(seller: Seller, payouts: str) -> dict[str, Any]:
    return {"country": seller.country, "email": seller.email, "name": seller.name, "payouts": payouts}


async def opened(tx: Transaction, seller: Seller, seen: SeenAccount) -> Seller:
    """The provider answered: keep the id of the account. Whoever comes second finds it kept."""
    current = await store.lock(tx, seller.id)
    if current.provider_account_id is None:
        await accounts.save_account(tx, current, seen.id)
        await events.record(tx, "seller.account_opened", seller=current.id, external_id=current.external_id, account=seen.id)
    return await store.get(tx, current.id)


async def refused(tx: Transaction, seller: Seller, reason: str) -> None:
    if await accounts.save_refused(tx, seller, reason):
        await events.record(tx, "seller.account_refused", seller=seller.id, reason=reason)


async def owner_of(tx: Transaction, provider: str, livemode: bool, seen: SeenAccount) -> Seller | None:
    """Whose account it is: by its id, or by our mark where the answer to our call is not written yet."""
    owner = await store.find_by_account(tx, provider, livemode, seen.id)
    if owner is not None or seen.reference is None:
        return owner
    found = await store.list_page(tx, livemode=livemode, limit=1, search=seen.reference, exact=True)
    marked = found.items[0] if found.items else None
    if marked is None or str(marked.id) != seen.reference or marked.request is None:
        return None
    return await opened(tx, marked, seen)


async def record_seen(tx: Transaction, seller: Seller, seen: SeenAccount, look: int, *, hold_days: int) -> Seller:
    """Write down how their account stands, and tell what changed. An older look, or one at an account that was replaced,
    changes nothing. Whoever gives another bank account is paid `hold_days` later: it may be a thief's.
    """
    before = await store.lock(tx, seller.id)
    if before.provider_account_id != seen.id or before.look >= look:
        return before
    status = standing(seen)
    SELLER.verb(before.status, status)
    await accounts.save_seen(tx, before, seen, status, look)
    after = await store.get(tx, before.id)
    await _tell(tx, before, after)
    added = new_payout_accounts(before.payout_accounts, seen.payout_accounts)
    if added:
        await accounts.note_payout_change(tx, after)
        await events.record(
            tx,
            "seller.payout_account_changed",
            seller=after.id,
            external_id=after.external_id,
            account=seen.id,
            last4=[each.last4 for each in added],
        )
        until = tx.now + timedelta(days=hold_days)
        if hold_days and (before.held_at is None or (before.held_until is not None and before.held_until < until)):
            await hold(tx, after.id, ACCOUNT_CHANGED, until=until)
    return await store.get(tx, before.id)


async def _tell(tx: Transaction, before: Seller, after: Seller) -> None:
    needs = after.requirements
    data: dict[str, Any] = {
        "seller": after.id,
        "external_id": after.external_id,
        "account": after.provider_account_id,
        "status": after.status,
        "charges_enabled": after.charges_enabled,
        "payouts_enabled": after.payouts_enabled,
        "due": list(needs.currently_due),
        "reason": needs.disabled_reason,
    }
    able = (before.charges_enabled, before.payouts_enabled) != (after.charges_enabled, after.payouts_enabled)
    match after.status:
        case SellerStatus.VERIFYING if before.status != after.status:
            await events.record(tx, "seller.verifying", **data)
        case SellerStatus.ACTIVE if before.status != after.status:
            await events.record(tx, "seller.onboarded", **data)
        case SellerStatus.RESTRICTED if before.status != after.status or able:
            await events.record(tx, "seller.restricted", **data)
        case SellerStatus.REJECTED if before.status != after.status:
            await events.record(tx, "seller.rejected", **data)
        case SellerStatus.DEAUTHORIZED if before.status != after.status:
            await events.record(tx, "seller.deauthorized", **data)
        case _ if _asked(before) != _asked(after) and before.seen_at is not None:
            deadline = needs.current_deadline
            said = None if deadline is None else deadline.isoformat()
            await events.record(tx, "seller.requirements_changed", **data, deadline=said)
        case _:
            pass


def _asked(seller: Seller) -> tuple[object, ...]:
    needs = seller.requirements
    return tuple(needs.currently_due), tuple(needs.past_due), needs.disabled_reason, needs.current_deadline


# What we decide


async def suspend(tx: Transaction, id: SellerId, reason: str) -> Seller:
    """Stop them from selling and from being paid, whatever the provider says. Raises Conflict where they are."""
    said, seller = checked_reason(reason), await store.lock(tx, id)
    if seller.suspended_at is not None:
        raise Conflict(f"{id} is suspended already.")
    await store.save_suspension(tx, id, said)
    await events.record(tx, "seller.suspended", seller=id, external_id=seller.external_id, reason=said)
    return await store.get(tx, id)


async def reinstate(tx: Transaction, id: SellerId, reason: str) -> Seller:
    said, seller = checked_reason(reason), await store.lock(tx, id)
    if seller.suspended_at is None:
        raise Conflict(f"{id} is not suspended.")
    await store.save_suspension(tx, id, None)
    await events.record(tx, "seller.reinstated", seller=id, external_id=seller.external_id, reason=said)
    return await store.get(tx, id)


async def hold(tx: Transaction, id: SellerId, reason: str, *, until: datetime | None = None) -> Seller:
    """Nothing that they earned goes on to them until somebody lets go, or until then. They sell on."""
    said, seller = checked_reason(reason), await store.lock(tx, id)
    await store.save_held(tx, id, said, until=until)
    told = None if until is None else until.isoformat()
    await events.record(tx, "seller.held", seller=id, external_id=seller.external_id, reason=said, until=told)
    return await store.get(tx, id)


async def let_go(tx: Transaction, id: SellerId) -> Seller:
    """They are paid again as was agreed."""
    seller = await store.lock(tx, id)
    if seller.held_at is not None:
        await store.save_held(tx, id, None)
        await events.record(tx, "seller.let_go", seller=id, external_id=seller.external_id)
    return await store.get(tx, id)


async def request_rejection(tx: Transaction, id: SellerId, reason: RejectionReason, note: str) -> Seller:
    """Promise to have nothing to do with them any more: from now on nothing is sold for them, and a job tells the provider.

    It cannot be taken back by us. Raises Conflict where they have no account, or are rejected.
    """
    said, seller = checked_reason(note), await store.lock(tx, id)
    if seller.status == SellerStatus.REJECTED or seller.rejection_asked_at is not None:
        raise Conflict(f"{id} is rejected already.")
    if seller.provider_account_id is None or seller.status == SellerStatus.DEAUTHORIZED:
        raise Conflict(f"{id} has no account that could be rejected: suspend them.")
    await store.save_rejection(tx, id, reason, said)
    await events.record(tx, "seller.rejection_requested", seller=id, external_id=seller.external_id, reason=reason, note=said)
    await jobs.schedule(tx, REJECT, seller=str(id))
    return await store.get(tx, id)


async def rejection_refused(tx: Transaction, seller: Seller, reason: str) -> None:
    """The provider will not: the promise is taken back, and they are suspended until somebody decides."""
    current = await store.lock(tx, seller.id)
    if current.rejection_asked_at is None or current.status == SellerStatus.REJECTED:
        return
    await store.save_rejection(tx, current.id, None, None)
    if current.suspended_at is None:
        await store.save_suspension(tx, current.id, "The provider did not reject them.")
    await events.record(tx, "seller.rejection_refused", seller=current.id, external_id=current.external_id, reason=reason)
