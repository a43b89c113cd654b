"""What a price asks for a quantity: by the unit, by the package, in tiers, and in another currency if it has one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from farthing.sandbox import money
from farthing.sandbox.account import Account
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, missing_parameter, not_here_yet
from farthing.sandbox.store import Json

TIERS_MAX = 100
OPTIONS_MAX = 50


def stated(params: Json, currency: str, param: str, *, tiered: bool) -> Json:
    """`unit_amount`, the same as decimal text, and the tiers, of which a price has one or the other."""
    if not tiered:
        if params.get("tiers"):
            raise invalid("`tiers` can only be used with billing_scheme=tiered.", param=inside(param, "tiers"))
        amount, text = _amounts(params, currency, param, "unit_amount")
        return {"unit_amount": amount, "unit_amount_decimal": text, "tiers": None}
    for name in ("unit_amount", "unit_amount_decimal"):
        if params.get(name) is not None:
            raise exclusive_parameters(inside(param, "tiers"), inside(param, name))
    tiers = _tiers(params.get("tiers"), currency, inside(param, "tiers"))
    return {"unit_amount": None, "unit_amount_decimal": None, "tiers": tiers}


def inside(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name


def _amounts(params: Json, currency: str, param: str, name: str) -> tuple[int | None, str]:
    """The amount, and the same as decimal text; a fraction of a minor unit has only the text."""
    whole, text = params.get(name), params.get(f"{name}_decimal")
    if whole is None and text is None:
        raise missing_parameter(inside(param, name))
    if whole is not None and text is not None:
        raise exclusive_parameters(inside(param, name), inside(param, f"{name}_decimal"))
    if whole is None:
        head, _, tail = str(text).partition(".")
        whole = None if tail.strip("0") else int(head)
        if str(text).startswith("-"):
            raise _negative(inside(param, f"{name}_decimal"))
    if whole is not None:
        _check_amount(whole, currency, inside(param, name))
    return whole, str(text if text is not None else whole)


def _check_amount(amount: int, currency: str, param: str) -> None:
    if amount < 0:
        raise _negative(param)
    if amount > money.AMOUNT_MAX * 100:
        raise invalid("Invalid integer: too large.", param=param, code="parameter_invalid_integer")
    money.check_fractions(amount, currency, param=param)


def _negative(param: str) -> Exception:
    return malformed("This value must be greater than or equal to 0.", param=param, code="parameter_invalid_integer")


def _tiers(given: list[Json] | None, currency: str, param: str) -> list[Json]:
    if not given:
        raise missing_parameter(param)
    if len(given) > TIERS_MAX:
        raise malformed(f"A price can have at most {TIERS_MAX} tiers.", param=param)
    tiers, below = [], 0
    for place, each in enumerate(given):
        here = f"{param}[{place}]"
        up_to, last = each["up_to"], place == len(given) - 1
        if (up_to == "inf") != last:
            raise invalid("The last tier, and only the last, must have `up_to=inf`.", param=f"{here}[up_to]")
        if not last and up_to <= below:
            raise invalid("`up_to` must be greater than that of the tier before.", param=f"{here}[up_to]")
        below = below if last else up_to
        tiers.append(_tier(each, currency, here) | {"up_to": None if last else up_to})
    return tiers


def _tier(given: Json, currency: str, param: str) -> Json:
    tier: Json = {}
    for name in ("flat_amount", "unit_amount"):
        wanted = given.get(name) is not None or given.get(f"{name}_decimal") is not None
        amount, text = _amounts(given, currency, param, name) if wanted else (None, None)
        tier |= {name: amount, f"{name}_decimal": text}
    if tier["flat_amount_decimal"] is None and tier["unit_amount_decimal"] is None:
        raise missing_parameter(inside(param, "unit_amount"))
    return tier


def options(given: Any, base: str, param: str, *, tiered: bool) -> Json:
    """The amounts in further currencies, by currency."""
    if len(given) > OPTIONS_MAX:
        raise malformed(f"A price can have at most {OPTIONS_MAX} currency options.", param=param)
    found: Json = {}
    for code, each in given.items():
        here = f"{param}[{code}]"
        currency = money.currency(code, param=here)
        if currency == base:
            raise invalid("The price's own currency cannot be one of its currency_options.", param=here)
        if each.get("custom_unit_amount"):
            raise not_here_yet(f"{here}[custom_unit_amount]", "prices the buyer chooses")
        found[currency] = stated(each, currency, here, tiered=tiered) | {
            "tax_behavior": each.get("tax_behavior", "unspecified")
        }
    return found


# What it comes to


def cost(account: Account, price: Json, quantity: int, currency: str | None = None) -> int:
    """So many of it, in its own currency or in one of its options."""
    return money.round_half_up(_exact(price, terms(account, price, currency), quantity))


def terms(account: Account, price: Json, currency: str | None = None) -> Json:
    """Its amounts in that currency."""
    own = currency in (None, price["currency"])
    if own and price["billing_scheme"] == "per_unit":
        return price
    inner = account.get("price", price["id"]).inner
    if own:
        return {"unit_amount": None, "unit_amount_decimal": None, "tiers": inner["tiers"]}
    found: Json | None = (inner.get("options") or {}).get(currency)
    if found is None:
        raise invalid(
            f"The price `{price['id']}` is in {price['currency']} and has no currency option for {currency}.", param="currency"
        )
    return found


def _exact(price: Json, terms: Json, quantity: int) -> Decimal:
    if packages := price["transform_quantity"]:
        whole, rest = divmod(quantity, packages["divide_by"])
        quantity = whole + (1 if rest and packages["round"] == "up" else 0)
    if price["billing_scheme"] == "per_unit":
        return Decimal(terms["unit_amount_decimal"]) * quantity
    return (_volume if price["tiers_mode"] == "volume" else _graduated)(terms["tiers"], quantity)


def _volume(tiers: list[Json], quantity: int) -> Decimal:
    """All units cost what the tier of the whole quantity says."""
    tier = next(each for each in tiers if each["up_to"] is None or quantity <= each["up_to"])
    return Decimal(tier["flat_amount_decimal"] or 0) + Decimal(tier["unit_amount_decimal"] or 0) * quantity


def _graduated(tiers: list[Json], quantity: int) -> Decimal:
    """Each unit costs what its own tier says; the flat part of the first one is due even for none."""
    total, below = Decimal(0), 0
    for place, tier in enumerate(tiers):
        if place and quantity <= below:
            break
        top = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        total += Decimal(tier["flat_amount_decimal"] or 0) + Decimal(tier["unit_amount_decimal"] or 0) * (top - below)
        below = tier["up_to"] or quantity
    return total
