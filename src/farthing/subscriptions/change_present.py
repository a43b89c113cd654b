"""Quotes and changes as the API shows them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from farthing.http.bodies import MoneyShown, Shown
from farthing.lifecycles import ChangeStatus
from farthing.money import Money
from farthing.subscriptions.changes import Change
from farthing.subscriptions.targets import Effective, Kind


class QuotedLineShown(Shown):
    description: str | None
    quantity: int
    amount: MoneyShown = Field(description="Less than nothing for paid time that will not be used.")
    tax: MoneyShown
    period_start: datetime
    period_end: datetime
    proration: bool


class ChangeShown(Shown):
    id: str = Field(examples=["subscription_change_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    object: Literal["subscription_change"] = "subscription_change"
    status: ChangeStatus = Field(description="quoted: a quote that nobody committed to yet; waiting: for its payment.")
    subscription: str
    kind: Kind
    when: Effective
    plan: str
    price: str | None
    quantity: int
    unit: MoneyShown
    interval: str
    interval_count: int
    coupon: str | None = Field(description='Of the provider: what is put on; "" takes off what is on.')
    promotion_code: str | None
    total: MoneyShown = Field(description="Of the invoice that comes now; less than nothing becomes credit of the customer.")
    tax: MoneyShown
    due: MoneyShown = Field(description="What of it is charged now.")
    lines: list[QuotedLineShown]
    renewal: MoneyShown = Field(
        description="What each whole period costs from then on, with its tax; with a coupon, the next one."
    )
    renewal_at: datetime
    prorated_at: datetime | None = Field(description="The moment from which on the running period is settled.")
    expires_at: datetime = Field(description="Until when the quote can be committed to.")
    due_at: datetime | None = Field(description="When what is planned is done.")
    waits_until: datetime | None = Field(description="Until when it can be paid.")
    failure: str | None

    @classmethod
    def of(cls, change: Change) -> "ChangeShown":
        currency = change.unit.currency

        def money(amount: int) -> MoneyShown:
            return MoneyShown.of(Money(amount, currency))

        return cls(
            id=str(change.id),
            status=change.status,
            subscription=str(change.subscription_id),
            kind=change.kind,
            when=change.effective,
            plan=change.plan,
            price=change.price,
            quantity=change.quantity,
            unit=MoneyShown.of(change.unit),
            interval=change.interval,
            interval_count=change.interval_count,
            coupon=change.coupon,
            promotion_code=change.promotion_code,
            total=MoneyShown.of(change.total),
            tax=MoneyShown.of(change.tax),
            due=MoneyShown.of(change.due),
            lines=[
                QuotedLineShown(
                    description=line.description,
                    quantity=line.quantity,
                    amount=money(line.amount),
                    tax=money(line.tax),
                    period_start=datetime.fromisoformat(line.period_start),
                    period_end=datetime.fromisoformat(line.period_end),
                    proration=line.proration,
                )
                for line in change.lines
            ],
            renewal=MoneyShown.of(change.renewal),
            renewal_at=change.renewal_at,
            prorated_at=change.prorated_at,
            expires_at=change.expires_at,
            due_at=change.due_at,
            waits_until=change.waits_until,
            failure=change.failure,
        )


class CommittedShown(ChangeShown):
    client_secret: str | None = Field(
        None, description="Where it waits for its payment: for the buyer's browser. Not to be kept."
    )
    url: str | None = Field(None, description="Where it waits for its payment: a page on which it can be paid.")


def document(change: Change) -> dict[str, Any]:
    """The same as plain JSON."""
    return ChangeShown.of(change).model_dump(mode="json")
