"""The controls for parcels: delivered at once, lost, on the way back or delayed, and what becomes of a label's refund."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox.account import Account
from farthing.sandbox.control_answers import answered, back, fields_of, refused, url_of
from farthing.sandbox.easypost import shipments, trackers
from farthing.sandbox.errors import Refusal, malformed, no_such
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record
from farthing.sandbox.world import ADVANCE_MAX_SECONDS, Sandbox

Act = Callable[[Account, Record, Json], None]
BY_CODE = "SELECT account, id FROM objects WHERE object = 'Tracker' AND json_extract(body, '$.tracking_code') = ? LIMIT 1"


def parcel_routes(sandbox: Sandbox) -> list[Route]:
    def serve(act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def control(request: Request) -> Response:
            try:
                fields = await fields_of(request)
                with sandbox.commit():
                    account, tracker = _parcel(sandbox, request)
                    act(account, tracker, fields)
            except Refusal as refusal:
                return refused(refusal)
            return back(request) or answered(tracker.body)

        return control

    root = "/_sandbox/parcels/{code}"
    return [
        Route(f"{root}/deliver", serve(_becomes("delivered")), methods=["POST"]),
        Route(f"{root}/scan", serve(_becomes("in_transit")), methods=["POST"]),
        Route(f"{root}/lose", serve(_becomes("failure")), methods=["POST"]),
        Route(f"{root}/return", serve(_becomes("return_to_sender")), methods=["POST"]),
        Route(f"{root}/delay", serve(_delay), methods=["POST"]),
        Route(f"{root}/settle_refund", serve(_settle), methods=["POST"]),
    ]


def _parcel(sandbox: Sandbox, request: Request) -> tuple[Account, Record]:
    """By its tracking code, whoever sent it."""
    code = request.path_params["code"]
    rows = sandbox.store.rows(BY_CODE, code)
    if not rows:
        raise no_such("parcel", code)
    account = sandbox.account(rows[0][0], url_of(request))
    return account, trackers.get(account, rows[0][1])


def _becomes(status: str) -> Act:
    def act(account: Account, tracker: Record, fields: Json) -> None:
        del fields
        if status == "in_transit":
            trackers.show(account, tracker, status)
        else:
            trackers.divert(account, tracker, status)

    return act


def _delay(account: Account, tracker: Record, fields: Json) -> None:
    seconds = fields.get("seconds", 2 * DAY)
    if not isinstance(seconds, int) or not 0 < seconds <= ADVANCE_MAX_SECONDS:
        raise malformed(f"Pass `seconds`, more than 0 and at most {ADVANCE_MAX_SECONDS}.", param="seconds")
    trackers.put_off(account, tracker, seconds)


def _settle(account: Account, tracker: Record, fields: Json) -> None:
    outcome = fields.get("outcome", "refunded")
    if outcome not in ("refunded", "rejected"):
        raise malformed("`outcome` is refunded or rejected.", param="outcome")
    shipment = shipments.get(account, str(tracker["shipment_id"]))
    shipments.settle_refund(account, shipment, outcome)
