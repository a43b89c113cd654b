"""The controls of webhooks: mischief on order, held ones released, secrets rotated, and waiting until all is delivered."""

from __future__ import annotations

import time
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox import chaos
from farthing.sandbox.control_answers import answered, back, fields_of, refused
from farthing.sandbox.deliveries import Deliveries
from farthing.sandbox.errors import Refusal, malformed, no_such
from farthing.sandbox.ids import new_id
from farthing.sandbox.world import Sandbox

WAIT_MAX_SECONDS = 60
OVERLAP_SECONDS = 86_400


def webhook_routes(sandbox: Sandbox, deliveries: Deliveries) -> list[Route]:
    controls = WebhookControls(sandbox, deliveries)
    return [
        Route("/_sandbox/webhooks", controls.mischief, methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/webhooks/release", controls.release, methods=["POST"]),
        Route("/_sandbox/webhooks/wait", controls.wait, methods=["POST"]),
        Route("/_sandbox/webhook_endpoints/{id}/rotate", controls.rotate, methods=["POST"]),
    ]


class WebhookControls:
    def __init__(self, sandbox: Sandbox, deliveries: Deliveries) -> None:
        self._sandbox = sandbox
        self._deliveries = deliveries

    async def mischief(self, request: Request) -> Response:
        rules = self._sandbox.chaos
        try:
            if request.method == "DELETE":
                rules.clear()
            elif request.method == "POST":
                fields = await fields_of(request)
                rules.clear() if fields.get("kind") == "none" else rules.order(chaos.rule_of(fields))
        except Refusal as refusal:
            return refused(refusal)
        return back(request) or answered({"mischief": [asdict(each) for each in rules.waiting()]})

    async def release(self, request: Request) -> Response:
        """Answers when each of them was sent once, with what their receivers said."""
        try:
            fields = await fields_of(request)
            seed = fields.get("seed", 0)
            if not isinstance(seed, int):
                raise malformed("`seed` must be a whole number.", param="seed")
            endpoint = str(fields.get("endpoint", "*"))
            released = await self._deliveries.release(fields.get("order", "created"), endpoint=endpoint, seed=seed)
        except Refusal as refusal:
            return refused(refusal)
        return back(request) or answered({"released": released})

    async def wait(self, request: Request) -> Response:
        """200 when nothing is on its way any more, 504 when that did not happen in time."""
        try:
            seconds = (await fields_of(request)).get("seconds", 10)
            if not isinstance(seconds, int | float) or not 0 < seconds <= WAIT_MAX_SECONDS:
                raise malformed(f"`seconds` must be more than 0 and at most {WAIT_MAX_SECONDS}.", param="seconds")
        except Refusal as refusal:
            return refused(refusal)
        done = await self._deliveries.all_delivered(seconds)
        return answered({"delivered": done, "waiting": self._deliveries.waiting()}, 200 if done else 504)

    async def rotate(self, request: Request) -> Response:
        """A new signing secret, shown once. Until the overlap ends, webhooks are signed with both."""
        try:
            overlap = (await fields_of(request)).get("overlap_seconds", OVERLAP_SECONDS)
            if not isinstance(overlap, int | float) or not 0 <= overlap <= OVERLAP_SECONDS:
                raise malformed(f"`overlap_seconds` must be from 0 to {OVERLAP_SECONDS}.", param="overlap_seconds")
            id = request.path_params["id"]
            with self._sandbox.commit():
                found = self._sandbox.store.find_anywhere(id)
                if found is None or found[1]["object"] != "webhook_endpoint":
                    raise no_such("webhook endpoint", id)
                account, endpoint = found
                inner, secret = endpoint.inner, new_id("whsec")
                inner |= {"old_secret": inner["secret"], "old_until": time.time() + overlap, "secret": secret}
                self._sandbox.store.save(account, endpoint)
        except Refusal as refusal:
            return refused(refusal)
        return answered({"id": id, "secret": secret})
