"""Payment intents of Stripe: https://docs.stripe.com/api/payment_intents."""

from datetime import datetime
from typing import Final

import stripe

from farthing.errors import ProviderError, ProviderUnavailable
from farthing.money import Money
from farthing.providers.intents import IntentRequest, SeenIntent
from farthing.providers.protocol import SeenPayment
from farthing.providers.stripe import seen
from farthing.providers.stripe.client import as_json, translated

WHOLE: Final = ["latest_charge.balance_transaction"]
"""What is asked for along with an intent: the fee, the card, and until when it can be captured."""

PAGE: Final = 100
LOOKED_THROUGH_MAX: Final = 10_000


class StripeIntents:
    """What `IntentProvider` asks."""

    _stripe: stripe.StripeClient

    async def create_intent(self, request: IntentRequest, *, key: str) -> SeenIntent:
        params: stripe.params.PaymentIntentCreateParams = {
            "amount": request.money.amount,
            "currency": request.money.currency,
            "automatic_payment_methods": {"enabled": True},
            "metadata": {seen.MARK: request.reference},
            "description": f"Order {request.order_number}",
        }
        if request.capture_method == "manual":
            params["capture_method"] = "manual"
        if request.customer_id is not None:
            params["customer"] = request.customer_id
        with translated():
            made = await self._stripe.v1.payment_intents.create_async(params, {"idempotency_key": f"intent:{key}"})
        return seen.intent(as_json(made))

    async def intent(self, id: str) -> SeenIntent:
        with translated():
            found = await self._stripe.v1.payment_intents.retrieve_async(id, {"expand": WHOLE})
        return seen.intent(as_json(found))

    async def find_intent(self, reference: str, *, since: datetime) -> SeenIntent | None:
        """By the list and not by the search, which lags behind what was just written."""
        with translated():
            page = await self._stripe.v1.payment_intents.list_async({"created": {"gte": int(since.timestamp())}, "limit": PAGE})
            looked = 0
            async for found in page.auto_paging_iter():
                plain = as_json(found)
                if (plain.get("metadata") or {}).get(seen.MARK) == reference:
                    return await self.intent(plain["id"])
                looked += 1
                if looked >= LOOKED_THROUGH_MAX:
                    raise ProviderUnavailable(f"Nobody found {reference} among {looked} payments: look it up by hand.")
        return None

    async def confirm_intent(self, id: str, *, method: str, return_url: str, key: str) -> SeenIntent:
        params: stripe.params.PaymentIntentConfirmParams = {
            "payment_method": method,
            "return_url": return_url,
            "expand": WHOLE,
        }
        try:
            with translated():
                confirmed = await self._stripe.v1.payment_intents.confirm_async(
                    id, params, {"idempotency_key": f"confirm:{key}"}
                )
        except ProviderUnavailable:
            raise
        except ProviderError as error:
            found = await self.intent(id)
            if isinstance(error.__cause__, stripe.CardError) or not found.needs_method:
                # Declined, or done already: what it is now is the answer.
                return found
            raise
        return seen.intent(as_json(confirmed))

    async def confirm_off_session(self, id: str, *, method: str, return_url: str, key: str) -> SeenIntent:
        """https://docs.stripe.com/payments/save-during-payment: a bank that wants the buyer declines."""
        params: stripe.params.PaymentIntentConfirmParams = {
            "payment_method": method,
            "off_session": True,
            "return_url": return_url,
            "expand": WHOLE,
        }
        try:
            with translated():
                confirmed = await self._stripe.v1.payment_intents.confirm_async(
                    id, params, {"idempotency_key": f"off-session:{key}"}
                )
        except ProviderUnavailable:
            raise
        except ProviderError as error:
            found = await self.intent(id)
            if isinstance(error.__cause__, stripe.CardError) or not found.needs_method:
                return found
            raise
        return seen.intent(as_json(confirmed))

    async def capture_payment(self, id: str, money: Money, *, key: str) -> SeenPayment:
        params: stripe.params.PaymentIntentCaptureParams = {"amount_to_capture": money.amount, "expand": WHOLE}
        with translated():
            captured = await self._stripe.v1.payment_intents.capture_async(id, params, {"idempotency_key": f"capture:{key}"})
        return seen.payment(as_json(captured))

    async def cancel_payment(self, id: str, *, key: str) -> SeenPayment:
        try:
            with translated():
                canceled = await self._stripe.v1.payment_intents.cancel_async(
                    id, {"expand": WHOLE}, {"idempotency_key": f"cancel:{key}"}
                )
        except ProviderUnavailable:
            raise
        except ProviderError:
            # It cannot be canceled as it is: what it is now is the answer.
            return (await self.intent(id)).payment
        return seen.payment(as_json(canceled))
