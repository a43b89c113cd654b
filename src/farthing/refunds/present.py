"""Requests and previews as they are shown over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.http.bodies import MoneyShown, Shown
from farthing.lifecycles import OrderStatus, RefundRequestStatus
from farthing.money import Money
from farthing.payments import RefundReason
from farthing.refunds.model import Preview, PreviewLine, RefundRequest


class RefundRequestLineShown(Shown):
    line_item: str
    quantity: int | None
    amount: MoneyShown | None


class RefundRequestShown(Shown):
    id: str
    object: Literal["refund_request"] = "refund_request"
    order: str
    refund: str | None
    status: RefundRequestStatus
    amount: MoneyShown
    lines: list[RefundRequestLineShown] = Field(description="None where the amount is spread over all lines.")
    reason: RefundReason
    message: str | None = Field(description="The buyer's own words.")
    note: str | None = Field(description="For staff; customers are not shown it.")
    needs_second: bool = Field(description="It takes the word of two people.")
    waits_for_second: bool = Field(description="One has approved it; another must.")
    first_approver: str | None
    second_approver: str | None
    requested_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, request: RefundRequest, *, for_staff: bool) -> "RefundRequestShown":
        return cls(
            id=str(request.id),
            order=str(request.order_id),
            refund=None if request.refund_id is None else str(request.refund_id),
            status=request.status,
            amount=MoneyShown.of(request.money),
            lines=[
                RefundRequestLineShown(line_item=str(each.line), quantity=each.quantity, amount=MoneyShown.perhaps(each.amount))
                for each in request.lines
            ],
            reason=request.reason,
            message=request.message,
            note=request.note if for_staff else None,
            needs_second=request.needs_second,
            waits_for_second=request.waits_for_second,
            first_approver=request.first_approver if for_staff else None,
            second_approver=request.second_approver if for_staff else None,
            requested_at=request.requested_at,
            closed_at=request.closed_at,
        )


class PreviewLineShown(Shown):
    line_item: str
    product: str
    quantity: int
    amount: MoneyShown
    tax: MoneyShown
    discount: MoneyShown
    platform_fee: MoneyShown
    organization_fee: MoneyShown
    seller_share: MoneyShown
    gone: bool = Field(description="Nothing of it would be left with the buyer: what it granted would be revoked.")

    @classmethod
    def of(cls, line: PreviewLine, currency: str) -> "PreviewLineShown":
        def money(amount: int) -> MoneyShown:
            return MoneyShown.of(Money(amount, currency))

        return cls(
            line_item=str(line.line),
            product=line.product,
            quantity=line.quantity,
            amount=money(line.amount),
            tax=money(line.tax),
            discount=money(line.discount),
            platform_fee=money(line.platform_fee),
            organization_fee=money(line.organization_fee),
            seller_share=money(line.seller_share),
            gone=line.gone,
        )


class PostingShown(Shown):
    source: str
    target: str
    amount: MoneyShown


class RefundPreviewShown(Shown):
    object: Literal["refund_preview"] = "refund_preview"
    figure: str = Field(description="Send it with the refund: it is made at exactly these figures, or not at all.")
    order: str
    payment: str
    amount: MoneyShown = Field(description="What the buyer gets.")
    tax: MoneyShown
    platform_fee: MoneyShown
    organization_fee: MoneyShown
    seller_share: MoneyShown
    revenue: MoneyShown = Field(description="What the shop gives up: the amount without tax and the others' shares.")
    fee_kept: MoneyShown | None = Field(description="What the provider keeps of its fee; null while that is not known.")
    left: MoneyShown
    order_becomes: OrderStatus
    revoked: list[str] = Field(description="Features that the buyer would lose.")
    needs_second: bool
    lines: list[PreviewLineShown]
    postings: list[PostingShown]

    @classmethod
    def of(cls, seen: Preview) -> "RefundPreviewShown":
        return cls(
            figure=seen.figure,
            order=str(seen.order_id),
            payment=str(seen.payment_id),
            amount=MoneyShown.of(seen.money),
            tax=MoneyShown.of(seen.tax),
            platform_fee=MoneyShown.of(seen.platform_fee),
            organization_fee=MoneyShown.of(seen.organization_fee),
            seller_share=MoneyShown.of(seen.seller_share),
            revenue=MoneyShown.of(seen.revenue),
            fee_kept=MoneyShown.perhaps(seen.fee_kept),
            left=MoneyShown.of(seen.left),
            order_becomes=seen.order_becomes,
            revoked=list(seen.revoked),
            needs_second=seen.needs_second,
            lines=[PreviewLineShown.of(line, seen.money.currency) for line in seen.lines],
            postings=[PostingShown(source=p.source, target=p.target, amount=MoneyShown.of(p.money)) for p in seen.postings],
        )
