"""What is written when a seller's money moves. One transaction: state, books, audit trail and jobs.

A debt of a seller's is what they were transferred of a sale and is no longer left of it. It is taken back by a reversal of that
transfer; what the provider will not take back is kept of what they earn next.
"""

from datetime import timedelta
from typing import Any, Final

from farthing import earnings, events, jobs, ledger, orders, seller_orders, sellers
from farthing.db import Transaction
from farthing.earnings import Earning
from farthing.ids import SellerOrderId, TransferId, TransferReversalId
from farthing.ledger import Move
from farthing.lifecycles import TransferReversalStatus, TransferStatus
from farthing.money import Money
from farthing.payouts import fees, store
from farthing.payouts.model import Reversal, Transfer, TransferLine, lines_of, taken_from
from farthing.sellers import Seller

AGAIN_AFTER: Final = timedelta(hours=1)
"""After the provider refused a transfer, it is tried again under another key."""


async def release(tx: Transaction, id: SellerOrderId, *, send: bool) -> Transfer | None:
    """The holding period is over: what is left of what was earned is on its way, less what the seller owes. None where there
    is nothing to send, or it is not the time. With `send` the caller asks the provider for it, once this is committed.
    """
    part = await seller_orders.release(tx, id)
    if part is None or part.seller_id is None:
        return None
    seller = await sellers.lock(tx, part.seller_id)
    waits = seller.held(tx.now) and not part.early
    if not seller.may_be_paid or seller.provider_account_id is None or waits:
        await seller_orders.take_back_release(tx, id, tx.now + AGAIN_AFTER)
        return None
    earned = await earnings.of_seller_order(tx, id)
    if not earned:
        return None
    due = sum((each.pending for each in earned), start=Money.zero(earned[0].transferred.currency))
    gone = await earnings.reversals_of(tx, [each.id for each in earned if each.refunded.seller_share])
    lines = [line for each in earned for line in lines_of(each, gone.get(each.id, ()))]
    debts = await _net(tx, seller, part.number, due, earned)
    rest = due + sum((each.money for each in debts), start=Money.zero(due.currency))
    debts += await _keep_fees(tx, seller, part.number, rest)
    kept = sum((-each.money for each in debts), start=Money.zero(due.currency))
    money = due - kept
    for each in earned:
        await earnings.save_transferred(tx, each.id, each.transferred + each.pending)
    if not money:
        return None
    transfer = Transfer(
        id=TransferId.new(),
        seller_id=seller.id,
        seller_order_id=id,
        order_id=part.order_id,
        provider=seller.provider,
        livemode=part.livemode,
        money=money,
        netted=kept,
        reversed=Money.zero(money.currency),
        status=TransferStatus.REQUESTED,
        provider_account_id=seller.provider_account_id,
        # Nothing is transferred out of a charge twice, even where the first came back: then it is out of what we have.
        provider_charge_id=await store.unused_charge_of(tx, part.order_id, part.id),
        provider_transfer_id=None,
        requested_at=tx.now,
        asked_at=tx.now if send else None,
        sent_at=None,
        refused_because=None,
    )
    await store.insert(tx, transfer)
    await store.insert_lines(tx, transfer.id, [*lines, *debts])
    move = Move(ledger.TRANSFERS_OWED, ledger.seller(seller.external_id), money)
    await ledger.post(tx, "transfer_requested", str(transfer.id), move, order=part.order_id)
    await _tell(tx, "transfer.requested", transfer)
    if not send:
        await jobs.schedule(tx, "payouts.send_transfer", transfer=str(transfer.id))
    return transfer


async def record_sent(tx: Transaction, transfer: Transfer, provider_transfer_id: str) -> None:
    id = transfer.id
    await orders.lock(tx, transfer.order_id)
    if not await store.save_sent(tx, id, provider_transfer_id):
        return
    move = Move(ledger.provider(transfer.provider), ledger.TRANSFERS_OWED, transfer.money)
    await ledger.post(tx, "transfer", str(id), move, order=transfer.order_id)
    await _tell(tx, "transfer.sent", transfer)


async def refuse(tx: Transaction, id: TransferId, because: str) -> None:
    """The provider said no, and meant it: the seller has it no more than before, and it is tried again later."""
    transfer = await _locked(tx, id)
    if not await store.save_refused(tx, id, because):
        return
    left = transfer.money
    for each in reversed(await earnings.of_seller_order(tx, transfer.seller_order_id)):
        part = min(each.transferred, left)
        await earnings.save_transferred(tx, each.id, each.transferred - part)
        left -= part
    seller = await sellers.get(tx, transfer.seller_id)
    move = Move(ledger.seller(seller.external_id), ledger.TRANSFERS_OWED, transfer.money)
    await ledger.post(tx, "transfer_refused", str(id), move, order=transfer.order_id)
    await seller_orders.take_back_release(tx, transfer.seller_order_id, tx.now + AGAIN_AFTER)
    await _tell(tx, "transfer.refused", transfer, reason=because)


