"""A tax document as a page and as a PDF. The same document is the same bytes, whenever it is asked for."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from farthing.errors import Conflict
from farthing.invoices.tax import Party, TaxDocument
from farthing.money import Money

TEMPLATES: Final = Path(__file__).with_name("templates")
FOREIGN: Final = re.compile("[\u0590-\u1dff\u2e80-\ud7ff\uf900-\ufeff\U00010000-\U0010ffff]")
TITLES: Final = {"invoice": "Invoice", "credit_note": "Credit note"}


def html(document: TaxDocument) -> str:
    """A page of its own, which can be printed."""
    return _page().render(_shown(document))


def pdf(document: TaxDocument) -> bytes:
    """A4. Takes some tens of milliseconds of one core: call it in a thread. Raises Conflict where typst is not installed."""
    try:
        import typst
    except ModuleNotFoundError:
        raise Conflict("PDF is not installed here: pip install 'farthing[pdf]'. The page can be printed instead.") from None
    text = orjson.dumps(_shown(document)).decode()
    made = typst.compile(
        TEMPLATES / "document.typ",
        format="pdf",
        # Its own fonts write Latin, Greek and Cyrillic, the same everywhere; for the rest those of this machine are asked.
        ignore_system_fonts=not FOREIGN.search(text),
        sys_inputs={"document": text},
        timestamp=int(document.issued_at.timestamp()),
    )
    assert isinstance(made, bytes), "one PDF is one file"
    return made


@cache
def _page() -> Template:
    loader = FileSystemLoader(TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("document.html")


def _shown(document: TaxDocument) -> Mapping[str, Any]:
    def money(amount: int) -> str:
        return str(Money(amount, document.currency))

    test = () if document.livemode else ("Made in test mode: this is no real document.",)
    return {
        "title": TITLES[document.kind],
        "name": document.name,
        "issued": f"{document.issued_at:%Y-%m-%d}",
        "seller": _rows(document.seller),
        "buyer": _rows(document.buyer),
        "lines": [
            [line.description, str(line.quantity), money(line.net), _rate(line.rate), money(line.tax)]
            for line in document.lines
        ],
        "sums": _sums(document),
        "total_label": "Credited" if document.kind == "credit_note" else "Total, paid",
        "total": str(document.total),
        "notes": [*document.notes, *test],
        "footer": document.footer,
    }


def _sums(document: TaxDocument) -> list[list[str]]:
    """Net, and the tax of each rate by itself: what a tax office wants to see."""
    by_rate: dict[int | None, int] = {}
    for line in document.lines:
        by_rate[line.rate] = by_rate.get(line.rate, 0) + line.tax
    taxes = [
        [f"Tax {_rate(rate)}".strip(), str(Money(tax, document.currency))]
        for rate, tax in sorted(by_rate.items(), key=lambda each: each[0] or 0)
        if tax
    ]
    return [["Net", str(document.net)], *(taxes or [["Tax", str(document.tax)]])]


def _rate(basis_points: int | None) -> str:
    if basis_points is None:
        return ""
    whole, part = divmod(basis_points, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") + " %"


def _rows(party: Party) -> list[str]:
    rows = [party.name, *party.address, party.country, f"Tax id {party.tax_id}" if party.tax_id else None]
    return [row for row in rows if row]
