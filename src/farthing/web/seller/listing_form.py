"""The form of a listing: what stands in its fields, and what it asks for."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from farthing.catalog import Catalog
from farthing.errors import Invalid
from farthing.listings import CATEGORY, DESCRIPTION_MAX, SKU_MAX, TITLE_MAX, Listing, Wanted
from farthing.money import Money

IMAGE: Final = re.compile(r"https://\S+")
IMAGE_MAX: Final = 2000
ORDERED_MAX: Final = 1000
COUNT_MAX: Final = 1_000_000
GRAMS_MAX: Final = 10_000_000


def ways(catalog: Catalog) -> dict[str, str]:
    """How things of sellers are sold here, by the key of the product: there is mostly one."""
    return {
        product.key: product.name
        for product in catalog.products.values()
        if product.kind == "goods" and product.options["listed"]
    }


def currencies(listing: Listing, catalog: Catalog) -> list[str]:
    """Those it has a price in, and the shop's own."""
    return sorted({catalog.currency, *listing.prices}, key=lambda currency: (currency != catalog.currency, currency))


def blank(catalog: Catalog) -> dict[str, str]:
    """The fields of a new one."""
    names = ("sku", "title", "description", "category", "weight_grams", "image_url", "product")
    return dict.fromkeys(names, "") | {f"price_{catalog.currency}": "", "max_quantity": "10", "stock": "0"}


def filled(listing: Listing, catalog: Catalog) -> dict[str, str]:
    prices = {f"price_{currency}": "" for currency in currencies(listing, catalog)}
    return prices | {
        "title": listing.title,
        "description": listing.description or "",
        "category": listing.category or "",
        "max_quantity": str(listing.max_quantity),
        "weight_grams": "" if listing.weight_grams is None else str(listing.weight_grams),
        "image_url": listing.image_url or "",
        "product": listing.product,
        **{f"price_{currency}": str(price.decimal) for currency, price in listing.prices.items()},
    }


def wanted_of(typed: Mapping[str, str], in_: Sequence[str]) -> Wanted:
    """What the form asks for, with prices in these currencies. Raises Invalid with the field that is wrong."""
    category, image = typed.get("category", ""), typed.get("image_url", "")
    if category and not re.fullmatch(CATEGORY, category):
        raise Invalid("A category is a-z, 0-9, - and _, such as lighting.", param="category")
    if image and (not IMAGE.fullmatch(image) or len(image) > IMAGE_MAX):
        raise Invalid("A link to a picture begins with https:// and has no spaces.", param="image_url")
    return Wanted(
        title=_text(typed, "title", 1, TITLE_MAX),
        description=_text(typed, "description", 0, DESCRIPTION_MAX),
        category=category,
        prices=_prices(typed, in_),
        max_quantity=count_of(typed, "max_quantity", least=1, most=ORDERED_MAX),
        weight_grams=count_of(typed, "weight_grams", least=1, most=GRAMS_MAX) if typed.get("weight_grams") else None,
        image_url=image or None,
        product=typed.get("product") or None,
    )


def sku_of(typed: Mapping[str, str]) -> str:
    found = _text(typed, "sku", 1, SKU_MAX)
    if not found.isprintable():
        raise Invalid("A sku is a printable text.", param="sku")
    return found


def count_of(typed: Mapping[str, str], name: str, *, least: int = 0, most: int = COUNT_MAX) -> int:
    text = typed.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= most):
        raise Invalid(f"This is a whole number from {least} to {most}.", param=name)
    return int(text)


def _text(typed: Mapping[str, str], name: str, least: int, most: int) -> str:
    found = typed.get(name, "")
    if not least <= len(found) <= most:
        raise Invalid(f"This has {least} to {most} characters." if found or not least else "This is missing.", param=name)
    return found


def _prices(typed: Mapping[str, str], in_: Sequence[str]) -> list[Money]:
    prices = []
    for currency in in_:
        if text := typed.get(f"price_{currency}", ""):
            try:
                prices.append(Money.parse(text.replace(",", "."), currency))
            except Invalid as error:
                raise Invalid(error.detail, param=f"price_{currency}") from None
    if not prices:
        raise Invalid("This is missing.", param=f"price_{in_[0]}")
    return prices
