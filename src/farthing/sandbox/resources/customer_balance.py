"""What a customer has to their credit (below zero) or owes (above), every movement of it, and their tax ids."""

from __future__ import annotations

from farthing.sandbox import money
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, no_such
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import customers
from farthing.sandbox.store import Json, Record


def move(account: Account, customer: Record, amount: int, type: str, currency: str, **more: object) -> Record:
    """Positive makes the customer owe more. The customer's own balance follows."""
    after = (customer["balance"] or 0) + amount
    transaction = record(account, customer, amount, after, type, currency, **more)
    account.update(customer, "customer.updated", balance=after, currency=customer["currency"] or currency)
    return transaction


def record(account: Account, customer: Record, amount: int, after: int, type: str, currency: str, **more: object) -> Record:
    return account.add(
        "customer_balance_transaction",
        "cbtxn",
        {
            "amount": amount,
            "checkout_session": None,
            "credit_note": None,
            "currency": currency,
            "customer": customer.id,
            "customer_account": None,
            "description": None,
            "ending_balance": after,
            "invoice": None,
            "metadata": {},
            "type": type,
        }
        | more,
    )


def create(account: Account, customer_id: str, params: Json) -> Record:
    customer = customers.living(account, customer_id)
    currency = money.currency(params["currency"])
    if customer["currency"] not in (None, currency):
        raise invalid(f"The customer's currency is {customer['currency']}; its balance moves in no other.", param="currency")
    more = {"description": params.get("description"), "metadata": merge_metadata({}, params.get("metadata"))}
    return move(account, customer, params["amount"], "adjustment", currency, **more)


def list_(account: Account, customer: str, params: Json) -> Json:
    customers.living(account, customer)
    where, values = equals({**params, "customer": customer}, "customer", "invoice")
    url = f"/v1/customers/{customer}/balance_transactions"
    return page(account, "customer_balance_transaction", url, params, where, *values)


def retrieve(account: Account, customer: str, id: str, params: Json) -> Record:
    del params
    customers.living(account, customer)
    transaction = account.get("customer_balance_transaction", id)
    if transaction["customer"] != customer:
        raise no_such("customer_balance_transaction", id)
    return transaction


def update(account: Account, customer: str, id: str, params: Json) -> Record:
    """Only its words: what was moved stays moved."""
    transaction = retrieve(account, customer, id, {})
    if "description" in params:
        transaction["description"] = blank_as_none(params["description"])
    transaction["metadata"] = merge_metadata(transaction["metadata"], params.get("metadata"))
    account.save(transaction)
    return transaction


# Tax ids


def create_tax_id(account: Account, customer_id: str, params: Json) -> Record:
    customer = customers.living(account, customer_id)
    tax_id = account.add(
        "tax_id",
        "txi",
        {
            "country": params["type"][:2].upper(),
            "customer": customer.id,
            "customer_account": None,
            "owner": {
                "account": None,
                "application": None,
                "customer": customer.id,
                "customer_account": None,
                "type": "customer",
            },
            "type": params["type"],
            "value": params["value"],
            "verification": {"status": "pending", "verified_address": None, "verified_name": None},
        },
    )
    account.emit("customer.tax_id.created", tax_id)
    return tax_id


def list_tax_ids(account: Account, customer: str, params: Json) -> Json:
    customers.living(account, customer)
    where, values = equals({"customer": customer}, "customer")
    return page(account, "tax_id", f"/v1/customers/{customer}/tax_ids", params, where, *values)


def retrieve_tax_id(account: Account, customer: str, id: str, params: Json) -> Record:
    del params
    tax_id = account.get("tax_id", id)
    if tax_id["customer"] != customer:
        raise no_such("tax_id", id)
    return tax_id


def delete_tax_id(account: Account, customer: str, id: str, params: Json) -> Json:
    tax_id = retrieve_tax_id(account, customer, id, params)
    account.emit("customer.tax_id.deleted", tax_id)
    account.store.remove(account.id, id)
    return {"id": id, "object": "tax_id", "deleted": True}


_BALANCE = "/v1/customers/{id}/balance_transactions"
_TAX_IDS = "/v1/customers/{id}/tax_ids"
OPERATIONS = (
    Operation("POST", _BALANCE, "CustomerBalanceTransactionCreateParams", create),
    Operation("GET", _BALANCE, "CustomerBalanceTransactionListParams", list_),
    Operation("GET", _BALANCE + "/{txn}", "CustomerBalanceTransactionRetrieveParams", retrieve),
    Operation("POST", _BALANCE + "/{txn}", "CustomerBalanceTransactionUpdateParams", update),
    Operation("POST", _TAX_IDS, "CustomerTaxIdCreateParams", create_tax_id),
    Operation("GET", _TAX_IDS, "CustomerTaxIdListParams", list_tax_ids),
    Operation("GET", _TAX_IDS + "/{tax_id}", "CustomerTaxIdRetrieveParams", retrieve_tax_id),
    Operation("DELETE", _TAX_IDS + "/{tax_id}", "CustomerTaxIdDeleteParams", delete_tax_id),
)
