"""Checks of who sells labels and follows parcels, where somebody does: the key, the answer, where its events go."""

from __future__ import annotations

from farthing.cli.config import masked
from farthing.cli.doctor.finding import Finding, failed, ok, warning
from farthing.config import Settings
from farthing.errors import CarrierError, CarrierUnavailable, ConfigError

NAME = "EasyPost"
WEBHOOK = "/webhooks/easypost"


async def check(settings: Settings) -> list[Finding]:
    """Nothing where nobody wants labels."""
    if settings.easypost_api_key is None:
        return []
    try:
        key = settings.require_easypost()
        assert key is not None, "it is set"
        from farthing.carriers.easypost import EasyPost

        carrier = EasyPost(key, base=settings.easypost_api_base)
    except ConfigError as error:
        return [failed(NAME, "refused", error.detail)]
    try:
        urls = await carrier.webhooks()
    except CarrierUnavailable as error:
        return [failed(NAME, error.detail, "Check the network, and EASYPOST_API_BASE.")]
    except CarrierError as error:
        return [failed(NAME, error.detail, "Check EASYPOST_API_KEY.")]
    finally:
        await carrier.close()
    said = f"answers, {masked(settings, 'easypost_api_key')}, {'production' if carrier.livemode else 'test mode'}"
    return [ok(NAME, said), _events(settings, urls)]


def _events(settings: Settings, urls: list[str]) -> Finding:
    name = f"{NAME} webhook"
    # The token is a secret, which nobody is shown.
    shown = settings.base_url + WEBHOOK + ("/<FARTHING_WEBHOOK_TOKEN>" if settings.webhook_token else "")
    token = settings.webhook_token
    url = settings.base_url + WEBHOOK + (f"/{token.get_secret_value()}" if token else "")
    if not settings.easypost_webhook_secrets:
        return warning(name, "no secret: parcels are followed by asking alone", "Set EASYPOST_WEBHOOK_SECRET.")
    if url not in urls:
        return warning(name, "not registered: parcels are followed by asking alone", f"Add {shown} at EasyPost.")
    return ok(name, shown)
