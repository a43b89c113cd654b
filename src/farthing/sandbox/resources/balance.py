"""The balance and its transactions: every movement of money, and the law that their net amounts sum to the balance."""

from __future__ import annotations

from collections import defaultdict

from farthing.sandbox.account import Account, Job
from farthing.sandbox.errors import invalid
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import payout_schedule
from farthing.sandbox.store import Json, Record

INSTANT_FEE_PERMILLE, INSTANT_FEE_MIN = 10, 50
# What reports call a movement, where it is not called as its type is.
CATEGORIES = {
    "reserve_transaction": "connect_reserved_funds",
    "application_fee": "platform_earning",
    "application_fee_refund": "platform_earning_refund",
    "payment": "charge",
    "payment_refund": "refund",
    "payout_cancel": "payout_reversal",
    "payout_failure": "payout_reversal",
    "stripe_fee": "fee",
    "transfer_refund": "transfer_reversal",
}


def book(
    account: Account,
    type: str,
    source: Record,
    amount: int,
    *,
    fee: int = 0,
    application_fee: int = 0,
    available_on: int | None = None,
) -> Record:
    """Write one movement. It counts as pending until `available_on` (now, when not said)."""
    now = account.clock.seconds()
    ripens = available_on is not None and available_on > now
    currency = source["currency"]
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
            "fee": fee + application_fee,
            "fee_details": _fees(account, currency, fee, application_fee),
            "net": amount - fee - application_fee,
            "reporting_category": CATEGORIES.get(type, type),
            "source": source.id,
            "status": "pending" if ripens else "available",
            "type": type,
        },
    )
    if available_on is not None and ripens:
        account.at(available_on, "balance.ripen", transaction)
    else:
        plan_payout(account)
    # Here, because reserves are booked as well.
    from farthing.sandbox.resources import reserves

    reserves.follow(account, currency)
    return transaction


def at_the_same_distance(account: Account, other: Account, moment: int | None) -> int | None:
    """A moment of one account's time in another's: sellers live in the sandbox's own, whatever clock a buyer lives on."""
    if moment is None or account.clock is other.clock:
        return moment
    return moment + other.clock.seconds() - account.clock.seconds()


def _fees(account: Account, currency: str, fee: int, application_fee: int) -> list[Json]:
    platform = account.platform() if application_fee else None
    both = (
        ("application_fee", application_fee, "Application fee", application_of(platform) if platform else None),
        ("stripe_fee", fee, "Stripe processing fees", None),
    )
    return [
        {"amount": amount, "application": application, "currency": currency, "description": description, "type": kind}
        for kind, amount, description, application in both
        if amount
    ]


def application_of(platform: Account) -> str:
    """The platform's application, as its connected accounts see it."""
    return f"ca_{platform.id.removeprefix('acct_')}"


def plan_payout(account: Account) -> None:
    """Money became available on a connected account: have it paid out when its schedule says so next."""
    platform = account.platform()
    if platform is None:
        return
    schedule = platform.get("account", account.id)["settings"]["payouts"]["schedule"]
    moment = payout_schedule.next_moment(schedule, account.clock.now())
    if moment is None:
        return
    job = (platform.id, "payouts.automatic", account.id)
    if not account.store.rows("SELECT 1 FROM due WHERE account = ? AND job = ? AND subject = ? AND at = ?", *job, moment):
        account.store.later(platform.id, moment, "payouts.automatic", account.id)


def available(account: Account, currency: str) -> int:
    sql = "SELECT coalesce(sum(net), 0) FROM balances WHERE account = ? AND currency = ? AND status = 'available'"
    return int(account.store.rows(sql, account.id, currency)[0][0])


def for_instant(account: Account, currency: str) -> int:
    """Money on its way may be paid out at once as well."""
    return max(total(account, currency), 0)


