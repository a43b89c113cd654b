"""What is for sale, over HTTP. Everybody may look."""

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from farthing.catalog.model import Product, ProductKind
from farthing.errors import Unauthenticated
from farthing.http.bodies import ListShown, MoneyShown, Shown, listed, refuses
from farthing.http.callers import Server
from farthing.http.credentials import Anybody
from farthing.http.state import TheWorld
from farthing.paging import Page

router = APIRouter(prefix="/v1/products", tags=["products"])


class ProductShown(Shown):
    id: str = Field(description="The product's key in the catalog.", examples=["guide"])
    object: Literal["product"] = "product"
    name: str
    description: str | None
    kind: ProductKind
    features: list[str]
    access_days: int | None
    max_quantity: int
    active: bool = Field(description="Whether it is for sale. Only servers see what is not.")
    prices: list[MoneyShown] = Field(description="One for each currency.")

    @classmethod
    def of(cls, product: Product) -> "ProductShown":
        return cls(
            id=product.key,
            name=product.name,
            description=product.description,
            kind=product.kind,
            features=list(product.features),
            access_days=product.access_days,
            max_quantity=product.max_quantity,
            active=product.active,
            prices=[MoneyShown.of(price) for price in product.prices.values()],
        )


@router.get("", operation_id="products_list", responses=refuses(Unauthenticated))
async def list_products(world: TheWorld, caller: Anybody) -> ListShown[ProductShown]:
    """The catalog, in its own order."""
    sees_all = isinstance(caller, Server)
    shown = [product for product in world.catalog.products.values() if product.active or sees_all]
    return listed(Page(shown, None), ProductShown.of)
