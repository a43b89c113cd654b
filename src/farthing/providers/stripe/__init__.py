"""Stripe. The only room that imports `stripe`."""

from farthing.providers.stripe.provider import Stripe

__all__ = ["Stripe"]