def instant_fee(amount: int) -> int:
    """1 % rounded half up, at least 0.50."""
    return max((amount * INSTANT_FEE_PERMILLE + 500) // 1000, INSTANT_FEE_MIN)


def total(account: Account, currency: str) -> int:
    """Available and pending together."""
    sql = "SELECT coalesce(sum(net), 0) FROM balances WHERE account = ? AND currency = ?"
    return int(account.store.rows(sql, account.id, currency)[0][0])


def ripen(account: Account, transaction: Record) -> None:
    """The money of this transaction has arrived. Test clocks are of billing: no balance tells of their time."""
    if transaction["status"] == "pending":
        transaction["status"] = "available"
        account.save(transaction)
        if not account.test_clock and not _more_ripens(account, transaction["available_on"]):
            account.emit("balance.available", Record(retrieve(account, {})))
            plan_payout(account)


def _more_ripens(account: Account, moment: int) -> bool:
    """One event tells of all that becomes available at one moment: the last of it does."""
    where = "json_extract(body, '$.status') = 'pending' AND json_extract(body, '$.available_on') <= ? ORDER BY seq LIMIT 1"
    return bool(account.select("balance_transaction", where, moment))


def retrieve_transaction(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("balance_transaction", id)


def list_transactions(account: Account, params: Json) -> Json:
    where, values = equals(params, "currency", "source", "type")
    if "payout" in params:
        if not account.get("payout", params["payout"], param="payout")["automatic"]:
            raise invalid(
                "Balance transaction history can only be filtered on automatic transfers, not manual.", param="payout"
            )
        where, values = f"{where} AND json_extract(inner, '$.payout') = ?", [*values, params["payout"]]
    return page(account, "balance_transaction", "/v1/balance_transactions", params, where, *values)


def retrieve(account: Account, params: Json) -> Json:
    del params
    sums: dict[str, dict[str, int]] = {"available": defaultdict(int), "pending": defaultdict(int)}
    for currency, status, net in account.store.rows(
        "SELECT currency, status, sum(net) FROM balances WHERE account = ? GROUP BY 1, 2",
        account.id,
    ):
        sums[status][currency] = net
    currencies = sorted({*sums["available"], *sums["pending"]}) or ["usd"]
    return (
        {"object": "balance", "livemode": False}
        | _reserved(account)
        | _instant(account, currencies)
        | {
            part: [
                {"amount": sums[part][each], "currency": each, "source_types": {"card": sums[part][each]}}
                for each in currencies
            ]
            for part in ("available", "pending")
        }
    )


def _reserved(account: Account) -> Json:
    """Only where something is held for sellers who owe."""
    held = account.store.rows(
        "SELECT currency, -sum(net) FROM balances WHERE account = ? AND type = 'reserve_transaction' GROUP BY 1",
        account.id,
    )
    shown = [{"amount": amount, "currency": currency, "source_types": {"card": amount}} for currency, amount in held]
    return {"connect_reserved": shown} if shown else {}


def _instant(account: Account, currencies: list[str]) -> Json:
    """Only where an external account takes money at once."""
    shown = []
    for currency in currencies:
        amount = for_instant(account, currency)
        takes = "json_extract(body, '$.available_payout_methods[1]') = 'instant' AND json_extract(body, '$.currency') = ?"
        net = [{"amount": after_fee(amount), "destination": each.id} for each in account.select("card", takes, currency)]
        if net:
            one: Json = {"amount": amount, "currency": currency, "net_available": net, "source_types": {"card": amount}}
            shown.append(one)
    return {"instant_available": shown} if shown else {}


def after_fee(amount: int) -> int:
    """The most that can be paid out of this amount when the fee is taken from it, too."""
    most = max(amount - INSTANT_FEE_MIN, 0)
    while most and most + instant_fee(most) > amount:
        most -= max((most + instant_fee(most) - amount) // 2, 1)
    return most


JOBS: dict[str, tuple[str, Job]] = {"balance.ripen": ("balance_transaction", ripen)}
OPERATIONS = (
    Operation("GET", "/v1/balance", "BalanceRetrieveParams", retrieve),
    Operation("GET", "/v1/balance_transactions", "BalanceTransactionListParams", list_transactions),
    Operation("GET", "/v1/balance_transactions/{id}", "BalanceTransactionRetrieveParams", retrieve_transaction),
    Operation("GET", "/v1/balance/history", "BalanceTransactionListParams", list_transactions),
)
