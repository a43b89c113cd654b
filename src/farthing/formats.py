"""How money, moments and days look to a person, in the locale of a page or an email."""

import copy
import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import NumberPattern, format_decimal

from farthing.errors import Invalid
from farthing.money import Money, exponent

MINUS: Final = "\N{MINUS SIGN}"
NO_BREAK_SPACE: Final = "\N{NO-BREAK SPACE}"
SHORT: Final = 4
"""A carrier whose name has no more letters is written in capitals."""
# "KWD 12.345", not "KWD12.345": CLDR asks for the space, Babel leaves it out.
_CODE_BESIDE_NUMBER: Final = re.compile(r"(?<=[A-Za-z])(?=\d)")


def money_text(money: Money, locale: str) -> str:
    """€12.50, ¥1,200, −$4.00: with our own count of decimals, because CLDR's differs from the provider's."""
    pattern = _pattern(locale, exponent(money.currency))
    text: str = pattern.apply(money.decimal, locale, currency=money.currency.upper(), currency_digits=False)
    return _CODE_BESIDE_NUMBER.sub(NO_BREAK_SPACE, text).replace("-", MINUS)


def count_text(count: int, locale: str) -> str:
    """1,234 and −3."""
    text: str = format_decimal(count, locale=locale)
    return text.replace("-", MINUS)


def carrier_text(carrier: str) -> str:
    """As people write it: DHL, USPS, Sandbox Post."""
    return carrier.upper() if len(carrier) <= SHORT else carrier.replace("-", " ").replace("_", " ").title()


def moment_text(at: datetime, locale: str) -> str:
    return f"{format_datetime(at.astimezone(UTC), 'd MMM y, HH:mm', locale=locale)} UTC"


def day_text(at: datetime, locale: str) -> str:
    """November 21, 2026: the day in UTC, in words."""
    return format_date(at.astimezone(UTC).date(), "long", locale=locale)


def exact_text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def checked_locale(locale: str) -> str:
    """`de`, `de-AT`: as BCP 47 writes it. Raises Invalid for what names no language."""
    try:
        return str(Locale.parse(locale.replace("_", "-"), sep="-")).replace("_", "-")
    except (UnknownLocaleError, ValueError):
        raise Invalid(f"{locale[:20]!r} is not a locale: write it like 'de' or 'pt-BR'.", param="locale") from None


def pretty_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@lru_cache(maxsize=64)
def _pattern(locale: str, decimals: int) -> NumberPattern:
    pattern: NumberPattern = copy.copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (decimals, decimals)
    return pattern
