"""The farthing.toml that a newcomer starts with."""

from typing import Final

EXAMPLE: Final = """\
#:schema ./farthing.schema.json
# What this shop sells. After a change: `farthing catalog plan` shows what it means, `farthing catalog apply` does it.

currency = "eur"                        # of a cart that names none

[shop]
name = "The Lantern Press"
support_email = "hello@lantern.example"

[products.night-sky-atlas]
name = "A Pocket Atlas of the Night Sky"
description = "88 constellations, drawn by hand, as a book to read on any screen."
kind = "access"                         # a paid line grants the features
features = ["book:night-sky-atlas"]
price = "24.00 EUR"
max_quantity = 1

[products.lantern-club]
name = "Lantern Club, one year"
description = "A new short story every Sunday, and the whole archive."
kind = "access"
features = ["club:stories", "club:archive"]
access_days = 365                       # left out: for ever
prices = ["49.00 EUR", "55.00 USD"]     # one for each currency
max_quantity = 1

[products.ink-bottle]
name = "A bottle of midnight ink"
description = "50 ml, dries in four seconds, never quite black."
kind = "custom"                         # your own hook delivers it
price = "12.50 EUR"

[products.letter-set]
name = "Letter set: ten sheets, ten envelopes, one good excuse to write"
kind = "custom"
price = "18.00 EUR"
active = false                          # known, but not for sale yet
"""
