"""What is written about money on its way from a seller's account to their bank. It is theirs: our books do not hold it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from farthing import events, jobs, sellers
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, NotFound
from farthing.ids import PayoutId, SellerId
from farthing.lifecycles import PAYOUT, PayoutStatus
from farthing.money import Money
from farthing.payouts import banks
from farthing.payouts.model import Payout
from farthing.providers import SeenPayout
from farthing.sellers import Seller

TOLD: Final[dict[PayoutStatus, events.EventName]] = {
    PayoutStatus.PENDING: "payout.sent",
    PayoutStatus.PAID: "payout.paid",
    PayoutStatus.FAILED: "payout.failed",
    PayoutStatus.CANCELED: "payout.canceled",
}


async def want(
    tx: Transaction,
    id: SellerId,
    money: Money,
    available: Money,
    *,
    seen: Mapping[str, tuple[int, int]],
    retry_of: PayoutId | None = None,
) -> Payout:
    """The intention to send so much of what a seller has to their bank; a job does it. Raises Conflict, Invalid.

    `available` was found while their payouts were as `seen` (`banks.marks`): with another one since, it is not believed.
    """
    seller = await sellers.lock(tx, id)
    check_able(seller, tx.now)
    if money.amount <= 0:
        raise Invalid("The amount of a payout is positive.", param="amount")
    if retry_of is not None and (await banks.get(tx, retry_of)).status not in (PayoutStatus.FAILED, PayoutStatus.REFUSED):
        raise Conflict(f"{retry_of} did not fail: there is nothing to try again.")
    if money > available:
        raise Conflict(f"{available} of {seller.described} can go to their bank now, not {money}.", param="amount")
    if (await banks.marks(tx, id)).get(money.currency) != seen.get(money.currency):
        raise Conflict(f"Something of {seller.described} went to their bank meanwhile: look again how much can go.")
    new = await banks.insert_wanted(tx, seller, money, retry_of=retry_of)
    if new is None:
        raise Conflict(f"A payout of {seller.described} is asked for already, and not answered yet.")
    payout = await banks.get(tx, new)
    await _tell(tx, "payout.requested", payout)
    await jobs.schedule(tx, "payouts.send_payout", payout=str(new))
    return payout


def check_able(seller: Seller, now: datetime) -> None:
    """Raise Conflict for one who cannot be paid now, with the reason."""
    if seller.provider_account_id is None or not seller.payouts_enabled:
        why = seller.requirements.disabled_reason or "their account is not ready"
        raise Conflict(f"Nothing can go to the bank of {seller.described}: {why}.", extra={"state": str(seller.status)})
    if seller.held(now):
        raise Conflict(f"What {seller.described} earned is held: {seller.held_because}", extra={"state": "held"})
    if not seller.may_be_paid:
        raise Conflict(f"{seller.described} is suspended or rejected: nothing goes to their bank.")


async def record_seen(tx: Transaction, provider: str, livemode: bool, seen: SeenPayout) -> Payout | None:
    """Bring our row to what the provider says; None where the account is none of our sellers'. Late news changes nothing."""
    owner = await sellers.find_by_account(tx, provider, livemode, seen.account_id)
    if owner is None:
        return None
    seller = await sellers.lock(tx, owner.id)
    before = await banks.find_by_provider_id(tx, provider, livemode, seen)
    if before is None and (marked := await _marked(tx, seller, seen)) is not None:
        before = marked
    first = before is None
    if before is None:
        await banks.insert_seen(tx, seller, seen)
        before = await banks.find_by_provider_id(tx, provider, livemode, seen)
        assert before is not None, "it was inserted above"
    status = _next(before.status, seen.status)
    if status is None:
        return before
    await banks.save_seen(tx, before, seen, status)
    after = await banks.get(tx, before.id)
    told = TOLD.get(status)
    if first and status != PayoutStatus.PENDING:
        await _tell(tx, "payout.sent", after)
    if told is not None and (first or status != before.status):
        more = {"reason": after.failure_message, "code": after.failure_code} if status == PayoutStatus.FAILED else {}
        await _tell(tx, told, after, **more)
    return after


async def refuse(tx: Transaction, id: PayoutId, because: str) -> None:
    """The provider said no: nothing left the seller's account."""
    payout = await banks.get(tx, id)
    await sellers.lock(tx, payout.seller_id)
    if await banks.save_refused(tx, id, because):
        await _tell(tx, "payout.refused", payout, reason=because)


async def _marked(tx: Transaction, seller: Seller, seen: SeenPayout) -> Payout | None:
    """Ours, of which the answer was lost. A mark is believed of the account that it was made for, and of that sum."""
    if seen.reference is None:
        return None
    try:
        found = await banks.get(tx, PayoutId.parse(seen.reference))
    except NotFound:
        return None
    fits = found.seller_id == seller.id and found.provider_payout_id is None and found.money == seen.money
    return found if fits else None


def _next(known: PayoutStatus, seen: str) -> PayoutStatus | None:
    """None for what is late, or of a kind that came later than this code."""
    try:
        status = PayoutStatus(seen)
    except ValueError:
        return None
    if status == known:
        return status
    verbs = (verb for verb, (sources, target) in PAYOUT.moves.items() if target == status and known in sources)
    return status if next(verbs, None) is not None else None


async def _tell(tx: Transaction, name: events.EventName, payout: Payout, **more: Any) -> None:
    await events.record(
        tx,
        name,
        payout=payout.id,
        seller=payout.seller_id,
        amount={"amount": payout.money.amount, "currency": payout.money.currency},
        arrives_at=None if payout.arrives_at is None else payout.arrives_at.isoformat(),
        last4=payout.last4,
        **more,
    )
