"""The catalog as code of the host: typed constants for Python and TypeScript, the same for the same farthing.toml."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Final, get_args

from farthing.catalog.model import Catalog, Product, ProductKind

NOTE: Final = "Written by `farthing types` from farthing.toml: change that, and run it again."

PYTHON: Final = '''\
"""{note}"""

from typing import Final, {imports}

ProductKey = {product}
Kind = {kind}
Feature = {feature}
CouponKey = {coupon}
ShippingRate = {rate}
Currency = {currency}


class Products:
    """The key of each product, by a name that a misspelling cannot have."""

{products}


class Coupons:
    """The key of each coupon."""

{coupons}


KINDS: Final[dict[ProductKey, Kind]] = {{{kinds}}}

NAMES: Final[dict[ProductKey, str]] = {{{names}}}

FEATURES: Final[dict[ProductKey, tuple[Feature, ...]]] = {{{features}}}

PRICES: Final[dict[ProductKey, dict[Currency, int]]] = {{{prices}}}
"""What one costs, in minor units; nothing where the buyer says it."""


PLANS: Final[dict[ProductKey, dict[str, dict[Currency, int]]]] = {{{plans}}}
"""What a seat of each plan costs, by the name of the price."""


def price(product: ProductKey, currency: Currency) -> int | None:
    """What one costs, in minor units; None where it has no fixed price in this currency."""
    return PRICES[product].get(currency)
'''

TYPESCRIPT: Final = """\
// {note}

export const PRODUCT_KEYS = {product} as const;
export type ProductKey = (typeof PRODUCT_KEYS)[number];

export const KINDS = {kind} as const;
export type Kind = (typeof KINDS)[number];

export const FEATURES = {feature} as const;
export type Feature = (typeof FEATURES)[number];

export const COUPON_KEYS = {coupon} as const;
export type CouponKey = (typeof COUPON_KEYS)[number];

export const SHIPPING_RATES = {rate} as const;
export type ShippingRate = (typeof SHIPPING_RATES)[number];

export const CURRENCIES = {currency} as const;
export type Currency = (typeof CURRENCIES)[number];

export interface Product {{
  readonly key: ProductKey;
  readonly name: string;
  readonly kind: Kind;
  readonly features: readonly Feature[];
  /** What one costs, in minor units; nothing where the buyer says it. */
  readonly prices: {{ readonly [currency in Currency]?: number }};
  /** What a seat of a plan costs, by the name of the price. */
  readonly plan?: {{ readonly [price: string]: {{ readonly [currency in Currency]?: number }} }};
}}

export const PRODUCTS: {{ readonly [key in ProductKey]: Product }} = {{
{products}
}};

/** What one costs, in minor units; undefined where it has no fixed price in this currency. */
export function price(product: ProductKey, currency: Currency): number | undefined {{
  return PRODUCTS[product].prices[currency];
}}

export function isProductKey(text: string): text is ProductKey {{
  return Object.prototype.hasOwnProperty.call(PRODUCTS, text);
}}
"""


def python(catalog: Catalog) -> str:
    """A module that passes `mypy --strict`."""
    products = list(catalog.products.values())
    literals = {
        "product": _literal(catalog.products),
        "kind": _literal(_kinds(products)),
        "feature": _literal(_features(products)),
        "coupon": _literal(catalog.coupons),
        "rate": _literal(_rates(catalog)),
        "currency": _literal(_currencies(catalog)),
    }
    return PYTHON.format(
        note=NOTE,
        imports="Literal, Never" if "Never" in literals.values() else "Literal",
        **literals,
        products=_constants(catalog.products),
        coupons=_constants(catalog.coupons),
        kinds=_entries(products, lambda product: _text(product.kind)),
        names=_entries(products, lambda product: _text(product.name)),
        features=_entries(products, lambda product: _tuple(product.features)),
        prices=_entries(products, _python_prices),
        plans=_entries([product for product in products if product.plan is not None], _plan),
    )


def typescript(catalog: Catalog) -> str:
    """A module that needs nothing else."""
    products = list(catalog.products.values())
    return TYPESCRIPT.format(
        note=NOTE,
        product=_list(catalog.products),
        kind=_list(_kinds(products)),
        feature=_list(_features(products)),
        coupon=_list(catalog.coupons),
        rate=_list(_rates(catalog)),
        currency=_list(_currencies(catalog)),
        products="\n".join(_typescript_product(product) for product in products),
    )


def _typescript_product(product: Product) -> str:
    prices = ", ".join(f"{currency}: {unit.amount}" for currency, unit in sorted(product.prices.items()))
    fields = [
        f"key: {_text(product.key)}",
        f"name: {_text(product.name)}",
        f"kind: {_text(product.kind)}",
        f"features: {_list(product.features)}",
        f"prices: {{ {prices} }}" if prices else "prices: {}",
        *([] if product.plan is None else [f"plan: {_plan(product)}"]),
    ]
    return f"  {_text(product.key)}: {{ {', '.join(fields)} }},"


def _plan(product: Product) -> str:
    """JSON, which both languages read."""
    prices = {} if product.plan is None else product.plan.prices
    amounts = {key: {currency: unit.amount for currency, unit in sorted(p.amounts.items())} for key, p in prices.items()}
    return json.dumps(amounts, ensure_ascii=False)


def _python_prices(product: Product) -> str:
    return "{" + ", ".join(f"{_text(currency)}: {unit.amount}" for currency, unit in sorted(product.prices.items())) + "}"


def _features(products: Sequence[Product]) -> list[str]:
    return sorted({feature for product in products for feature in product.features})


def _kinds(products: Sequence[Product]) -> list[str]:
    """Those of the house, and the host's own that are sold."""
    return list(dict.fromkeys([*get_args(ProductKind), *sorted(product.kind for product in products)]))


def _rates(catalog: Catalog) -> list[str]:
    return [] if catalog.shipping is None else [rate.key for rate in catalog.shipping.rates]


def _currencies(catalog: Catalog) -> list[str]:
    return sorted({catalog.currency, *(currency for product in catalog.products.values() for currency in product.currencies)})


def _entries(products: Sequence[Product], value: Callable[[Product], str]) -> str:
    return "".join(f"\n    {_text(product.key)}: {value(product)}," for product in products) + "\n"


def _constants(keys: Iterable[str]) -> str:
    """Of two keys that would be one name, farthing.toml is refused."""
    lines = [f"    {_name(key)}: Final = {_text(key)}" for key in keys]
    return "\n".join(lines) or "    __slots__ = ()"


def _name(key: str) -> str:
    name = key.upper().replace("-", "_")
    return f"_{name}" if name[0].isdigit() else name


def _literal(texts: Iterable[str]) -> str:
    """Nothing has the type that nothing is of."""
    listed = ", ".join(map(_text, texts))
    return f"Literal[{listed}]" if listed else "Never"


def _list(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(_text, texts)) + "]"


def _tuple(texts: Sequence[str]) -> str:
    return "(" + "".join(f"{_text(text)}, " for text in texts).rstrip() + ")"


def _text(text: str) -> str:
    """In double quotes, as both languages read it."""
    return json.dumps(text, ensure_ascii=False)
