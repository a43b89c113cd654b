"""What can be done with credits. Each takes `tx`, locks the customer's account first, and records what it did.

A host spends credits and does what they pay for in one transaction of its own: both happen, or neither.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from farthing import customers, events
from farthing.credits import store
from farthing.credits.model import CreditGrant, Credits, CreditSpend
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, KeyReused, NotFound
from farthing.ids import CreditGrantId, CreditSpendId, CustomerId, LineItemId, OrderId

AMOUNT_MAX: Final = 1_000_000_000_000
REFERENCE_MAX: Final = 255
NOTE_MAX: Final = 500


async def spend(tx: Transaction, customer: CustomerId, amount: int, *, reference: str, note: str | None = None) -> CreditSpend:
    """Spend credits, those that end first before the others. Once for each reference: repeating it answers with the first.

    Raises Conflict where there are not enough, or where the spend was released, and KeyReused for the same reference with
    another amount. Nothing is spent then.
    """
    _check(amount, reference, note)
    await store.lock_account(tx, customer)
    if (known := await store.find_spend(tx, customer, reference)) is not None:
        if known.amount != amount:
            raise KeyReused(f"{reference!r} was paid with {known.amount} credits, not {amount}: use another reference.")
        if known.released_at is not None:
            raise Conflict(f"The credits for {reference!r} were given back: spend them under another reference.")
        return known
    await _expire(tx, customer)
    id = await store.insert_spend(tx, customer, reference, amount, note)
    if not await store.take(tx, customer, id, amount):
        balance = (await show(tx, customer)).balance
        said = f"There are {balance} credits, and {reference[:64]!r} costs {amount}."
        raise Conflict(said, extra={"balance": balance, "amount": amount})
    await events.record(tx, "credits.spent", customer=customer, spend=id, credits=amount, reference=reference)
    return await store.get_spend(tx, id)


async def release(tx: Transaction, id: CreditSpendId) -> CreditSpend:
    """Undo a spend: the credits go back to the grants they came from. Harmless when repeated.

    Of a grant that has run out meanwhile they run out at once.
    """
    found = await store.get_spend(tx, id)
    await store.lock_account(tx, found.customer_id)
    if await store.save_released(tx, id):
        for taken, amount in await store.taken_by(tx, id):
            await store.move(tx, taken, "spent", "customer", amount, spend=id)
            if (grant := await store.get_grant(tx, taken)).revoked_at is not None:
                await _take_back(tx, grant, grant.order_id, amount, reference=None)
        await events.record(
            tx, "credits.released", customer=found.customer_id, spend=id, credits=found.amount, reference=found.reference
        )
        await _expire(tx, found.customer_id)
    return await store.get_spend(tx, id)


async def give(
    tx: Transaction,
    customer: CustomerId,
    amount: int,
    *,
    reference: str,
    note: str | None = None,
    expires_at: datetime | None = None,
) -> CreditGrant:
    """Grant credits that nobody paid for. Once for each reference: repeating it answers with the first."""
    _check(amount, reference, note)
    if expires_at is not None and expires_at <= tx.now:
        raise Invalid("Credits that have run out already are none: name a later moment.", param="expires_at")
    await store.lock_account(tx, customer)
    if (known := await store.find_given(tx, customer, reference)) is not None:
        if known.amount != amount:
            raise KeyReused(f"{reference!r} was {known.amount} credits, not {amount}: use another reference.")
        return known
    id = await store.insert_grant(tx, customer, amount, reference=reference, note=note, expires_at=expires_at)
    assert id is not None, "the account is locked, and the reference was not there"
    await _issue(tx, id, customer, amount, order=None, note=note)
    return await store.get_grant(tx, id)


async def grant_line(
    tx: Transaction, customer: CustomerId, order: OrderId, line: LineItemId, amount: int, *, expires_at: datetime | None
) -> None:
    """What a paid line bought. Harmless when repeated."""
    await store.lock_account(tx, customer)
    id = await store.insert_grant(tx, customer, amount, order=order, line=line, expires_at=expires_at)
    if id is not None:
        await _issue(tx, id, customer, amount, order=order, note=None)


async def revoke_line(tx: Transaction, line: LineItemId, order: OrderId) -> None:
    """The line's price is back: what is left of its credits goes. What was spent is spent."""
    grant = await _lock_grant(tx, line)
    if grant is not None:
        await store.save_revoked(tx, grant.id, tx.now)
        await _take_back(tx, grant, order, grant.remaining, reference=None)


async def restore_line(tx: Transaction, line: LineItemId, order: OrderId) -> None:
    """The refund did not happen: what was taken back is there again."""
    grant = await _lock_grant(tx, line)
    if grant is not None:
        await store.save_revoked(tx, grant.id, None)
        taken, given = await store.revoked(tx, grant.id, None)
        await _give_again(tx, grant, order, taken - given, reference=None)


