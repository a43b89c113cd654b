"""Requests made at random from the SDK's own parameter types: most look right, some are as wrong as they can be."""

from __future__ import annotations

import random
import sys
import types
import typing
from collections import defaultdict
from typing import Any, Literal, get_args, get_origin
from urllib.parse import quote

import typing_extensions

from farthing.sandbox import validation
from farthing.sandbox.operations import Operation

DEPTH_MAX = 4
OPTIONS = validation.OPTIONS
HOSTILE: tuple[Any, ...] = (
    "", " ", "0", "-1", "1", "99999999999999999999", "9" * 400, "9223372036854775807", "-9223372036854775808", "1e3", "1.5",
    "NaN", "Infinity", "0x10", "true", "null", "None", "usd", "USD", "zzz", "x" * 6000, "\x00", "a\x00b", "\ud800", "é",
    "𝒳" * 50, "\u202e", "'; DROP TABLE objects; --", '"}', "$.x", "%s{}", "../../etc/passwd", "http://[", "http://a b/",
    "http://127.0.0.1:9/", "javascript:alert(1)", "now", "2030-01-01", "pm_card_visa", "tok_visa", "self", "default", "٣",
    {}, [], {"a": "b"}, {"": ""},
    {"0": "x"}, {"object": "card"}, ["a", "b"], [{"a": "1"}], {"a": {"b": {"c": {"d": {"e": {"f": "g"}}}}}}, [[["x"]]],
)  # fmt: skip
NUMBERS = ("0", "1", "2", "3", "12", "50", "100", "999", "2500", "100000", "1893456000", "4102444799", "2147483647")
TEXTS = {
    "currency": ("usd", "eur", "jpy", "gbp", "USD"),
    "country": ("US", "DE", "GB"),
    "email": ("a@example.com", "location_US@example.com"),
    "url": ("http://127.0.0.1:9/hook", "https://example.com/x"),
    "success_url": ("http://127.0.0.1:9/thanks",),
    "cancel_url": ("http://127.0.0.1:9/cart",),
    "return_url": ("http://127.0.0.1:9/back",),
    "refresh_url": ("http://127.0.0.1:9/again",),
    "payment_method": ("pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired", "pm_usBankAccount"),
    "source": ("tok_visa", "tok_chargeDeclined", "btok_us_verified"),
    "token": ("tok_visa", "tok_bypassPending"),
    "query": ('email:"a@example.com"', "status:'active' AND -currency:'usd'", "metadata['a']:'b'", "created>1", "x:y"),
    "external_account": ("btok_us_verified", "tok_visa_debit_us_transferSuccess"),
    "expand": ("customer", "data.customer", "latest_charge.balance_transaction", "lines", "x.y"),
    "events": ("*", "charge.succeeded"),
    "enabled_events": ("*", "charge.succeeded"),
    "type": ("card", "express", "custom", "charge.succeeded", "payment"),
    "country_code": ("US",),
    "amount_decimal": ("1.5", "100"),
    "unit_amount_decimal": ("1.5", "100"),
    "lookup_key": ("gold", "silver"),
    "code": ("SAVE10", "FREE"),
}
KINDS = {
    "/v1/checkout/sessions": "checkout.session",
    "/v1/test_helpers/test_clocks": "test_helpers.test_clock",
    "/v1/invoiceitems": "invoiceitem",
    "/v1/balance/history": "balance_transaction",
    "/v1/radar/early_fraud_warnings": "radar.early_fraud_warning",
    "/v1/billing_portal/configurations": "billing_portal.configuration",
    "/v1/tax_ids": "tax_id",
}


