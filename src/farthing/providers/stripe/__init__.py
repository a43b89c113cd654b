"""Stripe. The only room that imports `stripe`."""

from farthing.providers.stripe.endpoints import Account, Endpoint, look, register_webhook
from farthing.providers.stripe.provider import Stripe

__all__ = ["Account", "Endpoint", "Stripe", "look", "register_webhook"]
