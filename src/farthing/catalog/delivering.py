"""What sending a cart costs: the rates that serve where it goes, and the line that the chosen one becomes.

It comes last: what is taken off a cart is taken off what is in it, and no code makes the way there cheaper.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from farthing.catalog.cart import PricedCart, PricedLine
from farthing.catalog.model import Catalog, Product
from farthing.catalog.reducing import check_total
from farthing.catalog.shipping import ShippingRate
from farthing.catalog.spelling import did_you_mean
from farthing.errors import Invalid
from farthing.money import Money

SHIPPING: Final = "shipping"
"""The kind of the line: none that a product may have, for what it costs is said by a rate."""

PARAM: Final = "shipping_rate"
SHOWN_MAX: Final = 64


def is_sent(cart: PricedCart) -> bool:
    """Whether anything of it goes to an address."""
    return any(line.product.kind == "goods" and line.product.options["shipped"] for line in cart.lines)


def rates_for(catalog: Catalog, cart: PricedCart, country: str) -> Sequence[tuple[ShippingRate, Money]]:
    """Those that serve the cart there, with what each would cost; the first is what a buyer pays who names none."""
    if catalog.shipping is None or not is_sent(cart):
        return ()
    goods = _goods(cart)
    return [(rate, rate.price(goods)) for rate in catalog.shipping.rates if rate.serves(country, cart.currency)]


def rate_for(
    catalog: Catalog, cart: PricedCart, country: str, key: str | None = None, *, param: str = "shipping_address.country"
) -> ShippingRate | None:
    """The one that was named, or the first that serves; None where nothing is sent, or there are no rates at all.

    Raises Invalid, naming the field, for one that there is not or that does not serve, and where none does. `param`: the field
    that said the country.
    """
    if not is_sent(cart):
        return None
    rates = () if catalog.shipping is None else catalog.shipping.rates
    if key is not None and all(rate.key != key for rate in rates):
        known = [rate.key for rate in rates]
        raise Invalid(f"There is no shipping rate {key[:SHOWN_MAX]!r}.{did_you_mean(key, known)}", param=PARAM)
    if not rates:
        return None
    serving = [rate for rate in rates if rate.serves(country, cart.currency)]
    if not serving:
        elsewhere = all(rate.countries and country not in rate.countries for rate in rates)
        said = f"Nothing is sent to {country} in {cart.currency}: no shipping rate serves that."
        raise Invalid(said, param=param if elsewhere else "currency")
    chosen = serving[0] if key is None else next((rate for rate in serving if rate.key == key), None)
    if chosen is None:
        others = ", ".join(rate.key for rate in serving)
        raise Invalid(f"{key!r} does not serve {country} in {cart.currency}: use {others}.", param=PARAM)
    return chosen


def delivered(cart: PricedCart, rate: ShippingRate | None) -> PricedCart:
    """The cart with one line more. Raises Invalid for a total that no card can be charged."""
    if rate is None:
        return cart
    price, none = rate.price(_goods(cart)), Money.zero(cart.currency)
    line = PricedLine(_as_product(rate), 1, price, price, {}, discounts=tuple(none for _ in cart.discounts))
    check_total(cart.total + price, "items")
    return replace(cart, lines=(*cart.lines, line), subtotal=cart.subtotal + price, total=cart.total + price)


def _goods(cart: PricedCart) -> Money:
    return sum((line.total for line in cart.lines if line.product.kind == "goods"), start=Money.zero(cart.currency))


def _as_product(rate: ShippingRate) -> Product:
    """No key of a product holds a colon, so nobody takes it for one."""
    return Product(
        key=f"{SHIPPING}:{rate.key}",
        name=rate.name,
        description=None,
        kind=SHIPPING,
        features=(),
        access_days=None,
        max_quantity=1,
        active=True,
        prices=rate.prices,
        options={"rate": rate.key},
        tax_rate=rate.tax_rate,
    )
