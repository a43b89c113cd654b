"""Releasing: what sellers earned with parts of orders is on its way to them, less what they owe.

Many parts in one transaction: all of them are locked and read, planned one after the other, and written, a statement each.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from farthing import earnings, jobs, ledger, seller_orders, sellers
from farthing.db import Transaction
from farthing.earnings import Earning
from farthing.ids import EarningId, SellerId, SellerOrderId, TransferId
from farthing.ledger import Fact, Move
from farthing.lifecycles import TransferStatus
from farthing.money import Money
from farthing.payouts import fees, store
from farthing.payouts.actions import AGAIN_AFTER, tell
from farthing.payouts.fees import SellerFee
from farthing.payouts.model import Transfer, TransferLine, lines_of, taken_from
from farthing.seller_orders import SellerOrder
from farthing.sellers import Seller


async def release(tx: Transaction, ids: Collection[SellerOrderId], *, send: bool) -> list[Transfer]:
    """The holding period of these is over: what is left of what was earned is on its way, less what the seller owes. Left out
    are those of which there is nothing to send, or it is not the time. With `send` the caller asks the provider for them,
    once this is committed.
    """
    parts = await seller_orders.release(tx, ids)
    paid = await sellers.lock_all(tx, {part.seller_id for part in parts if part.seller_id is not None})
    sold = [(part, paid[part.seller_id]) for part in parts if part.seller_id is not None]
    going = [(part, seller) for part, seller in sold if _may_go(part, seller, tx.now)]
    waiting = [part.id for part, seller in sold if not _may_go(part, seller, tx.now)]
    if waiting:
        await seller_orders.take_back_release(tx, waiting, tx.now + AGAIN_AFTER)
    if not going:
        return []
    plan = await _read(tx, going)
    for part, seller in going:
        plan.add(part, seller, tx.now, send=send)
    await _write(tx, plan)
    if not send:
        await jobs.schedule_all(tx, "payouts.send_transfer", [{"transfer": str(each.id)} for each in plan.transfers])
    return list(plan.transfers)


def _may_go(part: SellerOrder, seller: Seller, now: datetime) -> bool:
    waits = seller.held(now) and not part.early
    return seller.may_be_paid and seller.provider_account_id is not None and not waits


@dataclass(slots=True)
class _Plan:
    """What sellers earned and owe, as it changes from one part to the next; and what is to be written."""

    earned: dict[EarningId, Earning]
    of_part: dict[SellerOrderId, list[EarningId]]
    gone: dict[EarningId, list[tuple[str, Money]]]
    """What went back of each, by what took it."""
    owing: dict[SellerId, list[EarningId]]
    """Of which the seller got too much, and nobody takes it back at the provider; the oldest first."""
    fees: dict[SellerId, list[SellerFee]]
    """Not kept yet; the oldest first."""
    charges: dict[SellerOrderId, str]
    changed: dict[EarningId, Earning] = field(default_factory=dict)
    kept: list[tuple[SellerFee, Money]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    transfers: dict[Transfer, list[TransferLine]] = field(default_factory=dict)

    def add(self, part: SellerOrder, seller: Seller, now: datetime, *, send: bool) -> None:
        """What is still to be had of what the part earned goes to its seller, less what they owe of others."""
        earned = [self.earned[id] for id in self.of_part.get(part.id, ())]
        if not earned:
            return
        assert seller.provider_account_id is not None, "nobody without an account is paid"
        due = sum((each.pending for each in earned), start=Money.zero(earned[0].transferred.currency))
        lines = [line for each in earned for line in lines_of(each, self.gone.get(each.id, ()))]
        debts = self._net(part, seller, due, now)
        rest = sum((each.money for each in debts), start=due)
        debts += self._keep_fees(part, seller, rest, now)
        money = sum((each.money for each in debts), start=due)
        for each in earned:
            self._give(each, each.pending)
        if not money:
            return
        transfer = Transfer(
            id=TransferId.new(),
            seller_id=seller.id,
            seller_order_id=part.id,
            order_id=part.order_id,
            provider=seller.provider,
            livemode=part.livemode,
            money=money,
            netted=due - money,
            reversed=Money.zero(money.currency),
            status=TransferStatus.REQUESTED,
            provider_account_id=seller.provider_account_id,
            # Nothing is transferred out of a charge twice, even where the first came back: then it is out of what we have.
            provider_charge_id=self.charges.get(part.id),
            provider_transfer_id=None,
            requested_at=now,
            asked_at=now if send else None,
            sent_at=None,
            refused_because=None,
        )
        self.transfers[transfer] = [*lines, *debts]
        move = Move(ledger.TRANSFERS_OWED, ledger.seller(seller.external_id), money)
        self.facts.append(Fact("transfer_requested", str(transfer.id), [move], order=part.order_id))

    def _net(self, part: SellerOrder, seller: Seller, due: Money, now: datetime) -> list[TransferLine]:
        """Keep of what is due what the seller owes of other sales."""
        own = self.of_part[part.id]
        owing = [self.earned[id] for id in self.owing.get(seller.id, ()) if id not in own]
        owing = [each for each in owing if each.owed.currency == due.currency]
        parts = taken_from([each.owed for each in owing], due)
        for each, kept in zip(owing, parts, strict=True):
            self._give(each, -kept)
        lines = [TransferLine("debt", each.line_id, -kept) for each, kept in zip(owing, parts, strict=True) if kept]
        self._post_kept("debt_kept", part, seller, lines, now)
        return lines

    def _keep_fees(self, part: SellerOrder, seller: Seller, due: Money, now: datetime) -> list[TransferLine]:
        """Keep of what is left what banks charged for lost disputes, where sellers bear that."""
        open_ = [each for each in self.fees.get(seller.id, ()) if each.left.currency == due.currency]
        taken = [(fee, kept) for fee, kept in zip(open_, taken_from([each.left for each in open_], due), strict=True) if kept]
        for fee, kept in taken:
            theirs = self.fees[seller.id]
            theirs[theirs.index(fee)] = replace(fee, left=fee.left - kept)
        self.kept += taken
        lines = [TransferLine("dispute_fee", fee.line_id, -kept, str(fee.dispute_id)) for fee, kept in taken]
        self._post_kept("dispute_fee_kept", part, seller, lines, now)
        return lines

    def _post_kept(self, kind: str, part: SellerOrder, seller: Seller, lines: Sequence[TransferLine], now: datetime) -> None:
        owes, theirs = ledger.seller_owes(seller.external_id), ledger.seller(seller.external_id)
        moves = [Move(owes, theirs, -each.money) for each in lines]
        self.facts.append(Fact(kind, f"{part.number} {now.isoformat()}", moves))

    def _give(self, earning: Earning, money: Money) -> None:
        if money:
            self.earned[earning.id] = self.changed[earning.id] = earning.given(money)


async def _read(tx: Transaction, going: Sequence[tuple[SellerOrder, Seller]]) -> _Plan:
    """Locked until the commit: what the parts earned, then what their sellers owe."""
    parts, theirs = [part.id for part, _ in going], {seller.id for _, seller in going}
    part_of = {line.line_id: part.id for part, _ in going for line in part.lines}
    earned = await earnings.of_seller_orders(tx, parts)
    owing = await earnings.owing(tx, theirs)
    reversing = await store.being_reversed(tx, [each.line_id for each in owing])
    of_part, owed, open_ = defaultdict(list), defaultdict(list), defaultdict(list)
    for each in earned:
        of_part[part_of[each.line_id]].append(each.id)
    for each in owing:
        if each.line_id not in reversing:
            owed[each.seller_id].append(each.id)
    for fee in await fees.open_of(tx, theirs):
        open_[fee.seller_id].append(fee)
    return _Plan(
        earned={each.id: each for each in (*owing, *earned)},
        of_part=of_part,
        gone=await earnings.reversals_of(tx, [each.id for each in earned if each.refunded.seller_share]),
        owing=owed,
        fees=open_,
        charges=await store.unused_charges(tx, parts),
    )


async def _write(tx: Transaction, plan: _Plan) -> None:
    await earnings.save_transferred(tx, plan.changed.values())
    for fee, kept in plan.kept:
        await fees.keep(tx, fee, kept)
    if plan.transfers:
        await store.insert_all(tx, plan.transfers)
    await ledger.post_all(tx, plan.facts)
    await tell(tx, "transfer.requested", *plan.transfers)
