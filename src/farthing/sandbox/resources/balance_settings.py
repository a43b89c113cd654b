"""Balance settings: the newer home of an account's payout schedule and of how long its money takes to settle."""

from __future__ import annotations

from copy import deepcopy

from farthing.sandbox import money
from farthing.sandbox.account import Account
from farthing.sandbox.errors import malformed, not_here_yet
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import account_shape, accounts
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record

NOT_HERE = ("automatic_transfer_rules_by_currency",)


def retrieve(account: Account, params: Json) -> Json:
    del params
    return _shape(accounts.retrieve_own(account, {}))


def update(account: Account, params: Json) -> Json:
    wanted = params.get("payments") or {}
    record = accounts.retrieve_own(account, {})
    before = deepcopy(record.body)
    payouts = wanted.get("payouts") or {}
    for name in NOT_HERE:
        if payouts.get(name):
            raise not_here_yet(f"payments[payouts][{name}]", "transfer rules")
    if "minimum_balance_by_currency" in payouts:
        _keep_at_least(record, payouts["minimum_balance_by_currency"])
    shown = record["settings"]["payouts"]
    if "debit_negative_balances" in wanted:
        shown["debit_negative_balances"] = wanted["debit_negative_balances"]
    if "statement_descriptor" in payouts:
        shown["statement_descriptor"] = payouts["statement_descriptor"] or None
    if schedule := payouts.get("schedule"):
        account_shape.take_schedule(record, schedule)
    _take_timing(record, wanted.get("settlement_timing") or {})
    _save(account, record, before)
    return _shape(record)


def _keep_at_least(record: Record, wanted: Json | str) -> None:
    """So much of each currency stays when the schedule pays out; an empty value forgets it."""
    kept = {} if wanted == "" else dict(record.inner.get("minimum_balance", {}))
    for code, least in (wanted if isinstance(wanted, dict) else {}).items():
        currency = money.currency(code, param="payments[payouts][minimum_balance_by_currency]")
        if least != "" and least < 0:
            raise malformed(
                "This value must be greater than or equal to 0.",
                param=f"payments[payouts][minimum_balance_by_currency][{code}]",
                code="parameter_invalid_integer",
            )
        kept.pop(currency, None)
        kept |= {currency: least} if least != "" else {}
    record.inner["minimum_balance"] = kept


def _take_timing(record: Record, timing: Json) -> None:
    if timing.get("start_of_day"):
        raise not_here_yet("payments[settlement_timing][start_of_day]", "days that start at another time than midnight UTC")
    if "delay_days_override" in timing:
        days = timing["delay_days_override"]
        override = account_shape.check_delay(days) if days != "" else None
        record.inner["delay_days_override"] = override
        record["settings"]["payouts"]["schedule"]["delay_days"] = override or account_shape.DELAY_DAYS


def _save(account: Account, record: Record, before: Json) -> None:
    platform = account.platform()
    if platform:
        accounts.tell(platform, record, before)
    else:
        account.save(record)
    account.emit("balance_settings.updated", Record(_shape(record)))


def settles_after(account: Account) -> int:
    """How many seconds this account's charges stay pending."""
    days = accounts.retrieve_own(account, {})["settings"]["payouts"]["schedule"]["delay_days"]
    return account.settings.available_after_seconds if days == account_shape.DELAY_DAYS else int(days) * DAY


def _shape(record: Record) -> Json:
    payouts = record["settings"]["payouts"]
    schedule = payouts["schedule"]
    days = {name: schedule[name] for name in ("monthly_payout_days", "weekly_payout_days") if name in schedule}
    override, least = record.inner.get("delay_days_override"), record.inner.get("minimum_balance")
    return {
        "object": "balance_settings",
        "payments": {
            "debit_negative_balances": payouts["debit_negative_balances"],
            "payouts": {
                **({"minimum_balance_by_currency": least} if least else {}),
                "schedule": {"interval": schedule["interval"], **days},
                "statement_descriptor": payouts["statement_descriptor"],
                "status": "enabled" if record["payouts_enabled"] else "disabled",
            },
            "settlement_timing": {
                "delay_days": schedule["delay_days"],
                **({"delay_days_override": override} if override else {}),
            },
        },
    }


OPERATIONS = (
    Operation("GET", "/v1/balance_settings", "BalanceSettingsRetrieveParams", retrieve),
    Operation("POST", "/v1/balance_settings", "BalanceSettingsUpdateParams", update),
)
