"""The customers' half of Stripe: https://docs.stripe.com/api/customers and /payment_methods."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import stripe

from farthing.errors import ProviderError, ProviderUnavailable
from farthing.providers.customers import CustomerWanted, SeenCustomer, SeenMethod
from farthing.providers.stripe import seen
from farthing.providers.stripe.client import as_json, translated

CUSTOMER_MARK: Final = "farthing_customer"
"""Metadata of a customer we made: our id of them."""

EXTERNAL_ID: Final = "farthing_external_id"
"""Metadata for people in the dashboard: the host's own id of its user."""

CLOCKS_APART: Final = timedelta(hours=1)
PAGE: Final = 100


class StripeCustomers:
    """What `CustomerProvider` asks."""

    _stripe: stripe.StripeClient

    async def create_customer(self, wanted: CustomerWanted, *, key: str) -> SeenCustomer:
        params: Any = {name: value for name, value in (("email", wanted.email), ("name", wanted.name)) if value}
        params["metadata"] = _marks(wanted)
        with translated():
            made = await self._stripe.v1.customers.create_async(params, {"idempotency_key": f"customer:{key}"})
        return _customer(as_json(made))

    async def update_customer(self, id: str, wanted: CustomerWanted, *, key: str) -> SeenCustomer:
        params: stripe.params.CustomerUpdateParams = {
            "email": wanted.email or "",  # nothing is sent for None, and "" clears
            "name": wanted.name or "",
            "metadata": {**dict.fromkeys(wanted.removed, ""), **_marks(wanted)},
        }
        with translated():
            changed = await self._stripe.v1.customers.update_async(id, params, {"idempotency_key": f"customer:{key}"})
        return _customer(as_json(changed))

    async def customer(self, id: str) -> SeenCustomer:
        with translated():
            return _customer(as_json(await self._stripe.v1.customers.retrieve_async(id)))

    async def find_customer(self, reference: str, *, since: datetime) -> SeenCustomer | None:
        params: stripe.params.CustomerListParams = {
            "limit": PAGE,
            "created": {"gte": int((since - CLOCKS_APART).timestamp())},
        }
        with translated():
            page = await self._stripe.v1.customers.list_async(params)
            async for each in page.auto_paging_iter():
                found = _customer(as_json(each))
                if found.reference == reference:
                    return found
        return None

    async def delete_customer(self, id: str) -> None:
        try:
            with translated():
                await self._stripe.v1.customers.delete_async(id)
        except ProviderError as error:
            if isinstance(error, ProviderUnavailable) or error.extra.get("provider_code") != "resource_missing":
                raise

    async def methods(self, customer_id: str) -> list[SeenMethod]:
        with translated():
            page = await self._stripe.v1.customers.payment_methods.list_async(customer_id, {"limit": PAGE})
            return [method_of(as_json(each)) async for each in page.auto_paging_iter()]

    async def method(self, id: str) -> SeenMethod:
        with translated():
            return method_of(as_json(await self._stripe.v1.payment_methods.retrieve_async(id)))

    async def detach_method(self, id: str) -> SeenMethod:
        try:
            with translated():
                return method_of(as_json(await self._stripe.v1.payment_methods.detach_async(id)))
        except ProviderUnavailable:
            raise
        except ProviderError:
            # It is nobody's any more, perhaps: what it is now is the answer.
            found = await self.method(id)
            if found.customer_id is not None:
                raise
            return found

    async def set_default_method(self, customer_id: str, method_id: str) -> SeenCustomer:
        params: stripe.params.CustomerUpdateParams = {"invoice_settings": {"default_payment_method": method_id}}
        with translated():
            return _customer(as_json(await self._stripe.v1.customers.update_async(customer_id, params)))

    async def setup_page(self, customer_id: str, *, currency: str, success_url: str, cancel_url: str, key: str) -> str:
        params: stripe.params.checkout.SessionCreateParams = {
            "mode": "setup",
            "customer": customer_id,
            "currency": currency,
            "success_url": success_url,
            "cancel_url": cancel_url,
        }
        with translated():
            made = await self._stripe.v1.checkout.sessions.create_async(params, {"idempotency_key": f"setup:{key}"})
        return _address(as_json(made))

    async def portal_page(self, customer_id: str, *, return_url: str) -> str:
        params: stripe.params.billing_portal.SessionCreateParams = {"customer": customer_id, "return_url": return_url}
        with translated():
            return _address(as_json(await self._stripe.v1.billing_portal.sessions.create_async(params)))


def _marks(wanted: CustomerWanted) -> dict[str, str]:
    known = {EXTERNAL_ID: wanted.external_id} if wanted.external_id else {}
    return {**wanted.metadata, **known, CUSTOMER_MARK: wanted.reference}


def _customer(found: Mapping[str, Any]) -> SeenCustomer:
    if found.get("deleted"):
        return SeenCustomer(found["id"], None, deleted=True)
    mark = (found.get("metadata") or {}).get(CUSTOMER_MARK)
    default = (found.get("invoice_settings") or {}).get("default_payment_method")
    return SeenCustomer(found["id"], mark if isinstance(mark, str) else None, default_method=seen.id_of(default))


def method_of(found: Mapping[str, Any]) -> SeenMethod:
    """The number is not among what Stripe tells; of a bank account, too, it is the last four."""
    kind = found["type"]
    about = found.get(kind) or {}
    last4 = about.get("last4")
    return SeenMethod(
        id=found["id"],
        customer_id=seen.id_of(found.get("customer")),
        kind=kind,
        brand=about.get("brand") or about.get("bank_name"),
        last4=last4 if isinstance(last4, str) and len(last4) == 4 else None,
        exp_month=about.get("exp_month"),
        exp_year=about.get("exp_year"),
    )


def _address(made: Mapping[str, Any]) -> str:
    url = made.get("url")
    if not isinstance(url, str):
        raise ProviderUnavailable("Stripe made a page without an address. Try the same again.")
    return url