async def take_back(tx: Transaction, id: TransferId) -> Reversal | None:
    """So much of a transfer as is owed of it is asked back; None where nothing is."""
    transfer = await _locked(tx, id)
    waiting = [each for each in await store.reversals_of(tx, id) if each.status != TransferReversalStatus.SUCCEEDED]
    earned = await earnings.of_seller_order(tx, transfer.seller_order_id)
    owed = sum((each.owed for each in earned), start=Money.zero(transfer.money.currency))
    money = min(owed, transfer.money - transfer.reversed)
    if waiting or not money or transfer.status != TransferStatus.SENT:
        return None
    reversal = TransferReversalId.new()
    await store.insert_reversal(tx, reversal, id, money)
    await _tell(tx, "transfer.reversal_requested", transfer, reversal=reversal)
    await jobs.schedule(tx, "payouts.send_reversal", reversal=str(reversal))
    return await store.get_reversal(tx, reversal)


async def record_reversed(tx: Transaction, id: TransferReversalId, provider_reversal_id: str) -> None:
    """It is with us again. What the seller did not owe any more by then, they are to get again."""
    reversal = await store.get_reversal(tx, id)
    transfer = await _locked(tx, reversal.transfer_id)
    if not await store.close_reversal(tx, reversal, TransferReversalStatus.SUCCEEDED, theirs=provider_reversal_id):
        return
    earned = await earnings.of_seller_order(tx, transfer.seller_order_id)
    parts = taken_from([each.owed for each in earned], reversal.money)
    owed = sum(parts, start=Money.zero(reversal.money.currency))
    # Where a refund was withdrawn meanwhile, more came back than is owed.
    more = taken_from([each.transferred - part for each, part in zip(earned, parts, strict=True)], reversal.money - owed)
    for each, part, extra in zip(earned, parts, more, strict=True):
        await earnings.save_transferred(tx, each.id, each.transferred - part - extra)
    seller = await sellers.get(tx, transfer.seller_id)
    bank = ledger.provider(transfer.provider)
    moves = [
        Move(ledger.seller_owes(seller.external_id), bank, owed),
        Move(ledger.seller(seller.external_id), bank, reversal.money - owed),
    ]
    await ledger.post(tx, "transfer_reversed", str(id), *moves, order=transfer.order_id)
    if reversal.money != owed:
        await seller_orders.release_again(tx, earned[0].line_id)
    await _tell(tx, "transfer.reversed", transfer, reversal=id)


async def refuse_reversal(tx: Transaction, id: TransferReversalId, because: str) -> None:
    """The seller's account did not hold it: they owe it, and it is kept of what they earn next."""
    reversal = await store.get_reversal(tx, id)
    transfer = await _locked(tx, reversal.transfer_id)
    if await store.close_reversal(tx, reversal, TransferReversalStatus.REFUSED, because=because):
        await _tell(tx, "transfer.reversal_refused", transfer, reversal=id, reason=because)


async def _net(tx: Transaction, seller: Seller, number: str, due: Money, earned: list[Earning]) -> list[TransferLine]:
    """Keep of what is due what the seller owes of other sales, and nobody is taking back at the provider."""
    own = {each.id for each in earned}
    owing = [each for each in await earnings.owing(tx, seller.id, due.currency) if each.id not in own]
    debts = [each for each in owing if not await store.is_being_reversed(tx, each.line_id)]
    parts = taken_from([each.owed for each in debts], due)
    for each, part in zip(debts, parts, strict=True):
        if part:
            await earnings.save_transferred(tx, each.id, each.transferred - part)
    kept = sum(parts, start=Money.zero(due.currency))
    move = Move(ledger.seller_owes(seller.external_id), ledger.seller(seller.external_id), kept)
    await ledger.post(tx, "debt_kept", f"{number} {tx.now.isoformat()}", move)
    return [TransferLine("debt", each.line_id, -part) for each, part in zip(debts, parts, strict=True) if part]


async def _keep_fees(tx: Transaction, seller: Seller, number: str, due: Money) -> list[TransferLine]:
    """Keep of what is left what banks charged for lost disputes, where sellers bear that."""
    lines = await fees.keep(tx, seller.id, due)
    kept = sum((-each.money for each in lines), start=Money.zero(due.currency))
    move = Move(ledger.seller_owes(seller.external_id), ledger.seller(seller.external_id), kept)
    await ledger.post(tx, "dispute_fee_kept", f"{number} {tx.now.isoformat()}", move)
    return lines


async def _locked(tx: Transaction, id: TransferId) -> Transfer:
    await orders.lock(tx, (await store.get(tx, id)).order_id)
    return await store.get(tx, id)


async def _tell(tx: Transaction, name: events.EventName, transfer: Transfer, **more: Any) -> None:
    await events.record(
        tx,
        name,
        order=transfer.order_id,
        transfer=transfer.id,
        seller=transfer.seller_id,
        seller_order=transfer.seller_order_id,
        amount={"amount": transfer.money.amount, "currency": transfer.money.currency},
        **more,
    )
