"""Lists of coupons and codes: those of farthing.toml, and those of the staff, with how often each was used."""

from collections.abc import Mapping
from dataclasses import replace

from farthing.db import Transaction
from farthing.discounts import store
from farthing.discounts.model import Coupon, PromotionCode, Uses, normalized
from farthing.errors import NotFound
from farthing.paging import Page, checked_limit


async def list_coupons(
    tx: Transaction, of_catalog: Mapping[str, Coupon], *, limit: int, after: str | None = None
) -> Page[tuple[Coupon, Uses]]:
    """By key. One that stood in farthing.toml and was used is listed as over."""
    found = {key: (coupon, Uses()) for key, coupon in of_catalog.items() if after is None or key > after}
    for coupon, uses in await store.coupons(tx, limit=checked_limit(limit) + 1, after=after):
        found[coupon.key] = (_as_it_stands(of_catalog, coupon), uses)
    return Page.of([found[key] for key in sorted(found)][: limit + 1], limit, lambda each: each[0].key)


async def list_codes(
    tx: Transaction, of_catalog: Mapping[str, Coupon], *, limit: int, after: str | None = None, coupon: str | None = None
) -> Page[tuple[PromotionCode, Uses]]:
    """By code, of all coupons or of one."""
    written = {code: each.key for each in of_catalog.values() for code in each.codes if coupon in (None, each.key)}
    found = {code: (PromotionCode(code, key), Uses()) for code, key in written.items() if after is None or code > after}
    for code, uses in await store.codes(tx, limit=checked_limit(limit) + 1, after=after, coupon=coupon):
        over = code.source == "catalog" and code.code not in written
        found[code.code] = (found[code.code][0] if code.code in found else replace(code, active=code.active and not over), uses)
    return Page.of([found[code] for code in sorted(found)][: limit + 1], limit, lambda each: each[0].code)


async def get_coupon(tx: Transaction, of_catalog: Mapping[str, Coupon], key: str) -> tuple[Coupon, Uses]:
    """Raises NotFound."""
    found = await store.find_coupon(tx, key)
    if found is not None:
        return _as_it_stands(of_catalog, found[0]), found[1]
    if key in of_catalog:
        return of_catalog[key], Uses()
    raise NotFound(f"There is no coupon {key[:63]!r}.")


async def get_code(tx: Transaction, code: str) -> tuple[PromotionCode, Uses]:
    """One that the staff made, however it is typed. Raises NotFound."""
    found = await store.find_code(tx, normalized(code))
    if found is None:
        raise NotFound("There is no such promotion code.")
    return found


def _as_it_stands(of_catalog: Mapping[str, Coupon], stored: Coupon) -> Coupon:
    if stored.key in of_catalog:
        return of_catalog[stored.key]
    return stored if stored.source == "staff" else replace(stored, active=False)
