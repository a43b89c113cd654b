"""Stripe as a `PaymentProvider`: https://docs.stripe.com/api, at the version in `client.py`."""

from collections.abc import Sequence
from typing import Any, Final

import stripe

from farthing.errors import ProviderError, ProviderUnavailable
from farthing.money import Money
from farthing.providers.protocol import CheckoutRequest, Notice, RequestedItem, SeenCheckout, SeenPayment, SeenRefund
from farthing.providers.stripe import seen, webhook
from farthing.providers.stripe.accounts import StripeAccounts
from farthing.providers.stripe.catalog import StripeCatalog
from farthing.providers.stripe.changes import StripeChanges
from farthing.providers.stripe.client import API_VERSION, as_json, connect, translated
from farthing.providers.stripe.coupons import StripeCoupons
from farthing.providers.stripe.customers import StripeCustomers
from farthing.providers.stripe.disputes import StripeDisputes
from farthing.providers.stripe.intents import StripeIntents
from farthing.providers.stripe.listing import StripeListing
from farthing.providers.stripe.payouts import StripePayouts
from farthing.providers.stripe.refunds import StripeRefunds
from farthing.providers.stripe.subscriptions import StripeSubscriptions
from farthing.providers.stripe.transfers import StripeTransfers

CONCLUSIVE: Final = frozenset({"payment_intent.succeeded", "payment_intent.canceled"})
"""Events whose snapshot no later look can contradict in the fields we read: both states are final."""

REASONS: Final = {"duplicate": "duplicate", "fraudulent": "fraudulent"}


class Stripe(
    StripeListing,
    StripeAccounts,
    StripeCatalog,
    StripeCustomers,
    StripeDisputes,
    StripeRefunds,
    StripeIntents,
    StripeSubscriptions,
    StripeChanges,
    StripeCoupons,
    StripeTransfers,
    StripePayouts,
):
    """One Stripe account, or the sandbox. Belongs to the event loop it was made in."""

    name = "stripe"

    def __init__(self, api_key: str, *, livemode: bool, webhook_secrets: Sequence[str] = (), base: str | None = None) -> None:
        self.livemode = livemode
        self._secrets = tuple(secret.strip() for secret in webhook_secrets)
        self._stripe, self._http = connect(api_key, base)
        self._rates = {}
        super().__init__(self._stripe)

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def create_checkout(self, request: CheckoutRequest, *, key: str) -> SeenCheckout:
        params = _checkout_params(request)
        with translated():
            made = await self._stripe.v1.checkout.sessions.create_async(params, {"idempotency_key": f"checkout:{key}"})
        return seen.checkout(as_json(made))

    async def checkout(self, id: str) -> SeenCheckout:
        with translated():
            found = await self._stripe.v1.checkout.sessions.retrieve_async(id)
        return seen.checkout(as_json(found))

    async def expire_checkout(self, id: str) -> SeenCheckout:
        try:
            with translated():
                expired = await self._stripe.v1.checkout.sessions.expire_async(id)
        except ProviderUnavailable:
            raise
        except ProviderError:
            # It is not open any more: what it is now is the answer.
            return await self.checkout(id)
        return seen.checkout(as_json(expired))

    async def payment(self, id: str) -> SeenPayment:
        with translated():
            found = await self._stripe.v1.payment_intents.retrieve_async(id, {"expand": ["latest_charge.balance_transaction"]})
        return seen.payment(as_json(found))

    async def refunds(self, payment_id: str) -> list[SeenRefund]:
        with translated():
            page = await self._stripe.v1.refunds.list_async({"payment_intent": payment_id, "limit": 100})
            return [seen.refund(as_json(found)) async for found in page.auto_paging_iter()]

    async def create_refund(self, payment_id: str, money: Money, *, reference: str, reason: str, key: str) -> SeenRefund:
        params: stripe.params.RefundCreateParams = {
            "payment_intent": payment_id,
            "amount": money.amount,
            "metadata": {seen.REFUND_MARK: reference},
            "reason": REASONS.get(reason, "requested_by_customer"),
        }
        with translated():
            made = await self._stripe.v1.refunds.create_async(params, {"idempotency_key": f"refund:{key}"})
        return seen.refund(as_json(made))

    async def refund(self, id: str) -> SeenRefund:
        with translated():
            return seen.refund(as_json(await self._stripe.v1.refunds.retrieve_async(id)))

    def verify(self, body: bytes, signature: str | None, *, now: float) -> Notice:
        return webhook.verify(body, signature, self._secrets, now=now, livemode=self.livemode)

    def conclusive_payment(self, body: bytes) -> SeenPayment | None:
        if not body:
            return None  # its time was over, and its words are gone
        event = webhook.parse(body)
        # An endpoint that somebody made with another version speaks of other fields: then the bell is enough.
        if event["type"] not in CONCLUSIVE or event.get("api_version") != API_VERSION:
            return None
        try:
            return seen.payment(event["data"]["object"])
        except KeyError:
            return None  # a part of a payment is none: Stripe is asked for the whole


def _checkout_params(request: CheckoutRequest) -> Any:
    """Metadata of a session does not reach its PaymentIntent, so both are marked."""
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [_line(item) for item in request.items],
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "expires_at": int(request.expires_at.timestamp()),
        "client_reference_id": request.reference,
        "metadata": {**request.metadata, seen.CHECKOUT_MARK: request.reference, seen.MARK: request.payment_reference},
        "payment_intent_data": {
            **({"capture_method": "manual"} if request.capture_method == "manual" else {}),
            "metadata": {**request.metadata, seen.MARK: request.payment_reference},
            "description": f"Order {request.order_number}",
        },
    }
    if request.customer_id is not None:
        params["customer"] = request.customer_id
        if request.save_method:
            params["payment_intent_data"]["setup_future_usage"] = "off_session"
    elif request.email is not None:
        params["customer_email"] = request.email
    return params


def _line(item: RequestedItem) -> dict[str, Any]:
    if item.price_id is not None:
        return {"price": item.price_id, "quantity": item.quantity}
    price = {
        "currency": item.unit.currency,
        "unit_amount": item.unit.amount,
        "product_data": {"name": item.name} | ({"description": item.description} if item.description else {}),
    }
    return {"price_data": price, "quantity": item.quantity}
