"""The control of `farthing listen`: endpoints on lease, gone by themselves when nobody renews them any more."""

from __future__ import annotations

import asyncio
import re
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox import validation
from farthing.sandbox.account import Account
from farthing.sandbox.control_answers import answered, fields_of, refused, url_of
from farthing.sandbox.control_triggers import nearest
from farthing.sandbox.errors import Refusal, malformed
from farthing.sandbox.resources import webhook_endpoints
from farthing.sandbox.seeds import key_of
from farthing.sandbox.store import Json, Record
from farthing.sandbox.world import Sandbox

LEASE_SECONDS = 15.0
SECRET_LENGTH_MIN, SECRET_LENGTH_MAX = 20, 200
DOORS = (("/account", False), ("/connect", True))
"""Where a listener hears of the account's own events, and where of its connected accounts'."""
LEASED = "object = 'webhook_endpoint' AND json_extract(inner, '$.lease') IS NOT NULL"


def listener_routes(sandbox: Sandbox) -> list[Route]:
    controls = ListenerControls(sandbox)
    return [Route("/_sandbox/listeners", controls.lease, methods=["POST", "DELETE"])]


class ListenerControls:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._ends: dict[str, asyncio.TimerHandle] = {}
        # Those of before a restart may still be there: they have as long as anybody to say so.
        for (url,) in sandbox.store.rows(f"SELECT DISTINCT json_extract(inner, '$.lease') FROM objects WHERE {LEASED}"):  # noqa: S608
            self._prolong(url)

    def _account(self, fields: Json, url: str) -> Account:
        """A key that nobody named is no reason to listen where nothing will ever happen."""
        account = self._sandbox.account_of(key_of(fields), url)
        if fields.get("presumed") and account.id != self._sandbox.account_of_nobody(url).id:
            raise malformed("Pass the `key` whose account it is for: there is another one here.", param="key")
        return account

    async def lease(self, request: Request) -> Response:
        """Said again and again by whoever listens: it makes what is missing, and prolongs what is there."""
        try:
            fields = await fields_of(request)
            url = fields.get("url")
            if not isinstance(url, str):
                raise malformed("Pass the `url` that listens.", param="url")
            if request.method == "DELETE":
                self._end(url)
                return answered({"endpoints": []})
            secret = _secret(fields)
            with self._sandbox.commit():
                account = self._account(fields, url_of(request))
                self._sandbox.open_account(account)
                both = [_endpoint(account, fields, door, secret, connect=connect) for door, connect in DOORS]
            self._prolong(url)
        except Refusal as refusal:
            return refused(refusal)
        made = any(new for new, _ in both)
        shown = [each.id for _, each in both]
        return answered({"account": account.id, "endpoints": shown, "made": made, "lease_seconds": LEASE_SECONDS})

    def _prolong(self, url: str) -> None:
        if before := self._ends.pop(url, None):
            before.cancel()
        self._ends[url] = asyncio.get_running_loop().call_later(LEASE_SECONDS, partial(self._end, url))

    def _end(self, url: str) -> None:
        if timer := self._ends.pop(url, None):
            timer.cancel()
        with self._sandbox.commit():
            rows = self._sandbox.store.rows(
                f"SELECT account, id FROM objects WHERE {LEASED} AND json_extract(inner, '$.lease') = ?",  # noqa: S608
                url,
            )
            for account, id in rows:
                webhook_endpoints.delete(self._sandbox.account(account, ""), id, {})


def _endpoint(account: Account, fields: Json, door: str, secret: str, *, connect: bool) -> tuple[bool, Record]:
    """Whether it is new, and the endpoint."""
    url, name = fields["url"], str(fields.get("name", "farthing listen"))
    params = _checked(
        {"url": url + door, "enabled_events": fields.get("events", ["*"]), "description": name, "connect": connect}
    )
    found = account.select("webhook_endpoint", "json_extract(body, '$.url') = ?", url + door)
    id = found[0].id if found else webhook_endpoints.create(account, params)["id"]
    endpoint = account.get("webhook_endpoint", id)
    endpoint["enabled_events"] = params["enabled_events"]
    endpoint.inner |= {"lease": url, "secret": secret}
    account.save(endpoint)
    return not found, endpoint


def _checked(wanted: Json) -> Json:
    try:
        return validation.check("WebhookEndpointCreateParams", wanted | {"connect": str(wanted["connect"]).lower()})
    except Refusal as refusal:
        place = re.fullmatch(r"enabled_events\[(\d+)\]", refusal.error.get("param", ""))
        if place is None:
            raise
        event = str(wanted["enabled_events"][int(place[1])])
        near = ", ".join(nearest(event))
        hint = f" Did you mean {near}?" if near else ""
        raise malformed(f"Stripe has no event {event[:80]!r}.{hint}", param="events") from None


def _secret(fields: Json) -> str:
    """The listener chooses it, so that it stays the same whatever becomes of the sandbox."""
    secret = fields.get("secret")
    right = isinstance(secret, str) and secret.startswith("whsec_") and SECRET_LENGTH_MIN <= len(secret) <= SECRET_LENGTH_MAX
    if not right:
        raise malformed("Pass the `secret` to sign with, beginning with whsec_.", param="secret")
    return str(secret)
