"""`[shipping]`: where goods are sent to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from farthing.catalog.values import Table


@dataclass(frozen=True, slots=True)
class Shipping:
    """Without the table nobody is asked for an address. `countries`: all where none is named."""

    countries: Sequence[str] = ()


class ShippingTable(Table):
    """Where goods are sent to. With this table, who orders some must say where to."""

    countries: Annotated[list[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]], Field(max_length=250)] = Field(
        default=[], description='The countries that are served, in two letters: ["DE", "AT"]; all if left out.'
    )


def shipping_of(table: ShippingTable | None) -> Shipping | None:
    return None if table is None else Shipping(tuple(table.countries))
