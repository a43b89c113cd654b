"""Subscriptions of Stripe: https://docs.stripe.com/api/subscriptions."""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import stripe
import structlog

from farthing.errors import ProviderError, ProviderUnavailable
from farthing.providers.stripe import invoices, seen
from farthing.providers.stripe.client import as_json, translated
from farthing.providers.stripe.collecting import StripeCollecting
from farthing.providers.stripe.subscription_seen import EXPAND, LISTED, checkout, secret, subscription
from farthing.providers.subscriptions import (
    SeenInvoice,
    SeenSubscription,
    SeenSubscriptionCheckout,
    SubscriptionRequest,
    SubscriptionSecret,
)

SECRETS: Final = ["latest_invoice.confirmation_secret", "pending_setup_intent"]
PAGE: Final = 100

log = structlog.get_logger("farthing.providers")


class StripeSubscriptions(StripeCollecting):
    """What `SubscriptionProvider` asks."""

    _stripe: stripe.StripeClient
    _rates: dict[str, Any]
    """Rates of tax that were asked for, by their ids."""

    async def create_subscription_checkout(self, request: SubscriptionRequest, *, key: str) -> SeenSubscriptionCheckout:
        params = _page(request)
        with translated():
            made = await self._stripe.v1.checkout.sessions.create_async(params, {"idempotency_key": f"subscribe:{key}"})
        return checkout(as_json(made))

    async def subscription_checkout(self, id: str) -> SeenSubscriptionCheckout:
        with translated():
            return checkout(as_json(await self._stripe.v1.checkout.sessions.retrieve_async(id)))

    async def create_subscription(self, request: SubscriptionRequest, *, key: str) -> SubscriptionSecret:
        """The money of a saved method is asked for at once; a decline leaves the invoice open, to be paid with the secret."""
        params = _begun(request)
        with translated():
            made = await self._stripe.v1.subscriptions.create_async(params, {"idempotency_key": f"subscribe:{key}"})
        return secret(as_json(made))

    async def subscription_secret(self, id: str) -> SubscriptionSecret:
        with translated():
            return secret(as_json(await self._stripe.v1.subscriptions.retrieve_async(id, {"expand": SECRETS})))

    async def subscription(self, id: str) -> SeenSubscription:
        with translated():
            return subscription(as_json(await self._stripe.v1.subscriptions.retrieve_async(id, {"expand": EXPAND})))

    async def subscriptions_of(self, customer_id: str) -> Sequence[SeenSubscription]:
        params: Any = {"customer": customer_id, "status": "all", "limit": PAGE, "expand": LISTED}
        with translated():
            page = await self._stripe.v1.subscriptions.list_async(params)
            return [subscription(as_json(found)) async for found in page.auto_paging_iter()]

    async def invoices_of(self, subscription_id: str, *, since: datetime | None = None) -> Sequence[SeenInvoice]:
        params: Any = {"subscription": subscription_id, "limit": PAGE, "expand": ["data.payments"]}
        if since is not None:
            params["created"] = {"gte": int(since.timestamp())}
        with translated():
            page = await self._stripe.v1.invoices.list_async(params)
            found = [as_json(each) async for each in page.auto_paging_iter()]
            for each in found:
                if each["lines"]["has_more"]:
                    more = await self._stripe.v1.invoices.line_items.list_async(each["id"], {"limit": PAGE})
                    each["lines"]["data"] = [as_json(line) async for line in more.auto_paging_iter()]
        rates = await self._rates_of({id for each in found for id in invoices.rates_in(each)})
        return [invoices.invoice(each, rates) for each in found]

    async def _rates_of(self, ids: Iterable[str]) -> invoices.Rates:
        """A rate is never changed there, so it is asked for once. Money does not wait for one that cannot be read."""
        for id in sorted(set(ids) - self._rates.keys()):
            try:
                with translated():
                    self._rates[id] = as_json(await self._stripe.v1.tax_rates.retrieve_async(id))
            except ProviderUnavailable:
                raise
            except ProviderError as error:
                log.warning("tax_rate.unknown", id=id, error=error.detail)
        return self._rates

    async def subscription_paid_by(self, payment_id: str) -> str | None:
        """A payment does not say what it is for: https://docs.stripe.com/api/invoice-payment/list."""
        paid: Any = {"payment": {"type": "payment_intent", "payment_intent": payment_id}, "limit": 1}
        with translated():
            found = as_json(await self._stripe.v1.invoice_payments.list_async(paid))["data"]
            if not found:
                return None
            invoice = as_json(await self._stripe.v1.invoices.retrieve_async(seen.id_of(found[0]["invoice"]) or ""))
        return invoices.invoice(invoice).subscription_id

    async def cancel_subscription(self, id: str, *, comment: str | None, key: str) -> None:
        params: Any = {"cancellation_details": {"comment": comment}} if comment else {}
        await self._unless_over(
            id, self._stripe.v1.subscriptions.cancel_async(id, params, {"idempotency_key": f"cancel:{key}"})
        )

    async def cancel_subscription_at_end(self, id: str, *, comment: str | None, key: str) -> None:
        params: Any = {"cancel_at_period_end": True}
        if comment:
            params["cancellation_details"] = {"comment": comment}
        await self._update(id, params, key)

    async def keep_subscription(self, id: str, *, key: str) -> None:
        """What the portal made end says so by `cancel_at` alone, which is cleared by itself."""
        with translated():
            current = as_json(await self._stripe.v1.subscriptions.retrieve_async(id))
        if current["cancel_at_period_end"]:
            await self._update(id, {"cancel_at_period_end": False}, key)
        elif current["cancel_at"] is not None:
            await self._update(id, {"cancel_at": ""}, key)

    async def _update(self, id: str, params: Any, key: str) -> None:
        with translated():
            await self._stripe.v1.subscriptions.update_async(id, params, {"idempotency_key": f"subscription:{key}"})

    async def _unless_over(self, id: str, call: Awaitable[object]) -> None:
        try:
            with translated():
                await call
        except ProviderUnavailable:
            raise
        except ProviderError:
            if (await self.subscription(id)).ended_at is None:
                raise


