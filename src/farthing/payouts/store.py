"""Transfers and their reversals in the database. The order's lock is theirs."""

from collections.abc import Collection, Mapping, Sequence
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


async def unused_charges(tx: Transaction, parts: Collection[SellerOrderId]) -> dict[SellerOrderId, str]:
    """The charge that paid the order of each, by the provider's id, unless something of it was sent out of that before."""
    rows = await tx.all(
        lambda row: (SellerOrderId.of(row["id"]), row["provider_charge_id"]),
        """
        SELECT part.id, payments.provider_charge_id
        FROM seller_orders part JOIN payments ON payments.order_id = part.order_id AND payments.settles
        WHERE part.id = ANY(%(parts)s) AND payments.provider_charge_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM transfers WHERE seller_order_id = part.id AND status = 'sent')
        """,
        parts=list(parts),
    )
    return dict(rows)


async def insert_all(tx: Transaction, made: Mapping[Transfer, Sequence[TransferLine]]) -> None:
    """Each with what it comes to, line by line."""
    transfers = [
        {
            "id": each.id.hex,
            "seller_id": each.seller_id.hex,
            "seller_order_id": each.seller_order_id.hex,
            "order_id": each.order_id.hex,
            "provider": each.provider,
            "livemode": each.livemode,
            "currency": each.money.currency,
            "amount": each.money.amount,
            "netted_amount": each.netted.amount,
            "provider_account_id": each.provider_account_id,
            "provider_charge_id": each.provider_charge_id,
            "requested_at": each.requested_at,
            "asked_at": each.asked_at,
        }
        for each in made
    ]
    await tx.run(
        """
        INSERT INTO transfers (id, seller_id, seller_order_id, order_id, provider, livemode, currency, amount, netted_amount,
            status, provider_account_id, provider_charge_id, requested_at, asked_at)
        SELECT id, seller_id, seller_order_id, order_id, provider, livemode, currency, amount, netted_amount,
            'requested', provider_account_id, provider_charge_id, requested_at, asked_at
        FROM json_to_recordset(%(rows)s::json) AS new (id uuid, seller_id uuid, seller_order_id uuid, order_id uuid,
            provider text, livemode boolean, currency text, amount bigint, netted_amount bigint, provider_account_id text,
            provider_charge_id text, requested_at timestamptz, asked_at timestamptz)
        """,
        rows=orjson.dumps(transfers).decode(),
    )
    lines = [
        {
            "id": transfer.id.hex,
            "position": position,
            "kind": each.kind,
            "reference": each.reference,
            "line": each.line_id.hex,
            "amount": each.money.amount,
        }
        for transfer, parts in made.items()
        for position, each in enumerate(parts, start=1)
    ]
    await tx.run(
        """
        INSERT INTO transfer_lines (transfer_id, position, kind, reference, line_item_id, amount)
        SELECT id, position, kind, reference, line, amount FROM json_to_recordset(%(rows)s::json)
            AS new (id uuid, position integer, kind text, reference text, line uuid, amount bigint)
        """,
        rows=orjson.dumps(lines).decode(),
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


async def save_sent(tx: Transaction, sent: Mapping[Transfer, str]) -> list[Transfer]:
    """With the provider's id of each. Those of which it was not known."""
    new = await tx.all(
        lambda row: TransferId.of(row["id"]),
        """
        UPDATE transfers SET status = 'sent', provider_transfer_id = new.theirs, sent_at = %(now)s
        FROM json_to_recordset(%(rows)s::json) AS new (id uuid, theirs text)
        WHERE transfers.id = new.id AND transfers.status = 'requested' RETURNING transfers.id
        """,
        rows=orjson.dumps([{"id": each.id.hex, "theirs": theirs} for each, theirs in sent.items()]).decode(),
        now=tx.now,
    )
    return [each for each in sent if each.id in new]


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


async def being_reversed(tx: Transaction, lines: Collection[LineItemId]) -> set[LineItemId]:
    """Those for which what went to the seller is asked back at this moment."""
    if not lines:
        return set()
    return set(
        await tx.all(
            lambda row: LineItemId.of(row["line_item_id"]),
            """
            SELECT line.line_item_id
            FROM seller_order_lines line JOIN transfers transfer ON transfer.seller_order_id = line.seller_order_id
                JOIN transfer_reversals reversal ON reversal.transfer_id = transfer.id AND reversal.status = 'requested'
            WHERE line.line_item_id = ANY(%(lines)s)
            """,
            lines=list(lines),
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
