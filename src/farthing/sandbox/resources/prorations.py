"""Prorations to the second: what was paid for and will not be used goes back, what is used from now on is charged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from farthing.sandbox import money
from farthing.sandbox.account import Account
from farthing.sandbox.resources import invoice_items, invoice_lines, subscription_cycle, subscription_items
from farthing.sandbox.store import Json, Record


@dataclass(frozen=True, slots=True)
class Change:
    """One item before and after; None where it was not there, or no longer is."""

    before: Json | None
    billed: Json | None
    after: Record | None

    @property
    def matters(self) -> bool:
        if self.before is None or self.after is None:
            return True
        same_price = self.before["price"]["id"] == self.after["price"]["id"]
        return not (same_price and self.before["quantity"] == self.after["quantity"])


def credits(account: Account, subscription: Record, changes: list[Change], moment: int) -> list[Record]:
    return [item for each in changes if each.matters and (item := _credit(account, subscription, each, moment))]


def _credit(account: Account, subscription: Record, change: Change, moment: int) -> Record | None:
    billed = change.billed
    if change.before is None or not billed or not billed["amount"] or billed["end"] <= moment:
        return None
    length = billed["end"] - billed["start"]
    part = money.share(billed["amount"], billed["end"] - max(moment, billed["start"]), length)
    return _item(account, subscription, change.before, -part, moment, billed["end"], "Unused time on")


def debits(account: Account, subscription: Record, changes: list[Change], moment: int) -> list[Record]:
    return [_debit(account, subscription, each.after, moment) for each in changes if each.matters and each.after is not None]


def _debit(account: Account, subscription: Record, item: Record, moment: int) -> Record:
    start, end = item["current_period_start"], item["current_period_end"]
    amount = money.share(_net(account, subscription, item), end - moment, end - start)
    item.inner["billed"] = {"amount": amount, "start": moment, "end": end}
    account.save(item)
    return _item(account, subscription, item.body, amount, moment, end, "Remaining time on")


def _net(account: Account, subscription: Record, item: Record) -> int:
    """A whole period of this item, with the discounts that are running."""
    customer = account.get("customer", subscription["customer"])
    line = invoice_lines.of_item(account, item.body, item["current_period_start"], item["current_period_end"])
    invoice_lines.sums(account, [line], subscription_cycle.discounts_of(account, subscription, customer), [], "none")
    return invoice_lines.net(line)


def _item(account: Account, subscription: Record, item: Json, amount: int, moment: int, end: int, what: str) -> Record:
    name = account.get("product", item["price"]["product"])["name"]
    day = datetime.fromtimestamp(moment, UTC).strftime("%d %b %Y")
    quantity = item["quantity"]
    made = invoice_items.make(
        account,
        account.get("customer", subscription["customer"]),
        {
            "amount": amount,
            "currency": subscription["currency"],
            "description": f"{what} {f'{quantity} × ' if quantity > 1 else ''}{name} after {day}",
            # The discounts are in the amount already.
            "discountable": False,
            "metadata": {},
            "period": {"start": moment, "end": end},
            "price": item["price"],
            "quantity": quantity,
            "rates": item["tax_rates"] or subscription["default_tax_rates"],
        },
        subscription=subscription.id,
        item=item["id"],
        proration=True,
    )
    account.emit("invoiceitem.created", made)
    return made


def credit_all(account: Account, subscription: Record, moment: int | None = None) -> list[Record]:
    """For a subscription that ends, or pauses, before what was paid for does; from now on, or from another moment."""
    items = subscription_items.of(account, subscription.id)
    changes = [Change(item.body, item.inner["billed"], None) for item in items]
    made = credits(account, subscription, changes, account.clock.seconds() if moment is None else moment)
    for item in items:
        item.inner["billed"] = None
        account.save(item)
    return made
