"""An invoice as a PDF of one or more plain pages, written by hand: text at places, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from farthing.sandbox import money
from farthing.sandbox.store import Json

LINES_MAX = 44
WIDTH = 92


def invoice(body: Json, lines: list[Json], *, paid_with: str | None = None) -> bytes:
    """With `paid_with` it is the receipt for it."""
    currency = body["currency"]
    day = datetime.fromtimestamp(body["status_transitions"]["finalized_at"] or body["created"], UTC).strftime("%d %b %Y")
    head = [
        "Farthing sandbox - no real money",
        "",
        f"{'Invoice' if paid_with is None else 'Receipt for invoice'} {body['number']}",
        f"Date    {day}",
        f"To      {body['customer_name'] or ''} {body['customer_email'] or ''}".rstrip(),
        f"Status  {body['status']}",
        "",
    ]
    rows = [_row(line["description"] or "", money.spell(line["amount"], currency)) for line in lines]
    off = sum(each["amount"] for each in body["total_discount_amounts"] or [])
    tax = sum(each["amount"] for each in body["total_taxes"] or [])
    sums = [("Subtotal", body["subtotal"]), ("Discounts", -off), ("Tax", tax), ("Total", body["total"])]
    foot = [_row(name, money.spell(amount, currency)) for name, amount in sums if amount or name == "Total"]
    if paid_with is None:
        foot += [_row("Amount due", money.spell(body["amount_remaining"], currency))]
    else:
        foot += [_row(f"Paid{f' with {paid_with}' if paid_with else ''}", money.spell(body["amount_paid"], currency))]
    return _document([*head, *rows, "-" * WIDTH, *foot])


def _row(what: str, amount: str) -> str:
    return f"{what[: WIDTH - 20]:<{WIDTH - 18}}{amount:>18}"


def _document(text: list[str]) -> bytes:
    pages = [text[start : start + LINES_MAX] for start in range(0, len(text), LINES_MAX)]
    kids = " ".join(f"{4 + 2 * place} 0 R" for place in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for place, page in enumerate(pages):
        shown = b"BT /F1 9 Tf 50 780 Td 16 TL\n" + b"".join(b"(" + _escaped(line) + b") Tj T*\n" for line in page) + b"ET"
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            + f"/Contents {5 + 2 * place} 0 R >>".encode()
        )
        objects.append(f"<< /Length {len(shown)} >>\nstream\n".encode() + shown + b"\nendstream")
    return _file(objects)


def _escaped(line: str) -> bytes:
    raw = line.encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _file(objects: list[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
