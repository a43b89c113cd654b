"""What every operation of the list refuses, and in which words: unknown, missing and ill-typed parameters, ids of nothing."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import pytest
import stripe
from tests.sandbox.operations import Case
from tests.sandbox.operations_of_billing import CASES
from tests.sandbox.operations_world import Prepared, world
from tests.sandbox.parameters import OPTIONS, fields_of, is_hash, params_of

__all__ = ["world"]
NONE = "xx_none"
TYPES_GONE = "payment_method_types_no_longer_supported"
# What Stripe took away lately, or never had where people look for it: (operation, parameter, value, code).
REMOVED = [
    ("POST /v1/payment_intents", "payment_method_types", ["card"], TYPES_GONE),
    ("POST /v1/setup_intents", "payment_method_types", ["card"], TYPES_GONE),
    ("POST /v1/checkout/sessions", "payment_method_types", ["card"], TYPES_GONE),
    ("POST /v1/payment_intents", "source", "tok_visa", "parameter_unknown"),
    ("POST /v1/customers", "coupon", "$coupon", "parameter_unknown"),
    ("POST /v1/customers", "promotion_code", "$promotion_code", "parameter_unknown"),
    ("POST /v1/customers/{customer}", "coupon", "$coupon", "parameter_unknown"),
    ("POST /v1/promotion_codes", "coupon", "$coupon", "parameter_unknown"),
    ("POST /v1/promotion_codes", "promotion", "$coupon", None),
    ("POST /v1/subscriptions", "coupon", "$coupon", "parameter_unknown"),
    ("POST /v1/subscriptions", "promotion_code", "$promotion_code", "parameter_unknown"),
    ("POST /v1/subscriptions", "current_period_end", 1_900_000_000, "parameter_unknown"),
    ("POST /v1/subscriptions/{subscription_exposed_id}", "coupon", "$coupon", "parameter_unknown"),
    ("POST /v1/subscriptions/{subscription_exposed_id}", "current_period_start", 1_900_000_000, "parameter_unknown"),
    ("POST /v1/subscriptions/{subscription_exposed_id}", "billing_cycle_anchor", "now", None),
    ("POST /v1/subscriptions/{subscription}/resume", "billing_cycle_anchor", "now", None),
    ("POST /v1/invoices/create_preview", "coupon", "$coupon", "parameter_unknown"),
    ("POST /v1/checkout/sessions", "ui_mode", "hosted", None),
    ("POST /v1/checkout/sessions", "ui_mode", "embedded", None),
]
# Parameters that name an object.
NAMED = frozenset(
    "account charge coupon customer destination invoice payment_intent payment_method price product subscription".split()
)


def _all(cases: list[Any], *names: str) -> pytest.MarkDecorator:
    shown = ["-".join(each.operation if isinstance(each, Case) else str(each) for each in case[:2]) for case in cases]
    return pytest.mark.parametrize(names, cases, ids=shown)


def _wrong(members: list[Any]) -> tuple[Any, str, str | None] | None:
    """A value that cannot be meant, with how the refusal begins and its code; None where any text is right."""
    words = [word for each in members if get_origin(each) is Literal for word in get_args(each) if word]
    if (str in members and not words) or members == [Literal[""]]:
        return None
    if int in members:
        return "many", "Invalid integer: many", "parameter_invalid_integer"
    if bool in members:
        return "perhaps", "Invalid boolean: perhaps", None
    if words:
        return "no_such_word", "Invalid {}: must be ", None
    if any(get_origin(each) is list for each in members):
        return "one", "Invalid array", None
    if any(is_hash(each) or get_origin(each) is dict for each in members):
        return "one", "Invalid ", None
    return "much", "Invalid decimal: much", None


def _fields(case: Case) -> dict[str, list[Any]]:
    return fields_of(params_of(case))


def _required(case: Case) -> list[str]:
    return sorted(set(params_of(case).__required_keys__) - OPTIONS)


def _named(case: Case) -> list[str]:
    """Lists look for coupons and destinations without knowing them. Whose account that is, Stripe does not tell."""
    beyond = {"coupon", "destination"} if case.method == "GET" else {"account"} if case.path == "/v1/account_links" else set()
    return [name for name, members in _fields(case).items() if name in NAMED - beyond and str in members]


def _told(refused: Any) -> tuple[Any, ...]:
    assert isinstance(refused, stripe.StripeError), "it was done"
    error: Any = refused.error
    return refused.http_status, error.type, getattr(error, "code", None), getattr(error, "param", None)


@_all([(case,) for case in CASES], "case")
def test_an_unknown_parameter_is_refused_by_name(world: Prepared, case: Case) -> None:
    refused = world.wire(case, {**case.params, "colour": "red"})
    assert _told(refused) == (400, "invalid_request_error", "parameter_unknown", "colour")
    assert refused.user_message == "Received unknown parameter: colour"


@_all([(case, name) for case in CASES for name in _required(case)], "case", "name")
def test_a_required_parameter_is_missed_by_name(world: Prepared, case: Case, name: str) -> None:
    refused = world.wire(case, {each: value for each, value in case.params.items() if each != name})
    assert _told(refused) == (400, "invalid_request_error", "parameter_missing", name)
    assert refused.user_message == f"Missing required param: {name}."


@_all([(case,) for case in CASES], "case")
def test_every_ill_typed_parameter_is_refused_by_name(world: Prepared, case: Case) -> None:
    for name, members in _fields(case).items():
        # The SDK's raw_request keeps `usage` to itself.
        if (wrong := _wrong(members)) is None or name in ("metadata", "usage"):
            continue
        value, message, code = wrong
        refused = world.wire(case, {**case.params, name: value})
        assert _told(refused) == (400, "invalid_request_error", code, name)
        assert refused.user_message.startswith(message.format(name)), (name, refused.user_message)


@_all([(case,) for case in CASES if "metadata" in _fields(case)], "case")
def test_metadata_is_a_hash_of_texts(world: Prepared, case: Case) -> None:
    for value in ("text", {"a": {"b": "c"}}):
        refused = world.wire(case, {**case.params, "metadata": value})
        assert _told(refused)[:2] == (400, "invalid_request_error")
        assert refused.param == "metadata"


@_all(REMOVED, "operation", "name", "value", "code")
def test_what_was_taken_away_is_refused(world: Prepared, operation: str, name: str, value: Any, code: str | None) -> None:
    case = next(each for each in CASES if each.operation == operation)
    refused = world.wire(case, {**case.params, name: value})
    assert _told(refused) == (400, "invalid_request_error", code, name)


@_all([(case, place) for case in CASES for place in range(len(case.ids.split()))], "case", "place")
def test_what_is_not_there_is_404_in_the_path(world: Prepared, case: Case, place: int) -> None:
    ids = world.ids(case)
    ids[place] = NONE
    status, type, code, _ = _told(world.wire(case, case.params, ids=ids))
    # Who may act for an account that is none is not told: Stripe says so with 403.
    owner = case.path.startswith("/v1/accounts/{account}") and place == 0
    assert (status, type, code) == (
        (403, "invalid_request_error", "account_invalid") if owner else (404, "invalid_request_error", "resource_missing")
    )


@_all([(case,) for case in CASES if case.ids], "case")
def test_what_belongs_to_another_account_is_not_there(world: Prepared, case: Case) -> None:
    # What the parameters name is another's as well: the path comes first.
    status, _, code, _ = _told(world.wire(case, case.params, key="sk_test_somebody_else"))
    owner = case.path.startswith("/v1/accounts/{account}")
    assert (status, code) == ((403, "account_invalid") if owner else (404, "resource_missing"))


@_all([(case, name) for case in CASES for name in _named(case)], "case", "name")
def test_what_is_not_there_is_400_in_a_parameter(world: Prepared, case: Case, name: str) -> None:
    # The one excludes the other, and is the other's own way to say it.
    given = {each: value for each, value in case.params.items() if {each, name} != {"payment_intent", "charge"}}
    refused = world.wire(case, {**given, name: NONE})
    if refused is not None and refused.http_status == 501:
        assert _told(refused) == (501, "api_error", "not_implemented", name)
        return
    assert _told(refused) == (400, "invalid_request_error", "resource_missing", name)
    assert f": '{NONE}'" in refused.user_message
