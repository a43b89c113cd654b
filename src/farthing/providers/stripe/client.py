"""The one door to the `stripe` package: a client with explicit timeouts, version and retries, and its errors in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import stripe

from farthing.errors import ProviderError, ProviderUnavailable

API_VERSION: Final = "2026-10-28.endive"
TIMEOUT: Final = 20.0
"""Seconds on the wire; the library's own 80 are too long for somebody who waits."""

RETRIES: Final = 2
"""Repetitions by the library itself, always with the same key. Its own default for a client is none."""

# It would write a telemetry id into the home folder on the first request, and fail where there is none.
stripe.enable_telemetry = False


def connect(api_key: str, base: str | None = None) -> tuple[stripe.StripeClient, stripe.HTTPXClient]:
    """A client for one event loop, and its connections, to be closed by the caller. `base` is where the sandbox listens."""
    http = stripe.HTTPXClient(timeout=TIMEOUT)
    client = stripe.StripeClient(
        api_key,
        stripe_version=API_VERSION,
        base_addresses={"api": base} if base else None,
        max_network_retries=RETRIES,
        http_client=http,
    )
    return client, http


@contextmanager
def translated() -> Iterator[None]:
    """Tell a refusal, which is an answer, from silence, after which nobody knows what happened."""
    try:
        yield
    except stripe.StripeError as error:
        raise _ours(error) from error


def _ours(error: stripe.StripeError) -> ProviderError:
    detail = " ".join((error.user_message or type(error).__name__).split())
    code = getattr(error.error, "code", None) if error.error is not None else None
    request = f" ({error.request_id})" if error.request_id else ""
    if code == "account_invalid":
        # The key is good; this account is not, or no more, connected to ours.
        return ProviderError(f"Stripe has no such account for us{request}.", extra={"provider_code": code})
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        # The message may hold part of the key.
        return ProviderError(f"Stripe refused the API key: check STRIPE_SECRET_KEY{request}.")
    # 501 is the sandbox's: it does not do that, and will not the next time.
    status = error.http_status
    unclear = status is None or status in (409, 424, 429) or (status >= 500 and status != 501)
    if unclear or code == "lock_timeout":
        return ProviderUnavailable(f"Stripe did not answer for certain: {detail}{request}. Try the same again.")
    return ProviderError(
        f"Stripe refused: {detail}{request}", extra={"provider_code": code, "provider_param": getattr(error, "param", None)}
    )


def as_json(found: stripe.StripeObject) -> dict[str, Any]:
    """What the library answered, as JSON has it."""
    told: dict[str, Any] = found.to_dict(for_json=True)
    return told
