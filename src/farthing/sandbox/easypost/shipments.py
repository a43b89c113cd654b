"""Shipments: two addresses and a parcel, rates for it, a label once, and its refund while nobody has carried it."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.account import Account
from farthing.sandbox.easypost import rates, trackers, webhooks
from farthing.sandbox.easypost.shapes import Wrong, moment, new, not_there, table, text
from farthing.sandbox.ids import random_text
from farthing.sandbox.store import Json, Record

ADDRESS = ("name", "company", "street1", "street2", "city", "state", "zip", "country", "phone", "email")
SIZES = ("length", "width", "height")
FORMATS = ("PDF", "PNG")


def create(account: Account, fields: Json) -> Record:
    to, origin = _address(account, fields, "to_address"), _address(account, fields, "from_address")
    parcel = _parcel(account, table(fields, "parcel"))
    options = fields.get("options") or {}
    now, id = moment(account.clock.now()), new("shp")
    offered = rates.offered(origin["country"], to["country"], parcel["weight"])
    made = [{"id": new("rate"), "shipment_id": id, "created_at": now, "updated_at": now, **rate} for rate in offered]
    body: Json = {
        "id": id,
        "object": "Shipment",
        "mode": "test",
        "reference": text(fields, "reference"),
        "to_address": to,
        "from_address": origin,
        "return_address": origin,
        "buyer_address": to,
        "parcel": parcel,
        "customs_info": fields.get("customs_info"),
        "rates": made,
        "messages": [] if made else [{"carrier": "USPS", "type": "rate_error", "message": "Weight exceeds the maximum."}],
        "options": {"label_format": "PNG", "currency": "USD", **options},
        "selected_rate": None,
        "postage_label": None,
        "tracker": None,
        "tracking_code": None,
        "status": "unknown",
        "refund_status": None,
        "insurance": None,
        "is_return": False,
        "fees": [],
        "forms": [],
        "order_id": None,
        "batch_id": None,
        "created_at": now,
        "updated_at": now,
    }
    record = Record(body)
    account.store.insert(account.id, record)
    return record


def get(account: Account, id: str) -> Record:
    """By its id, or by the reference of who made it: the newest, for it need not be unique."""
    found = account.find("Shipment", id)
    if found is None:
        named = account.select("Shipment", "json_extract(body, '$.reference') = ? ORDER BY seq DESC LIMIT 1", id)
        if not named:
            raise not_there("shipment")
        found = named[0]
    return found if found["tracker"] is None else _followed(account, found)


def buy(account: Account, id: str, fields: Json) -> Record:
    shipment = get(account, id)
    if shipment["postage_label"] is not None:
        raise Wrong(
            422, "SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment. Shipments can only be bought once."
        )
    wanted = table(fields, "rate").get("id")
    rate = next((each for each in shipment["rates"] if each["id"] == wanted), None)
    if rate is None:
        raise Wrong(422, "SHIPMENT.RATE.NOT_FOUND", "The rate is none of this shipment.", "rate")
    if shipment["to_address"]["country"] != shipment["from_address"]["country"] and not shipment["customs_info"]:
        raise Wrong(
            422, "SHIPMENT.CUSTOMS_INFO.REQUIRED", "Customs info is required for international shipments.", "customs_info"
        )
    code = "94001" + "".join(str(ord(letter) % 10) for letter in random_text(17))
    tracker = trackers.start(account, code, rate["carrier"], shipment=shipment.id, days=rate["delivery_days"])
    kind = str(shipment["options"].get("label_format", "PNG")).upper()
    url = f"{account.url}/easypost/labels/{shipment.id}.{(kind if kind in FORMATS else 'PNG').lower()}"
    now = moment(account.clock.now())
    shipment.body |= {
        "selected_rate": rate,
        "tracking_code": code,
        "tracker": tracker.body,
        "status": "pre_transit",
        "updated_at": now,
        "postage_label": {
            "id": new("pl"),
            "object": "PostageLabel",
            "created_at": now,
            "updated_at": now,
            "date_advance": 0,
            "integrated_form": "none",
            "label_date": now,
            "label_resolution": 300,
            "label_size": "4x6",
            "label_type": "default",
            "label_file_type": "application/pdf" if kind == "PDF" else "image/png",
            "label_url": url,
            "label_pdf_url": url if kind == "PDF" else None,
            "label_zpl_url": None,
            "label_epl2_url": None,
        },
    }
    account.store.save(account.id, shipment)
    return shipment


def refund(account: Account, id: str) -> Record:
    """Submitted, and the carrier says so at once, which the true one takes days for. What was carried is not refunded."""
    shipment = get(account, id)
    if shipment["postage_label"] is None:
        raise Wrong(422, "SHIPMENT.REFUND.UNAVAILABLE", "There is no postage to refund.")
    if shipment["refund_status"] is not None:
        raise Wrong(422, "SHIPMENT.REFUND.UNAVAILABLE", "Refund request already submitted.")
    tracker = trackers.get(account, shipment["tracker"]["id"])
    if tracker["status"] not in ("pre_transit", "unknown"):
        raise Wrong(422, "SHIPMENT.REFUND.UNAVAILABLE", "The label was used: it cannot be refunded.")
    shipment.body |= {"refund_status": "submitted", "updated_at": moment(account.clock.now())}
    account.store.save(account.id, shipment)
    trackers.divert(account, tracker, "cancelled")
    return shipment


def settle_refund(account: Account, shipment: Record, outcome: str) -> None:
    """The carrier's word on a refund: refunded, or rejected."""
    shipment.body["refund_status"] = outcome
    account.store.save(account.id, shipment)
    event = "refund.successful" if outcome == "refunded" else "refund.rejected"
    webhooks.tell(account, event, Record({"id": new("rfnd"), "object": "Refund", "shipment_id": shipment.id}), {})


def _followed(account: Account, shipment: Record) -> Record:
    tracker = trackers.get(account, shipment["tracker"]["id"])
    shipment.body |= {"tracker": tracker.body, "status": tracker["status"]}
    return shipment


def _address(account: Account, fields: Json, name: str) -> Json:
    given = table(fields, name)
    found = {each: text(given, each) for each in ADDRESS}
    for needed in ("street1", "country"):
        if found[needed] is None:
            raise Wrong(422, "ADDRESS.VERIFY.FAILURE", f"The {name} needs {needed}.", f"{name}.{needed}")
    now = moment(account.clock.now())
    return {"id": new("adr"), "object": "Address", "mode": "test", "created_at": now, "updated_at": now, **found}


def _parcel(account: Account, given: Json) -> Json:
    sizes = {name: _number(given, name) for name in SIZES}
    weight = _number(given, "weight")
    if weight is None:
        raise Wrong(422, "PARAMETER.REQUIRED", "Missing required parameter: weight.", "parcel.weight")
    now = moment(account.clock.now())
    return {
        "id": new("prcl"),
        "object": "Parcel",
        "mode": "test",
        "predefined_package": None,
        "weight": weight,
        **sizes,
        "created_at": now,
        "updated_at": now,
    }


def _number(given: Json, name: str) -> float | None:
    found: Any = given.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < 100_000:
        raise Wrong(422, "PARAMETER.INVALID", f"{name} is a number above 0.", f"parcel.{name}")
    return float(found)
