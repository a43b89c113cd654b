"""Refunds at Stripe: https://docs.stripe.com/api/refunds."""

import stripe

from farthing.providers.stripe.client import translated


class StripeRefunds:
    _stripe: stripe.StripeClient

    async def cancel_refund(self, id: str) -> None:
        with translated():
            await self._stripe.v1.refunds.cancel_async(id)
