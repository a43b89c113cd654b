"""`build`: the documents' routes in one FastAPI application beside our own REST interface."""

from typing import Final

from fastapi import FastAPI

from farthing.documents import content_routes, order_routes, payment_routes, saas_routes, seller_routes
from farthing.documents.refusals import answer
from farthing.http.door import Door
from farthing.http.limits import LIMITER, Limiter, Rates
from farthing.http.problems import handlers

PLACES: Final = (
    "/api/checkout",
    "/api/purchases",
    "/api/payments/checkout",
    "/api/payments/products",
    "/api/v1/orders",
    "/api/v1/payments",
    "/api/v1/sellers",
)


def is_ours(path: str) -> bool:
    """Whether one of the documents has a route there, or below it."""
    return any(path == place or path.startswith(f"{place}/") for place in PLACES)


def build(*, rates: Rates | None = None) -> FastAPI:
    """The application without a world. The assembly sets `state.world` and `state.authenticate` when it starts."""
    routes = FastAPI(
        title="Farthing, by the documents' names",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=dict(handlers(answer)),
    )
    setattr(routes.state, LIMITER, Limiter(rates))
    routes.state.world = routes.state.authenticate = None
    routes.include_router(content_routes.router)
    # Before those that go on from an id: `confirm` is none.
    routes.include_router(order_routes.router)
    routes.include_router(payment_routes.router)
    routes.include_router(saas_routes.router)
    routes.include_router(seller_routes.router)
    routes.add_middleware(Door, answer=answer)
    return routes
