"""What a payment page is asked for: the lines as the buyer shall read them, adding up to the order's total."""

from collections.abc import Mapping
from typing import Final

from farthing import catalog, customers
from farthing.catalog import PricedCart
from farthing.db import Transaction
from farthing.money import Money
from farthing.orders import LineItem, Order
from farthing.payments import Payment
from farthing.providers import CheckoutRequest, RequestedItem

RETURN_PATH: Final = "/checkout/return?session_id={CHECKOUT_SESSION_ID}"


async def request_for(
    tx: Transaction,
    order: Order,
    payment: Payment,
    *,
    cart: PricedCart | None,
    provider: str,
    base_url: str,
    cancel_url: str,
    reference: str,
    save_method: bool = False,
) -> CheckoutRequest:
    """Of the cart that the order was placed for, or of the order itself where that is long gone."""
    customer = await customers.get(tx, order.customer_id)
    known = await catalog.provider_price_ids(tx, provider, livemode=order.livemode)
    return CheckoutRequest(
        items=[_item(cart, line, known) for line in cart.lines] if cart else [_again(line, known) for line in order.lines],
        total=order.total,
        success_url=base_url + RETURN_PATH,
        cancel_url=cancel_url,
        expires_at=order.expires_at,
        reference=reference,
        payment_reference=str(payment.id),
        order_number=str(order.number),
        email=order.email,
        # A guest is whoever says so: nobody's saved cards, nobody's history, only an address to begin with.
        customer_reference=None if customer.external_id is None else str(customer.id),
        save_method=save_method and customer.external_id is not None,
        capture_method=payment.capture_method,
        metadata=_metadata(order, customer.external_id),
    )


def _metadata(order: Order, external_id: str | None) -> dict[str, str]:
    """Whose content it is that is paid, for people and programs who read it at the provider. We ourselves read our own mark."""
    contents = [line.details["reference"] for line in order.lines if line.kind == "content"]
    if len(contents) != 1 or external_id is None:
        return {}
    return {"contentId": contents[0], "customerId": external_id}


def _item(cart: PricedCart, line: catalog.PricedLine, known: Mapping[str, tuple[str, Money]]) -> RequestedItem:
    """Their price where it is the one we ask for, else name and amount: never a price that is not ours.

    A line that something is taken off is asked for as one thing at what remains: so its amount is exact for any quantity, and
    the words beside it say how it came about.
    """
    if line.discount:
        return _reduced_item(cart, line)
    price_id, unit = known.get(catalog.lookup_key(line.product.key, line.unit.currency), (None, None))
    if unit != line.unit or line.content is not None:
        price_id = None
    description = line.product.description if line.content is not None else None
    return RequestedItem(line.product.name, line.quantity, line.unit, price_id, description)


def _reduced_item(cart: PricedCart, line: catalog.PricedLine) -> RequestedItem:
    taken = [(why.code or why.name, off) for why, off in zip(cart.discounts, line.discounts, strict=True) if off]
    words = "; ".join([f"{line.quantity} × {line.unit}", *(f"{name}: −{off}" for name, off in taken)])
    name = line.product.name if line.quantity == 1 else f"{line.quantity} × {line.product.name}"
    return RequestedItem(name, 1, line.total, description=words)


def _again(line: LineItem, known: Mapping[str, tuple[str, Money]]) -> RequestedItem:
    """The same for a line of an order, which knows what is taken off, and no longer why."""
    if line.total == line.amount:
        price_id, unit = known.get(catalog.lookup_key(line.product, line.unit.currency), (None, None))
        same = unit == line.unit and line.kind != "content"
        return RequestedItem(line.name, line.quantity, line.unit, price_id if same else None)
    words = f"{line.quantity} × {line.unit}; −{line.discount}" + (f"; +{line.tax}" if line.tax else "")
    name = line.name if line.quantity == 1 else f"{line.quantity} × {line.name}"
    return RequestedItem(name, 1, line.total, description=words)
