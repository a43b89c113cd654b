"""Transfers and their reversals in the database. The order's lock is theirs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import LineItemId, OrderId, SellerId, SellerOrderId, TransferId, TransferReversalId
from farthing.lifecycles import TransferReversalStatus, TransferStatus
from farthing.money import Money
from farthing.paging import Page, checked_limit
from farthing.payouts.model import Reversal, Transfer, TransferLine
from farthing.providers import SeenTransfer

SELECT: LiteralString = """
    SELECT id, seller_id, seller_order_id, order_id, provider, livemode, currency, amount, netted_amount, reversed_amount,
        status, provider_account_id, provider_charge_id, provider_transfer_id, requested_at, asked_at, sent_at,
        refused_because
    FROM transfers
"""

REVERSAL: LiteralString = """
    SELECT reversal.id, reversal.transfer_id, transfers.currency, reversal.amount, reversal.status,
        reversal.provider_reversal_id, reversal.requested_at, reversal.asked_at, reversal.refused_because
    FROM transfer_reversals reversal JOIN transfers ON transfers.id = reversal.transfer_id
"""


AT_IT_MAX: Final = timedelta(minutes=1)
"""Whoever asks for a transfer, and has not written the answer down by then, has died."""


async def unused_charge_of(tx: Transaction, order: OrderId, part: SellerOrderId) -> str | None:
    """The charge that paid the order, by the provider's id, unless something of this part was sent out of it before."""
    found: str | None = await tx.value(
        """
        SELECT provider_charge_id FROM payments WHERE order_id = %(order)s AND settles
            AND NOT EXISTS (SELECT FROM transfers WHERE seller_order_id = %(part)s AND status = 'sent')
        """,
        order=order,
        part=part,
    )
    return found


async def insert(tx: Transaction, transfer: Transfer) -> None:
    await tx.run(
        """
        INSERT INTO transfers (id, seller_id, seller_order_id, order_id, provider, livemode, currency, amount, netted_amount,
            status, provider_account_id, provider_charge_id, requested_at, asked_at)
        VALUES (%(id)s, %(seller)s, %(part)s, %(order)s, %(provider)s, %(livemode)s, %(currency)s, %(amount)s, %(netted)s,
            'requested', %(account)s, %(charge)s, %(now)s, %(asked)s)
        """,
        id=transfer.id,
        seller=transfer.seller_id,
        part=transfer.seller_order_id,
        order=transfer.order_id,
        provider=transfer.provider,
        livemode=transfer.livemode,
        currency=transfer.money.currency,
        amount=transfer.money.amount,
        netted=transfer.netted.amount,
        account=transfer.provider_account_id,
        charge=transfer.provider_charge_id,
        asked=transfer.asked_at,
        now=transfer.requested_at,
    )


async def insert_lines(tx: Transaction, id: TransferId, lines: Sequence[TransferLine]) -> None:
    rows = [
        {"kind": each.kind, "reference": each.reference, "line": each.line_id.hex, "amount": each.money.amount}
        for each in lines
    ]
    await tx.run(
        """
        INSERT INTO transfer_lines (transfer_id, position, kind, reference, line_item_id, amount)
        SELECT %(id)s, row_number() OVER (), kind, reference, line, amount
        FROM json_to_recordset(%(rows)s::json) AS new (kind text, reference text, line uuid, amount bigint)
        """,
        id=id,
        rows=orjson.dumps(rows).decode(),
    )


