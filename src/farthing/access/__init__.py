"""Signed access tokens: what a customer may use, in words that an edge server can check without asking us.

    grants = farthing.access.verify(token, keys, audience="https://shop.example", content="abc-123")

A token lives for minutes. Whatever is taken from a customer counts their version up: who has the database at hand refuses older
tokens at once, everybody else when they expire.
"""

from farthing.access.issuing import Issued, check_now, issue, public_keys
from farthing.access.verifying import Grants, verify

__all__ = ["Grants", "Issued", "check_now", "issue", "public_keys", "verify"]