class Fuzzer:
    def __init__(self, seed: int, *, hostility: float = 0.06) -> None:
        self.chance = random.Random(seed)
        self.ids: dict[str, list[str]] = defaultdict(list)
        self._hostility = hostility

    def learn(self, answer: Any) -> None:
        """Remember the ids an answer shows, so that later requests are about something."""
        if isinstance(answer, dict):
            if isinstance(answer.get("id"), str) and isinstance(answer.get("object"), str) and not answer.get("deleted"):
                known = self.ids[answer["object"]]
                if answer["id"] not in known:
                    known.append(answer["id"])
                    del known[:-12]
            for each in answer.values():
                self.learn(each)
        elif isinstance(answer, list):
            for each in answer:
                self.learn(each)

    def path(self, operation: Operation) -> str:
        parts = operation.path.split("/")
        for place, part in enumerate(parts):
            if part.startswith("{"):
                parts[place] = quote(self._id_of("/".join(parts[:place])), safe="")
        return "/".join(parts)

    def _id_of(self, base: str) -> str:
        word = base.rpartition("/")[2]
        kind = KINDS.get(base, word.removesuffix("s").replace("capabilitie", "capability"))
        chance = self.chance.random()
        if chance < 0.05 or not any(self.ids.values()):
            return "".join(each for each in str(self.chance.choice(HOSTILE)) if not "\ud800" <= each <= "\udfff")[:300]
        if chance < 0.12 or not self.ids.get(kind):
            return self.chance.choice(self.chance.choice([each for each in self.ids.values() if each]))
        return self.chance.choice(self.ids[kind])

    def form(self, params: str) -> str:
        """The encoded fields of one request of this type."""
        return "&".join(_flat(self._typed_dict(validation._params_class(params), 0)))

    def _typed_dict(self, cls: Any, depth: int) -> dict[str, Any]:
        names = [name for name in cls.__annotations__ if name not in OPTIONS]
        required = [name for name in names if name in cls.__required_keys__]
        some = self.chance.sample(names, min(len(names), self.chance.choice((0, 1, 1, 2, 3, 5))))
        wanted = [name for name in dict.fromkeys([*required, *some]) if self.chance.random() > 0.02]
        module = sys.modules[cls.__module__]
        fields = {name: self._value(name, cls.__annotations__[name], module, depth) for name in wanted}
        if self.chance.random() < 0.02:
            fields[self.chance.choice(("", "x", "unknown", "__proto__", "api_key", "metadata"))] = self.chance.choice(HOSTILE)
        return fields

    def _value(self, name: str, annotation: Any, module: types.ModuleType, depth: int) -> Any:
        if self.chance.random() < self._hostility:
            return self.chance.choice(HOSTILE)
        kind, module = validation._resolve(annotation, module)
        origin = get_origin(kind)
        if origin is typing.Union or isinstance(kind, types.UnionType):
            return self._value(name, self.chance.choice(get_args(kind)), module, depth)
        if origin is Literal:
            return str(self.chance.choice(get_args(kind)))
        if name == "metadata":
            return {"a": "b", "order": "1"}
        if typing.is_typeddict(kind) or typing_extensions.is_typeddict(kind):
            return self._typed_dict(kind, depth + 1) if depth < DEPTH_MAX else {}
        if origin is list:
            return [self._value(name, get_args(kind)[0], module, depth + 1) for _ in range(self.chance.choice((0, 1, 1, 2)))]
        if origin is dict:
            return {"usd": self._value(name, get_args(kind)[1], module, depth + 1)}
        return self._plain(name, kind)

    def _plain(self, name: str, kind: Any) -> str:
        if kind is bool:
            return self.chance.choice(("true", "false"))
        if kind in (int, float):
            return self.chance.choice(NUMBERS)
        known = self.ids.get(name) or self.ids.get(name.removeprefix("default_").removeprefix("source_"))
        choices = [*TEXTS.get(name, ()), *(known or ())]
        if name in ("starting_after", "ending_before") or (choices and self.chance.random() < 0.05):
            choices = [each for some in self.ids.values() for each in some] or ["x"]
        return str(self.chance.choice(choices or ["a", "1.5", "Tea", "x" * 30]))


def _flat(value: Any, path: str = "") -> typing.Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _flat(each, f"{path}[{_text(name)}]" if path else _text(name))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _flat(each, f"{path}[{place}]")
    else:
        yield f"{path}={_text(str(value))}"


def _text(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
