"""What is stuck on a parcel: four by six inches with both addresses and bars, as PDF or as PNG. It pays for nothing."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from farthing.sandbox.store import Json, Record

WIDE, HIGH = 288, 432
PER_MODULE = 2


def pdf(shipment: Record) -> bytes:
    """One page, in the fonts that every reader has."""
    lines = _text(shipment)
    drawn = [f"BT /F1 {size} Tf {x} {y} Td ({_escaped(said)}) Tj ET" for size, x, y, said in lines]
    drawn += [f"{24 + place * PER_MODULE} 60 {PER_MODULE} 60 re f" for place, black in enumerate(_bars(shipment)) if black]
    content = "\n".join(drawn).encode("latin-1", "replace")
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R " % (WIDE, HIGH)
        + b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, part in enumerate(parts, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, table)
    return bytes(out)


def png(shipment: Record) -> bytes:
    """The bars alone, black on white."""
    bars = _bars(shipment)
    row = b"\xff" * 24 + b"".join((b"\x00" if black else b"\xff") * PER_MODULE for black in bars)
    row = (row + b"\xff" * WIDE)[:WIDE]
    blank = b"\xff" * WIDE
    rows = b"".join(b"\x00" + (row if HIGH - 120 <= y < HIGH - 60 else blank) for y in range(HIGH))
    header = struct.pack(">IIBBBBB", WIDE, HIGH, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _text(shipment: Record) -> list[tuple[int, int, int, str]]:
    chosen = shipment["selected_rate"]
    found = [
        (14, 24, 400, f"{chosen['carrier']} {chosen['service']}"),
        (8, 24, 384, "SANDBOX: NOT VALID FOR POSTAGE"),
        *_address("From", shipment["from_address"], 360, 8),
        *_address("To", shipment["to_address"], 270, 11),
        (10, 24, 44, shipment["tracking_code"]),
        (7, 24, 30, str(shipment["reference"] or "")),
    ]
    return [(size, x, y, said[:60]) for size, x, y, said in found]


def _address(title: str, address: Json, top: int, size: int) -> list[tuple[int, int, int, str]]:
    place = " ".join(filter(None, (address["city"], address["state"], address["zip"], address["country"])))
    rows: Sequence[str | None] = (title, address["name"], address["company"], address["street1"], address["street2"], place)
    return [(size, 24, top - index * (size + 3), row) for index, row in enumerate(filter(None, rows))]


def _escaped(said: str) -> str:
    return said.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _bars(shipment: Record) -> list[bool]:
    """The digits as bars: four for each, between two that are always there."""
    digits = [int(letter) if letter.isdecimal() else 0 for letter in shipment["tracking_code"]]
    found = [True, False, True]
    for digit in digits:
        found += [bool(digit >> place & 1) for place in range(4)]
    return [*found, True, False, True][: (WIDE - 48) // PER_MODULE]
