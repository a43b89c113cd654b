"""Customers: who buys. A deleted one still answers to its id."""

from __future__ import annotations

from typing import Any

from farthing.sandbox import placing
from farthing.sandbox.account import Account, merge_metadata
from farthing.sandbox.errors import invalid, no_such, not_here_yet
from farthing.sandbox.ids import random_text
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import payment_methods, subscription_terms
from farthing.sandbox.resources.addresses import whole
from farthing.sandbox.resources.checkout_parameters import check_email
from farthing.sandbox.searching import search
from farthing.sandbox.store import Json, Record

ON_A_CLOCK_MAX = 3
TEXTS = ("address", "business_name", "description", "email", "individual_name", "name", "phone", "shipping")
NOT_HERE = {
    "source": "the Sources API",
    "default_source": "the Sources API",
    "tax_id_data": "tax ids",
    "cash_balance": "cash balances",
}


def create(account: Account, params: Json) -> Record:
    _check(params)
    if id := params.get("test_clock"):
        clock = account.get("test_helpers.test_clock", id, param="test_clock")
        account = _on_clock(account, clock)
    customer = account.add("customer", "cus", _fields(params))
    account.emit("customer.created", customer)
    given = params.get("invoice_settings") or {}
    if name := params.get("payment_method"):
        method = payment_methods.take(account, name)
        payment_methods.attach_to(account, method, customer)
        if given.get("default_payment_method") == name:
            # A test card named twice is one and the same payment method.
            given = {**given, "default_payment_method": method.id}
    if given:
        customer["invoice_settings"] = _settings_with(account, customer, given)
        account.save(customer)
    _moved(account, customer, customer["balance"], customer["balance"], "initial")
    return customer


def _moved(account: Account, customer: Record, amount: int, after: int, why: str) -> None:
    """A balance that is set is a movement like others."""
    # Here, because movements belong to customers.
    from farthing.sandbox.resources import customer_balance

    if amount:
        customer_balance.record(account, customer, amount, after, why, customer["currency"] or "usd")


def _on_clock(account: Account, clock: Record) -> Account:
    placed = placing.on(account, clock)
    if clock["status"] != "ready":
        raise invalid("The test clock is advancing: wait until it is ready.", param="test_clock", code="test_clock_advancing")
    if len(account.select("customer", "json_extract(body, '$.test_clock') = ?", clock.id)) >= ON_A_CLOCK_MAX:
        raise invalid(f"A test clock can have at most {ON_A_CLOCK_MAX} customers.", param="test_clock")
    return placed


def put_on_clock(account: Account, customer: Record, clock: Record) -> None:
    """Only one who has bought nothing yet can change times."""
    if customer["test_clock"] or account.select("subscription", "json_extract(body, '$.customer') = ?", customer.id):
        raise invalid("Only a customer without subscriptions or another clock can be put on a test clock.", param="customer")
    account.update(customer, "customer.updated", test_clock=clock.id)


def _check(params: Json) -> None:
    for name, what in NOT_HERE.items():
        if name in params:
            raise not_here_yet(name, what)
    if params.get("email"):
        check_email(params["email"], "email")


def _fields(params: Json) -> Json:
    return {
        "balance": params.get("balance", 0),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "invoice_prefix": params.get("invoice_prefix") or random_text(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "metadata": merge_metadata({}, params.get("metadata")),
        "next_invoice_sequence": params.get("next_invoice_sequence", 1),
        "preferred_locales": params.get("preferred_locales") or [],
        "tax_exempt": params.get("tax_exempt") or "none",
        "test_clock": params.get("test_clock"),
    } | {name: whole(name, params.get(name)) for name in TEXTS}


def _settings_with(account: Account, customer: Record, given: Json) -> Json:
    """The invoice settings with what was given: the method that pays by default must be the customer's."""
    settings = dict(customer["invoice_settings"])
    if given.get("rendering_options"):
        raise not_here_yet("invoice_settings[rendering_options]", "invoice templates")
    if "custom_fields" in given:
        settings["custom_fields"] = subscription_terms.custom_fields(given["custom_fields"], "invoice_settings[custom_fields]")
    if "footer" in given:
        settings["footer"] = given["footer"] or None
    if "default_payment_method" in given:
        settings["default_payment_method"] = _own_method(account, customer, given["default_payment_method"])
    return settings


def _own_method(account: Account, customer: Record, method: str) -> str | None:
    param = "invoice_settings[default_payment_method]"
    if method and payment_methods.take(account, method, param=param)["customer"] != customer.id:
        raise invalid(
            f"The customer does not have a payment method with the ID {method}. The payment method must be attached to the "
            "customer.",
            param=param,
            code="resource_missing",
        )
    return method or None


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("customer", id)


def living(account: Account, id: str, *, param: str | None = None) -> Record:
    customer = account.get("customer", id, param=param)
    if customer.body.get("deleted"):
        raise no_such("customer", id, param=param)
    return customer


def update(account: Account, id: str, params: Json) -> Record:
    _check(params)
    customer = living(account, id)
    changed: dict[str, Any] = {name: whole(name, params[name]) for name in TEXTS if name in params}
    changed |= {name: params[name] for name in ("invoice_prefix", "next_invoice_sequence") if name in params}
    if "preferred_locales" in params:
        changed["preferred_locales"] = params["preferred_locales"] or []
    if "tax_exempt" in params:
        changed["tax_exempt"] = params["tax_exempt"] or "none"
    changed["metadata"] = merge_metadata(customer["metadata"], params.get("metadata"))
    if given := params.get("invoice_settings"):
        changed["invoice_settings"] = _settings_with(account, customer, given)
    if "balance" in params:
        changed["balance"] = params["balance"]
        _moved(account, customer, params["balance"] - (customer["balance"] or 0), params["balance"], "adjustment")
    account.update(customer, "customer.updated", **changed)
    return customer


def delete(account: Account, id: str, params: Json) -> Json:
    del params
    customer = living(account, id)
    for method in account.select("payment_method", "json_extract(body, '$.customer') = ?", id):
        payment_methods.loosen(account, method)
    _end_subscriptions(account, id)
    account.emit("customer.deleted", customer)
    stub: Json = {"id": id, "object": "customer", "deleted": True}
    account.store.hide(account.id, Record(stub))
    return stub


def _end_subscriptions(account: Account, customer: str) -> None:
    # Here, because subscriptions look at their customers.
    from farthing.sandbox.resources import subscription_ends

    mine = "json_extract(body, '$.customer') = ? AND json_extract(body, '$.ended_at') IS NULL ORDER BY seq"
    for subscription in account.select("subscription", mine, customer):
        if subscription_ends.LIFECYCLE.allows(subscription["status"], "cancel"):
            subscription_ends.end(account, subscription, "cancellation_requested")


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "email", "test_clock")
    return page(account, "customer", "/v1/customers", params, where, *values)


def find(account: Account, params: Json) -> Json:
    return search(account, "customer", "/v1/customers/search", params)


OPERATIONS = (
    Operation("POST", "/v1/customers", "CustomerCreateParams", create),
    Operation("GET", "/v1/customers", "CustomerListParams", list_),
    Operation("GET", "/v1/customers/search", "CustomerSearchParams", find),
    Operation("GET", "/v1/customers/{id}", "CustomerRetrieveParams", retrieve),
    Operation("POST", "/v1/customers/{id}", "CustomerUpdateParams", update),
    Operation("DELETE", "/v1/customers/{id}", "CustomerDeleteParams", delete),
)
