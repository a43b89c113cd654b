"""Every answer that is not a success, in Stripe's words: one exception, and a function for each kind of refusal."""

from __future__ import annotations

from typing import Any

DOCS = "https://docs.stripe.com/error-codes#"


class Refusal(Exception):
    """`keeps`: what was written before the refusal stays (a declined charge). `executed`: an idempotency key remembers it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keeps: bool = False,
        executed: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keeps = keeps
        self.executed = executed
        self.error: dict[str, Any] = {"message": message, "type": type}
        if code:
            self.error["code"] = code
        if code and status != 501:
            self.error["doc_url"] = DOCS + code.replace("_", "-")
        if param:
            self.error["param"] = param
        self.error |= {name: value for name, value in more.items() if value is not None}

    @property
    def code(self) -> str | None:
        return self.error.get("code")

    def name(self, operation: str) -> None:
        """What is not modeled says which operation would need it."""
        if self.status == 501 and operation not in self.error["message"]:
            self.error["message"] += f" ({operation})"


class Gone(Refusal):
    """Something is asked of an object that was deleted and shows nothing but its id."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(400, f"No such {kind}: '{id}'; it was deleted.", code="resource_missing", param=kind)


def invalid(message: str, *, param: str | None = None, code: str | None = None, **more: Any) -> Refusal:
    return Refusal(400, message, param=param, code=code, **more)


def malformed(message: str, *, param: str | None = None, code: str | None = None) -> Refusal:
    """The parameters themselves are wrong: nothing began, so no idempotency key remembers it."""
    return Refusal(400, message, param=param, code=code, executed=False)


def unknown_parameter(param: str) -> Refusal:
    return malformed(f"Received unknown parameter: {param}", param=param, code="parameter_unknown")


def missing_parameter(param: str) -> Refusal:
    return malformed(f"Missing required param: {param}.", param=param, code="parameter_missing")


def empty_parameter(param: str) -> Refusal:
    return malformed(
        f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{param}' cannot be unset. You should remove '{param}' from your request or supply a non-empty value.",
        param=param,
        code="parameter_invalid_empty",
    )


def exclusive_parameters(first: str, second: str) -> Refusal:
    return malformed(
        f"You may only specify one of these parameters: {first}, {second}.", param=first, code="parameters_exclusive"
    )


def not_here_yet(param: str, what: str) -> Refusal:
    """Stripe would do it, so it is no 400: better a plain no than a parameter that is taken and forgotten."""
    return _missing_here(f"This sandbox does not do {what}: remove '{param}' from your request", param=param)


def refuse_not_here(params: dict[str, Any], not_here: dict[str, str]) -> None:
    """Every parameter that stands in this table, unless it is empty and so asks for nothing."""
    for name, what in not_here.items():
        if params.get(name):
            raise not_here_yet(name, what)


def without_effect(param: str) -> Refusal:
    return _missing_here(f"This sandbox would do nothing with '{param}' here: remove it from your request", param=param)


def no_such(kind: str, id: str, *, param: str | None = None) -> Refusal:
    """Missing in the path is 404 with param `id`; missing inside the parameters is 400 with that parameter."""
    return Refusal(400 if param else 404, f"No such {kind}: '{id}'", code="resource_missing", param=param or "id")


def unrecognized_url(method: str, path: str) -> Refusal:
    return Refusal(
        404,
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
        executed=False,
    )


def no_key() -> Refusal:
    return Refusal(
        401,
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
        "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or "
        "we can help at https://support.stripe.com/.",
        executed=False,
    )


def bad_key(key: str) -> Refusal:
    shown = key[:8] + "*" * max(len(key) - 12, 0) + key[-4:] if len(key) > 12 else "*" * len(key)
    live = ". This is a sandbox: it takes keys that begin with sk_test_, and never a live one" if "_live_" in key else ""
    return Refusal(401, f"Invalid API Key provided: {shown}{live}", code="api_key_invalid", executed=False)


def no_access(account: str) -> Refusal:
    return Refusal(
        403,
        f"The provided key does not have access to account '{account}' (or that account does not exist). Application "
        "access may have been revoked.",
        code="account_invalid",
        executed=False,
    )


def unexpected_state(verb: str, status: str, allowed: tuple[str, ...], intent: dict[str, Any]) -> Refusal:
    done = {"cancel": "canceled", "confirm": "confirmed", "capture": "captured", "update": "updated"}[verb]
    return invalid(
        f"You cannot {verb} this PaymentIntent because it has a status of {status}. Only a PaymentIntent with one of the "
        f"following statuses may be {done}: {', '.join(allowed)}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )


def rate_limited() -> Refusal:
    return Refusal(
        429,
        "Request rate limit exceeded. Learn more about rate limits at https://stripe.com/docs/rate-limits.",
        code="rate_limit",
        executed=False,
    )


def locked() -> Refusal:
    return Refusal(
        429,
        "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. "
        "If you see this error intermittently, retry the request. If you see this error frequently and are making multiple "
        "concurrent requests to a single object, make your requests serially or at a lower rate. For more details, see "
        "https://stripe.com/docs/rate-limits#object-lock-timeouts.",
        code="lock_timeout",
        executed=False,
    )


def revoked_key() -> Refusal:
    return Refusal(401, "Expired API Key provided: sk_test_****", code="api_key_expired", executed=False)


def not_modeled(method: str, path: str) -> Refusal:
    """Stripe can do this; this sandbox cannot, and says so instead of pretending."""
    return _missing_here(f"This sandbox does not do {method} {path} yet. What it does is listed in its reference.")


def _missing_here(message: str, *, param: str | None = None) -> Refusal:
    """Answered with `Stripe-Should-Retry: false`, and remembered by no idempotency key: the next version may do it."""
    return Refusal(501, message, type="api_error", code="not_implemented", param=param, executed=False)


def something_broke() -> Refusal:
    return Refusal(500, "Sorry! There was an error while talking to one of our backends.", type="api_error")
