"""A priced cart as it is shown over HTTP."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from farthing.catalog import Discount, PricedCart, PricedLine, ShippingRate
from farthing.http.bodies import MoneyShown, Shown
from farthing.money import Money


class CartLineShown(Shown):
    product: str = Field(description="The product's key in the catalog; shipping:… for the way to the buyer.")
    name: str
    quantity: int
    unit: MoneyShown
    amount: MoneyShown = Field(description="Before discounts.")
    discount: MoneyShown
    total: MoneyShown
    metadata: dict[str, str]

    @classmethod
    def of(cls, line: PricedLine) -> "CartLineShown":
        return cls(
            product=line.product.key,
            name=line.product.name,
            quantity=line.quantity,
            unit=MoneyShown.of(line.unit),
            amount=MoneyShown.of(line.amount),
            discount=MoneyShown.of(line.discount),
            total=MoneyShown.of(line.total),
            metadata=dict(line.metadata),
        )


class DiscountShown(Shown):
    kind: Literal["bulk", "coupon", "exchange"]
    id: str = Field(description="The key of the bulk discount, or of the coupon.")
    name: str
    code: str | None = Field(description="The promotion code that was typed.")
    amount: MoneyShown

    @classmethod
    def of(cls, discount: Discount) -> "DiscountShown":
        amount = MoneyShown.of(discount.amount)
        return cls(kind=discount.kind, id=discount.key, name=discount.name, code=discount.code, amount=amount)


class ShippingRateShown(Shown):
    id: str = Field(description="Its key in the catalog: send it as shipping_rate.")
    name: str
    price: MoneyShown = Field(description="For this cart.")


class CartShown(Shown):
    object: Literal["cart"] = "cart"
    currency: str
    line_items: list[CartLineShown]
    subtotal: MoneyShown = Field(description="Before discounts.")
    discount: MoneyShown
    discounts: list[DiscountShown] = Field(description="In the order in which they are taken off.")
    shipping_rates: list[ShippingRateShown] = Field(
        description="Those that serve the country that was named; the first is taken where none is."
    )
    total: MoneyShown

    @classmethod
    def of(cls, cart: PricedCart, rates: Sequence[tuple[ShippingRate, Money]] = ()) -> "CartShown":
        return cls(
            currency=cart.currency,
            line_items=[CartLineShown.of(line) for line in cart.lines],
            subtotal=MoneyShown.of(cart.subtotal),
            discount=MoneyShown.of(cart.discount),
            discounts=[DiscountShown.of(discount) for discount in cart.discounts],
            shipping_rates=[ShippingRateShown(id=rate.key, name=rate.name, price=MoneyShown.of(fee)) for rate, fee in rates],
            total=MoneyShown.of(cart.total),
        )
