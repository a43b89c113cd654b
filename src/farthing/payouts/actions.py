"""What is written when a seller's money moves. One transaction: state, books, audit trail and jobs.

A debt of a seller's is what they were transferred of a sale and is no longer left of it. It is taken back by a reversal of that
transfer; what the provider will not take back is kept of what they earn next.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from farthing import earnings, events, jobs, ledger, orders, seller_orders, sellers
from farthing.db import Transaction
from farthing.ids import TransferId, TransferReversalId
from farthing.ledger import Fact, Move
from farthing.lifecycles import TransferReversalStatus, TransferStatus
from farthing.money import Money
from farthing.payouts import store
from farthing.payouts.model import Reversal, Transfer, taken_from

AGAIN_AFTER: Final = timedelta(hours=1)
"""After the provider refused a transfer, it is tried again under another key."""


async def tell(tx: Transaction, name: events.EventName, *of: Transfer, **more: Any) -> None:
    """The same happened to each of these."""
    await events.record_all(
        tx,
        name,
        [
            (
                each.order_id,
                {
                    "transfer": each.id,
                    "seller": each.seller_id,
                    "seller_order": each.seller_order_id,
                    "amount": {"amount": each.money.amount, "currency": each.money.currency},
                    **more,
                },
            )
            for each in of
        ],
    )


async def record_sent(tx: Transaction, sent: Mapping[Transfer, str]) -> None:
    """The provider has them, by these ids. What is known already is left alone."""
    await orders.hold(tx, {each.order_id for each in sent})
    new = await store.save_sent(tx, sent)
    await ledger.post_all(
        tx,
        [
            Fact(
                "transfer",
                str(each.id),
                [Move(ledger.provider(each.provider), ledger.TRANSFERS_OWED, each.money)],
                order=each.order_id,
            )
            for each in new
        ],
    )
    await tell(tx, "transfer.sent", *new)


async def refuse(tx: Transaction, id: TransferId, because: str) -> None:
    """The provider said no, and meant it: the seller has it no more than before, and it is tried again later."""
    transfer = await _locked(tx, id)
    if not await store.save_refused(tx, id, because):
        return
    earned = list(reversed(await earnings.of_seller_orders(tx, [transfer.seller_order_id])))
    parts = taken_from([each.transferred for each in earned], transfer.money)
    await earnings.save_transferred(tx, [each.given(-part) for each, part in zip(earned, parts, strict=True)])
    seller = await sellers.get(tx, transfer.seller_id)
    move = Move(ledger.seller(seller.external_id), ledger.TRANSFERS_OWED, transfer.money)
    await ledger.post(tx, "transfer_refused", str(id), move, order=transfer.order_id)
    await seller_orders.take_back_release(tx, [transfer.seller_order_id], tx.now + AGAIN_AFTER)
    await tell(tx, "transfer.refused", transfer, reason=because)


async def take_back(tx: Transaction, id: TransferId) -> Reversal | None:
    """So much of a transfer as is owed of it is asked back; None where nothing is."""
    transfer = await _locked(tx, id)
    waiting = [each for each in await store.reversals_of(tx, id) if each.status != TransferReversalStatus.SUCCEEDED]
    earned = await earnings.of_seller_orders(tx, [transfer.seller_order_id])
    owed = sum((each.owed for each in earned), start=Money.zero(transfer.money.currency))
    money = min(owed, transfer.money - transfer.reversed)
    if waiting or not money or transfer.status != TransferStatus.SENT:
        return None
    reversal = TransferReversalId.new()
    await store.insert_reversal(tx, reversal, id, money)
    await tell(tx, "transfer.reversal_requested", transfer, reversal=reversal)
    await jobs.schedule(tx, "payouts.send_reversal", reversal=str(reversal))
    return await store.get_reversal(tx, reversal)


async def record_reversed(tx: Transaction, id: TransferReversalId, provider_reversal_id: str) -> None:
    """It is with us again. What the seller did not owe any more by then, they are to get again."""
    reversal = await store.get_reversal(tx, id)
    transfer = await _locked(tx, reversal.transfer_id)
    if not await store.close_reversal(tx, reversal, TransferReversalStatus.SUCCEEDED, theirs=provider_reversal_id):
        return
    earned = await earnings.of_seller_orders(tx, [transfer.seller_order_id])
    parts = taken_from([each.owed for each in earned], reversal.money)
    owed = sum(parts, start=Money.zero(reversal.money.currency))
    # Where a refund was withdrawn meanwhile, more came back than is owed.
    more = taken_from([each.transferred - part for each, part in zip(earned, parts, strict=True)], reversal.money - owed)
    left = [each.given(-part - extra) for each, part, extra in zip(earned, parts, more, strict=True)]
    await earnings.save_transferred(tx, left)
    seller = await sellers.get(tx, transfer.seller_id)
    bank = ledger.provider(transfer.provider)
    moves = [
        Move(ledger.seller_owes(seller.external_id), bank, owed),
        Move(ledger.seller(seller.external_id), bank, reversal.money - owed),
    ]
    await ledger.post(tx, "transfer_reversed", str(id), *moves, order=transfer.order_id)
    if reversal.money != owed:
        await seller_orders.release_again(tx, earned[0].line_id)
    await tell(tx, "transfer.reversed", transfer, reversal=id)


async def refuse_reversal(tx: Transaction, id: TransferReversalId, because: str) -> None:
    """The seller's account did not hold it: they owe it, and it is kept of what they earn next."""
    reversal = await store.get_reversal(tx, id)
    transfer = await _locked(tx, reversal.transfer_id)
    if await store.close_reversal(tx, reversal, TransferReversalStatus.REFUSED, because=because):
        await tell(tx, "transfer.reversal_refused", transfer, reversal=id, reason=because)


async def _locked(tx: Transaction, id: TransferId) -> Transfer:
    await orders.lock(tx, (await store.get(tx, id)).order_id)
    return await store.get(tx, id)
