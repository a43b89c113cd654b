"""Who has how much of what was paid for an order, as a bar with its table; and from whose share a refund is taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from farthing.earnings import Earning
from farthing.ids import SellerId
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Payment, Standing
from farthing.refunds import Preview

WIDTH: Final = 1000
"""Of the bar, in the units of its drawing."""
SELLER_TONES: Final = ("share-seller", "share-seller-next")
LABELED: Final = 45
"""A segment that is narrower has no room for its number."""


@dataclass(frozen=True, slots=True)
class Share:
    """`tone` is the class that colors it; `seller` leads to their page."""

    name: str
    tone: str
    sold: Money
    back: Money
    seller: SellerId | None = None

    @property
    def left(self) -> Money:
        return self.sold - self.back


@dataclass(frozen=True, slots=True)
class Segment:
    number: int
    x: int
    width: int
    tone: str
    title: str

    @property
    def labeled(self) -> bool:
        return self.width >= LABELED


@dataclass(frozen=True, slots=True)
class Split:
    """The shares sum to what the order cost. The provider's fee is taken out of what stays with the shop."""

    shares: Sequence[Share]
    segments: Sequence[Segment]
    total: Money
    fee: Money | None
    kept: Money | None
    """What the shop has in the end; None while the provider's fee is not known."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a refund takes of one seller: of what they are still to get, and of what they have already."""

    name: str
    share: Money
    of_pending: Money
    taken_back: Money


def split_of(
    order: Order,
    earned: Sequence[Earning],
    standings: Sequence[Standing],
    names: Mapping[SellerId, str],
    payment: Payment | None,
) -> Split | None:
    """None where the order shares nothing with anybody."""
    if not earned:
        return None
    zero = Money.zero(order.total.currency)

    def total(parts: Sequence[Money]) -> Money:
        return sum(parts, start=zero)

    shares = []
    for place, seller in enumerate(dict.fromkeys(each.seller_id for each in earned)):
        own = [each for each in earned if each.seller_id == seller]
        sold, back = total([e.shares.seller_share for e in own]), total([e.refunded.seller_share for e in own])
        shares.append(Share(names[seller], SELLER_TONES[place % 2], sold, back, seller))
    organization = Share(
        "Organization",
        "share-organization",
        total([each.shares.organization_fee for each in earned]),
        total([each.refunded.organization_fee for each in earned]),
    )
    platform = Share(
        "Platform's fee",
        "share-platform",
        total([each.shares.platform_fee for each in earned]),
        total([each.refunded.platform_fee for each in earned]),
    )
    theirs = {each.line_id for each in earned}
    tax = Share("Tax", "share-tax", order.tax, Money(sum(each.tax for each in standings), zero.currency))
    shared = total([each.sold for each in (*shares, organization, platform, tax)])
    gone = sum(max(each.refunded - each.tax, 0) for each in standings if each.line.id not in theirs)
    shop = Share("The shop's own goods", "share-own", order.total - shared, Money(gone, zero.currency))
    found = [*shares, *(each for each in (organization, platform, shop, tax) if each.sold)]
    fee = payment.fee if payment and payment.fee and payment.fee.currency == zero.currency else None
    kept = None if fee is None else platform.left + shop.left - fee
    return Split(found, _segments(found, order.total), order.total, fee, kept)


def _segments(shares: Sequence[Share], whole: Money) -> list[Segment]:
    """Side by side, to the end of the bar and not beyond."""
    found, before = [], 0
    for number, share in enumerate(shares, 1):
        after = before + share.sold.amount
        x, end = WIDTH * before // whole.amount, WIDTH * after // whole.amount
        found.append(Segment(number, x, end - x, share.tone, f"{share.name}: {share.sold}"))
        before = after
    return found


def bearers_of(order: Order, seen: Preview, earned: Sequence[Earning], names: Mapping[SellerId, str]) -> list[Bearer]:
    """Whose share the refund is taken from, seller by seller."""
    by_line = {each.line_id: each for each in earned}
    zero = Money.zero(order.total.currency)
    found: dict[SellerId, Bearer] = {}
    for line in seen.lines:
        earning = by_line.get(line.line)
        if earning is None or not line.seller_share:
            continue
        part = min(Money(line.seller_share, zero.currency), earning.left.seller_share)
        shares = replace(earning.refunded, seller_share=earning.refunded.seller_share + part)
        after = replace(earning, refunded=shares)
        before = found.get(earning.seller_id, Bearer(names[earning.seller_id], zero, zero, zero))
        found[earning.seller_id] = Bearer(
            before.name,
            before.share + part,
            before.of_pending + earning.pending - after.pending,
            before.taken_back + after.owed - earning.owed,
        )
    return list(found.values())
