"""Purchases in the database. Who owns what is asked of a partial unique index, so nobody can own a thing twice."""

from typing import Final, LiteralString

from farthing.db import Database, Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, LineItemId, OrderId, PaymentId, PurchaseId
from farthing.lifecycles import PurchaseStatus
from farthing.money import Money
from farthing.orders import LineItem, Order
from farthing.paging import Page, checked_limit
from farthing.purchases.model import Purchase
from farthing.shares import Shares

OWNED: Final[LiteralString] = """
    SELECT EXISTS (
        SELECT 1 FROM purchases JOIN customers ON customers.id = purchases.customer_id
        WHERE customers.external_id = %(customer)s AND purchases.content = %(content)s AND purchases.status = 'completed'
    ) AS owned
"""

SELECT: Final[LiteralString] = """
    SELECT id, customer_id, content, product, title, seller, organization, order_id, line_item_id, payment_id, livemode,
        currency, amount, tax_amount, platform_fee_amount, organization_fee_amount, seller_share_amount,
        refunded_platform_fee_amount, refunded_organization_fee_amount, refunded_seller_share_amount, status, purchased_at,
        refunded_at
    FROM purchases
"""

COUNT: Final[LiteralString] = "SELECT count(*) FROM purchases"

FILTER: Final[LiteralString] = """
    WHERE (%(customer)s::uuid IS NULL OR customer_id = %(customer)s)
        AND (%(content)s::text IS NULL OR content = %(content)s)
        AND (%(seller)s::text IS NULL OR seller = %(seller)s)
        AND (%(status)s::text IS NULL OR status = %(status)s)
"""


async def owns(db: Database, customer: str, content: str) -> bool:
    """Whether the host's user owns the content now. One statement, no transaction: it is asked for every piece of a stream."""
    async with db.connection() as connection:
        row = await (await connection.execute(OWNED, {"customer": customer, "content": content})).fetchone()
    return bool(row and row["owned"])


async def find_owned(tx: Transaction, customer: CustomerId, content: str) -> Purchase | None:
    return await tx.find(
        _purchase,
        SELECT + " WHERE customer_id = %(customer)s AND content = %(content)s AND status = 'completed'",
        customer=customer,
        content=content,
    )


async def find_standing(tx: Transaction, customer: CustomerId, content: str) -> Purchase | None:
    """What stands against buying it again: it is owned, or a dispute about it is open."""
    return await tx.find(
        _purchase,
        SELECT + " WHERE customer_id = %(customer)s AND content = %(content)s AND status IN ('completed', 'suspended')",
        customer=customer,
        content=content,
    )


async def stands_now(tx: Transaction, customer: CustomerId, content: str) -> Purchase | None:
    """The same as `find_standing`, and from here to the commit nobody else becomes the owner."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%(what)s, 2))", what=f"{customer} owns {content}")
    return await find_standing(tx, customer, content)


async def get(tx: Transaction, id: PurchaseId) -> Purchase:
    found = await tx.find(_purchase, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no purchase {id}.")
    return found


async def lock_of_line(tx: Transaction, line: LineItemId) -> Purchase | None:
    """Held until the commit. The caller holds the order's lock."""
    return await tx.find(_purchase, SELECT + " WHERE line_item_id = %(line)s FOR UPDATE", line=line)


async def of_order(tx: Transaction, order: OrderId) -> list[Purchase]:
    return await tx.all(_purchase, SELECT + " WHERE order_id = %(order)s ORDER BY id", order=order)


async def list_page(
    tx: Transaction,
    *,
    limit: int,
    cursor: PurchaseId | None = None,
    customer: CustomerId | None = None,
    content: str | None = None,
    seller: str | None = None,
    status: PurchaseStatus | None = None,
) -> Page[Purchase]:
    """Newest first."""
    rows = await tx.all(
        _purchase,
        SELECT + FILTER + " AND (%(cursor)s::uuid IS NULL OR id < %(cursor)s) ORDER BY id DESC LIMIT %(limit)s",
        customer=customer,
        content=content,
        seller=seller,
        status=status,
        cursor=cursor,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda purchase: purchase.id)


async def numbered(
    tx: Transaction, customer: CustomerId, *, status: PurchaseStatus | None, offset: int, limit: int
) -> tuple[list[Purchase], int]:
    """A customer's purchases, newest first, and how many there are in all."""
    filters = {"customer": customer, "content": None, "seller": None, "status": status}
    sql: LiteralString = SELECT + FILTER + " ORDER BY id DESC OFFSET %(offset)s LIMIT %(limit)s"
    rows = await tx.all(_purchase, sql, offset=offset, limit=limit, **filters)
    counted: int = await tx.value(COUNT + FILTER, **filters)
    return rows, counted


