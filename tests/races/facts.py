"""The state of everything without names, numbers and times: two histories of the same business must end in the same one."""

import json
import re
from collections.abc import Collection
from typing import Any, Final

import psycopg
from psycopg.rows import tuple_row
from tests.races.shop import Place, look, messages_at

Facts = dict[str, list[str]]

TABLES: Final = (
    "customers provider_customers payment_methods off_session_charges"
    " orders line_items payments checkouts refunds redemptions entitlements events hook_runs ledger_transactions"
    " job_postings job_posting_lines job_posting_addons fulfillments credit_accounts credit_grants credit_spends credit_entries"
    " ledger_entries emails idempotency_keys host_deliveries host_sales jobs"
    " refund_lines refund_requests"
    " disputes dispute_answers fraud_warnings"
    " purchases purchase_reversals downloads access_versions"
    " stock_items stock_levels stock_reservations stock_movements tax_documents"
    " subscription_starts subscriptions subscription_facts subscription_changes"
    " invoices invoice_lines invoice_payments invoice_attempts"
    " listings earnings earning_reversals seller_orders seller_order_lines shipments shipment_lines"
    " transfers transfer_lines seller_fees transfer_reversals payouts shipping_addresses ship_from_addresses labels"
    " cancellations cancellation_lines returns return_lines"
).split()
"""What business there is. `provider_events` is what was said about it."""

TOLD: Final = ("provider_events",)

UNIMPORTANT: Final = frozenset(
    "number sequence attempts actor body body_text body_html url request answer_body input_hash written_in claimed_until"
    " last_error api_version subject due_at reason_of_delay look answered_look version hosted_url pdf_url".split()
)
"""How and by whom it was done, not what."""

NAMES: Final = re.compile(
    r"\b([a-z_]+_[0-9a-hjkmnp-tv-z]{26}|(cs|pi|ch|re|evt|py|txn|cus|in|pm|seti|du|issfr|sub|si|price|il|acct|tr|trr)_\w+)\b"
)


MOMENT: Final = re.compile(r"\b\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d+)?( UTC|\+00:00)?)?")
"""Deadlines, and what is written for banks."""


def facts(connection: "psycopg.Connection[Any]", tables: Collection[str] = (*TABLES, *TOLD)) -> Facts:
    """Each table as a sorted list of its rows."""
    numbers = [row[0] for row in _rows(connection, "SELECT number FROM orders")]
    found = {}
    for table in tables:
        rows = _rows(connection, f"SELECT to_jsonb(t) FROM {table} t")
        found[table] = sorted(json.dumps(_plain(row[0], numbers), sort_keys=True) for row in rows)
    return found


def truth(place: Place) -> Facts:
    """What is at the provider, and at the post office: a message handed in twice under one key is one."""
    lists = {name: look(place, f"/v1/{name}?limit=100")["data"] for name in ("payment_intents", "charges", "refunds")}
    found = {
        name: sorted(f"{item['status']} {item['amount']} {item['currency']}" for item in items) for name, items in lists.items()
    }
    found["disputes"] = sorted(
        f"{item['status']} {item['amount']} {item['evidence_details']['submission_count']}"
        for item in look(place, "/v1/disputes?limit=100")["data"]
    )
    found["subscriptions"] = sorted(
        f"{item['status']} {[(each['price']['unit_amount'], each['quantity']) for each in item['items']['data']]}"
        for item in look(place, "/v1/subscriptions?limit=100&status=all")["data"]
    )
    found["invoices"] = sorted(
        f"{item['status']} {item['billing_reason']} {item['total']} {item['amount_paid']}"
        for item in look(place, "/v1/invoices?limit=100")["data"]
    )
    found["transfers"] = sorted(
        f"{item['amount']} {item['currency']} {item['amount_reversed']}"
        for item in look(place, "/v1/transfers?limit=100")["data"]
    )
    sessions = look(place, "/v1/checkout/sessions?limit=100")["data"]
    found["sessions"] = sorted(f"{item['status']} {item['payment_status']} {item['amount_total']}" for item in sessions)
    found["messages"] = sorted(NAMES.sub("…", key) for key in set(messages_at(place)))
    return found


def differences(one: Facts, other: Facts) -> list[str]:
    """In words: what only one of them has."""
    lines = []
    for table in sorted({*one, *other}):
        mine, theirs = list(one.get(table, [])), list(other.get(table, []))
        for row in list(mine):
            if row in theirs:
                mine.remove(row)
                theirs.remove(row)
        lines += [f"{table}: missing {row}" for row in mine] + [f"{table}: too much {row}" for row in theirs]
    return lines


def _rows(connection: "psycopg.Connection[Any]", sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(sql.encode()).fetchall()


def _plain(value: Any, numbers: Collection[int], name: str = "") -> Any:
    match value:
        case dict():
            return {key: _plain(item, numbers, key) for key, item in value.items() if key not in UNIMPORTANT}
        case list():
            return [_plain(item, numbers) for item in value]
        case str():
            return "…" if name.endswith(("id", "_at", "addon_to", "corrects")) else _nameless(value, numbers)
        case int() if name.endswith("id"):
            return "…"
        case _:
            return value


def _nameless(text: str, numbers: Collection[int]) -> str:
    text = NAMES.sub("…", MOMENT.sub("…", text))
    for number in numbers:
        text = re.sub(rf"\b{number}\b", "#", text)
    return text
