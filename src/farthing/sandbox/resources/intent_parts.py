"""What a payment intent is told besides its amount: how it is paid, what the bank is asked, whose references it bears."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.errors import exclusive_parameters, invalid
from farthing.sandbox.resources import payment_methods
from farthing.sandbox.store import Json, Record


def options(shown: Json, params: Json) -> Json:
    """Only when a card's bank is asked can be chosen; what else is in there is not looked at, and so refused."""
    card = (params.get("payment_method_options") or {}).get("card") or {}
    wanted = card.get("request_three_d_secure") if card else None
    return shown | {"card": {"request_three_d_secure": wanted}} if wanted else shown


def details(params: Json) -> Json:
    """References of the platform's own, shown where they were given."""
    told = params.get("payment_details")
    if not told:
        return {}
    return {"payment_details": {name: told.get(name) for name in ("customer_reference", "order_reference")}}


def given_method(account: Account, params: Json) -> Record | None:
    """The payment method by its id, or made of what is told of it here."""
    if params.get("payment_method") and params.get("payment_method_data"):
        raise exclusive_parameters("payment_method", "payment_method_data")
    if data := params.get("payment_method_data"):
        return payment_methods.create(account, data)
    return payment_methods.take(account, params["payment_method"]) if params.get("payment_method") else None


def usable(account: Account, intent: Record, method: Record) -> Record:
    """The buyer's own, or nobody's yet."""
    del account
    if method["type"] not in intent["payment_method_types"]:
        raise invalid(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent. Please attach a "
            f"PaymentMethod of one of the following types: {', '.join(intent['payment_method_types'])}.",
            param="payment_method",
        )
    if method.inner.get("spent"):
        raise invalid(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a "
            "connected account without Customer attachment, or was detached from a Customer. It may not be used again. To "
            "use a PaymentMethod multiple times, you must attach it to a Customer first.",
            param="payment_method",
        )
    if method["customer"] and method["customer"] != intent["customer"]:
        if intent["customer"]:
            raise invalid(
                f"The provided PaymentMethod cannot be attached. To reuse a PaymentMethod, you must attach it to a Customer "
                f"first. {method.id} belongs to another customer.",
                param="payment_method",
            )
        raise invalid(
            f"The payment method supplied ({method.id}) belongs to the Customer {method['customer']}. Please include the "
            "Customer in the `customer` parameter on the PaymentIntent.",
            param="payment_method",
        )
    return method
