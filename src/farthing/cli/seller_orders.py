"""`farthing seller-orders`: what each seller sends: look, send, buy a label, ask where a parcel is, print the slip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, Literal

from farthing import addresses, seller_orders, sellers, shipping
from farthing.addresses import Address
from farthing.carriers import Dimensions, Parcel
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.sellers import find as find_seller
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, NotFound
from farthing.ids import SellerOrderId, ShipmentId
from farthing.lifecycles import LabelStatus, SellerOrderStatus
from farthing.money import Money
from farthing.seller_orders import SellerOrder, Shipment
from farthing.shipping import Label, Wanted

Status = Literal["confirmed", "completed", "canceled"]
How = Literal["resend", "write_off"]
SIDES: Final = 3


async def list_(
    *,
    to_ship: bool = False,
    troubled: bool = False,
    status: Status | None = None,
    seller: str | None = None,
    limit: int = 25,
    cursor: str | None = None,
) -> int:
    """List sellers' parts of orders, newest first; or the parcels that somebody must look after.

    For example:

        farthing seller-orders list --to-ship
        farthing seller-orders list --troubled --json

    Parameters
    ----------
    to_ship
        Only what waits to be sent.
    troubled
        Parcels instead: lost or come back, stuck, or much too long on their way.
    status
        Only those that stand so.
    seller
        Only theirs: your id of the user, ours, the provider's, or an email address.
    limit
        How many, at most 100.
    cursor
        Go on after this one: the next_cursor of the page before.
    """
    settings = opening.settings()
    async with opening.database(settings) as db, db.transaction(ACTOR) as tx:
        if troubled:
            ids = await shipping.troubled(tx, livemode=settings.livemode, limit=max(1, min(limit, 100)))
            parcels = [await seller_orders.get_shipment(tx, each) for each in ids]
            parts = {each.id: await seller_orders.get(tx, each.seller_order_id) for each in parcels}
            _show_parcels(parcels, {id: part.number for id, part in parts.items()})
            return 0
        whose = None if seller is None else await find_seller(tx, seller, livemode=settings.livemode)
        page = await seller_orders.list_page(
            tx,
            livemode=settings.livemode,
            limit=limit,
            cursor=SellerOrderId.parse(cursor) if cursor else None,
            seller=whose.id if whose else None,
            status=SellerOrderStatus(status) if status else None,
            to_ship=to_ship,
        )
        who = {id: (await sellers.get(tx, id)).described for id in {each.seller_id for each in page.items} if id is not None}
    rows = [
        (
            each.number,
            each.id,
            show.status(each.fulfillment_status),
            sum(line.to_ship for line in each.lines),
            who.get(each.seller_id) if each.seller_id else None,
        )
        for each in page.items
    ]
    columns = ("Number", "Id", "Status", "To send", "Seller")
    document = {"data": [_part(each) for each in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(columns, rows, right=frozenset({"To send"})))
    if page.next_cursor:
        terminal().say(f"There are more: --cursor {page.next_cursor}")
    return 0


async def show_(seller_order: str, /) -> int:
    """Show a seller's part of an order: its lines, parcels and labels.

    For example:

        farthing seller-orders show 1042-1

    Parameters
    ----------
    seller_order
        Its number or its id.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        part = await find(tx, seller_order)
        parcels = await seller_orders.shipments_of(tx, part.id)
        labels = await shipping.of_seller_order(tx, part.id)
        to = await addresses.find(tx, part.order_id)
    lines = [(line.name, line.quantity, line.canceled, line.shipped, line.delivered, line.to_ship) for line in part.lines]
    counts = ("Quantity", "Canceled", "Sent", "Arrived", "To send")
    bought = [(each.id, show.status(each.status), f"{each.carrier} {each.service}", each.amount) for each in labels]
    terminal().show(
        _part(part) | {"shipments": [_parcel(each) for each in parcels], "labels": [_label(each) for each in labels]},
        f"[bold]{part.number}[/] · {part.id} · {show.status(part.status)} · {show.status(part.fulfillment_status)}",
        f"To {show.said(to.name)}, {show.said(to.city or to.country)}" if to else "Nobody has said where to.",
        show.table(("Line", *counts), lines, right=frozenset(counts)),
        _parcels(parcels, {each.id: part.number for each in parcels}),
        show.table(("Label", "Status", "Service", "Price"), bought, right=frozenset({"Price"})),
    )
    return 0


