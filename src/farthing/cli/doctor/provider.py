"""Checks against the provider: does it answer, does it know where to deliver, and do our clocks agree."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from farthing.cli.doctor.finding import Finding, failed, ok, skipped, warning
from farthing.clock import SystemClock
from farthing.config import Settings
from farthing.errors import ConfigError, ProviderError, ProviderUnavailable
from farthing.providers.stripe import Account, look
from farthing.routing import WEBHOOK
from farthing.webhooks import path_of

SKEW_WARNING: Final = timedelta(seconds=30)
SKEW_MAX: Final = timedelta(seconds=300)
"""Beyond it every delivery is refused as too old, or from the future."""


async def check(settings: Settings) -> list[Finding]:
    try:
        key = settings.require_stripe()
        account = await look(key, base=settings.stripe_api_base)
    except ConfigError:
        return [skipped(name, "there is no usable key") for name in ("Stripe", "Webhook endpoint", "Clock")]
    except ProviderError as error:
        left = [skipped(name, "Stripe did not answer") for name in ("Webhook endpoint", "Clock")]
        if settings.sandboxed and isinstance(error, ProviderUnavailable):
            said = f"the sandbox at {settings.stripe_api_base} does not answer"
            return [failed("Stripe", said, "Run `farthing dev`: it is its sandbox."), *left]
        return [failed("Stripe", error.detail, "Check STRIPE_SECRET_KEY and the network."), *left]
    return [
        ok("Stripe", f"answers at {settings.stripe_api_base or 'api.stripe.com'}"),
        _endpoint(settings, account),
        _clock(account),
    ]


def _endpoint(settings: Settings, account: Account) -> Finding:
    # The token is a secret, which nobody is shown.
    url = settings.base_url + WEBHOOK + ("/<FARTHING_WEBHOOK_TOKEN>" if settings.webhook_token else "")
    ours = [endpoint for endpoint in account.endpoints if endpoint.url == settings.base_url + path_of(settings)]
    if any(endpoint.enabled for endpoint in ours):
        return ok("Webhook endpoint", url)
    fix = f"Add {url} at Stripe (Developers, Webhooks); in development, `stripe listen --forward-to {url}`."
    return warning("Webhook endpoint", "switched off at Stripe" if ours else "not registered at Stripe", fix)


def _clock(account: Account) -> Finding:
    if account.at is None:
        return skipped("Clock", "Stripe did not say what time it is")
    skew = abs(SystemClock().now() - account.at)
    said = f"{skew.total_seconds():.0f} s from Stripe's"
    if skew >= SKEW_MAX:
        return failed("Clock", said, "Set the clock of this machine: every delivery is refused.")
    if skew >= SKEW_WARNING:
        return warning("Clock", said, "Let this machine keep its time (NTP): beyond 5 minutes deliveries are refused.")
    return ok("Clock", said)
