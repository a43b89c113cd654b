"""What a cart costs. Decided here alone: what a client says about prices is never read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from farthing import card_numbers
from farthing.catalog.addons import checked_for_line, with_bases
from farthing.catalog.cart import CartItem, PricedCart, PricedLine
from farthing.catalog.model import Catalog, Product
from farthing.catalog.reducing import check_total, in_bulk
from farthing.catalog.spelling import did_you_mean
from farthing.errors import Conflict, Invalid, NotFound
from farthing.money import Money, exponent, step

LINES_MAX: Final = 50
METADATA_MAX: Final = 20
METADATA_KEY_MAX: Final = 40
METADATA_VALUE_MAX: Final = 500


def price(
    catalog: Catalog,
    items: Sequence[CartItem],
    currency: str | None = None,
    offers: Mapping[tuple[str, str], Product] = MappingProxyType({}),
) -> PricedCart:
    """Price the cart in one currency, by default the catalog's. What a promotion code takes off comes after it: `discounted`.

    Each costs its price, or that of the last volume price its quantity reaches, or what the buyer says within the product's
    bounds. Then a line costs less by the bulk discount that is best for the buyer; they do not add up. `offers` holds the
    host's contents in the cart, as they are sold.

    Items of the same product with the same metadata become one line, for a second click on "add" means one more of it; with
    other metadata they stay apart. Raises Invalid, NotFound or Conflict with the item in `param`.
    """
    currency = catalog.currency if currency is None else currency
    _check_currency(currency)
    _check_length(items)
    _check_contents(items)
    lines = with_bases(_merged([_line(catalog, item, currency, f"items[{at}]", offers) for at, item in enumerate(items)]))
    _check_quantities(items, lines)
    cart = in_bulk(catalog, _in_volume(lines), currency)
    check_total(cart.subtotal, "items")
    check_total(cart.total, "items")
    return cart


def _check_currency(currency: str) -> None:
    if not isinstance(currency, str):
        raise Invalid("The currency is a text such as 'eur'.", param="currency")
    try:
        exponent(currency)
    except Invalid as error:
        raise Invalid(error.detail, param="currency") from None


def _check_length(items: Sequence[CartItem]) -> None:
    if not items:
        raise Invalid("The cart is empty: put at least one item into it.", param="items")
    if len(items) > LINES_MAX:
        raise Invalid(f"The cart has {len(items)} items, more than {LINES_MAX}: make two orders of it.", param="items")


def _check_contents(items: Sequence[CartItem]) -> None:
    """Nobody can own the same content twice, so nobody is sold it twice."""
    named: set[str] = set()
    for at, item in enumerate(items):
        if item.content is not None and item.content in named:
            raise Invalid(f"The cart holds the content {item.content[:64]!r} twice.", param=f"items[{at}].content")
        named |= {item.content} if item.content is not None else set()


def _line(catalog: Catalog, item: CartItem, currency: str, where: str, offers: Mapping[tuple[str, str], Product]) -> PricedLine:
    product = _as_offered(_product(catalog, item.product, f"{where}.product"), item, offers, where)
    if product.plan is not None:
        raise Invalid(
            f"{product.key!r} is a plan, which no cart holds: subscribe to it by itself, and buy the rest in an order.",
            param=f"{where}.product",
        )
    unit = _unit(product, item, currency, where)
    quantity = _quantity(product, item.quantity, f"{where}.quantity")
    metadata = checked_metadata(item.metadata, f"{where}.metadata")
    for_line = checked_for_line(item.for_line, product, where)
    return PricedLine(product, quantity, unit, unit * quantity, metadata, for_line=for_line)


def _unit(product: Product, item: CartItem, currency: str, where: str) -> Money:
    """What one costs. An amount of the client's is taken only where the product says so, and checked against its bounds."""
    bounds, fixed = product.ranges.get(currency), product.prices.get(currency)
    if bounds is None and fixed is None:
        sold_in = ", ".join(product.currencies)
        raise Invalid(f"{product.key!r} has no price in {currency}: it is sold in {sold_in}.", param=f"{where}.product")
    if bounds is None:
        if item.price is not None:
            raise Invalid(f"{product.key!r} has a fixed price: leave the price out.", param=f"{where}.price")
        assert fixed is not None, "one of the two is there"
        return fixed
    said, between = item.price, f"from {bounds.min} to {bounds.max}"
    if said is None:
        raise Invalid(f"{product.key!r} costs what the buyer says: send a price {between}.", param=f"{where}.price")
    if said.currency != currency:
        raise Invalid(f"The price must be in {currency}, as the cart is.", param=f"{where}.price")
    if said < bounds.min or bounds.max < said:
        raise Invalid(f"{product.key!r} costs {between}, not {said}.", param=f"{where}.price")
    if said.amount % step(currency):
        raise Invalid(f"{said} must end in 0: card networks settle {currency} in ten-unit steps.", param=f"{where}.price")
    return said


