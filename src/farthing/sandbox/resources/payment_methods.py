"""Payment methods: a test card or a test bank account, by the name it has in its table. Numbers are never kept."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from farthing.sandbox import banks, cards
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, missing_parameter, no_such, not_here_yet
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources.addresses import address
from farthing.sandbox.store import Json, Record

METHODS_MAX = 200


def create(account: Account, params: Json) -> Record:
    if params.get("type") in banks.CURRENCIES:
        return _create_bank(account, params)
    if params.get("type") != "card":
        raise missing_parameter("type") if "type" not in params else not_here_yet("type", f"payments by {params['type']}")
    given = params.get("card") or {}
    if not given:
        raise missing_parameter("card")
    if "token" in given and "number" in given:
        raise exclusive_parameters("card[token]", "card[number]")
    card = _token(given["token"]) if "token" in given else _typed(account, given)
    method = make(account, card, given, params)
    if customer := params.get("customer"):
        attach_to(account, method, account.get("customer", customer, param="customer"))
    return method


def _create_bank(account: Account, params: Json) -> Record:
    kind = params["type"]
    given, details = params.get(kind) or {}, params.get("billing_details") or {}
    for name in ("iban",) if kind == banks.SEPA else ("routing_number", "account_number"):
        if name not in given:
            raise missing_parameter(f"{kind}[{name}]")
    for name in ("name", "email") if kind == banks.SEPA else ("name",):
        if not details.get(name):
            raise missing_parameter(f"billing_details[{name}]")
    if kind == banks.SEPA:
        bank = banks.with_iban(given["iban"])
    else:
        bank = banks.with_account(given["account_number"], given["routing_number"])
    method = make_bank(account, bank, given, params)
    if customer := params.get("customer"):
        attach_to(account, method, account.get("customer", customer, param="customer"))
    return method


def make_bank(account: Account, bank: banks.TestBank, given: Json | None = None, params: Json | None = None) -> Record:
    given, params = given or {}, params or {}
    fingerprint = hashlib.sha256(f"{account.id}/{bank.number}".encode()).hexdigest()[:16]
    return account.add(
        "payment_method",
        "pm",
        {
            "allow_redisplay": params.get("allow_redisplay", "unspecified"),
            "billing_details": billing_details(params.get("billing_details") or {}),
            "customer": None,
            "customer_account": None,
            "metadata": merge_metadata({}, params.get("metadata")),
            "type": bank.type,
            bank.type: banks.shown(bank, fingerprint, given),
        },
        bank=bank.name,
        set_up=False,
    )


def _token(token: str) -> cards.TestCard:
    card = cards.named(token) if token.startswith("tok_") else None
    if card is None:
        raise no_such("token", token, param="card[token]")
    return card


def _typed(account: Account, given: Json) -> cards.TestCard:
    for name in ("number", "exp_month", "exp_year"):
        if name not in given:
            raise missing_parameter(f"card[{name}]")
    card = cards.numbered(given["number"])
    today = time.gmtime(account.clock.now())
    cards.check_expiry(given["exp_month"], given["exp_year"], today=(today.tm_year, today.tm_mon))
    if "cvc" in given:
        cards.check_cvc(given["cvc"], card)
    return card


def make(account: Account, card: cards.TestCard, given: Json | None = None, params: Json | None = None) -> Record:
    """A payment method with this card; `given` may say when it expires, `params` whose it is."""
    given, params = given or {}, params or {}
    return account.add(
        "payment_method",
        "pm",
        {
            "allow_redisplay": params.get("allow_redisplay", "unspecified"),
            "billing_details": billing_details(params.get("billing_details") or {}),
            "card": _shown(account, card, given),
            "customer": None,
            "customer_account": None,
            "metadata": merge_metadata({}, params.get("metadata")),
            "type": "card",
        },
        card=card.name,
        set_up=False,
    )


def billing_details(given: Json) -> Json:
    return {
        "address": address(given.get("address") or {}),
        "email": blank_as_none(given.get("email")),
        "name": blank_as_none(given.get("name")),
        "phone": blank_as_none(given.get("phone")),
        "tax_id": blank_as_none(given.get("tax_id")),
    }


def _shown(account: Account, card: cards.TestCard, given: Json) -> Json:
    year = given.get("exp_year", time.gmtime(account.clock.now()).tm_year + 1)
    return {
        "brand": card.brand,
        "checks": checks(card, None),
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": given.get("exp_month", 12),
        "exp_year": year + 2000 if year < 100 else year,
        "fingerprint": hashlib.sha256(f"{account.id}/{card.number}".encode()).hexdigest()[:16],
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def checks(card: cards.TestCard, address: Json | None) -> Json:
    """What the card's bank says of what it was told; of what it was not told it says nothing."""
    told = address or {}
    return {
        "address_line1_check": card.line1_check if told.get("line1") else None,
        "address_postal_code_check": card.zip_check if told.get("postal_code") else None,
        "cvc_check": card.cvc_check,
    }


