"""The paper that lies in a parcel: what is in it, and for whom. Without prices, for it may be a present. A page and a PDF."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from farthing import addresses, orders, seller_orders, sellers
from farthing.db import Transaction
from farthing.errors import Conflict, NotFound
from farthing.ids import LineItemId, SellerOrderId, ShipmentId
from farthing.money import Money
from farthing.seller_orders import SellerOrder, Shipment
from farthing.shipping import store

TEMPLATES: Final = Path(__file__).with_name("templates")
FOREIGN: Final = re.compile("[\u0590-\u1dff\u2e80-\ud7ff\uf900-\ufeff\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Slip:
    number: str
    date: str
    sender: Sequence[str]
    recipient: Sequence[str]
    lines: Sequence[tuple[str, int, str | None]]
    """Name, quantity, and what one costs, where prices are wanted."""
    parcel: str | None
    """Whose number, and which."""
    livemode: bool
    moment: int


async def slip_of(
    tx: Transaction, id: SellerOrderId, *, shop: str, shipment: ShipmentId | None = None, prices: bool = False
) -> Slip:
    """What is in one of its parcels, or without one, what is still to be sent, and where all is sent, all of it."""
    part = await seller_orders.get(tx, id)
    to = await addresses.find(tx, part.order_id)
    if to is None:
        raise Conflict(f"Nobody has said where {part.number} is sent to.")
    origin = await store.find_origin(tx, part.seller_id)
    seller = None if part.seller_id is None else await sellers.get(tx, part.seller_id)
    parcel = None if shipment is None else await _parcel(tx, part, shipment)
    order = await orders.get(tx, part.order_id)
    costs = {line.id: line.unit for line in order.lines}
    return Slip(
        number=part.number,
        date=f"{tx.now:%Y-%m-%d}",
        sender=addresses.written(origin) if origin is not None else [shop if seller is None else seller.name or shop],
        recipient=addresses.written(to),
        lines=[(name, quantity, _cost(costs, line) if prices else None) for line, name, quantity in _contents(part, parcel)],
        parcel=None if parcel is None else " ".join(filter(None, (parcel.carrier.upper(), parcel.tracking_number))),
        livemode=part.livemode,
        moment=int(tx.now.timestamp()),
    )


def html(slip: Slip) -> str:
    """A page of its own, which can be printed."""
    return _page().render(_shown(slip))


def pdf(slip: Slip) -> bytes:
    """A5. Takes some tens of milliseconds of one core: call it in a thread. Raises Conflict where typst is not installed."""
    try:
        import typst
    except ModuleNotFoundError:
        raise Conflict("PDF is not installed here: pip install 'farthing[pdf]'. The page can be printed instead.") from None
    text = orjson.dumps(_shown(slip)).decode()
    made = typst.compile(
        TEMPLATES / "slip.typ",
        format="pdf",
        ignore_system_fonts=not FOREIGN.search(text),
        sys_inputs={"document": text},
        timestamp=slip.moment,
    )
    assert isinstance(made, bytes), "one PDF is one file"
    return made


@cache
def _page() -> Template:
    loader = FileSystemLoader(TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("slip.html")


def _shown(slip: Slip) -> Mapping[str, Any]:
    priced = any(cost is not None for _, _, cost in slip.lines)
    columns = ["Item", "Quantity", *(["Each"] if priced else [])]
    return {
        "title": "Packing slip",
        "number": slip.number,
        "date": slip.date,
        "sender": list(slip.sender),
        "recipient": list(slip.recipient),
        "columns": columns,
        "lines": [[name, str(quantity), *([cost or ""] if priced else [])] for name, quantity, cost in slip.lines],
        "parcel": slip.parcel,
        "notes": [] if slip.livemode else ["Made in test mode: nothing of this is real."],
    }


async def _parcel(tx: Transaction, part: SellerOrder, id: ShipmentId) -> Shipment:
    found = await seller_orders.get_shipment(tx, id)
    if found.seller_order_id != part.id:
        raise NotFound(f"There is no shipment {id} of {part.number}.")
    return found


def _contents(part: SellerOrder, parcel: Shipment | None) -> list[tuple[LineItemId, str, int]]:
    if parcel is not None:
        inside = dict(parcel.lines)
        return [(line.line_id, line.name, inside[line.line_id]) for line in part.lines if line.line_id in inside]
    left = [(line.line_id, line.name, line.to_ship) for line in part.lines if line.to_ship]
    return left or [(line.line_id, line.name, line.shipped) for line in part.lines if line.shipped]


def _cost(costs: Mapping[LineItemId, Money], line: LineItemId) -> str:
    return str(costs[line])
