"""How a world has ended, without names, numbers and times: two histories of the same business must end in the same one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

End = dict[str, list[dict[str, Any]]]

OURS: Final = (
    "customers provider_customers payment_methods off_session_charges"
    " orders line_items payments checkouts refunds redemptions entitlements events hook_runs ledger_transactions"
    " job_postings job_posting_lines job_posting_addons fulfillments credit_accounts credit_grants credit_spends credit_entries"
    " ledger_entries emails"
    " refund_lines refund_requests"
    " disputes dispute_answers fraud_warnings"
    " purchases purchase_reversals downloads access_versions"
    " stock_items stock_levels stock_reservations stock_movements"
    " listings earnings earning_reversals seller_orders seller_order_lines shipments shipment_lines"
    " transfers transfer_lines seller_fees transfer_reversals payouts shipping_addresses ship_from_addresses labels"
    " cancellations cancellation_lines returns return_lines"
).split()
"""What business there is. What the provider said about it is not."""

HOW: Final = frozenset(
    "number sequence attempts actor body body_text body_html url request answer_body input_hash written_in claimed_until"
    " last_error api_version subject due_at reason_of_delay key look".split()
)
"""How, when and by whom it was done."""

NAMES: Final = re.compile(
    r"\b([a-z_]+_[0-9a-hjkmnp-tv-z]{26}|(cs|pi|ch|re|evt|py|txn|cus|in|pm|seti|du|issfr)_\w+"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b"
)

HERE: Final = re.compile(r"http://127\.0\.0\.1:\d+")
"""Another port in every run."""


MOMENT: Final = re.compile(r"\b\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d+)?( UTC|\+00:00)?)?")
"""Deadlines, and what is written for banks."""


def end_of(dsn: str) -> End:
    """Each table that holds something: Farthing's, and those that the host keeps beside them in `public`."""
    with psycopg.connect(dsn, row_factory=tuple_row) as connection:
        numbers = [row[0] for row in connection.execute("SELECT number FROM farthing.orders").fetchall()]
        theirs = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename").fetchall()
        places = [("farthing", name) for name in OURS] + [("public", row[0]) for row in theirs]
        found = {name: _rows(connection, schema, name, numbers) for schema, name in places}
    return {name: rows for name, rows in found.items() if rows}


def _rows(connection: psycopg.Connection[Any], schema: str, name: str, numbers: Sequence[int]) -> list[dict[str, Any]]:
    every = sql.SQL("SELECT to_jsonb(t) FROM {} t").format(sql.Identifier(schema, name))
    rows = [_plain(row[0], numbers) for row in connection.execute(every).fetchall()]
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def _plain(value: Any, numbers: Sequence[int], name: str = "") -> Any:
    match value:
        case dict():
            return {key: _plain(item, numbers, key) for key, item in sorted(value.items()) if key not in HOW}
        case list():
            return [_plain(item, numbers) for item in value]
        case str():
            return "…" if name.endswith(("id", "_at")) else _nameless(value, numbers)
        case int() if name.endswith("id"):
            return "…"
        case _:
            return value


def _nameless(text: str, numbers: Sequence[int]) -> str:
    text = HERE.sub("http://…", NAMES.sub("…", MOMENT.sub("…", text)))
    for number in numbers:
        text = re.sub(rf"\b{number}\b", "#", text)
    return text
