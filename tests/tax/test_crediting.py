"""Credit notes sum to the invoice, whatever the order of refunds: net, and the tax of each rate."""

from hypothesis import given
from hypothesis import strategies as st

from farthing.tax import LineTax, TaxLine
from farthing.tax.crediting import credited

PERCENTS = st.sampled_from([None, "5", "9.975", "19"])


@st.composite
def lines(draw: st.DrawFn) -> tuple[TaxLine, ...]:
    """As invoices have them: also what gives back, at a rate that no other line has."""
    found = [TaxLine("First", 1, draw(st.integers(0, 5000)), (LineTax(draw(st.integers(0, 900)), "19"),), "19")]
    for _ in range(draw(st.integers(0, 3))):
        percents = draw(st.lists(PERCENTS, max_size=2, unique=True))
        sign = draw(st.sampled_from([1, 1, -1]))
        taxes = tuple(LineTax(sign * draw(st.integers(0, 300)), each) for each in percents)
        found.append(TaxLine("More", 1, sign * draw(st.integers(0, 3000)), taxes, " + ".join(map(str, percents))))
    return tuple(found)


@given(lines(), st.lists(st.integers(1, 3000), max_size=12))
def test_any_sequence_of_credit_notes_ends_at_the_invoice(original: tuple[TaxLine, ...], amounts: list[int]) -> None:
    total = sum(line.total for line in original)
    notes: list[TaxLine] = []
    for amount in (*amounts, max(total, 0)):
        left = total - sum(line.total for line in notes)
        made = credited(original, notes, amount, "Refund")
        assert sum(line.total for line in made) == max(min(amount, left), 0)
        assert all(line.net >= 0 and each.amount >= 0 for line in made for each in line.taxes)
        notes += made
    if all(part >= 0 for line in original for part in (line.net, *(each.amount for each in line.taxes))):
        assert sum(line.net for line in notes) == sum(line.net for line in original)
        for percent in {each.percent for line in original for each in line.taxes}:
            sums = [sum(e.amount for line in of for e in line.taxes if e.percent == percent) for of in (original, notes)]
            assert sums[0] == sums[1]


def test_an_upgrade_between_rates_goes_back_as_one() -> None:
    """The unused rest of the old plan was taxed otherwise than the new one."""
    original = (TaxLine("Old", 1, -1000, (LineTax(-70, "7"),), "7"), TaxLine("New", 1, 2000, (LineTax(380, "19"),), "19"))
    (line,) = credited(original, (), 1310, "Refund")
    assert (line.net, line.taxes) == (1000, (LineTax(310),))
