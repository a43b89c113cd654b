"""The controls for sellers: through onboarding without a browser, asked for more papers, and gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox.account import Account
from farthing.sandbox.cashier import find
from farthing.sandbox.control_answers import answered, back, fields_of, refused, url_of
from farthing.sandbox.errors import Refusal, malformed
from farthing.sandbox.resources import accounts, external_accounts, onboarding
from farthing.sandbox.store import Json, Record
from farthing.sandbox.world import Sandbox

NAMES_MAX = 50
SECONDS_MAX = 366 * 86_400

Act = Callable[[Account, Record, Json], None]


def seller_control_routes(sandbox: Sandbox) -> list[Route]:
    def serve(act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def control(request: Request) -> Response:
            try:
                fields = await fields_of(request)
                with sandbox.commit():
                    platform, record = find(sandbox, "account", request.path_params["id"], url_of(request))
                    if platform.id == record.id:
                        raise malformed("This account is nobody's seller.")
                    act(platform, record, fields)
            except Refusal as refusal:
                return refused(refusal)
            return back(request) or answered(record.body)

        return control

    return [
        Route("/_sandbox/accounts/{id}/onboard", serve(_onboard), methods=["POST"]),
        Route("/_sandbox/accounts/{id}/ask", serve(_ask), methods=["POST"]),
        Route("/_sandbox/accounts/{id}/deauthorize", serve(_deauthorize), methods=["POST"]),
    ]


def _onboard(platform: Account, record: Record, fields: Json) -> None:
    number = fields.get("account_number", external_accounts.GOOD)
    if not isinstance(number, str):
        raise malformed("account_number must be a string.", param="account_number")
    onboarding.go_through(platform, record, str(fields.get("outcome", "complete")), number)


def _ask(platform: Account, record: Record, fields: Json) -> None:
    names, seconds = fields.get("fields", ["individual.id_number"]), fields.get("seconds", accounts.ASKED_SECONDS)
    blocks = fields.get("blocks", "")
    if not isinstance(names, list) or not 0 < len(names) <= NAMES_MAX or not all(map(_is_name, names)):
        raise malformed('Pass `fields` as a list of requirements, like ["individual.id_number"].', param="fields")
    if not isinstance(seconds, int) or not 0 < seconds <= SECONDS_MAX:
        raise malformed(f"Pass `seconds`, more than 0 and at most {SECONDS_MAX}.", param="seconds")
    if blocks not in ("", "charges", "payouts"):
        raise malformed("`blocks` is charges or payouts.", param="blocks")
    accounts.ask(platform, record, names, seconds, blocks=blocks)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= 100 and name.replace("_", "").replace(".", "").isalnum()


def _deauthorize(platform: Account, record: Record, fields: Json) -> None:
    del fields
    accounts.leave(platform, record)
