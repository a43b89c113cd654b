"""Transfers: money from the platform's balance to a connected account's, on its own or behind a charge."""

from __future__ import annotations

from farthing.sandbox import money
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, missing_parameter, not_here_yet
from farthing.sandbox.listing import equals, listed, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import accounts, balance, balance_settings, charges, destination_payments
from farthing.sandbox.store import Json, Record

NO_FUNDS = (
    "You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance by "
    "creating Charges using the 4000000000000077 test card. See: https://stripe.com/docs/testing#available-balance"
)


def create(account: Account, params: Json) -> Record:
    if params.get("source_type", "card") != "card":
        raise not_here_yet("source_type", "balances of other kinds than card")
    currency = money.currency(params["currency"])
    destination = recipient(account, params["destination"], param="destination")
    source = _source(account, params, currency)
    amount = params.get("amount", source["amount"] if source else None)
    if amount is None:
        raise missing_parameter("amount")
    money.check_positive(amount, param="amount")
    if source:
        _check_rest(account, source, amount)
    elif balance.available(account, currency) < amount:
        raise invalid(NO_FUNDS, code="balance_insufficient")
    group = params.get("transfer_group") or (source["transfer_group"] if source else None)
    transfer = move(
        account,
        destination,
        amount,
        currency,
        source=source,
        transfer_group=group,
        description=params.get("description"),
        metadata=merge_metadata({}, params.get("metadata")),
        available_on=_matures(account, source) if source else None,
    )
    account.emit("transfer.created", transfer)
    return transfer


def recipient(account: Account, id: str, *, param: str) -> Record:
    """A connected account that may be paid; or, from one's own platform's seller, the platform itself."""
    platform = account.platform()
    if platform and id == platform.id:
        return _debits(platform, account.id, param)
    record = accounts.connected(account, id, param=param)
    if record["capabilities"].get("transfers") != "active":
        raise invalid(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments",
            param=param,
            code="insufficient_capabilities_for_transfer",
        )
    return record


def _debits(platform: Account, seller: str, param: str) -> Record:
    """A platform that answers for its seller's losses may take back what the seller owes it."""
    if platform.get("account", seller)["controller"]["losses"]["payments"] != "application":
        raise invalid(f"Account {seller} answers for its own losses: it cannot be debited by its platform.", param=param)
    return platform.get("account", platform.id)


def _source(account: Account, params: Json, currency: str) -> Record | None:
    if "source_transaction" not in params:
        return None
    charge = account.get("charge", params["source_transaction"], param="source_transaction")
    if charge["status"] == "failed" or not charge["captured"]:
        raise invalid(f"Charge {charge.id} did not succeed, so it cannot fund a transfer.", param="source_transaction")
    if charge["currency"] != currency:
        raise invalid(
            f"The currency of source_transaction's balance transaction ({charge['currency']}) must be the same as the "
            f"transfer currency ({currency})",
            param="currency",
        )
    group = params.get("transfer_group")
    if group and charge["transfer_group"] and group != charge["transfer_group"]:
        raise invalid(
            f"The transfer_group {group} is not that of the source_transaction ({charge['transfer_group']}).",
            param="transfer_group",
        )
    charges.settle(account, charge)
    if not charge["transfer_group"]:
        charge["transfer_group"] = group or f"group_{charge['payment_intent']}"
        account.save(charge)
    return charge


def _matures(account: Account, charge: Record) -> int:
    """When the charge's money is there; for one whose bank has not answered, when it would be."""
    if charge["balance_transaction"]:
        return int(account.get("balance_transaction", charge["balance_transaction"])["available_on"])
    arrives = charge["created"] + account.settings.bank_debit_seconds
    return int(arrives) + balance_settings.settles_after(account)


def _check_rest(account: Account, charge: Record, amount: int) -> None:
    made = account.select("transfer", "json_extract(body, '$.source_transaction') = ?", charge.id)
    already = sum(each["amount"] for each in made)
    if already + amount > charge["amount_captured"]:
        currency = charge["currency"]
        more = (
            f" (There are already {len(made)} transfers using this source, amounting to a total of "
            f"{money.spell(already, currency)}.)"
        )
        raise invalid(
            "Transfers using this transaction as a source must not exceed the source amount of "
            f"{money.spell(charge['amount_captured'], currency)}.{more if made else ''}",
            param="amount",
        )


def move(
    account: Account,
    destination: Record,
    amount: int,
    currency: str,
    *,
    source: Record | None = None,
    transfer_group: str | None = None,
    description: str | None = None,
    metadata: Json | None = None,
    application_fee: Record | None = None,
    available_on: int | None = None,
) -> Record:
    """Both sides at once. Funded by a charge, it matures with that charge; the caller tells of it."""
    transfer = account.add(
        "transfer",
        "tr",
        {
            "amount": amount,
            "amount_reversed": 0,
            "balance_transaction": None,
            "currency": currency,
            "description": description,
            "destination": destination.id,
            "destination_payment": None,
            "metadata": metadata or {},
            "reversals": listed([], ""),
            "reversed": False,
            "source_transaction": source.id if source else None,
            "source_type": "card",
            "transfer_group": transfer_group,
        },
        application_fee=application_fee.id if application_fee else None,
    )
    transfer["reversals"]["url"] = f"/v1/transfers/{transfer.id}/reversals"
    transfer["balance_transaction"] = balance.book(account, "transfer", transfer, -amount, available_on=available_on).id
    seat = account.seat(destination.id)
    ready = balance.at_the_same_distance(account, seat, available_on)
    payment = destination_payments.receive(seat, transfer, application_fee, available_on=ready)
    transfer["destination_payment"] = payment.id
    account.save(transfer)
    return transfer


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("transfer", id)


def update(account: Account, id: str, params: Json) -> Record:
    transfer = account.get("transfer", id)
    changed: Json = {"metadata": merge_metadata(transfer["metadata"], params.get("metadata"))}
    if "description" in params:
        changed["description"] = blank_as_none(params["description"])
    account.update(transfer, "transfer.updated", **changed)
    return transfer


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "destination", "transfer_group")
    return page(account, "transfer", "/v1/transfers", params, where, *values)


OPERATIONS = (
    Operation("POST", "/v1/transfers", "TransferCreateParams", create),
    Operation("GET", "/v1/transfers", "TransferListParams", list_),
    Operation("GET", "/v1/transfers/{id}", "TransferRetrieveParams", retrieve),
    Operation("POST", "/v1/transfers/{id}", "TransferUpdateParams", update),
)
