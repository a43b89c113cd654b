"""Sellers for the tests of Connect: made, onboarded over the API, and looked at from both sides."""

from __future__ import annotations

from typing import Any

from tests.sandbox.conftest import Client

DAY = 86_400
PERSON: Any = {
    "first_name": "Jenny",
    "last_name": "Rosen",
    "email": "jenny@example.com",
    "phone": "0000000000",
    "dob": {"day": 1, "month": 1, "year": 1902},
    "address": {"line1": "address_full_match", "city": "Springfield", "state": "IL", "postal_code": "62701"},
    "ssn_last_4": "0000",
}
EVERYTHING: Any = {
    "business_type": "individual",
    "business_profile": {"mcc": "5734", "url": "https://accessible.stripe.com", "name": "Jenny's Teas"},
    "individual": PERSON,
    "tos_acceptance": {"date": 1_700_000_000, "ip": "127.0.0.1"},
    "external_account": "btok_us_verified",
}
CAPABILITIES: Any = {"transfers": {"requested": True}, "card_payments": {"requested": True}}


def new_seller(client: Client, *, interval: str = "manual", **params: Any) -> str:
    """A seller whose papers the platform collects itself, so that the API can give them all."""
    given: Any = {
        "type": "custom",
        "country": "US",
        "capabilities": CAPABILITIES,
        "settings": {"payouts": {"schedule": {"interval": interval}}},
        **EVERYTHING,
    }
    return str(client.v1.accounts.create({**given, **params}).id)


def on(seller: str) -> Any:
    return {"stripe_account": seller}


def balance_of(client: Client, seller: str | None = None) -> tuple[int, int]:
    """(available, pending) in usd."""
    balance = client.v1.balance.retrieve({}, on(seller) if seller else {})
    return balance.available[0].amount, balance.pending[0].amount


def movements(client: Client, seller: str | None = None) -> list[tuple[str, int, int, int]]:
    """(type, amount, fee, net), oldest first."""
    found = client.v1.balance_transactions.list({"limit": 100}, on(seller) if seller else {}).data
    return [(each.type, each.amount, each.fee, each.net) for each in reversed(found)]


def seller_events(client: Client, seller: str) -> list[str]:
    return [each.type for each in reversed(client.v1.events.list({"limit": 100}, on(seller)).data)]


def direct(client: Client, seller: str, amount: int = 2500, card: str = "pm_card_visa", **params: Any) -> Any:
    """A payment made on the seller's own account."""
    given: Any = {
        "amount": amount,
        "currency": "usd",
        "payment_method": card,
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    return client.v1.payment_intents.create({**given, **params}, on(seller))