async def ship(
    seller_order: str,
    /,
    *,
    carrier: str,
    tracking_number: str | None = None,
    tracking_url: str | None = None,
    dry_run: bool = False,
) -> int:
    """Say that a parcel left with all that is left to send.

    For example:

        farthing seller-orders ship 1042-1 --carrier dhl --tracking-number JD0146 --yes

    Parameters
    ----------
    seller_order
        Its number or its id.
    carrier
        Who carries it, such as dhl.
    tracking_number
        The carrier's number. One that another parcel has is refused.
    tracking_url
        Where the buyer follows it; known carriers have one by themselves.
    dry_run
        Only show what would be sent.
    """
    async with opening.database() as db:
        async with db.transaction(ACTOR) as tx:
            part = await find(tx, seller_order)
            _, lines = await seller_orders.sendable(tx, part.id, None)
        names = {line.line_id: line.name for line in part.lines}
        said = ", ".join(f"{quantity} × {names[line]}" for line, quantity in lines)
        if dry_run:
            terminal().show({"dry_run": True, "would_send": said}, f"Would send {show.said(said)}.")
            return 0
        terminal().confirm(f"Send {said} of {part.number} with {carrier}?")
        parcel = await db.run(
            ACTOR,
            lambda tx: seller_orders.ship(
                tx, part.id, carrier=carrier, tracking_number=tracking_number, tracking_url=tracking_url
            ),
        )
    _show_parcels([parcel], {parcel.id: part.number})
    return 0


async def rates(seller_order: str, /, *, weight: int, size: str | None = None, origin: Path | None = None) -> int:
    """Show what services ask for a parcel of it, the cheapest first. Buys nothing.

    For example:

        farthing seller-orders rates 1042-1 --weight 450 --size 200x150x100

    Parameters
    ----------
    seller_order
        Its number or its id.
    weight
        In grams, with its packing.
    size
        Length, width and height in millimeters: 200x150x100.
    origin
        A JSON file with the address it is sent from (name, line1, city, state, postal_code, country). It is kept.
    """
    start = None if origin is None else _address(origin)
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            part = await find(tx, seller_order)
        with terminal().progress("Asking the carrier"):
            found = await shipping.rates(world, part.id, _read(weight, size), origin=start, actor=ACTOR)
    rows = [(each.carrier, each.service, each.money, each.days) for each in found]
    document = {"data": [{"carrier": each.carrier, "service": each.service, "amount": each.money} for each in found]}
    terminal().show(document, show.table(("Carrier", "Service", "Price", "Days"), rows, right=frozenset({"Price", "Days"})))
    return 0


async def label(
    seller_order: str,
    /,
    *,
    weight: int,
    carrier: str,
    service: str,
    max: str,
    size: str | None = None,
    output: Path | None = None,
    dry_run: bool = False,
) -> int:
    """Buy a label for all that is left to send: its parcel leaves, with the carrier's number. Costs money.

    For example:

        farthing seller-orders label 1042-1 --weight 450 --carrier usps --service GroundAdvantage --max "4.12 USD" --yes

    Parameters
    ----------
    seller_order
        Its number or its id.
    weight
        In grams, with its packing.
    carrier
        As `rates` says.
    service
        As `rates` says.
    max
        What it may cost at most, such as "4.12 USD".
    size
        Length, width and height in millimeters: 200x150x100.
    output
        Write the paper to this file.
    dry_run
        Only show what it would cost.
    """
    limit = _money(max)
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            part = await find(tx, seller_order)
        parcel = _read(weight, size)
        if dry_run:
            found = await shipping.rates(world, part.id, parcel, actor=ACTOR)
            fits = [each for each in found if (each.carrier, each.service) == (carrier, service)]
            cost = str(fits[0].money) if fits else None
            terminal().show({"dry_run": True, "amount": cost}, f"Would cost {cost}." if cost else "Nobody offers that.")
            return 0
        terminal().confirm(f"Buy a label of {carrier} {service} for {part.number}, for {limit} at most?")
        with terminal().progress("Asking the carrier"):
            bought = await shipping.buy_label(world, part.id, Wanted(parcel, carrier, service, limit), actor=ACTOR)
    if output is not None and bought.label_url is not None:
        _write(output, await _paper(bought.label_url))
    if bought.status == LabelStatus.REFUSED:
        raise Conflict(str(bought.refused_because), extra={"label": str(bought.id)})
    said = f"{bought.carrier.upper()} {bought.tracking_number or ''}: {bought.label_url or ''}"
    terminal().show(_label(bought), f"{bought.id} · {show.status(bought.status)}", show.said(said))
    if bought.status == LabelStatus.REQUESTED:
        terminal().say("The carrier has not answered: it is asked again by the worker, and nothing is paid twice.")
    return 0


async def track(seller_order: str, /) -> int:
    """Ask the carriers where the parcels of it are, and record it. Harmless at any time.

    For example:

        farthing seller-orders track 1042-1

    Parameters
    ----------
    seller_order
        Its number or its id.
    """
    async with opening.world() as world:
        async with world.db.transaction(ACTOR) as tx:
            part = await find(tx, seller_order)
            parcels = await seller_orders.shipments_of(tx, part.id)
        followed = [each for each in parcels if each.tracking_number is not None and each.track_again_at is not None]
        with terminal().progress("Asking the carrier"):
            seen = {each.id: await shipping.track(world, each.id, actor=ACTOR) for each in followed}
    _show_parcels([seen.get(each.id, each) for each in parcels], {each.id: part.number for each in parcels})
    return 0


