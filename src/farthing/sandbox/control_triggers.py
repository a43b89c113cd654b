"""The control that makes an event happen: its recipe is carried out, whole or not at all, and what came of it is told."""

from __future__ import annotations

import difflib
import logging
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox.account import Account
from farthing.sandbox.control_answers import answered, fields_of, refused, url_of
from farthing.sandbox.control_state import last_of
from farthing.sandbox.errors import Refusal, malformed, no_such
from farthing.sandbox.seeds import key_of
from farthing.sandbox.store import Json
from farthing.sandbox.triggers import RECIPES
from farthing.sandbox.triggers.hand import Hand
from farthing.sandbox.triggers.recipe import Recipe
from farthing.sandbox.world import Sandbox

LOG = logging.getLogger("farthing.sandbox")
NEAREST_MAX = 3
CAUSED = """
    SELECT account, id, json_extract(body, '$.type'), json_extract(body, '$.account'),
           json_extract(body, '$.data.object.id'), json_extract(body, '$.pending_webhooks')
    FROM objects
    WHERE object = 'event' AND seq > ?
    ORDER BY seq
"""
NAMES = ("owner", "id", "type", "account", "object", "webhooks")


def trigger_routes(sandbox: Sandbox) -> list[Route]:
    controls = TriggerControls(sandbox)
    return [
        Route("/_sandbox/triggers", controls.list_, methods=["GET"]),
        Route("/_sandbox/trigger", controls.trigger, methods=["POST"]),
    ]


class TriggerControls:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def list_(self, request: Request) -> Response:
        del request
        return answered({"triggers": [{"event": each.event, "says": each.says} for each in _sorted()]})

    async def trigger(self, request: Request) -> Response:
        try:
            fields = await fields_of(request)
            recipe = _recipe(fields.get("event"))
            overrides = _overrides(fields.get("overrides", {}))
            return answered(self._carry_out(recipe, fields, overrides, url_of(request)))
        except Refusal as refusal:
            return refused(refusal)

    def _carry_out(self, recipe: Recipe, fields: Json, overrides: dict[str, Json], url: str) -> Json:
        """In one transaction: a recipe that is refused on its way leaves nothing behind."""
        with self._sandbox.commit():
            account = self._account(fields, url)
            self._sandbox.open_account(account)
            last = last_of(self._sandbox)
            hand = Hand(self._sandbox, account, overrides)
            with self._sandbox.ids_of(account.id, self._sandbox.settings.id_seed):
                _run(recipe, hand)
            hand.check_overrides()
            events = self._caused_since(last)
            asked = [each for each in events if each["type"] == recipe.event]
            if not asked:
                raise _in_vain(recipe)
        return {
            "event": recipe.event,
            "says": recipe.says,
            "account": account.id,
            "made": hand.made,
            "triggered": asked,
            "events": events,
            "endpoints": {each.id: each["description"] or each["url"] for each in account.select("webhook_endpoint")},
        }

    def _account(self, fields: Json, url: str) -> Account:
        """Of the key, where there is one."""
        if "key" in fields:
            return self._sandbox.account_of(key_of(fields), url)
        return self._sandbox.account_of_nobody(url)

    def _caused_since(self, last: int) -> list[Json]:
        return [dict(zip(NAMES, row, strict=True)) for row in self._sandbox.store.rows(CAUSED, last)]


def _run(recipe: Recipe, hand: Hand) -> None:
    """What was overridden, or set for this account, may leave a recipe without what it goes on with."""
    try:
        recipe.run(hand)
    except (LookupError, TypeError, AssertionError, RecursionError) as problem:
        LOG.warning("%s did not come about: %r", recipe.event, problem)
        raise _in_vain(recipe) from None


def _in_vain(recipe: Recipe) -> Refusal:
    return malformed(f"{recipe.event} did not come about: what was overridden, or set for this account, stands in its way.")


def _sorted() -> list[Recipe]:
    return [RECIPES[event] for event in sorted(RECIPES)]


def _recipe(event: Any) -> Recipe:
    if not isinstance(event, str) or not event:
        raise malformed("Pass `event`: the type of the event to cause. GET /_sandbox/triggers lists them.", param="event")
    if event not in RECIPES:
        refusal = no_such("trigger", event)
        near = ", ".join(nearest(event))
        refusal.error["message"] = f"Nothing here causes {event[:80]!r}." + (f" Did you mean {near}?" if near else "")
        refusal.error["message"] += " `farthing trigger --list` names them all."
        raise refusal
    return RECIPES[event]


def nearest(event: str) -> list[str]:
    """Those that are spelled alike, and those of the same object."""
    close = difflib.get_close_matches(event, RECIPES, NEAREST_MAX, 0.75)
    family = event.rpartition(".")[0]
    return close or [each for each in sorted(RECIPES) if family and each.startswith(family + ".")][:NEAREST_MAX]


def _overrides(given: Any) -> dict[str, Json]:
    if not isinstance(given, dict) or not all(isinstance(each, dict) for each in given.values()):
        raise malformed('`overrides` must be objects by what is made: {"customer": {"name": "Ada"}}.', param="overrides")
    return given
