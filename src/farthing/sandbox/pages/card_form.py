"""What all forms that take a card have in common: how a form is read, the countries, and the test cards that fill it."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from starlette.requests import Request

from farthing.sandbox.wire import BODY_MAX_BYTES

FIELD_LENGTH_MAX = 200
COUNTRIES = (
    ("US", "United States"), ("AU", "Australia"), ("AT", "Austria"), ("BE", "Belgium"), ("BR", "Brazil"),
    ("CA", "Canada"), ("DK", "Denmark"), ("FI", "Finland"), ("FR", "France"), ("DE", "Germany"), ("IN", "India"),
    ("IE", "Ireland"), ("IT", "Italy"), ("JP", "Japan"), ("MX", "Mexico"), ("NL", "Netherlands"),
    ("NZ", "New Zealand"), ("NO", "Norway"), ("PL", "Poland"), ("PT", "Portugal"), ("SG", "Singapore"),
    ("ES", "Spain"), ("SE", "Sweden"), ("CH", "Switzerland"), ("GB", "United Kingdom"),
)  # fmt: skip
# What the drawer offers: the number, and what the buyer will see.
SHOWCASE = (
    ("4242424242424242", "Succeeds"),
    ("4000002760003184", "Asks the bank (3D Secure)"),
    ("4000000000000002", "Is declined"),
    ("4000000000009995", "Has insufficient funds"),
    ("4000000000000069", "Has expired"),
    ("4000000000000127", "Has a wrong security code"),
    ("4000000000000119", "Fails in processing"),
    ("4000000000005126", "Succeeds; its refunds fail"),
    ("4000000000007726", "Succeeds; its refunds wait"),
    ("4000000000000259", "Succeeds, then is disputed"),
    ("4000000000000341", "Is saved; later charges fail"),
)
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
EXPIRY = re.compile(r"\s*(\d{1,2})\s*[/\- ]?\s*(\d{2}|\d{4})\s*")


async def read_form(request: Request) -> dict[str, str]:
    body = await request.body()
    if len(body) > BODY_MAX_BYTES:
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
