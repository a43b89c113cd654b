"""The cards a known buyer saved before, offered on the checkout page as far as the session lets them be seen."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.errors import invalid
from farthing.sandbox.resources import payment_methods
from farthing.sandbox.store import Record


def offered(account: Account, session: Record) -> list[Record]:
    options = session["saved_payment_method_options"]
    if not options or not session["customer"]:
        return []
    found = account.select("payment_method", "json_extract(body, '$.customer') = ? ORDER BY seq DESC", session["customer"])
    return [
        each
        for each in found
        if each["type"] in session["payment_method_types"] and each["allow_redisplay"] in options["allow_redisplay_filters"]
    ]


def remove(account: Account, session: Record, id: str) -> None:
    options = session["saved_payment_method_options"] or {}
    if options.get("payment_method_remove") != "enabled":
        raise invalid("This Checkout Session does not let saved payment methods be removed.", param="payment_method")
    for each in offered(account, session):
        if each.id == id:
            payment_methods.loosen(account, each)
            return
    raise invalid("There is no such saved payment method.", param="payment_method")
