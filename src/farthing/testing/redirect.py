"""Whatever uses the official library talks to the sandbox while a test runs, and cannot reach Stripe by mistake.

A client keeps the addresses it was made with, and may have been made at import, long before the test. So requests are led to
the sandbox where the library has put together where each of them goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import stripe
from stripe._api_requestor import _APIRequestor

from farthing.testing.problems import LeadsToStripe

STRIPE: Final = "stripe.com"
DEFAULTS: Final = (
    stripe.DEFAULT_API_BASE,
    stripe.DEFAULT_CONNECT_API_BASE,
    stripe.DEFAULT_UPLOAD_API_BASE,
    stripe.DEFAULT_METER_EVENTS_API_BASE,
)
URL: Final = 1
"""Its place among what the library is about to send: method, address, headers, body …"""


@contextmanager
def to_sandbox(url: str, key: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripe, "api_key", key)
        patch.setattr(stripe, "api_base", url)
        for name, value in {
            "STRIPE_SECRET_KEY": key,
            "STRIPE_API_KEY": key,
            "STRIPE_API_BASE": url,
            "STRIPE_WEBHOOK_SECRET": "whsec_of_no_endpoint_yet",
        }.items():
            patch.setenv(name, value)
        # One door for all: globals and clients, sync and async, whatever sends for them. It raises where the library has none.
        prepared = _APIRequestor._args_for_request_with_retries

        def redirected(requestor: _APIRequestor, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
            request = prepared(requestor, *args, **kwargs)
            return (*request[:URL], led(request[URL], url), *request[URL + 1 :])

        patch.setattr(_APIRequestor, "_args_for_request_with_retries", redirected)
        yield


def led(address: str, sandbox: str) -> str:
    """Where this request goes instead, or where it goes anyway. Raises LeadsToStripe."""
    parts = urlsplit(address)
    if f"{parts.scheme}://{parts.netloc}" in DEFAULTS:
        return sandbox + address.removeprefix(f"{parts.scheme}://{parts.netloc}")
    if parts.hostname == STRIPE or (parts.hostname or "").endswith(f".{STRIPE}"):
        raise LeadsToStripe(
            f"This request was about to leave for the real Stripe, {parts.scheme}://{parts.netloc}{parts.path}: in a test use "
            'sandbox.client, or make the client without base_addresses, or with base_addresses={"api": sandbox.url}.'
        )
    return address
