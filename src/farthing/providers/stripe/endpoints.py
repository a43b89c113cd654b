"""Webhook endpoints: where Stripe sends its events to. For development and for checking an installation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

import stripe

from farthing.providers.stripe.client import API_VERSION, connect, translated

MARK: Final = "farthing_dev"
"""Metadata of an endpoint that a development server made: "yes" of our own events, "connect" of connected accounts'."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`secret` is what deliveries to it are signed with: told once, when it is made."""

    id: str
    url: str
    enabled: bool
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What an installation can check from outside. `at` is the provider's own time."""

    endpoints: Sequence[Endpoint]
    at: datetime | None


async def register_webhook(
    api_key: str, url: str, *, base: str | None, known: Endpoint | None, connect_events: bool = False
) -> Endpoint:
    """The endpoint for this URL: the known one if it is still there, else a new one in the place of all we made before.

    Stripe tells a secret once only, so one whose secret is lost is of no use. What happens at connected accounts comes to
    endpoints of its own (`connect_events`), with a secret of its own.
    """
    mark = "connect" if connect_events else "yes"
    client, http = connect(api_key, base)
    try:
        with translated():
            found = [each async for each in (await client.v1.webhook_endpoints.list_async({"limit": 100})).auto_paging_iter()]
            if known is not None and known.secret and any(_is(each, known, url) for each in found):
                return known
            for each in found:
                if MARK in each.metadata and each.metadata[MARK] == mark:
                    await client.v1.webhook_endpoints.delete_async(each.id)
            made = await client.v1.webhook_endpoints.create_async(
                {
                    "url": url,
                    "enabled_events": ["*"],
                    "api_version": API_VERSION,
                    "connect": connect_events,
                    "metadata": {MARK: mark},
                }
            )
    finally:
        await http.close_async()  # type: ignore[no-untyped-call]
    return Endpoint(made.id, made.url, enabled=True, secret=made.secret)


async def look(api_key: str, *, base: str | None) -> Account:
    """Raises ProviderError for a key that is refused, ProviderUnavailable where nobody answers."""
    client, http = connect(api_key, base)
    try:
        with translated():
            page = await client.v1.webhook_endpoints.list_async({"limit": 100})
    finally:
        await http.close_async()  # type: ignore[no-untyped-call]
    endpoints = [Endpoint(each.id, each.url, each.status == "enabled") for each in page.data]
    told = page.last_response.headers.get("date") if page.last_response else None
    return Account(endpoints, parsedate_to_datetime(told) if told else None)


def _is(found: stripe.WebhookEndpoint, known: Endpoint, url: str) -> bool:
    return found.id == known.id and found.url == url and found.status == "enabled"
