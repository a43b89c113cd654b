"""`build`: all rooms' routes in one FastAPI application that answers every refusal as a problem document."""

import json
import re
from typing import Any, Final

from fastapi import FastAPI
from pydantic import TypeAdapter

from farthing.access import routes as access
from farthing.analytics import routes as analytics
from farthing.api import documentation, events, job_postings
from farthing.api import history as order_history
from farthing.cancellations import routes as cancellations
from farthing.catalog import routes as catalog
from farthing.checkout import routes as checkout
from farthing.credits import routes as credits
from farthing.customers import routes as customers
from farthing.discounts import routes as discounts
from farthing.disputes import routes as disputes
from farthing.downloads import routes as downloads
from farthing.dunning import routes as dunning
from farthing.entitlements import routes as entitlements
from farthing.fulfillment import routes as fulfillment
from farthing.http.bodies import Problem, described
from farthing.http.door import Door
from farthing.http.limits import LIMITER, Limiter, Rates
from farthing.http.problems import answer, handlers
from farthing.inventory import routes as inventory
from farthing.invoices import routes as invoices
from farthing.listings import routes as listings
from farthing.orders import routes as orders
from farthing.payments import routes as payments
from farthing.payouts import routes as payouts
from farthing.purchases import routes as purchases
from farthing.reconcile import routes as reconcile
from farthing.refunds import request_routes as refund_requests
from farthing.refunds import routes as refunds
from farthing.returns import routes as returns
from farthing.seller_orders import routes as seller_orders
from farthing.sellers import routes as sellers
from farthing.shipping import routes as shipping
from farthing.subscriptions import routes as subscriptions
from farthing.subscriptions import state_routes as customer_state
from farthing.tax import routes as tax
from farthing.webhooks import routes as webhooks

ROUTERS: Final = (
    catalog.router,
    checkout.router,
    discounts.router,
    orders.router,
    payments.router,
    refunds.router,
    refund_requests.router,
    disputes.router,
    subscriptions.router,
    dunning.router,
    invoices.router,
    tax.router,
    customer_state.router,
    entitlements.router,
    credits.router,
    # After those that go on from a customer: an id of the host's may hold a slash.
    customers.router,
    sellers.router,
    purchases.router,
    downloads.router,
    access.router,
    job_postings.router,
    fulfillment.router,
    inventory.router,
    listings.router,
    seller_orders.router,
    shipping.router,
    cancellations.router,
    returns.router,
    payouts.router,
    events.router,
    webhooks.router,
    reconcile.router,
    analytics.router,
    order_history.router,
    documentation.router,
)

ANYWHERE: Final[dict[int | str, dict[str, Any]]] = {
    "default": described("Any route may refuse so: `too_large`, `rate_limited`, `database_unavailable`, `error` …")
}

SECURITY: Final = {
    "api_key": {"type": "http", "scheme": "bearer", "description": "A key of the shop's own server: fk_test_… or fk_live_…"},
    "customer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token of the host's user."},
}


def build(*, rates: Rates | None = None) -> FastAPI:
    """The application without a world. The assembly sets `state.world` and `state.authenticate` when it starts."""
    api = Api(
        title="Farthing",
        version="1",
        summary="Payments, orders and entitlements.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=dict(handlers(answer)),
    )
    setattr(api.state, LIMITER, Limiter(rates))
    api.state.world = api.state.authenticate = None
    api.router.routes.append(purchases.QUICK)
    for router in ROUTERS:
        api.include_router(router, responses=ANYWHERE)
    api.add_middleware(Door)
    return api


class Api(FastAPI):
    """FastAPI, with a document that says what is true of every operation."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = _finished(super().openapi())
        return self.openapi_schema


def _finished(document: dict[str, Any]) -> dict[str, Any]:
    """Add what routes only refer to, and name what goes out as the things themselves."""
    components = document["components"]
    problem = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    problem["properties"]["quote"] = {"$ref": "#/components/schemas/ChangeShown"}
    components["schemas"] |= problem.pop("$defs", {}) | {"Problem": problem}
    components["securitySchemes"] = SECURITY
    document["security"] = [{}, *({name: []} for name in SECURITY)]
    text = re.sub(r"ListShown_(\w+?)Shown_", r"\1List", json.dumps(document))
    named: dict[str, Any] = json.loads(re.sub(r'(\w)Shown"', r'\1"', text), object_pairs_hook=_once)
    return named


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What goes in may be named as what goes out: the one that comes later would take the place of the other, unseen."""
    found = dict(pairs)
    assert len(found) == len(pairs), f"two of these have one name: {[name for name, _ in pairs]}"
    return found
