"""The controls of the buyer's bank: it disputes any payment, and has the last word on a dispute."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox import cashier
from farthing.sandbox.account import Account
from farthing.sandbox.control_answers import answered, back, fields_of, refused, url_of
from farthing.sandbox.errors import Refusal, invalid, malformed
from farthing.sandbox.resources import charges, disputes, fraud_warnings
from farthing.sandbox.store import Json, Record
from farthing.sandbox.world import Sandbox

VERBS = {
    "won": "win",
    "lost": "lose",
    "escalated": "escalate",
    "warning_closed": "drop",
    "appealed": "appeal",
}
KINDS = ("chargeback", "inquiry", "prevented", "fraud_warning")


def dispute_routes(sandbox: Sandbox) -> list[Route]:
    async def decide(request: Request) -> Response:
        try:
            verb = VERBS.get(str((await fields_of(request)).get("outcome")))
            if verb is None:
                raise malformed(f"Unknown outcome: choose one of {', '.join(VERBS)}.", param="outcome")
            with sandbox.commit():
                account, dispute = cashier.find(sandbox, "dispute", request.path_params["id"], url_of(request))
                if not disputes.LIFECYCLE.allows(dispute["status"], verb):
                    raise invalid(f"This dispute has a status of {dispute['status']}: it cannot end like that.")
                disputes.end(account, dispute, verb)
                return back(request) or answered(dispute.body)
        except Refusal as refusal:
            return refused(refusal)

    async def dispute(request: Request) -> Response:
        try:
            fields = await fields_of(request)
            with sandbox.commit():
                account, charge = cashier.find(sandbox, "charge", request.path_params["id"], url_of(request))
                made = _open(account, charge, fields)
                return back(request) or answered(made.body)
        except Refusal as refusal:
            return refused(refusal)

    return [
        Route("/_sandbox/disputes/{id}/decide", decide, methods=["POST"]),
        Route("/_sandbox/charges/{id}/dispute", dispute, methods=["POST"]),
    ]


def _open(account: Account, charge: Record, fields: Json) -> Record:
    kind, reason = fields.get("kind", "chargeback"), fields.get("reason", "fraudulent")
    if kind not in KINDS:
        raise malformed(f"Unknown kind: choose one of {', '.join(KINDS)}.", param="kind")
    if reason not in disputes.REASON_CODES:
        raise malformed(f"Unknown reason: choose one of {', '.join(disputes.REASON_CODES)}.", param="reason")
    if charge["status"] != "succeeded" or not charge["captured"] or "card" not in charge["payment_method_details"]:
        raise invalid(f"Charge {charge.id} is no captured payment by card, so nobody can dispute it.")
    if kind == "fraud_warning":
        return fraud_warnings.warn(account, charge)
    # Banks have been known to take back what the buyer had got back already.
    left = charge["amount_captured"] if fields.get("although_refunded") is True else disputes.disputable(charge)
    amount = fields.get("amount", left)
    if not isinstance(amount, int) or not 1 <= amount <= left:
        raise malformed(f"`amount` must be from 1 to {left}.", param="amount")
    if charge.inner.get("charged_back"):
        raise invalid(f"Charge {charge.id} is disputed already.")
    charges.settle(account, charge)
    if kind == "prevented":
        return disputes.prevent(account, charge, amount, reason)
    return disputes.open_one(account, charge, amount, reason, case=kind)
