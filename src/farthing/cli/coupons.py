"""`farthing coupons`: what promotion codes take off, those of farthing.toml and those made at run time."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from farthing import catalog, discounts
from farthing.catalog import Catalog
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.discounts import Coupon, PromotionCode, Uses
from farthing.errors import Invalid, NotFound
from farthing.money import Money

LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""None of them is mistaken for another."""

LENGTH: Final = 10
COUNT_MAX: Final = 1000
PAGE: Final = 100


async def list_() -> int:
    """List coupons with what they take off and how often they were used.

    For example:

        farthing coupons list
    """
    found = await _coupons()
    rows = [(c.key, c.name, _worth(c), _used(c.redemptions_max, u), c.source, "yes" if c.active else "no") for c, u in found]
    columns = ("Key", "Name", "Takes off", "Used", "Said by", "Active")
    terminal().show({"data": [_document(coupon, uses) for coupon, uses in found]}, show.table(columns, rows))
    return 0


async def create(
    coupon: str,
    /,
    *,
    name: str,
    percent: str | None = None,
    amount: list[str] | None = None,
    product: list[str] | None = None,
    minimum: list[str] | None = None,
    max_redemptions: int | None = None,
    once_per_customer: bool = False,
    first_purchase: bool = False,
    duration: discounts.Duration = "once",
    duration_months: int | None = None,
    valid_until: datetime | None = None,
    code: str | None = None,
) -> int:
    """Make a coupon at run time. What it takes off stays as it is: for another rule make another one.

    For example:

        farthing coupons create spring --name "Spring sale" --percent 12.5 --code SPRING24
        farthing coupons create five --name "Five off" --amount "5.00 EUR" --amount "6.00 USD" --minimum "20.00 EUR"

    Parameters
    ----------
    coupon
        Your own name for it: a-z, 0-9, - and _.
    name
        What buyers see on the bill.
    percent
        How much is taken off, such as 20 or 12.5.
    amount
        How much is taken off, such as "5.00 EUR"; once for each currency.
    product
        A product it applies to, by its key; without any, it applies to all.
    minimum
        The least that the cart must cost, such as "20.00 EUR"; once for each currency.
    max_redemptions
        How many orders and plans may use it.
    once_per_customer
        Whether a customer may use it once only.
    first_purchase
        Whether it is for customers who never bought before.
    duration
        Of a plan: its first invoice, those of some months (repeating), or all (forever).
    duration_months
        How many, where it is repeating.
    valid_until
        When it ends, such as 2026-12-31T23:59:59Z.
    code
        A promotion code for it, made with it.
    """
    sold = _catalog()
    made = Coupon(
        key=_checked_key(coupon),
        name=name,
        basis_points=None if percent is None else catalog.read_percent(percent),
        amounts=_by_currency(amount or []),
        products=_known(sold, product or []),
        minimums=_by_currency(minimum or []),
        redemptions_max=_positive(max_redemptions),
        once_per_customer=once_per_customer,
        first_purchase=first_purchase,
        duration=duration,
        duration_months=duration_months,
        valid_until=_with_zone(valid_until),
        source="staff",
    )
    if (duration == "repeating") != (duration_months is not None) or (duration_months is not None and duration_months < 1):
        raise Invalid("Say --duration-months with --duration repeating, and only with it.")
    if (made.basis_points is None) == (not made.amounts):
        raise Invalid('Say what it takes off: either --percent 10 or --amount "5.00 EUR".')

    async def work(tx: Transaction) -> None:
        await discounts.create_coupon(tx, sold.coupons, made)
        if code is not None:
            await discounts.create_code(tx, sold.coupons, PromotionCode(code, made.key))

    async with opening.database() as db:
        await db.run(ACTOR, work)
    terminal().show(_document(made, Uses()), f"{made.key} is made.")
    if code is None:
        terminal().say(f"Nobody can type it yet: `farthing coupons codes {made.key} --new CODE`.")
    return 0


