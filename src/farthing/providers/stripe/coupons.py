"""Copies of our coupons at Stripe: https://docs.stripe.com/api/coupons. What was made once is never another rule."""

from typing import Any, Final

import stripe

from farthing.errors import ProviderError
from farthing.providers.stripe import seen
from farthing.providers.stripe.client import translated
from farthing.providers.subscriptions import CouponRequest

NAME_MAX: Final = 40


class StripeCoupons:
    """What `SubscriptionProvider` asks about coupons."""

    _stripe: stripe.StripeClient

    async def create_coupon(self, request: CouponRequest, *, key: str) -> None:
        params = _params(request)
        try:
            with translated():
                await self._stripe.v1.coupons.create_async(params, {"idempotency_key": f"coupon:{key}"})
        except ProviderError as error:
            if error.extra.get("provider_code") != "resource_already_exists":
                raise
            with translated():
                found = (await self._stripe.v1.coupons.retrieve_async(request.id)).to_dict(for_json=True)
            if _rule(found) != _rule(params):
                raise ProviderError(f"The provider has another coupon {request.id!r}: take it away there.") from None


def _params(request: CouponRequest) -> Any:
    params: dict[str, Any] = {
        "id": request.id,
        "name": request.name[:NAME_MAX],
        "duration": request.duration,
        "metadata": {seen.COUPON_MARK: request.coupon},
    }
    if request.months is not None:
        params["duration_in_months"] = request.months
    if request.percent is not None:
        params["percent_off"] = request.percent
    else:
        params |= {"amount_off": request.off, "currency": request.currency}
    if request.products:
        params["applies_to"] = {"products": list(request.products)}
    return params


def _rule(coupon: Any) -> tuple[object, ...]:
    percent = coupon.get("percent_off")
    names = ("amount_off", "currency", "duration", "duration_in_months")
    return (None if percent is None else float(percent), *(coupon.get(name) for name in names))
