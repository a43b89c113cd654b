"""What is wrong between tables of farthing.toml that are right by themselves: a coupon for a product that there is not."""

from collections.abc import Iterator, Sequence

from farthing.catalog.marketplace import fees_alike
from farthing.catalog.problems import Problem, dotted
from farthing.catalog.spelling import did_you_mean
from farthing.catalog.tables import File, ProductTable
from farthing.catalog.values import read_price
from farthing.money import Money


def strange(file: File) -> list[Problem]:
    return [Problem(path, f"{dotted(path)}: {said}") for path, said in _found(file)]


def _found(file: File) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield from _unknown_products(file)
    yield from _unknown_kinds(file)
    yield from _codes_twice(file)
    yield from _names_alike(file)
    for at, first in fees_alike(file.marketplace):
        yield ("marketplace", "fees", at), f"is for the same sales as fees[{first}]: only one of them can be right."
    yield from _shipping_rates(file)
    for key, product in file.products.items():
        yield from _volume_prices(key, product)
        yield from _addons(file, key, product)


def _shipping_rates(file: File) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if file.shipping is None:
        return
    known, served = [rate.key for rate in file.shipping.rates], file.shipping.countries
    for at, rate in enumerate(file.shipping.rates):
        if rate.key in known[:at]:
            yield ("shipping", "rates", at, "key"), f"there is a rate {rate.key!r} already."
        for place, country in enumerate(rate.countries):
            if served and country not in served:
                path = ("shipping", "rates", at, "countries", place)
                yield path, f"{country} is none of the countries of [shipping]: {', '.join(served)}."


def _unknown_products(file: File) -> Iterator[tuple[tuple[str | int, ...], str]]:
    named = [("coupons", key, table.products) for key, table in file.coupons.items()]
    named += [("bulk_discounts", key, table.products) for key, table in file.bulk_discounts.items()]
    for group, key, products in named:
        for at, product in enumerate(products):
            if product not in file.products:
                said = f"there is no product {product!r}.{did_you_mean(product, list(file.products))}"
                yield (group, key, "products", at), said


def _addons(file: File, key: str, product: ProductTable) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for at, base in enumerate(product.addon_of):
        path = ("products", key, "addon_of", at)
        if base not in file.products:
            yield path, f"there is no product {base!r}.{did_you_mean(base, list(file.products))}"
        elif file.products[base].addon_of:
            yield path, f"{base!r} is an add-on itself: name what both of them accompany."
        elif base in product.addon_of[:at]:
            yield path, f"{base!r} is listed twice."


def _unknown_kinds(file: File) -> Iterator[tuple[tuple[str | int, ...], str]]:
    sold = sorted({product.kind for product in file.products.values()})
    for key, table in file.bulk_discounts.items():
        for at, kind in enumerate(table.kinds):
            if kind not in sold:
                yield ("bulk_discounts", key, "kinds", at), f"no product is of kind {kind!r}.{did_you_mean(kind, sold)}"


def _codes_twice(file: File) -> Iterator[tuple[tuple[str | int, ...], str]]:
    seen: dict[str, str] = {}
    for key, table in file.coupons.items():
        for at, code in enumerate(table.codes):
            if code in seen:
                yield ("coupons", key, "codes", at), f"the code {code!r} is one of the coupon {seen[code]!r} already."
            seen.setdefault(code, key)


def _names_alike(file: File) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Names of environment variables and of constants are made of keys: there, - and _ are the same."""
    for group in (file.products, file.coupons):
        seen: dict[str, str] = {}
        for key in group:
            other = seen.setdefault(key.replace("-", "_"), key)
            if other != key:
                yield ("products" if group is file.products else "coupons", key), f"reads like {other!r}: call it otherwise."


def _volume_prices(key: str, product: ProductTable) -> Iterator[tuple[tuple[str | int, ...], str]]:
    single = {price.currency: price for price in (read_price(text) for text in product.written_prices if isinstance(text, str))}
    for currency, steps in _by_currency(product).items():
        if currency not in single:
            path = ("products", key, "volume_prices", steps[0][0])
            yield path, f"the product has no fixed price in {currency.upper()} that this could be less than."
            continue
        before, begun = single[currency], 1
        for at, quantity, unit in sorted(steps, key=lambda found: found[1]):
            path = ("products", key, "volume_prices", at)
            if quantity == begun:
                yield path, f"there are two prices from {quantity} on in {currency.upper()}."
            elif not unit < before:
                yield path, f"{unit} is not less than the {before} of buying fewer."
            before, begun = unit, quantity


def _by_currency(product: ProductTable) -> dict[str, Sequence[tuple[int, int, Money]]]:
    found: dict[str, list[tuple[int, int, Money]]] = {}
    for at, row in enumerate(product.volume_prices):
        unit = read_price(row.price)
        found.setdefault(unit.currency, []).append((at, row.from_, unit))
    return {**found}