async def settle(shipment: str, how: How, /, *, dry_run: bool = False) -> int:
    """Decide about the goods of a parcel that was lost or came back.

    For example:

        farthing seller-orders settle shipment_01j… resend --yes

    Parameters
    ----------
    shipment
        Its id.
    how
        resend: they are sent again; write_off: nobody sends them, and the buyer is refunded by somebody.
    dry_run
        Only show the parcel.
    """
    async with opening.database() as db:
        async with db.transaction(ACTOR) as tx:
            parcel = await seller_orders.get_shipment(tx, ShipmentId.parse(shipment))
            part = await seller_orders.get(tx, parcel.seller_order_id)
        if not dry_run:
            terminal().confirm(f"{how} what was in {parcel.carrier} {parcel.tracking_number or parcel.id}?")
            parcel = await db.run(ACTOR, lambda tx: seller_orders.settle(tx, parcel.id, how))
    _show_parcels([parcel], {parcel.id: part.number})
    return 0


async def slip(seller_order: str, /, *, shipment: str | None = None, prices: bool = False, output: Path | None = None) -> int:
    """Write the paper that lies in a parcel as PDF, or as a page where PDF is not installed.

    For example:

        farthing seller-orders slip 1042-1

    Parameters
    ----------
    seller_order
        Its number or its id.
    shipment
        The parcel; without it, what is left to send.
    prices
        Say what each costs. By default it does not, for it may be a present.
    output
        The file to write; by default its number.
    """
    settings = opening.settings()
    name = opening.catalog(settings).shop.name
    async with opening.database(settings) as db, db.transaction(ACTOR) as tx:
        part = await find(tx, seller_order)
        parcel = ShipmentId.parse(shipment) if shipment else None
        found = await shipping.slip_of(tx, part.id, shop=name, shipment=parcel, prices=prices)
    from farthing import tax

    suffix = "pdf" if tax.can_print() else "html"
    path = output or Path(f"{found.number}.{suffix}")
    made = shipping.slip_pdf(found) if suffix == "pdf" else shipping.slip_html(found).encode()
    _write(path, made)
    terminal().show({"file": str(path), "seller_order": str(part.id)}, f"Written: {path} ({len(made)} bytes).")
    return 0


async def find(tx: Transaction, words: str) -> SellerOrder:
    """By its number, or by its id."""
    if words.startswith(f"{SellerOrderId.prefix}_"):
        return await seller_orders.get(tx, SellerOrderId.parse(words))
    found = await seller_orders.find_by_number(tx, words)
    if found is None:
        raise NotFound(f"There is no seller order {words[:64]!r}: a number looks like 1042-1.")
    return found


def _address(path: Path) -> Address:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Invalid(f"{path} cannot be read as JSON ({type(error).__name__}).", param="origin") from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Invalid(f"{path} is not one address: a JSON object of texts.", param="origin")
    return addresses.checked(found)


def _read(weight: int, size: str | None) -> Parcel:
    if size is None:
        return Parcel(weight)
    sides = size.lower().split("x")
    if len(sides) != SIDES or not all(side.isdecimal() and len(side) <= SIDES + 1 for side in sides):
        raise Invalid("A size is written like 200x150x100, in millimeters.", param="size")
    return Parcel(weight, Dimensions(*map(int, sides)))


def _money(text: str) -> Money:
    amount, _, currency = text.strip().rpartition(" ")
    if not amount:
        raise Invalid('Write an amount with its currency: "4.12 USD".', param="max")
    return Money.parse(amount, currency.lower())


async def _paper(url: str) -> bytes:
    import httpx

    async with httpx.AsyncClient(timeout=30, follow_redirects=True) as http:
        answer = await http.get(url)
    if answer.is_error:
        raise Conflict(f"The paper could not be fetched ({answer.status_code}): {url}")
    return answer.content


def _write(path: Path, made: bytes) -> None:
    try:
        path.write_bytes(made)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}.") from None


def _show_parcels(parcels: list[Shipment], numbers: dict[ShipmentId, str]) -> None:
    terminal().show({"data": [_parcel(each) for each in parcels]}, _parcels(parcels, numbers))


def _parcels(parcels: list[Shipment], numbers: dict[ShipmentId, str]) -> Any:
    rows = [
        (
            numbers[each.id],
            each.id,
            show.status(each.status),
            f"{each.carrier} {each.tracking_number or ''}",
            each.tracking_status,
            each.tracking_detail,
            show.at(each.tracked_at),
        )
        for each in parcels
    ]
    return show.table(("Of", "Parcel", "Status", "Number", "The carrier says", "", "Asked"), rows)


def _part(part: SellerOrder) -> dict[str, object]:
    names = "id number order_id seller_id status fulfillment_status confirmed_at release_at".split()
    lines = [{"line_item": line.line_id, "name": line.name, "to_ship": line.to_ship} for line in part.lines]
    return {name: getattr(part, name) for name in names} | {"lines": lines}


def _parcel(parcel: Shipment) -> dict[str, object]:
    names = (
        "id seller_order_id status carrier tracking_number tracking_url tracking_status tracking_detail expected_at shipped_at"
        " delivered_at tracked_at settled_how"
    ).split()
    return {name: getattr(parcel, name) for name in names}


def _label(label: Label) -> dict[str, object]:
    names = "id status seller_order_id shipment_id carrier service amount tracking_number label_url refused_because".split()
    return {name: getattr(label, name) for name in names}
