"""A statement on paper and as a sheet. The same statement is the same bytes, whenever it is asked for."""

import csv
import io
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import orjson

from farthing.errors import Conflict
from farthing.payouts.model import Statement, StatementLine

TEMPLATE: Final = Path(__file__).with_name("templates") / "statement.typ"
COLUMNS: Final = ("date", "kind", "order", "item", "amount", "currency", "reference")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets take a text that begins so for a formula, https://owasp.org/www-community/attacks/CSV_Injection."""

WORDS: Final[Mapping[str, str]] = {
    "opening": "Was on the account",
    "sale": "Sold",
    "platform_fee": "Fee of the shop",
    "organization_fee": "Fee of the organization",
    "refund": "Refunded to the buyer",
    "dispute": "Taken back by the buyer's bank",
    "sent_before": "Sent before",
    "debt": "Owed, and kept",
    "dispute_fee": "Fee of a lost dispute",
    "transfer": "Sent to the account",
    "reversal": "Taken back after it was sent",
    "payout": "Paid out",
    "returned": "Sent back by the bank",
    "closing": "Stays on the account",
}


def can_print() -> bool:
    """Whether PDF is installed here: the extra `pdf`."""
    return find_spec("typst") is not None


def sheet(statement: Statement) -> str:
    """RFC 4180, with what was there and what stays as lines of their own: all lines add up to what went to the bank."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for line in statement.all_lines:
        said = (_safe(line.number), _safe(line.name))
        money = (str(line.money.decimal), line.money.currency)
        writer.writerow([f"{line.at:%Y-%m-%d}", line.kind, *said, *money, _safe(line.reference)])
    return out.getvalue()


def pdf(statement: Statement, *, shop: str, seller: str) -> bytes:
    """A4. Takes some tens of milliseconds of one core: call it in a thread. Raises Conflict where typst is not installed."""
    try:
        import typst
    except ModuleNotFoundError:
        raise Conflict("PDF is not installed here: pip install 'farthing[pdf]'. CSV and JSON are.") from None
    payout = statement.payout
    assert payout.sent_at is not None, "a statement is of what was sent"
    shown = {
        "title": "Payout statement",
        "name": str(payout.id),
        "issued": f"{payout.sent_at:%Y-%m-%d}",
        "shop": shop,
        "seller": seller,
        "bank": "" if payout.last4 is None else f"to the account ending in {payout.last4}",
        "status": str(payout.status).replace("_", " "),
        "lines": [_row(line) for line in statement.all_lines],
        "total": str(payout.money),
        "notes": [] if payout.livemode else ["Made in test mode: no real money moved."],
    }
    made = typst.compile(
        TEMPLATE,
        format="pdf",
        ignore_system_fonts=False,
        sys_inputs={"document": orjson.dumps(shown).decode()},
        timestamp=int(payout.sent_at.timestamp()),
    )
    assert isinstance(made, bytes), "one PDF is one file"
    return made


def _row(line: StatementLine) -> Sequence[str]:
    about = " · ".join(each for each in (line.number, line.name) if each)
    return f"{line.at:%Y-%m-%d}", WORDS[line.kind], about, str(line.money)


def _safe(text: str | None) -> str:
    return "" if text is None else f"'{text}" if text.startswith(FORMULA) else text
