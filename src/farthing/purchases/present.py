"""A purchase as it is shown over HTTP. Buyers are not shown who gets what of their money."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.http.bodies import MoneyShown, Shown
from farthing.lifecycles import PurchaseStatus
from farthing.purchases.model import Purchase
from farthing.purchases.reading import SellerSales
from farthing.shares import Shares


class SharesShown(Shown):
    platform_fee_amount: int
    organization_fee_amount: int
    seller_share_amount: int

    @classmethod
    def of(cls, shares: Shares) -> "SharesShown":
        return cls(
            platform_fee_amount=shares.platform_fee.amount,
            organization_fee_amount=shares.organization_fee.amount,
            seller_share_amount=shares.seller_share.amount,
        )


class PurchaseShown(Shown):
    id: str = Field(examples=["purchase_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    object: Literal["purchase"] = "purchase"
    customer: str
    content: str = Field(description="The host's own id of what was bought.", examples=["abc-123"])
    title: str
    product: str
    order: str
    line_item: str
    status: PurchaseStatus
    paid: MoneyShown = Field(description="By the buyer, with tax.")
    amount: MoneyShown = Field(description="Without tax: what is shared.")
    refunded: MoneyShown
    seller: str | None = Field(description="Only servers see who sells and who gets what.")
    organization: str | None
    shares: SharesShown | None = Field(description="They are the whole amount.")
    refunded_shares: SharesShown | None
    purchased_at: datetime
    refunded_at: datetime | None

    @classmethod
    def of(cls, purchase: Purchase, *, for_staff: bool) -> "PurchaseShown":
        return cls(
            id=str(purchase.id),
            customer=str(purchase.customer_id),
            content=purchase.content,
            title=purchase.title,
            product=purchase.product,
            order=str(purchase.order_id),
            line_item=str(purchase.line_item_id),
            status=purchase.status,
            paid=MoneyShown.of(purchase.paid),
            amount=MoneyShown.of(purchase.amount),
            refunded=MoneyShown.of(purchase.refunded.total),
            seller=purchase.seller if for_staff else None,
            organization=purchase.organization if for_staff else None,
            shares=SharesShown.of(purchase.shares) if for_staff else None,
            refunded_shares=SharesShown.of(purchase.refunded) if for_staff else None,
            purchased_at=purchase.purchased_at,
            refunded_at=purchase.refunded_at,
        )


class SellerSalesShown(Shown):
    object: Literal["seller_sales"] = "seller_sales"
    seller: str | None = Field(description="null: the shop itself.")
    sold_count: int
    refunded_count: int
    amount: MoneyShown
    shares: SharesShown
    refunded_shares: SharesShown

    @classmethod
    def of(cls, sales: SellerSales) -> "SellerSalesShown":
        return cls(
            seller=sales.seller,
            sold_count=sales.sold_count,
            refunded_count=sales.refunded_count,
            amount=MoneyShown.of(sales.gross),
            shares=SharesShown.of(sales.shares),
            refunded_shares=SharesShown.of(sales.refunded),
        )
