"""Stripe. The only room that imports `stripe`."""

from farthing.providers.stripe.endpoints import Account, Endpoint, look, register_webhook
from farthing.providers.stripe.provider import Stripe
from farthing.providers.stripe.webhook import WATCHED, rehearsal

__all__ = ["WATCHED", "Account", "Endpoint", "Stripe", "look", "register_webhook", "rehearsal"]
