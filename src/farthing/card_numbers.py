"""What looks like a card number, which must never reach us: one in our tables puts all of them in the scope of PCI DSS."""

import re
from typing import Final

_RUN: Final = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)", re.ASCII)

_ISSUED: Final = re.compile(
    r"4(\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[0689]\d{12}|35\d{14}|6\d{15,18}", re.ASCII
)
"""How the numbers of card schemes begin, and how long they are: that of a telephone is not refused for its last digit."""


def holds_one(text: str) -> bool:
    """Whether digits in the text, perhaps with blanks or hyphens, are those of a card: issued so, with the right last digit."""
    found = (re.sub(r"[ -]", "", run) for run in _RUN.findall(text))
    return any(_ISSUED.fullmatch(digits) and _checks(digits) for digits in found)


def _checks(digits: str) -> bool:
    """The sum of ISO/IEC 7812-1 (Luhn)."""
    every_other = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(every_other)) % 10 == 0
