"""What goes back of each line, and of its tax, discount and split: exact over any sequence, whoever asks in whatever way."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.errors import Conflict, FarthingError, Invalid, NotFound
from farthing.ids import LineItemId
from farthing.money import Money, apportion
from farthing.orders import LineItem
from farthing.payments import WantedLine
from farthing.payments.shares import RefundLine, Standing, choose, spread


def line(amount: int, *, quantity: int = 1, discount: int = 0, tax: int = 0, **details: int) -> LineItem:
    money = Money(amount, "eur")
    return LineItem(
        LineItemId.new(), "mug", "custom", "A mug", quantity, money, money * quantity, (), None, {},
        Money(discount, "eur"), Money(tax, "eur"), details,
    )  # fmt: skip


def standing(of: LineItem) -> Standing:
    return Standing(of, 0, 0, 0, 0, 0, (0, 0, 0), 0)


def after(before: Standing, part: RefundLine, sign: int = 1) -> Standing:
    """The line once the refund is back, or with `sign` -1 once it failed."""
    split = [old + sign * new for old, new in zip(before.split, part.split, strict=True)]
    return replace(
        before,
        refunded=before.refunded + sign * part.amount,
        quantity=before.quantity + sign * part.quantity,
        tax=before.tax + sign * part.tax,
        discount=before.discount + sign * part.discount,
        split=(split[0], split[1], split[2]),
        chosen=before.chosen + (sign * part.amount if part.chosen else 0),
    )


@st.composite
def lines(draw: st.DrawFn) -> LineItem:
    unit, quantity = draw(st.integers(1, 5_000)), draw(st.integers(1, 7))
    discount, tax = draw(st.integers(0, unit * quantity)), draw(st.integers(0, 900))
    total = unit * quantity - discount + tax
    platform = draw(st.integers(0, total))
    organization = draw(st.integers(0, total - platform))
    split = {"platform_fee_amount": platform, "organization_fee_amount": organization}
    return line(
        unit, quantity=quantity, discount=discount, tax=tax, **split, seller_share_amount=total - platform - organization
    )


@pytest.mark.covers("F12", "F30")
@given(st.lists(lines(), min_size=1, max_size=4), st.data())
def test_any_sequence_of_refunds_ends_at_exactly_what_was_paid_in_every_part(sold: list[LineItem], data: st.DataObject) -> None:
    """By amount, by line, by quantity, and some of them fail in between."""
    state = {each.id: standing(each) for each in sold}
    done: list[RefundLine] = []
    for _ in range(data.draw(st.integers(0, 12))):
        left = [each for each in state.values() if each.left]
        if not left:
            break
        how = data.draw(st.sampled_from(["amount", "line", "quantity", "failed"]))
        one = data.draw(st.sampled_from(left))
        if how == "failed" and done:
            failed = done.pop(data.draw(st.integers(0, len(done) - 1)))
            state[failed.line] = after(state[failed.line], failed, -1)
            continue
        if how == "line":
            parts = choose(left, [WantedLine(one.line.id, amount=Money(data.draw(st.integers(1, one.left)), "eur"))])
        elif how == "quantity" and one.units_left:
            parts = choose(left, [WantedLine(one.line.id, data.draw(st.integers(1, one.units_left)))])
        else:
            money = Money(data.draw(st.integers(1, sum(each.left for each in left))), "eur")
            parts = spread(list(state.values()), money)
            assert sum(part.amount for part in parts) == money.amount
        for part in parts:
            state[part.line] = after(state[part.line], part)
            done.append(part)
        _hold(state.values())
    rest = sum(each.left for each in state.values())
    for part in spread(list(state.values()), Money(rest, "eur")) if rest else []:
        state[part.line] = after(state[part.line], part)
    for each in state.values():
        if each.total:
            details = each.line.details
            assert (each.taken, each.tax, each.discount) == (each.total, each.line.tax.amount, each.line.discount.amount)
            assert each.split == tuple(details.values())


def _hold(standings: Iterable[Standing]) -> None:
    for each in standings:
        assert 0 <= each.taken <= each.total
        assert 0 <= each.quantity <= each.line.quantity
        assert 0 <= each.tax <= each.line.tax.amount
        assert 0 <= each.discount <= each.line.discount.amount
        assert all(0 <= part <= whole for part, whole in zip(each.split, each.line.details.values(), strict=True))


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=5), st.data())
def test_each_part_follows_the_running_total_within_a_unit_for_each_part(totals: list[int], data: st.DataObject) -> None:
    taken = [0] * len(totals)
    parts = data.draw(st.lists(st.integers(1, 20_000), max_size=12))
    for part in [*parts, sum(totals)]:
        shares = apportion(min(part, sum(totals) - sum(taken)), totals, taken)
        taken = [before + share for before, share in zip(taken, shares, strict=True)]
        done, whole = sum(taken), sum(totals)
        assert all(abs(has * whole - done * total) <= len(totals) * whole for has, total in zip(taken, totals, strict=True))
    assert taken == totals


@pytest.mark.covers("F13", "S003-10")
def test_a_third_three_times_is_the_tax_and_not_a_cent_more() -> None:
    """What Medusa and Polar got wrong: tax of each part rounded for itself drifts past the whole."""
    state, taxes = standing(line(1000, tax=100)), []
    for amount in (367, 367, 366):
        (part,) = spread([state], Money(amount, "eur"))
        taxes.append(part.tax)
        state = after(state, part)
    assert (taxes, state.left) == ([33, 34, 33], 0)


def test_three_for_ten_go_back_one_by_one_at_what_they_cost() -> None:
    state, prices = standing(replace(line(334, quantity=3), discount=Money(2, "eur"))), []
    for _ in range(3):
        (part,) = choose([state], [WantedLine(state.line.id, quantity=1)])
        prices.append((part.quantity, part.amount))
        state = after(state, part)
    assert prices == [(1, 333), (1, 334), (1, 333)]
    assert state.left == 0


@pytest.mark.parametrize(
    ("quantity", "amount", "error", "said"),
    [
        (0, None, Invalid, "positive"),
        (3, None, Conflict, "has 2 left to give back, not 3"),
        (None, Money(0, "eur"), Invalid, "positive"),
        (None, Money(2001, "eur"), Conflict, "20.00 EUR left to refund"),
        (None, Money(5, "usd"), Invalid, "sold in eur"),
    ],
)
def test_more_of_a_line_than_was_bought_is_refused(
    quantity: int | None, amount: Money | None, error: type[FarthingError], said: str
) -> None:
    one = standing(line(1000, quantity=2))
    with pytest.raises(error, match=said):
        choose([one], [WantedLine(one.line.id, quantity, amount)])


def test_lines_are_named_once_and_belong_to_the_order() -> None:
    one = standing(line(1000))
    with pytest.raises(Invalid, match="named twice"):
        choose([one], [WantedLine(one.line.id)] * 2)
    with pytest.raises(NotFound, match="no line item"):
        choose([one], [WantedLine(LineItemId.new())])
    with pytest.raises(Invalid, match="No line"):
        choose([one], [])
    with pytest.raises(Conflict, match="nothing left"):
        choose([after(one, spread([one], Money(1000, "eur"))[0])], [WantedLine(one.line.id)])
