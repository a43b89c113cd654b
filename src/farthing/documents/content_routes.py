"""Document 002: a signed-in customer buys a content of the host's, and sees what they bought."""

from datetime import datetime
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter, Depends, Response
from pydantic import Field

from farthing import checkout, customers
from farthing.catalog import CartItem, Catalog
from farthing.checkout import Buyer
from farthing.db import Row
from farthing.documents import records
from farthing.documents.bodies import CamelBody, CamelShown
from farthing.errors import Forbidden, Invalid, NotFound
from farthing.http.bodies import Line, Query
from farthing.http.callers import CustomerCaller
from farthing.http.credentials import Known
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.ids import PurchaseId

URL_MAX = 2000
PAGE_MAX = 10_000

router = APIRouter(prefix="/api", tags=["document 002"])


async def _customer(caller: Known) -> CustomerCaller:
    """Whose purchase it is, is said by the sign-in and by nothing else."""
    if not isinstance(caller, CustomerCaller):
        raise Forbidden("This is for signed-in customers. A server uses /v1/checkout/sessions and /v1/purchases.")
    return caller


SignedIn = Annotated[CustomerCaller, Depends(_customer)]
Url = Annotated[str, Field(min_length=1, max_length=URL_MAX)]


class NewCheckout(CamelBody):
    content_id: Line
    success_url: Url
    cancel_url: Url
    product: Line | None = None


class CheckoutShown(CamelShown):
    session_url: str
    session_id: str


class PurchaseQuery(Query):
    status: Literal["completed", "refunded"] | None = None
    page: int = Field(1, ge=1, le=PAGE_MAX)
    page_size: int = Field(20, ge=1, le=100, alias="pageSize")


class ContentShown(CamelShown):
    title: str
    slug: str | None


class PurchaseShown(CamelShown):
    id: str
    content_id: str
    content: ContentShown
    amount_paid_cents: int
    currency: str
    status: str
    purchased_at: datetime
    refunded_at: datetime | None
    refund_amount_cents: int

    @classmethod
    def of(cls, row: Row) -> "PurchaseShown":
        names = ("content_id", "amount_paid_cents", "currency", "status", "purchased_at", "refunded_at", "refund_amount_cents")
        return cls(
            id=str(PurchaseId.of(row["id"])),
            content=ContentShown(title=row["content_title"], slug=row["content_slug"]),
            **{name: row[name] for name in names},
        )


class Pagination(CamelShown):
    page: int
    page_size: int
    total_count: int
    total_pages: int


class PurchasesShown(CamelShown):
    data: list[PurchaseShown]
    pagination: Pagination


@router.post("/checkout", dependencies=[LIMITED])
async def start_checkout(
    world: TheWorld, caller: SignedIn, wanted: NewCheckout, response: Response, header: IdempotencyKey = None
) -> CheckoutShown:
    """Open a payment page for one content, at the price that the host says."""
    identity = caller.identity
    started = await checkout.start(
        world,
        items=[CartItem(wanted.product or _only_content(world.catalog), content=wanted.content_id)],
        buyer=Buyer(identity.external_id, identity.email, identity.name),
        success_url=wanted.success_url,
        cancel_url=wanted.cancel_url,
        actor=caller.actor,
        key=key_of(header, caller, "content checkout", wanted.model_dump()),
    )
    if started.replayed:
        mark_replayed(response)
    async with world.db.transaction(caller.actor) as tx:
        page = await checkout.get(tx, started.id)
    return CheckoutShown(session_url=started.url, session_id=page.provider_checkout_id or str(page.id))


@router.get("/purchases")
async def list_purchases(world: TheWorld, caller: SignedIn, query: Annotated[PurchaseQuery, fastapi.Query()]) -> PurchasesShown:
    """What the customer bought, newest first."""
    async with world.db.transaction(caller.actor) as tx:
        found, counted = await records.purchases_of(
            tx,
            caller.identity.external_id,
            status=query.status,
            offset=(query.page - 1) * query.page_size,
            limit=query.page_size,
        )
    return PurchasesShown(
        data=[PurchaseShown.of(row) for row in found],
        pagination=Pagination(
            page=query.page,
            page_size=query.page_size,
            total_count=counted,
            total_pages=-(-counted // query.page_size),
        ),
    )


@router.get("/purchases/{id}")
async def get_purchase(world: TheWorld, caller: SignedIn, id: str) -> PurchaseShown:
    """One purchase. Somebody else's does not exist."""
    purchase_id = PurchaseId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        row = await records.purchase(tx, purchase_id)
        own = await customers.find_by_external_id(tx, caller.identity.external_id)
        if own is None or own.id != row["farthing_customer_id"]:
            raise NotFound(f"There is no {purchase_id}.")
    return PurchaseShown.of(row)


def _only_content(catalog: Catalog) -> str:
    """The product as which content is sold, where there is one."""
    keys = [product.key for product in catalog.products.values() if product.kind == "content" and product.active]
    if len(keys) != 1:
        known = f": say which in product ({', '.join(keys)})" if keys else ": add one to farthing.toml"
        raise Invalid(f"The catalog has {len(keys)} products of kind content{known}.", param="product")
    return keys[0]
