"""Trackers: where a parcel is. Those of bought labels move with the sandbox's clock; the codes EZ1… to EZ7… stand still."""

from __future__ import annotations

from farthing.sandbox.account import Account, Job
from farthing.sandbox.easypost import webhooks
from farthing.sandbox.easypost.shapes import Wrong, moment, new, not_there, text
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record

HOUR = 3600
STANDING = {
    "EZ1000000001": "pre_transit",
    "EZ2000000002": "in_transit",
    "EZ3000000003": "out_for_delivery",
    "EZ4000000004": "delivered",
    "EZ5000000005": "return_to_sender",
    "EZ6000000006": "failure",
    "EZ7000000007": "unknown",
}
"""https://docs.easypost.com/docs/trackers: codes of the test mode, and where their parcels are."""

ENDS = frozenset(("delivered", "return_to_sender", "failure", "cancelled"))
SAID = {
    "pre_transit": "Label created, not yet with the carrier",
    "in_transit": "Arrived at a sorting center",
    "out_for_delivery": "Out for delivery",
    "delivered": "Delivered",
    "return_to_sender": "On its way back to the sender",
    "failure": "It cannot be found",
    "error": "Delayed",
    "cancelled": "Label refunded",
    "unknown": "Nothing is known of it",
}


def start(account: Account, code: str, carrier: str, *, shipment: str | None = None, days: int | None = None) -> Record:
    """A tracker; with `days`, its parcel is handed over in some hours and arrives after so many days."""
    now = account.clock.now()
    status = STANDING.get(code, "pre_transit" if days is not None else "unknown")
    id = new("trk")
    body: Json = {
        "id": id,
        "object": "Tracker",
        "mode": "test",
        "tracking_code": code,
        "status": status,
        "status_detail": status,
        "created_at": moment(now),
        "updated_at": moment(now),
        "signed_by": None,
        "weight": None,
        "est_delivery_date": None if days is None else moment(now + days * DAY),
        "shipment_id": shipment,
        "carrier": carrier,
        "tracking_details": [_detail(account, status)],
        "fees": [],
        "carrier_detail": None,
        "public_url": f"{account.url}/easypost/track/{id}",
    }
    record = Record(body, {"plan": []})
    account.store.insert(account.id, record)
    webhooks.tell(account, "tracker.created", record, {})
    if days is not None:
        record.inner["plan"] = [
            [now + 6 * HOUR, "in_transit"],
            [now + days * DAY - 8 * HOUR, "out_for_delivery"],
            [now + days * DAY, "delivered"],
        ]
        _wait(account, record)
    return record


def create(account: Account, fields: Json) -> Record:
    """The same code of the same carrier is the same tracker, for three months."""
    code, carrier = text(fields, "tracking_code", required=True), text(fields, "carrier") or "USPS"
    assert code is not None, "it is required"
    if not code.isalnum() or len(code) > 100:
        raise Wrong(422, "TRACKER.TRACKING_CODE.INVALID", "The tracking code is not valid.", "tracking_code")
    for known in account.select("Tracker", "json_extract(body, '$.tracking_code') = ?", code):
        if known["carrier"] == carrier:
            return known
    return start(account, code, carrier)


def get(account: Account, id: str) -> Record:
    found = account.find("Tracker", id)
    if found is None:
        raise not_there("tracker")
    return found


def listed(account: Account, query: Json) -> Json:
    found = account.select("Tracker")
    for name in ("tracking_code", "carrier"):
        if name in query:
            found = [each for each in found if each[name] == query[name]]
    return {"trackers": [each.body for each in found[:100]], "has_more": len(found) > 100}


def show(account: Account, record: Record, status: str) -> None:
    """Say that the parcel is there now, and tell who listens."""
    before = record["status"]
    if before == status:
        return
    record.body |= {"status": status, "status_detail": status, "updated_at": moment(account.clock.now())}
    record.body["tracking_details"] = [*record["tracking_details"], _detail(account, status)]
    if status == "delivered":
        record.body["signed_by"] = "A. Neighbor"
    account.store.save(account.id, record)
    webhooks.tell(account, "tracker.updated", record, {"status": before})


def divert(account: Account, record: Record, status: str) -> None:
    """Something happens to it: whatever was planned for it does not."""
    record.inner["plan"] = []
    account.store.save(account.id, record)
    show(account, record, status)


def put_off(account: Account, record: Record, seconds: float) -> None:
    """It takes so much longer, and the carrier says that something is wrong."""
    plan = [[at + seconds, status] for at, status in record.inner["plan"]]
    record.inner["plan"] = plan
    if plan:
        record.body["est_delivery_date"] = moment(plan[-1][0])
    show(account, record, "error")
    account.store.save(account.id, record)
    _wait(account, record)


def move_on(account: Account, record: Record) -> None:
    """What is due of its journey has happened."""
    plan = record.inner["plan"]
    while plan and plan[0][0] <= account.clock.now():
        _, status = plan.pop(0)
        account.store.save(account.id, record)
        show(account, record, status)
    _wait(account, record)


def _wait(account: Account, record: Record) -> None:
    account.store.save(account.id, record)
    if record.inner["plan"]:
        account.store.later(account.id, record.inner["plan"][0][0], "parcel.moves", record.id)


def _detail(account: Account, status: str) -> Json:
    place = {"object": "TrackingLocation", "city": None, "state": None, "country": None, "zip": None}
    return {
        "object": "TrackingDetail",
        "message": SAID[status],
        "status": status,
        "status_detail": status,
        "datetime": moment(account.clock.now()),
        "source": "Sandbox",
        "tracking_location": place,
    }


JOBS: dict[str, tuple[str, Job]] = {"parcel.moves": ("Tracker", move_on)}
