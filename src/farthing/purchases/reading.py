"""What the host and its dashboards ask: a user's purchases page by page, and what each seller sold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from farthing import customers
from farthing.db import Row, Transaction
from farthing.errors import Invalid
from farthing.lifecycles import PurchaseStatus
from farthing.money import Money
from farthing.purchases import store
from farthing.purchases.model import Purchase
from farthing.shares import Shares

PAGE_SIZE: Final = 20
PAGE_SIZE_MAX: Final = 100
PAGE_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class PurchasePage:
    """One numbered page of many."""

    items: Sequence[Purchase]
    page: int
    page_size: int
    total_count: int

    @property
    def total_pages(self) -> int:
        return -(-self.total_count // self.page_size)


@dataclass(frozen=True, slots=True)
class SellerSales:
    """What one seller sold in one currency. `left` is what each has of it after what went back."""

    seller: str | None
    """None: the shop itself."""
    sold_count: int
    refunded_count: int
    gross: Money
    shares: Shares
    refunded: Shares

    @property
    def left(self) -> Shares:
        return self.shares - self.refunded


async def history(
    tx: Transaction,
    customer: str,
    *,
    status: PurchaseStatus | None = None,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> PurchasePage:
    """The purchases of the host's user, newest first; none for one who never bought. Raises Invalid."""
    if type(page) is not int or not 1 <= page <= PAGE_MAX:
        raise Invalid(f"page is a number from 1 to {PAGE_MAX}.", param="page")
    if type(page_size) is not int or not 1 <= page_size <= PAGE_SIZE_MAX:
        raise Invalid(f"page_size is a number from 1 to {PAGE_SIZE_MAX}.", param="page_size")
    buyer = await customers.find_by_external_id(tx, customer)
    if buyer is None:
        return PurchasePage((), page, page_size, 0)
    found, counted = await store.numbered(tx, buyer.id, status=status, offset=(page - 1) * page_size, limit=page_size)
    return PurchasePage(found, page, page_size, counted)


async def sales_by_seller(
    tx: Transaction, *, seller: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> list[SellerSales]:
    """What was sold and how it was shared, one row for each seller and currency, of one seller or of all."""
    return await tx.all(
        _sales,
        """
        SELECT seller, currency, count(*) AS sold, count(*) FILTER (WHERE status = 'refunded') AS refunded,
            sum(amount)::bigint AS gross, sum(platform_fee_amount)::bigint AS platform_fee,
            sum(organization_fee_amount)::bigint AS organization_fee, sum(seller_share_amount)::bigint AS seller_share,
            sum(refunded_platform_fee_amount)::bigint AS refunded_platform_fee,
            sum(refunded_organization_fee_amount)::bigint AS refunded_organization_fee,
            sum(refunded_seller_share_amount)::bigint AS refunded_seller_share
        FROM purchases
        WHERE (%(seller)s::text IS NULL OR seller = %(seller)s)
            AND (%(since)s::timestamptz IS NULL OR purchased_at >= %(since)s)
            AND (%(until)s::timestamptz IS NULL OR purchased_at < %(until)s)
        GROUP BY seller, currency ORDER BY seller NULLS LAST, currency
        """,
        seller=seller,
        since=since,
        until=until,
    )


def _sales(row: Row) -> SellerSales:
    def of(prefix: str) -> Shares:
        names = ("platform_fee", "organization_fee", "seller_share")
        return Shares(*(Money(row[prefix + name], row["currency"]) for name in names))

    return SellerSales(
        seller=row["seller"],
        sold_count=row["sold"],
        refunded_count=row["refunded"],
        gross=Money(row["gross"], row["currency"]),
        shares=of(""),
        refunded=of("refunded_"),
    )
