"""Early fraud warnings: a card's network suspects fraud before anybody has complained."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.store import Json, Record


def warn(account: Account, charge: Record) -> Record:
    """The bank thinks this was fraud; nobody has complained yet, and a refund now avoids the dispute."""
    warning = account.add(
        "radar.early_fraud_warning",
        "issfr",
        {
            "actionable": not charge["refunded"],
            "charge": charge.id,
            "fraud_type": "made_with_stolen_card",
            "payment_intent": charge["payment_intent"],
        },
    )
    account.emit("radar.early_fraud_warning.created", warning)
    return warning


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("radar.early_fraud_warning", id)


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "charge", "payment_intent")
    return page(account, "radar.early_fraud_warning", "/v1/radar/early_fraud_warnings", params, where, *values)


OPERATIONS = (
    Operation("GET", "/v1/radar/early_fraud_warnings", "radar.EarlyFraudWarningListParams", list_),
    Operation("GET", "/v1/radar/early_fraud_warnings/{id}", "radar.EarlyFraudWarningRetrieveParams", retrieve),
)
