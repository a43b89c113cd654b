"""What we ask of a payment company about people: who a customer is there, and how they may pay again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CustomerWanted:
    """A customer as the provider is to have them. `reference` is our customer's id, the mark that says whose they are."""

    reference: str
    external_id: str | None
    email: str | None
    name: str | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    removed: Sequence[str] = ()
    """Keys of metadata that were pushed before and are no longer wanted."""


@dataclass(frozen=True, slots=True)
class SeenCustomer:
    """A customer as the provider has them now. `deleted` ones answer to their id, and to nothing else."""

    id: str
    reference: str | None
    deleted: bool = False
    default_method: str | None = None


@dataclass(frozen=True, slots=True)
class SeenMethod:
    """A saved way to pay as the provider has it now. Without a customer it pays for nothing any more."""

    id: str
    customer_id: str | None
    kind: str
    brand: str | None = None
    last4: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None


class CustomerProvider(Protocol):
    """Customers, their saved methods, and the pages of the provider where they look after both."""

    async def create_customer(self, wanted: CustomerWanted, *, key: str) -> SeenCustomer:
        """The same key with the same request returns the same customer."""

    async def update_customer(self, id: str, wanted: CustomerWanted, *, key: str) -> SeenCustomer: ...

    async def customer(self, id: str) -> SeenCustomer:
        """Also one who was deleted there."""

    async def find_customer(self, reference: str, *, since: datetime) -> SeenCustomer | None:
        """The customer with our mark, made since then. Reads the list: a search lags behind what was just written."""

    async def delete_customer(self, id: str) -> None:
        """With all their saved methods. Nothing happens where they are gone already."""

    async def methods(self, customer_id: str) -> list[SeenMethod]: ...

    async def method(self, id: str) -> SeenMethod: ...

    async def detach_method(self, id: str) -> SeenMethod:
        """For good. Nothing happens where it is detached already."""

    async def set_default_method(self, customer_id: str, method_id: str) -> SeenCustomer: ...

    async def setup_page(self, customer_id: str, *, currency: str, success_url: str, cancel_url: str, key: str) -> str:
        """The address of a page where the customer saves a method to be charged later, without paying now."""

    async def portal_page(self, customer_id: str, *, return_url: str) -> str:
        """The address of the provider's own page for the customer: short-lived, made for one click."""
