"""Where an id leads: ours to a page of the admin, the provider's to its dashboard or to the sandbox."""

from typing import Final
from urllib.parse import quote, urlencode

from starlette.requests import Request

from farthing.config import Settings
from farthing.web.links import url_for

DASHBOARD: Final = "https://dashboard.stripe.com"
_PLACES: Final = {
    "pi": "payments",
    "py": "payments",
    "ch": "payments",
    "cus": "customers",
    "evt": "events",
    "sub": "subscriptions",
    "in": "invoices",
    "acct": "connect/accounts",
}

_PAGES: Final = {
    "customer": "admin_customer",
    "notice": "admin_notice",
    "event": "admin_event",
    "order": "admin_order",
    "refund": "admin_refund_detail",
    "refund_request": "admin_refund_request",
    "dispute": "admin_dispute",
    "subscription": "admin_subscription",
    "seller": "admin_seller",
    "shipment": "admin_shipment",
    "tax_document": "admin_document",
}


def page_of(request: Request, ref: str) -> str:
    """The page of one of our records; empty where it has none."""
    route = _PAGES.get(ref.rpartition("_")[0])
    return url_for(request, route, id=ref) if route else ""


def provider_url(settings: Settings, id: str) -> str:
    """The provider's own page about one of its objects."""
    if settings.sandboxed:
        return f"{settings.stripe_api_base}/_sandbox/objects/{quote(id, safe='')}"
    root = DASHBOARD if settings.livemode else f"{DASHBOARD}/test"
    place = _PLACES.get(id.partition("_")[0])
    return f"{root}/{place}/{quote(id, safe='')}" if place else f"{root}/search?{urlencode({'query': id})}"


def provider_name(settings: Settings) -> str:
    """What the link leads to: "Open in sandbox"."""
    return "sandbox" if settings.sandboxed else "Stripe"
