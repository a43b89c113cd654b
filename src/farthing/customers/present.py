"""How customers and their saved methods are shown over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.customers.model import Customer, PaymentMethod
from farthing.http.bodies import Shown


class CustomerShown(Shown):
    id: str | None = Field(description="The host's own id of its user; null for a guest.", examples=["user_4711"])
    object: Literal["customer"] = "customer"
    customer: str = Field(description="Our id.", examples=["customer_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    email: str | None
    name: str | None
    metadata: dict[str, str]
    provider_customer: str | None = Field(description="The provider's id, once they are known there.")
    created_at: datetime | None

    @classmethod
    def of(cls, customer: Customer, provider_customer: str | None) -> "CustomerShown":
        return cls(
            id=customer.external_id,
            customer=str(customer.id),
            email=customer.email,
            name=customer.name,
            metadata=dict(customer.metadata),
            provider_customer=provider_customer,
            created_at=customer.created_at,
        )


class PaymentMethodShown(Shown):
    id: str
    object: Literal["payment_method"] = "payment_method"
    kind: str = Field(examples=["card"])
    status: Literal["attached", "detached"]
    brand: str | None = Field(examples=["visa"])
    last4: str | None = Field(examples=["4242"])
    exp_month: int | None
    exp_year: int | None
    is_default: bool
    saved_at: datetime

    @classmethod
    def of(cls, method: PaymentMethod) -> "PaymentMethodShown":
        return cls(
            id=str(method.id),
            kind=method.kind,
            status="attached" if method.detached_at is None else "detached",
            brand=method.brand,
            last4=method.last4,
            exp_month=method.exp_month,
            exp_year=method.exp_year,
            is_default=method.is_default,
            saved_at=method.saved_at,
        )
