"""What a credit note says, so that any sequence of them ends at exactly what was invoiced. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from farthing.money import apportion
from farthing.tax.model import LineTax, TaxLine

Rate = tuple[str | None, str | None]
Part = tuple[str, Rate | None]
"""Of a group of lines: their net where there is no rate, else their tax of that rate."""

UNSAID: Final[Rate] = (None, None)


def credited(
    original: Sequence[TaxLine], earlier: Sequence[TaxLine], amount: int, said: str, quantity: int = 1
) -> tuple[TaxLine, ...]:
    """Lines that take so much back of what was invoiced and not taken back by `earlier` ones; at most all of that.

    Net and tax follow the running total, and so does the tax of each rate. No part is ever less than nothing.
    """
    amount = min(amount, sum(line.total for line in original) - sum(line.total for line in earlier))
    if amount <= 0:
        return ()
    for groups, rates in ((True, True), (False, True), (False, False)):
        whole, taken = _parts(original, groups, rates), _parts(earlier, groups, rates)
        # A change to a plan of other tax may give back, by itself, less than nothing: then its lines go together.
        if taken.keys() <= whole.keys() and all(of >= taken.get(part, 0) >= 0 for part, of in whole.items()):
            return _lines(_shared(amount, whole, taken), said, quantity)
    # A provider's sums that no rate explains: what goes back is said, and no tax of it.
    return (TaxLine(said, quantity, amount),)


def _parts(lines: Iterable[TaxLine], groups: bool, rates: bool) -> dict[Part, int]:
    found: dict[Part, int] = {}
    for line in lines:
        group = line.group if groups else ""
        found[group, None] = found.get((group, None), 0) + line.net
        for each in line.taxes:
            part = group, (each.name, each.percent) if rates else UNSAID
            found[part] = found.get(part, 0) + each.amount
    return found


def _shared(amount: int, whole: Mapping[Part, int], taken: Mapping[Part, int]) -> dict[Part, int]:
    """First between net and tax, as the books do it; then each among its parts."""
    nets, taxes = [part for part in whole if part[1] is None], [part for part in whole if part[1] is not None]
    sums = [[sum(of.get(part, 0) for part in parts) for parts in (nets, taxes)] for of in (whole, taken)]
    found: dict[Part, int] = {}
    for back, parts in zip(apportion(amount, *sums), (nets, taxes), strict=True):
        shares = apportion(back, [whole[part] for part in parts], [taken.get(part, 0) for part in parts]) if parts else []
        found |= zip(parts, shares, strict=True)
    return found


def _lines(shares: Mapping[Part, int], said: str, quantity: int) -> tuple[TaxLine, ...]:
    groups = dict.fromkeys(group for group, _ in shares)
    lines = []
    for group in groups:
        taxes = tuple(
            LineTax(share, rate[1], rate[0]) for (of, rate), share in shares.items() if of == group and rate is not None
        )
        lines.append(TaxLine(said, quantity, shares[group, None], taxes, group))
    return tuple(line for line in lines if line.total)