async def codes(coupon: str, /, *, new: str | None = None, count: int = 0, max_redemptions: int | None = None) -> int:
    """List the promotion codes of a coupon, or make new ones.

    For example:

        farthing coupons codes spring
        farthing coupons codes spring --new SPRING24
        farthing coupons codes spring --count 100 --max-redemptions 1

    Parameters
    ----------
    coupon
        The coupon's key.
    new
        A code to make.
    count
        How many codes to make that nobody guesses.
    max_redemptions
        How many orders may use each of the new ones.
    """
    if not 0 <= count <= COUNT_MAX:
        raise Invalid(f"--count is from 1 to {COUNT_MAX}.")
    sold, limit = _catalog(), _positive(max_redemptions)
    wanted = ([new] if new else []) + ["".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(count)]

    async def work(tx: Transaction) -> list[PromotionCode]:
        return [await discounts.create_code(tx, sold.coupons, PromotionCode(code, coupon, limit)) for code in wanted]

    async with opening.database() as db:
        if wanted:
            made = await db.run(ACTOR, work)
            terminal().show({"made": [code.code for code in made]}, *(code.code for code in made))
            return 0
        async with db.transaction(ACTOR) as tx:
            await discounts.get_coupon(tx, sold.coupons, coupon)
            found = await _all_codes(tx, sold, coupon)
    rows = [(c.code, _used(c.redemptions_max, u), c.source, "yes" if c.active else "no") for c, u in found]
    documents = [{"code": c.code, "reserved": u.reserved, "redeemed": u.redeemed, "active": c.active} for c, u in found]
    terminal().show({"data": documents}, show.table(("Code", "Used", "Said by", "Active"), rows))
    return 0


async def deactivate(coupon: str | None = None, /, *, code: str | None = None) -> int:
    """End a coupon, or one promotion code: no new order may use it. Orders that hold a use keep it.

    For example:

        farthing coupons deactivate spring
        farthing coupons deactivate --code SPRING24

    Parameters
    ----------
    coupon
        The coupon's key.
    code
        A promotion code, where only that is to end.
    """
    sold = _catalog()
    if (coupon is None) == (code is None):
        raise Invalid("Say what to end: a coupon's key, or --code CODE.")
    named = coupon or code or ""
    terminal().confirm(f"End {named}? No new order may use it.")

    async def work(tx: Transaction) -> None:
        if coupon is not None:
            await discounts.deactivate_coupon(tx, sold.coupons, coupon)
        else:
            await discounts.deactivate_code(tx, sold.coupons, named)

    async with opening.database() as db:
        await db.run(ACTOR, work)
    terminal().show({"deactivated": named}, f"{named} is over.")
    return 0


async def _coupons() -> list[tuple[Coupon, Uses]]:
    sold, after = _catalog(), None
    found: list[tuple[Coupon, Uses]] = []
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        while True:
            page = await discounts.list_coupons(tx, sold.coupons, limit=PAGE, after=after)
            found += page.items
            after = page.next_cursor
            if after is None:
                return found


async def _all_codes(tx: Transaction, sold: Catalog, coupon: str) -> list[tuple[PromotionCode, Uses]]:
    found: list[tuple[PromotionCode, Uses]] = []
    after = None
    while True:
        page = await discounts.list_codes(tx, sold.coupons, limit=PAGE, after=after, coupon=coupon)
        found += page.items
        after = page.next_cursor
        if after is None:
            return found


def _catalog() -> Catalog:
    return opening.catalog()


def _checked_key(key: str) -> str:
    if not discounts.KEY.fullmatch(key):
        raise Invalid("A coupon's key is of a-z, 0-9, - and _, at most 63 of them, such as spring-sale.")
    return key


def _by_currency(texts: list[str]) -> dict[str, Money]:
    found = {amount.currency: amount for amount in map(catalog.read_amount, texts)}
    if len(found) < len(texts):
        raise Invalid("Say one amount for each currency.")
    return found


def _known(sold: Catalog, products: list[str]) -> tuple[str, ...]:
    if strange := next((key for key in products if key not in sold.products), None):
        raise NotFound(f"There is no product {strange!r}. `farthing catalog list` shows which there are.")
    return tuple(products)


def _positive(limit: int | None) -> int | None:
    if limit is not None and limit < 1:
        raise Invalid("--max-redemptions is at least 1.")
    return limit


def _with_zone(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise Invalid("--valid-until needs its time zone: write it like 2026-12-31T23:59:59Z.")
    return moment


def _worth(coupon: Coupon) -> str:
    if coupon.basis_points is not None:
        whole, part = divmod(coupon.basis_points, 100)
        return f"{whole}.{part:02} %" if part else f"{whole} %"
    return ", ".join(map(str, coupon.amounts.values()))


def _used(limit: int | None, uses: Uses) -> str:
    waiting = f" (+{uses.reserved} waiting)" if uses.reserved else ""
    return f"{uses.redeemed}{waiting}" + (f" of {limit}" if limit is not None else "")


def _document(coupon: Coupon, uses: Uses) -> dict[str, object]:
    names = (
        "key",
        "name",
        "basis_points",
        "products",
        "redemptions_max",
        "once_per_customer",
        "first_purchase",
        "duration",
        "duration_months",
    )
    shown = {name: getattr(coupon, name) for name in (*names, "valid_from", "valid_until", "active", "source")}
    amounts = {name: list(getattr(coupon, name).values()) for name in ("amounts", "minimums")}
    return shown | amounts | {"reserved": uses.reserved, "redeemed": uses.redeemed}