def card_of(method: Record) -> cards.TestCard:
    return cards.BY_NAME[method.inner["card"]]


def bank_of(method: Record) -> banks.TestBank | None:
    """None for a card."""
    return banks.BY_NAME[method.inner["bank"]] if "bank" in method.inner else None


def take(account: Account, id: str, *, param: str = "payment_method") -> Record:
    """The payment method with this id; `pm_card_visa` and its like become a real one each time they are used."""
    if id.startswith("pm_card_"):
        card = cards.named(id)
        if card is None:
            raise no_such("PaymentMethod", id, param=param)
        return make(account, card)
    if banks.is_token(id):
        bank = banks.named(id)
        if bank is None:
            raise no_such("PaymentMethod", id, param=param)
        jenny = {"name": "Jenny Rosen", "email": "jenny@example.com"}
        return make_bank(account, bank, params={"billing_details": jenny})
    return account.get("payment_method", id, param=param)


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    made_when_used = id.startswith("pm_card_") or banks.is_token(id)
    return take(account, id, param="") if made_when_used else account.get("payment_method", id)


def update(account: Account, id: str, params: Json) -> Record:
    method = account.get("payment_method", id)
    changed: dict[str, Any] = {"metadata": merge_metadata(method["metadata"], params.get("metadata"))}
    if "allow_redisplay" in params:
        changed["allow_redisplay"] = params["allow_redisplay"]
    if "billing_details" in params:
        merged = {**method["billing_details"], **(params["billing_details"] or {})}
        changed["billing_details"] = billing_details(merged)
    if method["type"] == "card" and (expiry := params.get("card")):
        dates = {name: expiry[name] for name in ("exp_month", "exp_year") if name in expiry}
        changed["card"] = {**method["card"], **dates}
    account.update(method, "payment_method.updated", **changed)
    return method


def attach(account: Account, id: str, params: Json) -> Record:
    if "customer" not in params:
        raise missing_parameter("customer")
    method = take(account, id, param="")
    customer = account.get("customer", params["customer"], param="customer")
    attach_to(account, method, customer)
    return method


def attach_to(account: Account, method: Record, customer: Record) -> None:
    if method["customer"] == customer.id:
        return
    if method["customer"] or method.inner.get("spent"):
        raise invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, "
            "and may not be used again."
            if method.inner.get("spent")
            else "The payment method you provided has already been attached to a customer."
        )
    if method["type"] == "card" and (decline := card_of(method).decline) and not card_of(method).attaches:
        raise cards.card_error(decline)
    if len(account.select("payment_method", "json_extract(body, '$.customer') = ?", customer.id)) >= METHODS_MAX:
        raise invalid(f"A customer can have at most {METHODS_MAX} payment methods.", code="customer_max_payment_methods")
    method["customer"] = customer.id
    account.save(method)
    account.emit("payment_method.attached", method)


def detach(account: Account, id: str, params: Json) -> Record:
    del params
    method = account.get("payment_method", id)
    if not method["customer"]:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    loosen(account, method)
    return method


def loosen(account: Account, method: Record) -> None:
    """For good: a detached payment method can never be used again."""
    before = dict(method.body)
    method["customer"] = None
    method.inner["spent"] = True
    account.save(method)
    account.emit("payment_method.detached", method, before=before)


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "customer", "type", "allow_redisplay")
    if "customer" in params:
        account.get("customer", params["customer"], param="customer")
    else:
        where = f"{where} AND json_extract(body, '$.customer') IS NOT NULL"
    return page(account, "payment_method", "/v1/payment_methods", params, where, *values)


def list_of_customer(account: Account, customer: str, params: Json) -> Json:
    account.get("customer", customer)
    where, values = equals({**params, "customer": customer}, "customer", "type", "allow_redisplay")
    return page(account, "payment_method", f"/v1/customers/{customer}/payment_methods", params, where, *values)


def retrieve_of_customer(account: Account, customer: str, id: str, params: Json) -> Record:
    del params
    account.get("customer", customer)
    method = account.get("payment_method", id)
    if method["customer"] != customer:
        raise no_such("PaymentMethod", id)
    return method


OPERATIONS = (
    Operation("POST", "/v1/payment_methods", "PaymentMethodCreateParams", create),
    Operation("GET", "/v1/payment_methods", "PaymentMethodListParams", list_),
    Operation("GET", "/v1/payment_methods/{id}", "PaymentMethodRetrieveParams", retrieve),
    Operation("POST", "/v1/payment_methods/{id}", "PaymentMethodUpdateParams", update),
    Operation("POST", "/v1/payment_methods/{id}/attach", "PaymentMethodAttachParams", attach),
    Operation("POST", "/v1/payment_methods/{id}/detach", "PaymentMethodDetachParams", detach),
    Operation("GET", "/v1/customers/{id}/payment_methods", "CustomerPaymentMethodListParams", list_of_customer),
    Operation("GET", "/v1/customers/{id}/payment_methods/{pm}", "CustomerPaymentMethodRetrieveParams", retrieve_of_customer),
)
