"""Stripe. The only room that imports `stripe`."""

from farthing.providers.stripe.endpoints import Account, Endpoint, look, register_webhook
from farthing.providers.stripe.provider import Stripe
from farthing.providers.stripe.webhook import WATCHED, WATCHED_CONNECTED, rehearsal

__all__ = ["WATCHED", "WATCHED_CONNECTED", "Account", "Endpoint", "Stripe", "look", "register_webhook", "rehearsal"]
