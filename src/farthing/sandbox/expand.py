"""`expand`: ids replaced by the objects they name, up to four levels deep, where the SDK's types say that they may be."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable
from typing import Any, ForwardRef, get_args, get_origin

from farthing.sandbox.account import Account
from farthing.sandbox.errors import malformed
from farthing.sandbox.listing import cut, equals, listed, page
from farthing.sandbox.store import Json

DEPTH_MAX = 4
PATHS_MAX = 50


def expand(account: Account, answer: Json, paths: list[str]) -> Json:
    if len(paths) > PATHS_MAX:
        raise malformed("You cannot expand that many properties.", param="expand")
    for path in paths:
        steps = path.split(".")
        depth = len(steps) - (steps[0] == "data" and answer.get("object") in ("list", "search_result"))
        if depth > DEPTH_MAX:
            raise malformed(f"You cannot expand more than {DEPTH_MAX} levels of a property. Property: {path}", param="expand")
        _follow(account, answer, steps, path, None)
    return answer


def _follow(account: Account, here: Json, steps: list[str], path: str, hash_type: Any) -> None:
    step, rest = steps[0], steps[1:]
    # The data of an event has an object in it, and is none.
    named = here["object"] if isinstance(here.get("object"), str) else ""
    if inside := INCLUDED_INSIDE.get((named, ".".join(steps))):
        here[step] = {**here[step], steps[1]: inside(account, here["id"])}
        return
    if named in ("list", "search_result"):
        if step != "data":
            raise _no_such_property(path, hint=f"data.{path}")
        if not rest:
            raise _no_such_property(path)
        for each in here["data"]:
            _follow(account, each, rest, path, None)
        return
    kind = hash_type or _class_of(named)
    found = _look(kind, step)
    if found is None:
        raise _no_such_property(path)
    _expand_field(account, here, step, found)
    value = here.get(step)
    if not rest and not (found.expandable or found.includable):
        raise _no_such_property(path)
    if rest:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                _follow(account, each, rest, path, found.hash_type)


def _expand_field(account: Account, here: Json, step: str, found: _Found) -> None:
    value = here.get(step)
    if found.includable and value is None and (here["object"], step) in INCLUDED:
        here[step] = INCLUDED[here["object"], step](account, here["id"])
    elif found.expandable and isinstance(value, str):
        record = account.store.find(account.id, value)
        if record is not None:
            here[step] = record.body
    elif found.expandable and isinstance(value, list):
        records = [account.store.find(account.id, each) if isinstance(each, str) else None for each in value]
        here[step] = [record.body if record else each for record, each in zip(records, value, strict=True)]


def _no_such_property(path: str, hint: str | None = None) -> Exception:
    more = f" You may want to try expanding '{hint}' instead." if hint else ""
    return malformed(f"This property cannot be expanded ({path}).{more}", param="expand")


class _Found(typing.NamedTuple):
    expandable: bool
    includable: bool
    hash_type: Any


@functools.cache
def _class_of(object_name: str) -> Any:
    from stripe._object_classes import get_object_class

    return get_object_class("V1", object_name)


@functools.cache
def _look(kind: Any, name: str) -> _Found | None:
    """What the SDK says about this field; None when there is no such field."""
    annotation = kind.__annotations__.get(name)
    if annotation is None:
        return None
    members = set(_members(annotation))
    resource = any(isinstance(each, (ForwardRef, str)) for each in members)
    included = (getattr(kind, "OBJECT_NAME", ""), name) in INCLUDED
    return _Found(resource and str in members, included, kind._inner_class_types.get(name))


def _members(annotation: Any) -> typing.Iterator[Any]:
    if get_origin(annotation) in (typing.Union, list):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def _lines(account: Account, id: str) -> Json:
    session = account.get("checkout.session", id)
    return cut(session.inner["lines"], f"/v1/checkout/sessions/{id}/line_items", {})


def _refunds(account: Account, id: str) -> Json:
    where, values = equals({"charge": id}, "charge")
    return page(account, "refund", f"/v1/charges/{id}/refunds", {}, where, *values)


def _nothing(account: Account, id: str) -> Json:
    del account
    return listed([], f"/v1/customers/{id}/subscriptions")


def _subscriptions(account: Account, id: str) -> Json:
    from farthing.sandbox.resources import subscriptions

    return subscriptions.of_customer(account, id)


def _tax_ids(account: Account, id: str) -> Json:
    where, values = equals({"customer": id}, "customer")
    return page(account, "tax_id", f"/v1/customers/{id}/tax_ids", {}, where, *values)


def _invoice_payments(account: Account, id: str) -> Json:
    from farthing.sandbox.resources import invoice_payments

    return invoice_payments.of_invoice(account, id)


def _confirmation_secret(account: Account, id: str) -> Json | None:
    from farthing.sandbox.resources import invoice_collection

    return invoice_collection.secret_of(account, id)


def _applies_to(account: Account, id: str) -> Json | None:
    products = account.get("coupon", id).inner.get("products")
    return {"products": products} if products else None


def _coupon_currencies(account: Account, id: str) -> Json:
    from farthing.sandbox.resources import coupons

    return coupons.shown_options(account, id)


def _tiers(account: Account, id: str) -> Any:
    from farthing.sandbox.resources import prices

    return prices.shown_tiers(account, id)


def _currency_options(account: Account, id: str) -> Json:
    from farthing.sandbox.resources import prices

    return prices.shown_options(account, id)


def _of_line(name: str) -> Callable[[Account, str], Any]:
    def find(account: Account, id: str) -> Any:
        found = account.select("checkout.session", "instr(inner, ?) ORDER BY seq LIMIT 1", id)
        return found[0].inner.get("details", {}).get(id, {}).get(name, []) if found else []

    return find


def _breakdown(account: Account, id: str) -> Json:
    from farthing.sandbox.resources import checkout_totals

    return checkout_totals.breakdown(account, id)


# Absent unless asked for.
INCLUDED_INSIDE = {("checkout.session", "total_details.breakdown"): _breakdown}
INCLUDED = {
    ("item", "discounts"): _of_line("discounts"),
    ("item", "taxes"): _of_line("taxes"),
    ("checkout.session", "line_items"): _lines,
    ("charge", "refunds"): _refunds,
    ("customer", "subscriptions"): _subscriptions,
    ("customer", "sources"): _nothing,
    ("customer", "tax_ids"): _tax_ids,
    ("invoice", "payments"): _invoice_payments,
    ("invoice", "confirmation_secret"): _confirmation_secret,
    ("coupon", "applies_to"): _applies_to,
    ("coupon", "currency_options"): _coupon_currencies,
    ("price", "tiers"): _tiers,
    ("price", "currency_options"): _currency_options,
}