def _page(request: SubscriptionRequest) -> Any:
    trial, mark = request.trial_days, {**request.metadata, seen.START_MARK: request.reference}
    params: dict[str, Any] = {
        "mode": "subscription",
        "customer": request.customer_id,
        "line_items": [{"price": request.price_id, "quantity": request.quantity}],
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "client_reference_id": request.reference,
        "metadata": mark,
        "subscription_data": {"metadata": mark, **_trial(request)},
    }
    if request.expires_at is not None:
        params["expires_at"] = int(request.expires_at.timestamp())
    if request.automatic_tax:
        params |= {
            "automatic_tax": {"enabled": True},
            "billing_address_collection": "required",
            "customer_update": {"address": "auto", "name": "auto"},
            "tax_id_collection": {"enabled": True},
        }
    if trial is not None and not request.trial_needs_card:
        params["payment_method_collection"] = "if_required"
    if request.coupon_id is not None:
        params["discounts"] = [{"coupon": request.coupon_id}]
    return params


def _begun(request: SubscriptionRequest) -> Any:
    params: dict[str, Any] = {
        "customer": request.customer_id,
        "items": [{"price": request.price_id, "quantity": request.quantity}],
        "metadata": {**request.metadata, seen.START_MARK: request.reference},
        "payment_behavior": "allow_incomplete" if request.method else "default_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
        "expand": SECRETS,
        **_trial(request),
    }
    if request.automatic_tax:
        params["automatic_tax"] = {"enabled": True}
    if request.method:
        params["default_payment_method"] = request.method
    if request.coupon_id is not None:
        params["discounts"] = [{"coupon": request.coupon_id}]
    return params


def _trial(request: SubscriptionRequest) -> Mapping[str, Any]:
    """A trial that ends without a card ends the subscription."""
    if request.trial_days is None:
        return {}
    end = {"end_behavior": {"missing_payment_method": "cancel"}}
    return {"trial_period_days": request.trial_days, **({} if request.trial_needs_card else {"trial_settings": end})}
