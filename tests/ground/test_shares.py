"""A price is shared without a rest: whatever the rules, the parts are the whole."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from farthing.money import Money
from farthing.shares import WHOLE, FeeRule, share, split

amounts = st.integers(0, 10**9).map(lambda amount: Money(amount, "usd"))
points = st.integers(0, WHOLE)
fixed = st.lists(st.integers(0, 10**6).map(lambda amount: Money(amount, "usd")), max_size=1).map(tuple)
rules = st.lists(
    st.builds(
        lambda platform, organization, more, and_more, seller, category, from_: FeeRule(
            platform, min(organization, WHOLE - platform), more, and_more, seller, category, from_
        ),
        points,
        points,
        fixed,
        fixed,
        st.sampled_from([None, "grace", "ada"]),
        st.sampled_from([None, "books", "tea"]),
        st.none() | amounts,
    ),
    max_size=6,
)


@given(amounts, rules, st.sampled_from([None, "grace"]), st.sampled_from([None, "books"]), st.none() | points)
def test_the_parts_are_the_whole_and_none_is_negative(
    amount: Money, rules: list[FeeRule], seller: str | None, category: str | None, own: int | None
) -> None:
    shares = split(amount, rules, seller=seller, category=category, platform_points=own)
    assert shares.total == amount
    parts = (shares.platform_fee, shares.organization_fee, shares.seller_share)
    assert min(part.amount for part in parts) >= 0


@given(amounts, points, points)
def test_each_percentage_is_within_one_unit_of_what_it_is_exactly(amount: Money, platform: int, organization: int) -> None:
    organization = min(organization, WHOLE - platform)
    shares = share(amount, platform=platform, organization=organization)
    weights = (platform, organization, WHOLE - platform - organization)
    parts = (shares.platform_fee, shares.organization_fee, shares.seller_share)
    assert shares.total == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.amount - Fraction(amount.amount * weight, WHOLE)) < 1


def test_the_strictest_rule_that_fits_is_taken() -> None:
    rules = [
        FeeRule(platform_points=1000),
        FeeRule(platform_points=800, from_=Money(10_000, "usd")),
        FeeRule(platform_points=600, category="books"),
        FeeRule(platform_points=0, platform_fixed=(Money(30, "usd"),), seller="grace"),
    ]

    def kept(amount: int, currency: str = "usd", *, seller: str | None = None, category: str | None = None) -> int:
        return split(Money(amount, currency), rules, seller=seller, category=category).platform_fee.amount

    assert kept(9_999) == 1000
    assert kept(10_000) == 800, "from so much on"
    assert kept(10_000, "eur") == 1000, "a step in dollars is none in euros"
    assert kept(20_000, category="books") == 1200
    assert kept(20_000, category="books", seller="grace") == 30
    assert kept(20, seller="grace") == 20, "what is fixed is never more than there is"
    assert kept(20_000, "eur", seller="grace") == 0
    agreed = split(Money(10_000, "usd"), rules, platform_points=250)
    assert (agreed.platform_fee.amount, agreed.seller_share.amount) == (250, 9750)
    assert split(Money(100, "usd"), []).seller_share == Money(100, "usd")