async def insert(
    tx: Transaction, order: Order, line: LineItem, content: str, amount: Money, shares: Shares
) -> PurchaseId | None:
    """Store the purchase, unless the line is one already or the customer owns the content: then None."""
    found: object = await tx.value(
        """
        INSERT INTO purchases (id, customer_id, content, product, title, seller, organization, order_id, line_item_id,
            payment_id, livemode, currency, amount, tax_amount, platform_fee_amount, organization_fee_amount,
            seller_share_amount, status, purchased_at)
        VALUES (%(id)s, %(customer)s, %(content)s, %(product)s, %(title)s, %(seller)s, %(organization)s, %(order)s, %(line)s,
            (SELECT id FROM payments WHERE order_id = %(order)s AND settles), %(livemode)s, %(currency)s, %(amount)s, %(tax)s,
            %(platform_fee)s, %(organization_fee)s, %(seller_share)s, 'completed', %(now)s)
        ON CONFLICT DO NOTHING
        RETURNING id
        """,
        id=(id := PurchaseId.new()),
        customer=order.customer_id,
        content=content,
        product=line.product,
        title=line.name,
        seller=line.details.get("seller"),
        organization=line.details.get("organization"),
        order=order.id,
        line=line.id,
        livemode=order.livemode,
        currency=amount.currency,
        amount=amount.amount,
        tax=line.tax.amount,
        platform_fee=shares.platform_fee.amount,
        organization_fee=shares.organization_fee.amount,
        seller_share=shares.seller_share.amount,
        now=tx.now,
    )
    return None if found is None else id


async def save_status(tx: Transaction, id: PurchaseId, status: PurchaseStatus) -> None:
    """The row is locked by the caller."""
    await tx.run(
        """
        UPDATE purchases SET status = %(status)s,
            refunded_at = CASE WHEN %(status)s = 'refunded' THEN %(now)s::timestamptz END
        WHERE id = %(id)s
        """,
        id=id,
        status=status,
        now=tx.now,
    )


async def add_reversal(tx: Transaction, id: PurchaseId, reference: str, part: Shares) -> bool:
    """Whether this reference took its share for the first time."""
    return bool(
        await tx.run(
            """
            INSERT INTO purchase_reversals (purchase_id, reference, currency, amount, platform_fee_amount,
                organization_fee_amount, seller_share_amount, reversed_at)
            VALUES (%(id)s, %(reference)s, %(currency)s, %(amount)s, %(platform)s, %(organization)s, %(seller)s, %(now)s)
            ON CONFLICT (purchase_id, reference) DO NOTHING
            """,
            id=id,
            reference=reference,
            now=tx.now,
            amount=part.total.amount,
            currency=part.total.currency,
            **_amounts(part),
        )
    )


async def withdraw_reversal(tx: Transaction, id: PurchaseId, reference: str) -> Shares | None:
    """What the reference took, if it still has it; from now on it has not."""
    return await tx.find(
        lambda row: _shares(row, "", row["currency"]),
        """
        UPDATE purchase_reversals SET withdrawn_at = %(now)s
        WHERE purchase_id = %(id)s AND reference = %(reference)s AND withdrawn_at IS NULL
        RETURNING currency, platform_fee_amount, organization_fee_amount, seller_share_amount
        """,
        id=id,
        reference=reference,
        now=tx.now,
    )


async def add_refunded(tx: Transaction, id: PurchaseId, part: Shares, sign: int) -> None:
    """Count a part as given back, or with -1 as kept after all."""
    await tx.run(
        """
        UPDATE purchases SET refunded_amount = refunded_amount + %(sign)s * %(amount)s,
            refunded_platform_fee_amount = refunded_platform_fee_amount + %(sign)s * %(platform)s,
            refunded_organization_fee_amount = refunded_organization_fee_amount + %(sign)s * %(organization)s,
            refunded_seller_share_amount = refunded_seller_share_amount + %(sign)s * %(seller)s
        WHERE id = %(id)s
        """,
        id=id,
        sign=sign,
        amount=part.total.amount,
        **_amounts(part),
    )


def _amounts(part: Shares) -> dict[str, object]:
    return {
        "platform": part.platform_fee.amount,
        "organization": part.organization_fee.amount,
        "seller": part.seller_share.amount,
    }


def _shares(row: Row, prefix: str, currency: str) -> Shares:
    return Shares(
        Money(row[f"{prefix}platform_fee_amount"], currency),
        Money(row[f"{prefix}organization_fee_amount"], currency),
        Money(row[f"{prefix}seller_share_amount"], currency),
    )


def _purchase(row: Row) -> Purchase:
    currency = row["currency"]
    return Purchase(
        id=PurchaseId.of(row["id"]),
        customer_id=CustomerId.of(row["customer_id"]),
        content=row["content"],
        product=row["product"],
        title=row["title"],
        seller=row["seller"],
        organization=row["organization"],
        order_id=OrderId.of(row["order_id"]),
        line_item_id=LineItemId.of(row["line_item_id"]),
        payment_id=None if row["payment_id"] is None else PaymentId.of(row["payment_id"]),
        livemode=row["livemode"],
        amount=Money(row["amount"], currency),
        tax=Money(row["tax_amount"], currency),
        shares=_shares(row, "", currency),
        refunded=_shares(row, "refunded_", currency),
        status=PurchaseStatus(row["status"]),
        purchased_at=row["purchased_at"],
        refunded_at=row["refunded_at"],
    )
