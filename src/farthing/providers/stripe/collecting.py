"""Collecting what Stripe could not collect by itself: https://docs.stripe.com/api/invoices/pay."""

from typing import Any, Final

import stripe

from farthing.errors import ProviderError, ProviderUnavailable
from farthing.providers.customers import SeenMethod
from farthing.providers.stripe import seen
from farthing.providers.stripe.client import as_json, translated
from farthing.providers.stripe.customers import method_of
from farthing.providers.subscriptions import SavedOnPage

PROCESSING: Final = "processing"
NEEDS_BUYER: Final = "authentication_required"


class StripeCollecting:
    """The part of `SubscriptionProvider` that is about money which did not come."""

    _stripe: stripe.StripeClient

    async def pay_invoice(self, id: str, *, method: str | None, key: str) -> str | None:
        """An invoice has one PaymentIntent, which succeeds once: whoever else collects it at the same moment is refused."""
        params: Any = {"off_session": True, **({"payment_method": method} if method else {})}
        try:
            with translated():
                paid = await self._stripe.v1.invoices.pay_async(id, params, {"idempotency_key": f"collect:{key}"})
        except ProviderUnavailable:
            raise
        except ProviderError as error:
            return _why(error)
        return None if paid.status == "paid" else PROCESSING

    async def invoice_trouble(self, id: str) -> str | None:
        with translated():
            found = as_json(
                await self._stripe.v1.invoices.retrieve_async(id, {"expand": ["payments.data.payment.payment_intent"]})
            )
        for each in (found.get("payments") or {}).get("data", ()):
            intent = (each.get("payment") or {}).get("payment_intent")
            if not isinstance(intent, dict) or intent["status"] in ("succeeded", "canceled"):
                continue
            error = intent.get("last_payment_error") or {}
            if intent["status"] == "requires_action":
                return NEEDS_BUYER
            if error:
                return _worst(error.get("code"), error.get("decline_code"))
        return None

    async def pay_with(self, subscription_id: str, method: str, *, key: str) -> None:
        with translated():
            await self._stripe.v1.subscriptions.update_async(
                subscription_id, {"default_payment_method": method}, {"idempotency_key": f"pay-with:{key}"}
            )

    async def paying_method(self, subscription_id: str) -> SeenMethod | None:
        expand = ["default_payment_method", "customer.invoice_settings.default_payment_method"]
        with translated():
            found = as_json(await self._stripe.v1.subscriptions.retrieve_async(subscription_id, {"expand": expand}))
        customer = found.get("customer")
        settings = (customer.get("invoice_settings") or {}) if isinstance(customer, dict) else {}
        method = found.get("default_payment_method") or settings.get("default_payment_method")
        return method_of(method) if isinstance(method, dict) else None

    async def saved_on_page(self, setup_id: str) -> SavedOnPage:
        with translated():
            session = as_json(await self._stripe.v1.checkout.sessions.retrieve_async(setup_id, {"expand": ["setup_intent"]}))
        intent = session.get("setup_intent")
        saved = intent["payment_method"] if isinstance(intent, dict) and intent["status"] == "succeeded" else None
        return SavedOnPage(seen.id_of(session.get("customer")), seen.id_of(saved))


def _why(error: ProviderError) -> str:
    cause = error.__cause__
    decline = getattr(getattr(cause, "error", None), "decline_code", None)
    return _worst(error.extra.get("provider_code"), decline)


def _worst(code: object, decline: object) -> str:
    """The bank's own word, where there is one; that it wants to see the buyer comes first."""
    if NEEDS_BUYER in (code, decline) or code == "invoice_payment_intent_requires_action":
        return NEEDS_BUYER
    return str(decline or code or "refused")