def _as_offered(product: Product, item: CartItem, offers: Mapping[tuple[str, str], Product], where: str) -> Product:
    if item.listing is not None:
        return offers[product.key, item.listing]
    if product.kind == "goods" and product.options["listed"]:
        raise Invalid(f"Say which listing of {product.key!r} is bought: send listing.", param=f"{where}.listing")
    if product.kind != "content":
        if item.content is not None:
            raise Invalid(f"{product.key!r} is of kind {product.kind!r}: only a content is named.", param=f"{where}.content")
        return product
    if item.content is None:
        raise Invalid(f"Say which content of {product.key!r} is bought: send content.", param=f"{where}.content")
    return offers[product.key, item.content]


def _product(catalog: Catalog, key: str, where: str) -> Product:
    if not isinstance(key, str):
        raise Invalid("A product is named by its key, a text.", param=where)
    product = catalog.products.get(key)
    if product is None:
        for_sale = [product.key for product in catalog.products.values() if product.active]
        raise NotFound(f"There is no product {key[:63]!r}.{did_you_mean(key, for_sale)}", param=where)
    if not product.active:
        raise Conflict(f"{key!r} is not for sale at the moment.", param=where)
    return product


def _quantity(product: Product, quantity: int, where: str) -> int:
    if type(quantity) is not int:  # a bool is an int to isinstance
        raise Invalid("The quantity is a whole number.", param=where)
    if quantity < 1:
        raise Invalid("The quantity is at least 1.", param=where)
    if quantity > product.max_quantity:
        raise Invalid(f"One order may hold at most {product.max_quantity} of {product.name}.", param=where)
    return quantity


def checked_metadata(metadata: object, where: str) -> dict[str, str]:
    if not isinstance(metadata, Mapping) or not all(type(text) is str for pair in metadata.items() for text in pair):
        raise Invalid("Metadata is a flat object of texts.", param=where)
    if len(metadata) > METADATA_MAX:
        raise Invalid(f"Metadata has at most {METADATA_MAX} keys.", param=where)
    for key, value in metadata.items():
        if not 1 <= len(key) <= METADATA_KEY_MAX or len(value) > METADATA_VALUE_MAX:
            limits = f"1 to {METADATA_KEY_MAX} characters, a value at most {METADATA_VALUE_MAX}"
            raise Invalid(f"A key of metadata has {limits}.", param=where)
        if not is_storable(key + value):
            raise Invalid("Metadata holds a character that cannot be stored: NUL or half of a surrogate pair.", param=where)
        if card_numbers.holds_one(key) or card_numbers.holds_one(value):
            raise Invalid("Metadata holds what looks like a card number: it must never be sent here.", param=where)
    return dict(metadata)


def is_storable(text: str) -> bool:
    """PostgreSQL takes neither NUL nor lone surrogates, which JSON can spell."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _merged(lines: Sequence[PricedLine]) -> tuple[PricedLine, ...]:
    merged: dict[tuple[str, str | None, str | None, str | None, frozenset[tuple[str, str]], Money], PricedLine] = {}
    for line in lines:
        same = (line.product.key, line.content, line.listing, line.for_line, frozenset(line.metadata.items()), line.unit)
        quantity = line.quantity + (merged[same].quantity if same in merged else 0)
        merged[same] = replace(line, quantity=quantity, amount=line.unit * quantity)
    return tuple(merged.values())


def _check_quantities(items: Sequence[CartItem], lines: Sequence[PricedLine]) -> None:
    """The limit holds for the product or listing, however the cart is cut up; the item that crosses it is named."""
    limits = {(line.product.key, line.listing): line.product for line in lines}
    held = dict.fromkeys(limits, 0)
    for at, item in enumerate(items):
        if item.content is not None:
            continue  # each of them is there once
        what = (item.product, item.listing)
        held[what] += item.quantity
        most, name = limits[what].max_quantity, limits[what].name
        if held[what] > most:
            said = f"One order may hold at most {most} of {name}, and the cart asks for more in all."
            raise Invalid(said, param=f"items[{at}].quantity")


def _in_volume(lines: Sequence[PricedLine]) -> tuple[PricedLine, ...]:
    """All of a product in the cart count, however it is cut up."""
    held: dict[str, int] = {}
    for line in lines:
        held[line.product.key] = held.get(line.product.key, 0) + line.quantity
    return tuple(_at_volume(line, held[line.product.key]) for line in lines)


def _at_volume(line: PricedLine, quantity: int) -> PricedLine:
    currency = line.unit.currency
    if currency not in line.product.tiers:
        return line
    unit = line.product.unit_for(quantity, currency)
    return replace(line, unit=unit, amount=unit * line.quantity)
