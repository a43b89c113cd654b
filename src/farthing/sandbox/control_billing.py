"""The control of what the dashboard of a real account decides about billing: retries, their end, and reminders."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox import billing_settings
from farthing.sandbox.control_answers import answered, back, fields_of, refused
from farthing.sandbox.errors import Refusal, malformed
from farthing.sandbox.ids import account_of_key
from farthing.sandbox.world import Sandbox


def billing_routes(sandbox: Sandbox) -> list[Route]:
    control = BillingControl(sandbox)
    return [Route("/_sandbox/billing", control.billing, methods=["GET", "POST", "DELETE"])]


class BillingControl:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def billing(self, request: Request) -> Response:
        """Of one account, named by its `key` or its id. What is not given stays; DELETE forgets all that was given."""
        store = self._sandbox.store
        try:
            fields = dict(request.query_params) if request.method == "GET" else await fields_of(request)
            account = _account_of(fields.pop("key", None), fields.pop("account", None))
            if request.method == "POST":
                with store.transaction():
                    billing_settings.change(store, account, fields)
            elif request.method == "DELETE":
                with store.transaction():
                    billing_settings.forget(store, account)
        except Refusal as refusal:
            return refused(refusal)
        settings = billing_settings.of(store, account, self._sandbox.settings)
        return back(request) or answered({name: getattr(settings, name) for name in billing_settings.NAMES})


def _account_of(key: object, account: object) -> str:
    if isinstance(key, str) and key.startswith(("sk_test_", "rk_test_")):
        return account_of_key(key)
    if isinstance(account, str) and account.startswith("acct_"):
        return account
    raise malformed("Say whose billing: pass `key`, a secret key, or `account`, an account's id.", param="key")