async def hold_line(tx: Transaction, line: LineItemId, order: OrderId, reference: str, money: int, total: int) -> None:
    """A refund of `money` of the line's `total` is promised: its share of the credits goes now, as far as they are there.

    Rounded up, so that nobody keeps credits that were paid back. Once for each reference.
    """
    grant = await _lock_grant(tx, line)
    if grant is None or not total or await store.revoked(tx, grant.id, reference) != (0, 0):
        return
    await _take_back(tx, grant, order, min(grant.remaining, -(-grant.amount * money // total)), reference=reference)


async def let_go_line(tx: Transaction, line: LineItemId, order: OrderId, reference: str) -> None:
    """That refund failed, or was called off."""
    grant = await _lock_grant(tx, line)
    if grant is not None:
        taken, given = await store.revoked(tx, grant.id, reference)
        await _give_again(tx, grant, order, taken - given, reference=reference)


async def hold_given(
    tx: Transaction, customer: CustomerId, given: Sequence[str], reference: str, money: int, total: int
) -> None:
    """Money went back for what came with these references: its share of those credits goes, as far as they are there.

    Rounded up, the newest first. What was used is used; nothing is owed. Once for each reference.
    """
    await store.lock_account(tx, customer)
    await _expire(tx, customer)
    grants = [grant for each in given if (grant := await store.find_given(tx, customer, each)) is not None]
    taken = [await store.revoked(tx, grant.id, reference) for grant in grants]
    if not total or any(taken_before for taken_before, _ in taken):
        return
    # Of what is left of the grants by what was taken of them before: two halves that go back are all of it.
    held = sum(grant.used + grant.remaining for grant in grants)
    wanted = -(-held * money // total)
    for grant in grants:
        part = min(grant.remaining, wanted)
        wanted -= part
        await _take_back(tx, grant, None, part, reference=reference)


async def let_go_given(tx: Transaction, customer: CustomerId, given: Sequence[str], reference: str) -> None:
    """That money did not go back after all."""
    await store.lock_account(tx, customer)
    for each in given:
        grant = await store.find_given(tx, customer, each)
        if grant is not None:
            taken, again = await store.revoked(tx, grant.id, reference)
            await _give_again(tx, grant, None, taken - again, reference=reference)


async def show(tx: Transaction, customer: CustomerId) -> Credits:
    """What can be spent at this moment. What has run out is not counted, swept or not."""
    grants = tuple(await store.grants_left(tx, customer))
    return Credits(sum(grant.remaining for grant in grants), grants)


async def customer_of(tx: Transaction, external_id: str) -> CustomerId:
    """The host's user as our customer. Raises NotFound for one who never bought and was never given anything."""
    found = await customers.find_by_external_id(tx, external_id)
    if found is None:
        raise NotFound("There is no such customer.")
    return found.id


async def expire(tx: Transaction, customer: CustomerId) -> None:
    await store.lock_account(tx, customer)
    await _expire(tx, customer)


async def _expire(tx: Transaction, customer: CustomerId) -> None:
    for grant in await store.over(tx, customer):
        await store.move(tx, grant.id, "customer", "expired", grant.remaining)
        await events.record(
            tx, "credits.expired", order=grant.order_id, customer=customer, grant=grant.id, credits=grant.remaining
        )


async def _issue(
    tx: Transaction, id: CreditGrantId, customer: CustomerId, amount: int, *, order: OrderId | None, note: str | None
) -> None:
    await store.move(tx, id, "issued", "customer", amount)
    await events.record(tx, "credits.granted", order=order, customer=customer, grant=id, credits=amount, note=note)


async def _lock_grant(tx: Transaction, line: LineItemId) -> CreditGrant | None:
    found = await store.find_grant(tx, line)
    if found is None:
        return None
    await store.lock_account(tx, found.customer_id)
    return await store.get_grant(tx, found.id)


async def _take_back(tx: Transaction, grant: CreditGrant, order: OrderId | None, amount: int, *, reference: str | None) -> None:
    if amount:
        await store.move(tx, grant.id, "customer", "revoked", amount, reference=reference)
        await events.record(tx, "credits.revoked", order=order, customer=grant.customer_id, grant=grant.id, credits=amount)


async def _give_again(
    tx: Transaction, grant: CreditGrant, order: OrderId | None, amount: int, *, reference: str | None
) -> None:
    if amount:
        await store.move(tx, grant.id, "revoked", "customer", amount, reference=reference)
        await events.record(tx, "credits.restored", order=order, customer=grant.customer_id, grant=grant.id, credits=amount)


def _check(amount: int, reference: str, note: str | None) -> None:
    if type(amount) is not int or not 1 <= amount <= AMOUNT_MAX:
        raise Invalid("An amount of credits is a whole number, at least 1.", param="amount")
    if not 1 <= len(reference) <= REFERENCE_MAX or not reference.isprintable():
        raise Invalid(
            f"A reference has 1 to {REFERENCE_MAX} printable characters: what the credits are for.", param="reference"
        )
    if note is not None and (len(note) > NOTE_MAX or "\0" in note):
        raise Invalid(f"A note has at most {NOTE_MAX} characters.", param="note")
