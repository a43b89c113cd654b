"""`[legal]`: in whose name tax invoices are issued. Without it none are."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from farthing.catalog.values import Line, Table, TaxRate

SERIES: Final = r"^[A-Z0-9][A-Z0-9-]{0,15}$"


@dataclass(frozen=True, slots=True)
class Legal:
    """The seller, as the law wants it named, and its series of numbers."""

    name: str
    address: tuple[str, ...]
    country: str
    tax_id: str | None
    entity: str = "main"
    """Numbers are counted for each entity by itself: never give an old one to another company."""
    series: str = "INV"
    credit_series: str = "CN"
    automatic_tax: bool = False
    """Whether the provider computes the tax: Stripe Tax."""
    footer: str | None = None
    tax_rate: str | None = None
    """In percent: the tax that is in the prices of orders, where the product says nothing else."""


class LegalTable(Table):
    """In whose name tax invoices and credit notes are issued. Left out, none are."""

    name: Line = Field(description="The legal name of the seller.")
    address: Annotated[list[Line], Field(min_length=1, max_length=8)] = Field(description="Its address, line by line.")
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = Field(description="Its country in two letters, such as AT.")
    tax_id: Line | None = Field(default=None, description="Its tax id as it is printed, such as ATU12345675.")
    entity: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")] = Field(
        default="main", description="Numbers are counted for each entity by itself: a name of yours."
    )
    series: Annotated[str, Field(pattern=SERIES)] = Field(default="INV", description="What numbers of invoices begin with.")
    credit_series: Annotated[str, Field(pattern=SERIES)] = Field(
        default="CN", description="What numbers of credit notes begin with."
    )
    automatic_tax: bool = Field(default=False, description="Let the provider compute the tax of subscriptions: Stripe Tax.")
    tax_rate: TaxRate | None = Field(
        default=None, description="In percent: the tax that is in the prices of orders. Left out, their documents say none."
    )
    footer: Line | None = Field(default=None, description="A line at the foot of every document: a register, a bank account.")


def legal_of(table: LegalTable | None) -> Legal | None:
    return None if table is None else Legal(**{**table.model_dump(), "address": tuple(table.address)})
