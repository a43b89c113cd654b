"""The control that is the bank's last word on a dispute."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox import cashier
from farthing.sandbox.control_answers import answered, back, fields_of, refused, url_of
from farthing.sandbox.errors import Refusal, invalid, malformed
from farthing.sandbox.resources import disputes
from farthing.sandbox.world import Sandbox

VERBS = {"won": "win", "lost": "lose", "escalated": "escalate", "warning_closed": "drop"}


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

    return [Route("/_sandbox/disputes/{id}/decide", decide, methods=["POST"])]
