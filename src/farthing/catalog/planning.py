"""What must be done at the provider so that it sells what the file says: the file, the provider and our memory compared.

Our memory is what we applied before. A product is known by its key, never by its name; a price by its lookup key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from farthing.catalog.model import Catalog, Product
from farthing.catalog.steps import (
    AdoptProduct,
    ArchiveProduct,
    Change,
    CreateProduct,
    Line,
    RetirePrice,
    SetPrice,
    Step,
    UpdateProduct,
    money_words,
    price_words,
)
from farthing.money import Money
from farthing.providers import CatalogItem, CatalogPrice, Recurring, SeenPrice, SeenProduct


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """What we applied last: its id there, and the name, description and `active` we gave it."""

    key: str
    provider_product_id: str
    applied: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class KnownPrice:
    lookup_key: str
    product: str
    provider_price_id: str
    unit: Money
    recurring: Recurring | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What we applied, by key and by lookup key."""

    products: Mapping[str, KnownProduct]
    prices: Mapping[str, KnownPrice]


@dataclass(frozen=True, slots=True)
class Drift:
    """Somebody changed at the provider what we applied; the next apply puts it right."""

    product: str
    what: str
    applied: str
    found: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order they are done. `strangers` carry our mark, but nothing here knows them: they are left alone."""

    steps: Sequence[Step] = ()
    drift: Sequence[Drift] = ()
    strangers: Sequence[SeenProduct] = ()

    @property
    def lines(self) -> list[Line]:
        """All that will be done, for people."""
        return [line for step in self.steps for line in step.lines]


def lookup_key(product: str, currency: str) -> str:
    return f"farthing:{product}:{currency}"


def plan_lookup_key(product: str, price: str, currency: str) -> str:
    """Of a plan's price. No currency is called as a price may be, for a price's key and its currency are two parts."""
    return f"farthing:{product}:{price}:{currency}"


def wanted(product: Product) -> CatalogItem:
    """The product as the provider should have it."""
    prices = [CatalogPrice(lookup_key(product.key, currency), unit) for currency, unit in product.prices.items()]
    if product.plan is not None:
        prices += [
            CatalogPrice(
                plan_lookup_key(product.key, price.key, currency),
                unit,
                Recurring(price.interval, price.interval_count),
                price.key,
            )
            for price in product.plan.prices.values()
            if price.active
            for currency, unit in price.amounts.items()
        ]
    return CatalogItem(product.key, product.name, product.description, active=True, prices=tuple(prices))


def compare(catalog: Catalog, seen: Sequence[SeenProduct], memory: Memory) -> Plan:
    """Products that are not for sale need not exist there: they are archived if they do, and else left out."""
    chosen = {key: _choose([found for found in seen if found.key == key], memory.products.get(key)) for key in _keys(seen)}
    prices = {price.id: price for product in seen for price in product.prices}
    steps: list[Step] = []
    drift: list[Drift] = []
    for key in [*catalog.products, *(key for key in memory.products if key not in catalog.products)]:
        product = catalog.products.get(key)
        at = _Comparison(key, chosen.get(key), memory, prices)
        if product is not None and product.active:
            steps += at.sold(wanted(product))
            drift += at.drift(wanted(product))
        else:
            steps += at.withdrawn()
            drift += at.revived()
    strange = [found for found in seen if found is not chosen[found.key] or not _is_ours(found.key, catalog, memory)]
    return Plan(tuple(steps), tuple(drift), tuple(strange))


def _is_ours(key: str, catalog: Catalog, memory: Memory) -> bool:
    """A product that neither the file nor our memory knows may belong to another shop on the same account."""
    return key in catalog.products or key in memory.products


def _keys(seen: Sequence[SeenProduct]) -> list[str]:
    return list(dict.fromkeys(product.key for product in seen))


def _choose(found: Sequence[SeenProduct], known: KnownProduct | None) -> SeenProduct:
    """A product that was copied in the dashboard has our mark twice: ours is the one we remember, else one that is active."""
    return min(found, key=lambda seen: (known is None or seen.id != known.provider_product_id, not seen.active, seen.id))


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One product: as the provider has it (`seen`), and as we remember it."""

    key: str
    seen: SeenProduct | None
    memory: Memory
    prices: Mapping[str, SeenPrice]
    """All prices seen, by id: one that we remember may hang on another product by now."""

    @property
    def known(self) -> KnownProduct | None:
        return self.memory.products.get(self.key)

    def sold(self, item: CatalogItem) -> list[Step]:
        """The product first, for an archived one takes no prices."""
        steps: list[Step | None] = [self._product(item)]
        steps += [self._price(price) for price in item.prices]
        steps += [self._retire(lookup) for lookup in self._lookup_keys() if lookup not in {p.lookup_key for p in item.prices}]
        return [step for step in steps if step is not None]

    def withdrawn(self) -> list[Step]:
        believed = self.known is not None and self.known.applied.get("active") is True
        if self.seen is None or not (self.seen.active or believed):
            return []
        return [ArchiveProduct(self.seen.id, self.key, self.seen.name, self.seen.description)]

    def drift(self, item: CatalogItem) -> list[Drift]:
        """What differs from what we applied and from what is wanted; a change that the file makes too is none."""
        if self.known is None:
            return []
        if self.seen is None:
            return [Drift(self.key, "product", self.known.provider_product_id, "deleted")]
        remembered = self.known.applied
        changed = [change for change in _changes(self.seen, item) if change.before != _shown(remembered.get(change.what))]
        fields = [Drift(self.key, change.what, _shown(remembered.get(change.what)), change.before) for change in changed]
        return fields + [drift for price in item.prices if (drift := self._price_drift(price))]

    def revived(self) -> list[Drift]:
        if self.seen is None or not self.seen.active or self.known is None or self.known.applied.get("active") is not False:
            return []
        return [Drift(self.key, "active", "no", "yes")]

    def _product(self, item: CatalogItem) -> Step | None:
        if self.seen is None:
            return CreateProduct(item)
        if changes := _changes(self.seen, item):
            return UpdateProduct(self.seen.id, item, changes)
        known = self.known
        if known is None or known.provider_product_id != self.seen.id or known.applied != applied(item):
            return AdoptProduct(self.seen.id, item)
        return None

    def _price(self, price: CatalogPrice) -> Step | None:
        holder, known = self._holder(price.lookup_key), self.memory.prices.get(price.lookup_key)
        current = holder if holder is not None and holder.active and _same(holder, price) else None
        retired = self._retired(price.lookup_key, but=current)
        seen = tuple(sorted(found.id for found in self._seen_prices()))
        if current is not None and not retired and known is not None and known.provider_price_id == current.id:
            return None
        return SetPrice(self.key, price, current, retired, seen)

    def _retire(self, lookup: str) -> Step | None:
        retired = self._retired(lookup, but=None)
        return RetirePrice(self.key, lookup, retired) if retired or lookup in self.memory.prices else None

    def _price_drift(self, price: CatalogPrice) -> Drift | None:
        holder, known = self._holder(price.lookup_key), self.memory.prices.get(price.lookup_key)
        if known is None or (holder is not None and holder.active and _expected(holder, known, price)):
            return None
        return Drift(self.key, price_words(price), str(known.unit), _state(holder))

    def _seen_prices(self) -> Sequence[SeenPrice]:
        return () if self.seen is None else self.seen.prices

    def _holder(self, lookup: str) -> SeenPrice | None:
        """The price that has the lookup key now."""
        return next((price for price in self._seen_prices() if price.lookup_key == lookup), None)

    def _retired(self, lookup: str, *, but: SeenPrice | None) -> tuple[SeenPrice, ...]:
        """Active prices that hold the lookup key wrongly, or held it when we applied last."""
        known = self.memory.prices.get(lookup)
        remembered = self.prices.get(known.provider_price_id) if known else None
        found = {price.id: price for price in (self._holder(lookup), remembered) if price is not None and price.active}
        return tuple(price for price in found.values() if but is None or price.id != but.id)

    def _lookup_keys(self) -> list[str]:
        """All that are ours and concern this product: those we remember, and those that the provider has."""
        known = [price.lookup_key for price in self.memory.prices.values() if price.product == self.key]
        start = lookup_key(self.key, "")
        seen = [price.lookup_key for price in self._seen_prices() if price.lookup_key and price.lookup_key.startswith(start)]
        return list(dict.fromkeys(known + seen))


def applied(item: CatalogItem) -> dict[str, object]:
    """What we remember of a product that was applied."""
    return {"name": item.name, "description": item.description, "active": item.active}


def _changes(seen: SeenProduct, item: CatalogItem) -> tuple[Change, ...]:
    pairs = (("name", seen.name, item.name), ("description", seen.description, item.description), ("active", seen.active, True))
    return tuple(Change(what, _shown(before), _shown(after)) for what, before, after in pairs if before != after)


def _same(seen: SeenPrice, price: CatalogPrice) -> bool:
    return seen.unit == price.unit and seen.recurring == price.recurring


def _expected(seen: SeenPrice, known: KnownPrice, price: CatalogPrice) -> bool:
    """As it was applied, or as it is wanted."""
    return _same(seen, price) or (seen.unit, seen.recurring) == (known.unit, known.recurring)


def _state(price: SeenPrice | None) -> str:
    if price is None:
        return "without its lookup key"
    if not price.active:
        return "archived"
    return money_words(price.unit, price.recurring) or "another kind of price"


def _shown(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
