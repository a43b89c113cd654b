"""A customer changes their plan: what there is, what it would cost, and the change at exactly that price."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing import discounts, subscriptions
from farthing.catalog import Catalog, PlanPrice, Product
from farthing.db import Transaction
from farthing.discounts import Coupon
from farthing.errors import Conflict, FarthingError, Invalid, NotFound, ProviderError, QuoteChanged
from farthing.ids import SubscriptionChangeId
from farthing.lifecycles import ChangeStatus
from farthing.money import Money
from farthing.subscriptions import Change, Subscription, Wish
from farthing.web.account.subscriptions import name_of, own
from farthing.web.account.visitor import visitor_of, who_are_you
from farthing.web.page import redirect, render
from farthing.web.wiring import form_of, reading, world_of


@dataclass(frozen=True, slots=True)
class Choice:
    """A price of a plan that the subscription can be moved to. `value` is what the form sends."""

    product: Product
    price: PlanPrice
    unit: Money
    current: bool

    @property
    def value(self) -> str:
        return f"{self.product.key}/{self.price.key}"


def choices(sells: Catalog, found: Subscription) -> list[Choice]:
    """What is for sale in its group and its currency, and what it is now."""
    return [
        Choice(product, price, price.amounts[found.currency], (product.key, key) == (found.plan, found.price))
        for product in sells.products.values()
        if product.active and product.plan is not None and product.plan.group == found.plan_group
        for key, price in product.plan.prices.items()
        if price.active and found.currency in price.amounts
    ]


async def choose(request: Request) -> Response:
    return await _form(request, {})


async def preview(request: Request) -> Response:
    """What it would cost, to be confirmed. Nothing is changed."""
    typed = await form_of(request)
    return await _preview(request, typed)


async def change(request: Request) -> Response:
    """Do what was shown, or show what it costs by now. Sent twice it is one change."""
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    typed = await form_of(request)
    async with reading(request) as tx:
        found = await own(tx, visitor, request.path_params["id"])
    quote = SubscriptionChangeId.parse(typed.get("quote", ""))
    try:
        done = await subscriptions.commit_change(world_of(request), found.id, quote, actor=visitor.actor)
    except QuoteChanged:
        return await _preview(request, typed, "The price has changed meanwhile. Nothing was changed: look at it again.")
    except (Conflict, Invalid, NotFound, ProviderError) as error:
        return redirect(request, "account_subscription", id=found.id, flash=("danger", error.detail))
    match done.change.status:
        case ChangeStatus.WAITING if done.url is not None:
            return RedirectResponse(done.url, 303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
        case ChangeStatus.FAILED:
            why = done.change.failure or "your bank said no"
            return redirect(request, "account_subscription", id=found.id, flash=("danger", f"Nothing was changed: {why}."))
        case ChangeStatus.SCHEDULED:
            said = "It is planned: it changes with the time that is paid."
        case _:
            said = "Your plan is changed."
    return redirect(request, "account_subscription", id=found.id, flash=("success", said))


async def drop(request: Request) -> Response:
    """Call off what is planned."""
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    planned = SubscriptionChangeId.parse((await form_of(request)).get("change", ""))
    async with reading(request) as tx:
        found = await own(tx, visitor, request.path_params["id"])
    try:
        await subscriptions.drop_change(world_of(request), found.id, planned, actor=visitor.actor)
    except (Conflict, NotFound) as error:
        return redirect(request, "account_subscription", id=found.id, flash=("danger", error.detail))
    return redirect(request, "account_subscription", id=found.id, flash=("success", "Your plan stays as it is."))


async def _preview(request: Request, typed: Mapping[str, str], problem: str = "") -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    async with reading(request) as tx:
        found = await own(tx, visitor, request.path_params["id"])
    plan, _, price = typed.get("choice", "").partition("/")
    try:
        wish = (
            Wish(promotion_code=typed["code"])
            if "code" in typed
            else Wish(plan=plan or None, price=price or None, quantity=_quantity(typed.get("quantity", "")))
        )
        quoted = await subscriptions.preview_change(world_of(request), found.id, wish, actor=visitor.actor)
    except (Conflict, Invalid, NotFound, ProviderError) as error:
        return await _form(request, typed, error)
    async with reading(request) as tx:
        coupon = await _coupon(tx, world_of(request).catalog, quoted)
    return render(
        request,
        "account/plan_change_preview.html",
        coupon=coupon,
        found=found,
        name=name_of(request, found),
        quoted=quoted,
        money_of=lambda amount: Money(amount, found.currency),
        new_name=name_of(request, quoted.plan),
        typed=typed,
        problem=problem,
    )


async def _coupon(tx: Transaction, sells: Catalog, quoted: Change) -> Coupon | None:
    """What the code that was typed stands for: it says for how long it counts."""
    if quoted.promotion_code is None:
        return None
    return (await discounts.find_offer(tx, sells.coupons, quoted.promotion_code)).coupon


async def _form(request: Request, typed: Mapping[str, str], error: FarthingError | None = None) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    sells = world_of(request).catalog
    async with reading(request) as tx:
        found = await own(tx, visitor, request.path_params["id"])
    offered = choices(sells, found)
    seats = max((each.product.plan.seats_max for each in offered if each.product.plan is not None), default=1)
    return render(
        request,
        "account/plan_change.html",
        status=error.status if error else 200,
        found=found,
        name=name_of(request, found),
        offered=offered,
        chosen=typed.get("choice") or next((each.value for each in offered if each.current), ""),
        seats=seats,
        quantity=typed.get("quantity") or str(found.quantity),
        code=typed.get("code", ""),
        error=error.detail if error and "code" not in typed else "",
        code_error=error.detail if error and "code" in typed else "",
    )


def _quantity(typed: str) -> int | None:
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit() or len(typed) > 6:
        raise Invalid("The quantity is a whole number.", param="quantity")
    return int(typed)


ROUTES: Final = (
    Route("/account/subscriptions/{id}/change", choose, name="account_plan_change", methods=["GET"]),
    Route("/account/subscriptions/{id}/change/preview", preview, name="account_plan_preview", methods=["POST"]),
    Route("/account/subscriptions/{id}/change", change, name="account_plan_commit", methods=["POST"]),
    Route("/account/subscriptions/{id}/change/drop", drop, name="account_plan_drop", methods=["POST"]),
)
