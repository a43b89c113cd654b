"""Changes of a running subscription of Stripe: https://docs.stripe.com/billing/subscriptions/pending-updates."""

from typing import Any

import stripe

from farthing.providers.stripe import invoices
from farthing.providers.stripe.client import as_json, translated
from farthing.providers.subscriptions import ChangeRequest, SeenInvoice


class StripeChanges:
    """What `SubscriptionProvider` asks about changes and pauses."""

    _stripe: stripe.StripeClient

    async def preview_change(self, id: str, request: ChangeRequest, *, recurring: bool) -> SeenInvoice:
        params: dict[str, Any] = {"subscription": id, "subscription_details": _settled(request)}
        if request.coupon_id is not None:
            params["discounts"] = [{"coupon": request.coupon_id}] if request.coupon_id else ""
        else:
            params["subscription_details"]["items"] = _items(request)
        if recurring:
            params["preview_mode"] = "recurring"
        with translated():
            return invoices.invoice(as_json(await self._stripe.v1.invoices.create_preview_async(params)))  # type: ignore[arg-type]

    async def change_subscription(self, id: str, request: ChangeRequest, *, key: str) -> None:
        params: dict[str, Any]
        if request.coupon_id is not None:
            # https://docs.stripe.com/billing/subscriptions/pending-updates-reference: discounts cannot wait for a payment.
            params = {"discounts": [{"coupon": request.coupon_id}] if request.coupon_id else ""}
        else:
            params = {"items": _items(request), "payment_behavior": "pending_if_incomplete", **_settled(request)}
        await self._change(id, params, key)

    async def pause_subscription(self, id: str, *, key: str) -> None:
        await self._change(id, {"pause_collection": {"behavior": "void"}}, key)

    async def unpause_subscription(self, id: str, *, anew: bool, key: str) -> None:
        with translated():
            current = as_json(await self._stripe.v1.subscriptions.retrieve_async(id))
        if current["status"] == "paused":
            with translated():
                await self._stripe.v1.subscriptions.resume_async(
                    id, {"billing_cycle_anchor": {"type": "now"}}, {"idempotency_key": f"subscription:{key}"}
                )
        elif current["pause_collection"] is not None:
            params: dict[str, Any] = {"pause_collection": ""}
            if anew and current["status"] != "trialing":
                params |= {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "none"}
            await self._change(id, params, key)

    async def _change(self, id: str, params: Any, key: str) -> None:
        with translated():
            await self._stripe.v1.subscriptions.update_async(id, params, {"idempotency_key": f"subscription:{key}"})


def _items(request: ChangeRequest) -> list[dict[str, Any]]:
    price = {} if request.keeps_price else {"price": request.price_id}
    return [{"id": request.item_id, "quantity": request.quantity, **price}]


def _settled(request: ChangeRequest) -> dict[str, Any]:
    if request.prorated_at is None:
        return {"proration_behavior": "none"}
    return {"proration_behavior": "always_invoice", "proration_date": int(request.prorated_at.timestamp())}
