"""Checks of what is on this machine: Python, the settings, the catalog, the mail server."""

from __future__ import annotations

import asyncio
import sys
from typing import Final
from urllib.parse import urlsplit

from farthing.cli import opening
from farthing.cli.config import masked
from farthing.cli.doctor.finding import Finding, failed, ok, warning
from farthing.config import Settings
from farthing.emails import SmtpMailer
from farthing.errors import ConfigError

PYTHON_MIN: Final = (3, 11)
MAIL_SECONDS: Final = 3.0


def python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON_MIN:
        return failed("Python", version, "Use Python 3.11 or later.")
    return ok("Python", f"{version} at {sys.executable}")


def key(settings: Settings) -> Finding:
    try:
        settings.require_stripe()
    except ConfigError as error:
        return failed("Stripe key", "refused", error.detail)
    where = "live mode: real money" if settings.livemode else "the sandbox" if settings.sandboxed else "test mode"
    return ok("Stripe key", f"{masked(settings, 'stripe_secret_key')}, {where}")


def webhook_secret(settings: Settings) -> Finding:
    count = len(settings.stripe_webhook_secrets)
    fix = "Set STRIPE_WEBHOOK_SECRET to the signing secret of your endpoint at Stripe (whsec_…)."
    if not count:
        return failed("Webhook secret", "not set: no delivery could be verified", fix)
    if not settings.webhook_secrets_are_signing_secrets:
        return failed("Webhook secret", "not a signing secret: no delivery could be verified", fix)
    return ok("Webhook secret", f"{masked(settings, 'stripe_webhook_secrets')} ({count})")


def secret_key(settings: Settings) -> Finding:
    found = settings.secret_key.get_secret_value() if settings.secret_key else ""
    if len(found) < 32:
        return failed("Secret key", "not set, or too short", "Set FARTHING_SECRET_KEY: `openssl rand -hex 32` makes one.")
    return ok("Secret key", "set")


def base_url(settings: Settings) -> Finding:
    if settings.env == "production" and urlsplit(settings.base_url).scheme != "https":
        return failed("Base URL", settings.base_url, "In production FARTHING_BASE_URL starts with https://.")
    return ok("Base URL", f"{settings.base_url} ({settings.env})")


def products(settings: Settings) -> Finding:
    try:
        found = opening.catalog(settings)
    except ConfigError as error:
        return failed("Catalog", str(settings.catalog), error.detail)
    sold = sum(product.active for product in found.products.values())
    return ok("Catalog", f"{settings.catalog}: {sold} of {len(found.products)} products are for sale")


async def mail(settings: Settings) -> Finding:
    if settings.smtp_url is None:
        if settings.env == "production":
            return warning("Mail", "no server: emails stay in the mailbox page", "Set FARTHING_SMTP_URL.")
        return ok("Mail", "the mailbox page shows every email")
    try:
        server = SmtpMailer(settings.smtp_url.get_secret_value(), settings.mail_from)
    except ConfigError as error:
        return failed("Mail", "FARTHING_SMTP_URL is refused", error.detail)
    place = f"{server.host}:{server.port}"
    try:
        async with asyncio.timeout(MAIL_SECONDS):
            _, writer = await asyncio.open_connection(server.host, server.port)
    except (OSError, TimeoutError) as error:
        return failed("Mail", f"{place} does not answer ({type(error).__name__})", "Check FARTHING_SMTP_URL.")
    writer.close()
    return ok("Mail", f"{place} answers")
