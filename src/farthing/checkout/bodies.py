"""The pieces that a purchase is asked for with over HTTP, and who it is for."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from farthing.catalog import CartItem
from farthing.checkout.actions import Buyer
from farthing.errors import Forbidden, Invalid
from farthing.http.bodies import Body, Email, Line, Metadata, MoneyIn, MoneyShown, Shown
from farthing.http.callers import Caller, CustomerCaller, Guest, Server
from farthing.providers import CaptureMethod

ITEMS_MAX = 50
QUANTITY_MAX = 1_000

PromotionCode = Annotated[Line, Field(description="As the buyer typed it: case does not count.", examples=["SUMMER24"])]

ShippingRateKey = Annotated[
    Line,
    Field(
        description="The key of a rate of [[shipping.rates]]; by default the first that serves the address.",
        examples=["standard"],
    ),
]


class NewItem(Body):
    """A product of the catalog, or a seller's listing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"product": "guide", "quantity": 1}]})

    product: Annotated[Line, Field(description="The product's key in the catalog.", examples=["guide"])] | None = None
    quantity: int = Field(1, ge=1, le=QUANTITY_MAX, examples=[1])
    metadata: Metadata = Field(default_factory=dict)
    for_line: Line | None = Field(None, description="Of an add-on that is bought later: the paid line item it is for.")
    price: MoneyIn | None = Field(None, description="What the buyer wants to pay for each: only where the product lets them.")
    content: Annotated[Line, Field(examples=["abc-123"])] | None = Field(
        None, description="For a product of kind content: the host's own id of what is bought."
    )
    listing: Annotated[Line, Field(examples=["listing_01k9h4w3q8fvtb7m2x5c6d0e1f"])] | None = Field(
        None, description="What of a seller's is bought: then leave product out."
    )

    def item(self) -> CartItem:
        price = self.price.money() if self.price else None
        if self.product is None and self.listing is None:
            raise Invalid("Say what is bought: send product, or listing.", param="items")
        return CartItem(self.product or "", self.quantity, self.metadata, price, self.for_line, self.content, self.listing)


class NewCustomer(Body):
    """Who buys: for servers any of these, for guests the email. A signed-in customer leaves all of it out."""

    id: Line | None = Field(None, description="The host's own id of its user.")
    email: Email | None = None
    name: Line | None = None


class StartedShown(Shown):
    id: str = Field(examples=["checkout_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    object: Literal["checkout_session"] = "checkout_session"
    order: str
    order_number: int
    url: str = Field(description="Send the buyer here.")
    expires_at: datetime
    total: MoneyShown


def capture_said(caller: Caller, said: CaptureMethod | None) -> CaptureMethod | None:
    """When money is taken is the shop's business, and no buyer's."""
    if said is not None and not isinstance(caller, Server):
        raise Forbidden("Only the shop's own servers may say when money is captured: leave capture out.", param="capture")
    return said


def buyer_of(caller: Caller, named: NewCustomer | None) -> Buyer:
    """A server speaks for anybody, a customer for themselves, a guest for an address."""
    match caller:
        case Server():
            if named is None or (named.id is None and named.email is None):
                raise Invalid("Say who buys: send customer.id, or customer.email for a guest.", param="customer")
            return Buyer(named.id, named.email, named.name)
        case CustomerCaller(identity):
            if named is not None:
                raise Forbidden("You buy as yourself: leave customer out.", param="customer")
            return Buyer(identity.external_id, identity.email, identity.name)
        case Guest():
            if named is None or named.email is None:
                raise Invalid("A guest needs an email address: send customer.email.", param="customer.email")
            if named.id is not None:
                raise Forbidden("Only the shop's own servers may say whose order it is.", param="customer.id")
            return Buyer(None, named.email, named.name)