async def get(tx: Transaction, id: TransferId) -> Transfer:
    found = await tx.find(_transfer, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no transfer {id}.")
    return found


async def find_seen(tx: Transaction, provider: str, livemode: bool, seen: SeenTransfer) -> Transfer | None:
    """The one of this id, or the one it carries the mark of, of which the answer was lost. A mark is believed of that sum."""
    found = await tx.find(
        _transfer,
        SELECT + " WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_transfer_id = %(id)s",
        provider=provider,
        livemode=livemode,
        id=seen.id,
    )
    if found is not None or seen.reference is None:
        return found
    try:
        marked = await get(tx, TransferId.parse(seen.reference))
    except NotFound:
        return None
    fits = marked.provider_account_id == seen.account_id and marked.money == seen.money
    return marked if fits and marked.status == TransferStatus.REQUESTED else None


async def of_seller_order(tx: Transaction, id: SellerOrderId) -> list[Transfer]:
    return await tx.all(_transfer, SELECT + " WHERE seller_order_id = %(id)s ORDER BY id", id=id)


async def list_page(
    tx: Transaction,
    *,
    livemode: bool,
    limit: int,
    cursor: TransferId | None = None,
    seller: SellerId | None = None,
    status: TransferStatus | None = None,
) -> Page[Transfer]:
    """Newest first."""
    rows = await tx.all(
        _transfer,
        SELECT + FILTER,
        livemode=livemode,
        cursor=cursor,
        seller=seller,
        status=status,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda transfer: transfer.id)


FILTER: LiteralString = """
    WHERE livemode = %(livemode)s AND (%(cursor)s::uuid IS NULL OR id < %(cursor)s)
        AND (%(seller)s::uuid IS NULL OR seller_id = %(seller)s) AND (%(status)s::text IS NULL OR status = %(status)s)
    ORDER BY id DESC LIMIT %(limit)s
"""


async def mark_asked(tx: Transaction, id: TransferId) -> bool:
    """Whether it is still to be sent; then we are at it since now."""
    return bool(
        await tx.run("UPDATE transfers SET asked_at = %(now)s WHERE id = %(id)s AND status = 'requested'", id=id, now=tx.now)
    )


async def mark_unanswered(tx: Transaction, id: TransferId) -> None:
    """Nobody is at it any more."""
    await tx.run("UPDATE transfers SET asked_at = NULL WHERE id = %(id)s AND status = 'requested'", id=id)


async def save_sent(tx: Transaction, id: TransferId, provider_transfer_id: str) -> bool:
    return bool(
        await tx.run(
            """
            UPDATE transfers SET status = 'sent', provider_transfer_id = %(theirs)s, sent_at = %(now)s
            WHERE id = %(id)s AND status = 'requested'
            """,
            id=id,
            theirs=provider_transfer_id,
            now=tx.now,
        )
    )


async def save_refused(tx: Transaction, id: TransferId, because: str) -> bool:
    return bool(
        await tx.run(
            "UPDATE transfers SET status = 'refused', refused_because = %(why)s WHERE id = %(id)s AND status = 'requested'",
            id=id,
            why=because[:500],
        )
    )


async def waiting(tx: Transaction, *, limit: int) -> list[TransferId]:
    """Requested, and nobody is at it: whoever was has died, or heard no answer."""
    return await tx.all(
        lambda row: TransferId.of(row["id"]),
        """
        SELECT id FROM transfers WHERE status = 'requested' AND (asked_at IS NULL OR asked_at <= %(before)s)
        ORDER BY requested_at LIMIT %(limit)s
        """,
        before=tx.now - AT_IT_MAX,
        limit=limit,
    )


async def over_transferred(tx: Transaction, *, limit: int) -> list[TransferId]:
    """Transfers of which more went to the seller than is left of what it was for, and nothing is being taken back yet.

    What the provider refused to take back is not asked for again: it is kept of what the seller earns next.
    """
    return await tx.all(
        lambda row: TransferId.of(row["id"]),
        """
        SELECT transfer.id FROM earnings earning
            JOIN seller_order_lines line ON line.line_item_id = earning.line_item_id
            JOIN transfers transfer ON transfer.seller_order_id = line.seller_order_id AND transfer.status = 'sent'
        WHERE earning.transferred_amount > earning.seller_share_amount - earning.refunded_seller_share_amount
            AND transfer.reversed_amount < transfer.amount
            AND NOT EXISTS (SELECT 1 FROM transfer_reversals reversal
                WHERE reversal.transfer_id = transfer.id AND reversal.status <> 'succeeded')
        GROUP BY transfer.id ORDER BY transfer.id LIMIT %(limit)s
        """,
        limit=limit,
    )


async def is_being_reversed(tx: Transaction, line: LineItemId) -> bool:
    """Whether what went to the seller for the line is asked back at this moment."""
    return bool(
        await tx.value(
            """
            SELECT true FROM seller_order_lines line JOIN transfers transfer ON transfer.seller_order_id = line.seller_order_id
                JOIN transfer_reversals reversal ON reversal.transfer_id = transfer.id AND reversal.status = 'requested'
            WHERE line.line_item_id = %(line)s LIMIT 1
            """,
            line=line,
        )
    )


async def insert_reversal(tx: Transaction, id: TransferReversalId, transfer: TransferId, money: Money) -> None:
    await tx.run(
        """
        INSERT INTO transfer_reversals (id, transfer_id, amount, status, requested_at)
        VALUES (%(id)s, %(transfer)s, %(amount)s, 'requested', %(now)s)
        """,
        id=id,
        transfer=transfer,
        amount=money.amount,
        now=tx.now,
    )


async def get_reversal(tx: Transaction, id: TransferReversalId) -> Reversal:
    found = await tx.find(_reversal, REVERSAL + " WHERE reversal.id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no reversal {id}.")
    return found


async def reversals_of(tx: Transaction, transfer: TransferId) -> list[Reversal]:
    return await tx.all(_reversal, REVERSAL + " WHERE reversal.transfer_id = %(id)s ORDER BY reversal.id", id=transfer)


async def waiting_reversals(tx: Transaction, *, limit: int) -> list[TransferReversalId]:
    return await tx.all(
        lambda row: TransferReversalId.of(row["id"]),
        "SELECT id FROM transfer_reversals WHERE status = 'requested' ORDER BY requested_at LIMIT %(limit)s",
        limit=limit,
    )


async def mark_reversal_asked(tx: Transaction, id: TransferReversalId) -> bool:
    return bool(
        await tx.run(
            """
            UPDATE transfer_reversals SET asked_at = coalesce(asked_at, %(now)s) WHERE id = %(id)s AND status = 'requested'
            """,
            id=id,
            now=tx.now,
        )
    )


async def close_reversal(
    tx: Transaction,
    reversal: Reversal,
    status: TransferReversalStatus,
    *,
    theirs: str | None = None,
    because: str | None = None,
) -> bool:
    """What succeeded is counted with its transfer."""
    done = await tx.run(
        """
        UPDATE transfer_reversals SET status = %(status)s, provider_reversal_id = %(theirs)s, refused_because = %(why)s,
            closed_at = %(now)s
        WHERE id = %(id)s AND status = 'requested'
        """,
        id=reversal.id,
        status=status,
        theirs=theirs,
        why=None if because is None else because[:500],
        now=tx.now,
    )
    if done and status == TransferReversalStatus.SUCCEEDED:
        await tx.run(
            "UPDATE transfers SET reversed_amount = reversed_amount + %(amount)s WHERE id = %(id)s",
            id=reversal.transfer_id,
            amount=reversal.money.amount,
        )
    return bool(done)


def _transfer(row: Row) -> Transfer:
    currency = row["currency"]
    return Transfer(
        id=TransferId.of(row["id"]),
        seller_id=SellerId.of(row["seller_id"]),
        seller_order_id=SellerOrderId.of(row["seller_order_id"]),
        order_id=OrderId.of(row["order_id"]),
        provider=row["provider"],
        livemode=row["livemode"],
        money=Money(row["amount"], currency),
        netted=Money(row["netted_amount"], currency),
        reversed=Money(row["reversed_amount"], currency),
        status=TransferStatus(row["status"]),
        provider_account_id=row["provider_account_id"],
        provider_charge_id=row["provider_charge_id"],
        provider_transfer_id=row["provider_transfer_id"],
        requested_at=row["requested_at"],
        asked_at=row["asked_at"],
        sent_at=row["sent_at"],
        refused_because=row["refused_because"],
    )


def _reversal(row: Row) -> Reversal:
    return Reversal(
        id=TransferReversalId.of(row["id"]),
        transfer_id=TransferId.of(row["transfer_id"]),
        money=Money(row["amount"], row["currency"]),
        status=TransferReversalStatus(row["status"]),
        provider_reversal_id=row["provider_reversal_id"],
        requested_at=row["requested_at"],
        asked_at=row["asked_at"],
        refused_because=row["refused_because"],
    )
