"""What a platform must keep back: for as much as the sellers whose losses are its own owe, it cannot use its money."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.ids import new_id
from farthing.sandbox.resources import balance
from farthing.sandbox.store import Json, Record


def follow(account: Account, currency: str) -> None:
    """This seller's balance has moved: as much is held as it is below zero now."""
    platform = account.platform()
    if platform is None:
        return
    seller = platform.get("account", account.id)
    if seller["controller"]["requirement_collection"] != "application":
        return
    name = f"reserved.{account.id}.{currency}"
    held, owes = int(account.store.setting(name) or 0), max(-balance.total(account, currency), 0)
    if held == owes:
        return
    account.store.set_setting(name, str(owes))
    balance.book(platform, "reserve_transaction", _reserve(platform, held - owes, currency), held - owes)


def _reserve(platform: Account, amount: int, currency: str) -> Record:
    """As Stripe's own, which has no time of its own."""
    body: Json = {
        "id": new_id("rtx"),
        "object": "reserve_transaction",
        "amount": amount,
        "currency": currency,
        "description": "Connect reserve",
    }
    record = Record(body)
    platform.store.insert(platform.id, record)
    return record
