"""Add-ons: products that may only accompany another. Which line of a cart each accompanies, before there is an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from farthing.catalog.model import Product
from farthing.errors import Invalid

if TYPE_CHECKING:
    from farthing.catalog.cart import PricedLine


def checked_for_line(for_line: object, product: Product, where: str) -> str | None:
    """The id of a line item, as it was sent: whose it is, is seen when the order is placed."""
    if for_line is None:
        return None
    if not product.addon_of:
        raise Invalid(f"{product.key!r} is no add-on: leave for_line out.", param=f"{where}.for_line")
    if not isinstance(for_line, str):
        raise Invalid("for_line is the id of a line item, a text.", param=f"{where}.for_line")
    return for_line


def with_bases(lines: Sequence[PricedLine]) -> tuple[PricedLine, ...]:
    """Each add-on with the line that it accompanies. Raises Invalid for one that is alone, or could accompany several."""
    found = tuple(
        line if line.for_line or not line.product.addon_of else replace(line, base=_base(lines, line)) for line in lines
    )
    _check_quantities(found)
    return found


def _base(lines: Sequence[PricedLine], addon: PricedLine) -> int:
    product, wanted = addon.product, " or ".join(repr(key) for key in addon.product.addon_of)
    bases = [at for at, line in enumerate(lines) if line.product.key in product.addon_of]
    if not bases:
        said = f"{product.key!r} is an add-on: put {wanted} into the cart as well, or say for_line, the line item it is for."
        raise Invalid(said, param="items")
    # One that says something else about the same matter, such as another job, is not the one.
    fitting = [at for at in bases if _agree(lines[at].metadata, addon.metadata)]
    if len(fitting) != 1:
        said = f"{product.key!r} accompanies {wanted}, and the cart does not say which: send it with the metadata of that item."
        raise Invalid(said, param="items")
    return fitting[0]


def _agree(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return all(one[key] == other[key] for key in one.keys() & other.keys())


def _check_quantities(lines: Sequence[PricedLine]) -> None:
    """No more of an add-on than there is to accompany."""
    held: dict[tuple[str, int | str], int] = {}
    for line in lines:
        beside = line.for_line if line.base is None else line.base
        if beside is None:
            continue
        same = (line.product.key, beside)
        # How many were bought of a line of an earlier order is compared with one line of this cart, when it is placed.
        limit = line.quantity if line.base is None else lines[line.base].quantity * line.product.addon_max
        held[same] = held.get(same, 0) + line.quantity
        if held[same] > limit:
            said = f"{line.product.key!r} is an add-on, at most {line.product.addon_max} for each one that it accompanies."
            raise Invalid(said, param="items")
