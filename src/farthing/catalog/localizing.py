"""Products in the words of a language, in the order in which pages show them."""

from dataclasses import replace

from farthing.catalog.model import Catalog, Product


def localized(catalog: Catalog, locale: str | None = None) -> list[Product]:
    """All products, by `display.order` and then as the file has them. de-AT falls back to de, and de to none."""
    words = [_in_words(product, locale) for product in catalog.products.values()]
    return sorted(words, key=lambda product: product.display.order)


def _in_words(product: Product, locale: str | None) -> Product:
    for name in _closest(locale):
        if (words := product.translations.get(name)) is not None:
            display = replace(
                product.display,
                badge=words.badge or product.display.badge,
                features=product.display.features if words.features is None else words.features,
            )
            description = words.description or product.description
            return replace(product, name=words.name or product.name, description=description, display=display)
    return product


def _closest(locale: str | None) -> list[str]:
    """pt-BR, then pt; written in any case, with - or _."""
    parts = (locale or "").replace("_", "-").split("-")
    cased = [parts[0].lower(), *(part.upper() if len(part) == 2 else part.title() for part in parts[1:])]
    return ["-".join(cased[:length]) for length in range(len(cased), 0, -1) if cased[0]]
