"""A tax document as a page and as a PDF. The same document is the same bytes, whenever it is asked for."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from farthing.errors import Conflict
from farthing.money import Money
from farthing.tax.model import Party, TaxDocument, TaxLine

TEMPLATES: Final = Path(__file__).with_name("templates")
FOREIGN: Final = re.compile("[\u0590-\u1dff\u2e80-\ud7ff\uf900-\ufeff\U00010000-\U0010ffff]")
COLUMNS: Final = ("Description", "Quantity", "Net", "Tax rate", "Tax")
TITLES: Final = {"invoice": "Invoice", "credit_note": "Credit note"}


def html(document: TaxDocument) -> str:
    """A page of its own, which can be printed."""
    return _page().render(_shown(document))


def can_print() -> bool:
    """Whether PDF is installed here: the extra `pdf`."""
    return find_spec("typst") is not None


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

    # Where nobody said anything of a tax, the paper says nothing of it either.
    taxed = any(line.taxes for line in document.lines)
    test = () if document.livemode else ("Made in test mode: this is no real document.",)
    return {
        "title": TITLES[document.kind],
        "name": document.name,
        "issued": f"{document.issued_at:%Y-%m-%d}",
        "seller": _rows(document.seller),
        "buyer": _rows(document.buyer),
        "columns": COLUMNS[: None if taxed else 3],
        "lines": [
            [line.description, str(line.quantity), money(line.net), _rates(line), money(line.tax)][: None if taxed else 3]
            for line in document.lines
        ],
        "sums": _sums(document),
        "total_label": "Credited" if document.kind == "credit_note" else "Total",
        "total": str(document.total),
        "notes": [*document.notes, *test],
        "footer": document.footer,
    }


def _sums(document: TaxDocument) -> list[list[str]]:
    """Net, and the tax of each rate by itself, with what it is of: what a tax office wants to see."""
    taxes = []
    for tax, net in document.taxes:
        of = f"{tax.label} of {Money(net, document.currency)}" if tax.percent is not None else tax.label
        taxes.append([of, str(Money(tax.amount, document.currency))])
    return [["Net", str(document.net)], *taxes]


def _rates(line: TaxLine) -> str:
    return " + ".join(f"{tax.percent} %" for tax in line.taxes if tax.percent is not None)


def _rows(party: Party) -> list[str]:
    rows = [party.name, *party.address, party.country, f"Tax id {party.tax_id}" if party.tax_id else None]
    return [row for row in rows if row]
