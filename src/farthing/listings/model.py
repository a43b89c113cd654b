"""What a seller offers: at the seller's own price, of the seller's own stock. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from farthing.errors import Conflict, Invalid
from farthing.ids import ListingId, SellerId
from farthing.lifecycles import ListingStatus
from farthing.money import Money, check_chargeable

SKU_MAX: Final = 100
TITLE_MAX: Final = 250
DESCRIPTION_MAX: Final = 5000
CATEGORY: Final = r"^[a-z0-9][a-z0-9_-]{0,62}$"
PRICES_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class Listing:
    """Something for sale by a seller. Its stock is counted under its id."""

    id: ListingId
    seller_id: SellerId
    livemode: bool
    product: str
    """The product of farthing.toml that says how such things are sold."""
    sku: str
    """The seller's own name for it."""
    title: str
    description: str | None
    category: str | None
    prices: Mapping[str, Money]
    """What one costs, by currency."""
    max_quantity: int
    weight_grams: int | None
    image_url: str | None
    status: ListingStatus
    created_at: datetime
    updated_at: datetime

    @property
    def stock(self) -> str:
        return str(self.id)


def checked_prices(prices: Sequence[Money]) -> dict[str, Money]:
    """By currency. Raises Invalid for none, for two in one currency, and for what cannot be charged."""
    if not 1 <= len(prices) <= PRICES_MAX:
        raise Invalid(f"A listing has 1 to {PRICES_MAX} prices, one for each currency.", param="prices")
    for price in prices:
        if price.amount <= 0:
            raise Invalid("A price is more than nothing.", param="prices")
        try:
            check_chargeable(price)
        except Invalid as error:
            raise Invalid(error.detail, param="prices") from None
    found = {price.currency: price for price in prices}
    if len(found) < len(prices):
        raise Invalid("Say one price for each currency.", param="prices")
    return found


def check_for_sale(listing: Listing, *, param: str) -> None:
    if listing.status != ListingStatus.ACTIVE:
        raise Conflict(f"{listing.title!r} is not for sale at the moment.", param=param, extra={"state": str(listing.status)})
