"""The account behind the key: there from the first request on, nothing to register."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.errors import no_access
from farthing.sandbox.operations import Operation
from farthing.sandbox.store import Json, Record


def retrieve_own(account: Account, params: Json) -> Record:
    del params
    return account.find("account", account.id) or _open(account)


def retrieve(account: Account, id: str, params: Json) -> Record:
    if id != account.id:
        raise no_access(id)
    return retrieve_own(account, params)


def _open(account: Account) -> Record:
    return account.add(
        "account",
        "acct",
        {
            "business_profile": {"name": "Farthing sandbox", "support_email": None, "url": None},
            "business_type": "company",
            "capabilities": {"card_payments": "active", "transfers": "active"},
            "charges_enabled": True,
            "country": "US",
            "default_currency": "usd",
            "details_submitted": True,
            "email": "sandbox@example.com",
            "payouts_enabled": True,
            "settings": {
                "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
                "card_payments": {"statement_descriptor_prefix": None},
                "dashboard": {"display_name": "Farthing sandbox", "timezone": "Etc/UTC"},
                "payments": {"statement_descriptor": "FARTHING SANDBOX"},
            },
            "type": "standard",
        },
        id=account.id,
    )


OPERATIONS = (
    Operation("GET", "/v1/account", "AccountRetrieveCurrentParams", retrieve_own),
    Operation("GET", "/v1/accounts/{id}", "AccountRetrieveParams", retrieve),
)
