"""What is taken off a cart, in this order: bulk discounts by themselves, then what a promotion code is worth on the rest.

Every amount is exact: what is taken off is spread over the lines it concerns, and the lines add up to the total.
"""

from collections.abc import Sequence
from dataclasses import replace

from farthing.catalog.cart import Discount, PricedCart, PricedLine
from farthing.catalog.model import BulkDiscount, Catalog
from farthing.discounts import PARAM, Offer, share, spread
from farthing.errors import Invalid
from farthing.money import Money, check_chargeable


def in_bulk(catalog: Catalog, lines: Sequence[PricedLine], currency: str) -> PricedCart:
    """Each line gets the bulk discount that is best for the buyer, of those whose quantity the cart reaches."""
    chosen: list[BulkDiscount | None] = [None] * len(lines)
    for bulk in catalog.bulk_discounts.values():
        covered = [at for at, line in enumerate(lines) if bulk.covers(line.product)]
        if sum(lines[at].quantity for at in covered) < bulk.quantity:
            continue
        for at in covered:
            before = chosen[at]
            if before is None or before.basis_points < bulk.basis_points:
                chosen[at] = bulk
    subtotal = sum((line.amount for line in lines), start=Money.zero(currency))
    cart = PricedCart(lines=tuple(lines), subtotal=subtotal, total=subtotal, currency=currency)
    for bulk in catalog.bulk_discounts.values():
        weights = [
            line.total if choice is bulk else Money.zero(currency) for line, choice in zip(cart.lines, chosen, strict=True)
        ]
        if off := share(sum(weights, start=Money.zero(currency)), bulk.basis_points):
            cart = _reduced(cart, Discount("bulk", bulk.key, bulk.name, None, off), spread(off, weights))
    return cart


def discounted(cart: PricedCart, offer: Offer) -> PricedCart:
    """What a promotion code takes off what the cart still costs. May leave nothing to pay.

    Whether the code may be used now is not asked here. Raises Invalid where it takes nothing off this cart, or would leave a
    total that no card can be charged.
    """
    coupon = offer.coupon
    parts = coupon.taken_off([(line.product.key, line.total) for line in cart.lines])
    off = sum(parts, start=Money.zero(cart.currency))
    reduced = _reduced(cart, Discount("coupon", coupon.key, coupon.name, offer.code.code, off), parts)
    if reduced.total:
        check_total(reduced.total, PARAM)
    return reduced


def credited(cart: PricedCart, credit: Money, number: str) -> PricedCart:
    """What came back with the return of this number pays for so much of the cart. May leave nothing to pay.

    Raises Invalid for a rest that no card can be charged.
    """
    off = min(credit, cart.total)
    parts = spread(off, [line.total for line in cart.lines])
    reduced = _reduced(cart, Discount("exchange", number, number, None, off), parts)
    check_total(reduced.total, "items")
    return reduced


def check_total(total: Money, param: str) -> None:
    """Raise Invalid, naming what the caller sent, for a total that no card could be charged. Nothing is charged to none."""
    try:
        if total:
            check_chargeable(total)
    except Invalid as error:
        raise Invalid(error.detail, param=param) from None


def _reduced(cart: PricedCart, discount: Discount, parts: Sequence[Money]) -> PricedCart:
    """Every line knows what each discount takes off it, be it nothing."""
    lines = tuple(replace(line, discounts=(*line.discounts, part)) for line, part in zip(cart.lines, parts, strict=True))
    return replace(cart, lines=lines, total=cart.total - discount.amount, discounts=(*cart.discounts, discount))
