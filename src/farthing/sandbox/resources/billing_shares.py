"""What a platform keeps, or passes on, of what subscriptions and invoices bring in: fees and transfers of their payments."""

from __future__ import annotations

from decimal import Decimal

from farthing.sandbox import money
from farthing.sandbox.account import Account
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed
from farthing.sandbox.resources import balance, connect_charges
from farthing.sandbox.store import Json, Record

NO_FEE_HERE = (
    "You can only apply an application_fee_percent when the subscription belongs to a connected account, or when its money "
    "goes to one (transfer_data[destination])."
)
NO_INVOICE_FEE_HERE = (
    "You can only apply an application_fee_amount when the invoice belongs to a connected account, or when its money goes to "
    "one (transfer_data[destination])."
)


def of_subscription(account: Account, params: Json, current: Json | None = None) -> Json:
    """The fields that these parameters give a subscription; `current` is what it has already."""
    had = current or {"application_fee_percent": None, "on_behalf_of": None, "transfer_data": None}
    fields: Json = {name: had[name] for name in ("application_fee_percent", "on_behalf_of", "transfer_data")}
    if "application_fee_percent" in params:
        fields["application_fee_percent"] = _percent(params["application_fee_percent"], "application_fee_percent")
    if "on_behalf_of" in params:
        fields["on_behalf_of"] = params["on_behalf_of"] or None
    if "transfer_data" in params:
        fields["transfer_data"] = _transfer(params["transfer_data"])
    platform, wanted = account.platform(), fields["transfer_data"] or {}
    if fields["application_fee_percent"] and not (platform or wanted):
        raise invalid(NO_FEE_HERE, param="application_fee_percent")
    if fields["application_fee_percent"] and wanted.get("amount_percent") is not None:
        raise exclusive_parameters("application_fee_percent", "transfer_data[amount_percent]")
    destination = {"transfer_data": {"destination": wanted["destination"]}} if wanted else {}
    connect_charges.check(account, {"on_behalf_of": fields["on_behalf_of"], **destination}, 0)
    return fields | {"application": balance.application_of(platform) if platform else None}


def _percent(given: str | None, param: str) -> float | None:
    if not given:
        return None
    percent = Decimal(given)
    if not 0 <= percent <= 100 or percent != round(percent, 2):
        raise malformed("Must be a number from 0 to 100 with at most two decimal places.", param=param)
    return float(percent)


def _transfer(given: Json | None) -> Json | None:
    if not given:
        return None
    part = _percent(given.get("amount_percent"), "transfer_data[amount_percent]")
    return {"amount_percent": part, "destination": given["destination"]}


def of_invoice(account: Account, params: Json, current: Json | None = None) -> Json:
    """What an invoice keeps for its payment, besides showing it: Stripe's invoices do not show these two."""
    shares: Json = dict(current or {"application_fee_amount": None, "transfer_data": None})
    if "application_fee_amount" in params:
        shares["application_fee_amount"] = params["application_fee_amount"] or None
    if "transfer_data" in params:
        wanted = params["transfer_data"]
        shares["transfer_data"] = {"destination": wanted["destination"], "amount": wanted.get("amount")} if wanted else None
    destination = shares["transfer_data"] or {}
    if shares["application_fee_amount"] and not (account.platform() or destination):
        raise invalid(NO_INVOICE_FEE_HERE, param="application_fee_amount")
    if (shares["application_fee_amount"] or 0) < 0:
        raise malformed("This value must be greater than or equal to 0.", param="application_fee_amount")
    if shares["application_fee_amount"] and destination.get("amount") is not None:
        raise exclusive_parameters("application_fee_amount", "transfer_data[amount]")
    known = {"on_behalf_of": params.get("on_behalf_of") or None}
    if destination:
        known |= {"transfer_data": {"destination": destination["destination"]}}
    connect_charges.check(account, known, 0)
    return shares


def of_payment(invoice: Record, subscription: Record | None, due: int) -> Json:
    """The Connect parameters of the payment that asks for `due`."""
    shares: Json = dict(invoice.inner.get("shares") or {})
    if subscription is not None:
        shares = parts_of(subscription.body, due) | {name: value for name, value in shares.items() if value}
    parts: Json = {}
    if fee := shares.get("application_fee_amount"):
        parts["application_fee_amount"] = min(fee, due)
    if wanted := shares.get("transfer_data"):
        amount = wanted.get("amount")
        parts["transfer_data"] = {"destination": wanted["destination"]} | (
            {} if amount is None else {"amount": min(amount, due)}
        )
    if invoice["on_behalf_of"]:
        parts["on_behalf_of"] = invoice["on_behalf_of"]
    return parts


def of_wanted(wanted: Json, due: int) -> Json:
    """The same for the first payment of a subscription that is not there yet."""
    parts = parts_of(wanted, due)
    return parts | ({"on_behalf_of": wanted["on_behalf_of"]} if wanted.get("on_behalf_of") else {})


def parts_of(terms: Json, due: int) -> Json:
    """A subscription's percentages, of this amount."""
    parts: Json = {}
    if percent := terms.get("application_fee_percent"):
        parts["application_fee_amount"] = money.percent_of(due, percent)
    if wanted := terms.get("transfer_data"):
        percent = wanted.get("amount_percent")
        part = {} if percent is None else {"amount": money.percent_of(due, percent)}
        parts["transfer_data"] = {"destination": wanted["destination"]} | part
    return parts
