"""Mandates: a buyer's permission to debit a bank account, for one payment or for all that come."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.ids import new_id, random_text
from farthing.sandbox.operations import Operation
from farthing.sandbox.store import Json, Record

ONLINE = ("ip_address", "user_agent")


def acceptance(account: Account, params: Json) -> Json | None:
    """How the buyer said yes, as the platform tells it."""
    told = (params.get("mandate_data") or {}).get("customer_acceptance")
    if not told:
        return None
    kind, at = told.get("type"), told.get("accepted_at") or account.clock.seconds()
    online = told.get("online") or {}
    told.get("offline")
    shown = {"online": {name: online.get(name) for name in ONLINE}} if kind == "online" else {"offline": {}}
    return {"accepted_at": at, "type": kind, **shown}


def of_payment(account: Account, intent: Record, method: Record) -> str:
    """The one given when the account was set up, or a new one; for this payment alone unless it is kept for more."""
    if known := method.inner.get("mandate"):
        return str(known)
    if intent["setup_future_usage"] or method["customer"]:
        return of_setup(account, intent, method)
    single = {"amount": intent["amount"], "currency": intent["currency"]}
    return _make(account, intent, method, {"single_use": single, "type": "single_use"}).id


def of_setup(account: Account, intent: Record, method: Record) -> str:
    made = _make(account, intent, method, {"multi_use": {}, "type": "multi_use"})
    method.inner["mandate"] = made.id
    account.save(method)
    return made.id


def _make(account: Account, intent: Record, method: Record, use: Json) -> Record:
    kind = method["type"]
    accepted = intent.inner.get("acceptance") or {"accepted_at": account.clock.seconds(), "offline": {}, "type": "offline"}
    id = new_id("mandate")
    page = {"reference": random_text(16).upper(), "url": f"{account.url}/_sandbox/objects/{id}"}
    mandate = Record(
        {
            "id": id,
            "object": "mandate",
            "customer_acceptance": accepted,
            "livemode": False,
            "on_behalf_of": intent["on_behalf_of"],
            "payment_method": method.id,
            "payment_method_details": {kind: page if kind == "sepa_debit" else {}, "type": kind},
            "status": "active",
        }
        | use
    )
    account.store.insert(account.id, mandate)
    return mandate


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("mandate", id)


OPERATIONS = (Operation("GET", "/v1/mandates/{id}", "MandateRetrieveParams", retrieve),)
