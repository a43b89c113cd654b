"""The balance and its transactions: every movement of money, and the law that their net amounts sum to the balance."""

from __future__ import annotations

from collections import defaultdict

from farthing.sandbox.account import Account, Job
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.store import Json, Record

# What reports call a movement, where it is not called as its type is.
CATEGORIES = {"payment": "charge", "payment_refund": "refund"}


def book(
    account: Account,
    type: str,
    source: Record,
    amount: int,
    *,
    fee: int = 0,
    available_on: int | None = None,
) -> Record:
    """Write one movement. It counts as pending until `available_on` (now, when not said)."""
    now = account.clock.seconds()
    ripens = available_on is not None and available_on > now
    currency = source["currency"]
    fees = [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    transaction = account.add(
        "balance_transaction",
        "txn",
        {
            "amount": amount,
            "available_on": available_on if ripens else now,
            "balance_type": "payments",
            "currency": currency,
            "description": source.body.get("description"),
            "exchange_rate": None,
            "fee": fee,
            "fee_details": fees if fee else [],
            "net": amount - fee,
            "reporting_category": CATEGORIES.get(type, type),
            "source": source.id,
            "status": "pending" if ripens else "available",
            "type": type,
        },
    )
    if available_on is not None and ripens:
        account.store.later(account.id, available_on, "balance.ripen", transaction.id)
    return transaction


def ripen(account: Account, transaction: Record) -> None:
    """The money of this transaction has arrived."""
    if transaction["status"] == "pending":
        transaction["status"] = "available"
        account.save(transaction)


def retrieve_transaction(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("balance_transaction", id)


def list_transactions(account: Account, params: Json) -> Json:
    where, values = equals(params, "currency", "source", "type")
    if "payout" in params:
        where = f"{where} AND 0"  # Payouts have no transactions of their own here.
    return page(account, "balance_transaction", "/v1/balance_transactions", params, where, *values)


def retrieve(account: Account, params: Json) -> Json:
    del params
    sums: dict[str, dict[str, int]] = {"available": defaultdict(int), "pending": defaultdict(int)}
    for currency, status, net in account.store.rows(
        """
        SELECT json_extract(body, '$.currency'), json_extract(body, '$.status'), sum(json_extract(body, '$.net'))
        FROM objects
        WHERE account = ? AND object = 'balance_transaction'
        GROUP BY 1, 2
        """,
        account.id,
    ):
        sums[status][currency] = net
    currencies = sorted({*sums["available"], *sums["pending"]}) or ["usd"]
    return {"object": "balance", "livemode": False} | {
        part: [
            {"amount": sums[part][each], "currency": each, "source_types": {"card": sums[part][each]}} for each in currencies
        ]
        for part in ("available", "pending")
    }


JOBS: dict[str, tuple[str, Job]] = {"balance.ripen": ("balance_transaction", ripen)}
OPERATIONS = (
    Operation("GET", "/v1/balance", "BalanceRetrieveParams", retrieve),
    Operation("GET", "/v1/balance_transactions", "BalanceTransactionListParams", list_transactions),
    Operation("GET", "/v1/balance_transactions/{id}", "BalanceTransactionRetrieveParams", retrieve_transaction),
    Operation("GET", "/v1/balance/history", "BalanceTransactionListParams", list_transactions),
)
