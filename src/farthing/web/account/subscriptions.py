"""A customer's plans: what each costs and when, its invoices, ending it and letting it go on after all."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import customers, dunning, invoices, subscriptions, tax
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, NotFound, ProviderError
from farthing.ids import SubscriptionId
from farthing.lifecycles import ChangeStatus, InvoiceStatus
from farthing.money import Money
from farthing.subscriptions import Subscription
from farthing.web.account.visitor import Visitor, visitor_of, who_are_you
from farthing.web.links import url_for
from farthing.web.page import redirect, render
from farthing.web.wiring import form_of, reading, world_of

REASON_MAX: Final = 500
"""As over HTTP."""

SHOWN: Final = 24
"""Invoices: two years of months."""


async def subscription_list(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    async with reading(request) as tx:
        customer = await customers.find_by_external_id(tx, visitor.external_id)
        found = [] if customer is None else await subscriptions.of_customer(tx, customer.id)
    live = [each for each in found if each.is_live]
    return render(
        request,
        "account/subscriptions.html",
        live=live,
        over=[each for each in found if not each.is_live],
        name_of=lambda each: name_of(request, each),
        charge_of=next_charge,
        now=world_of(request).clock.now(),
    )


async def subscription_detail(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    async with reading(request) as tx:
        found = await own(tx, visitor, request.path_params["id"])
        owed = await dunning.owed(tx, found)
        changes = await subscriptions.changes_of(tx, found.id)
        billed = (await invoices.list_page(tx, limit=SHOWN, subscription=found.id)).items
        documents = await tax.of_invoices(tx, [each.id for each in billed])
    settings = world_of(request).settings
    token = None if owed is None else dunning.renewal_url(settings, owed).rpartition("/")[2]
    return render(
        request,
        "account/subscription.html",
        found=found,
        name=name_of(request, found),
        charge=next_charge(found),
        planned=next((each for each in changes if each.status == ChangeStatus.SCHEDULED), None),
        changeable=found.status in ("active", "trialing") and found.ends_at is None and not found.is_paused,
        plan_name=lambda plan: name_of(request, plan),
        owed=owed,
        pay_url=None if token is None else url_for(request, "renewal", token=token),
        documents=documents,
        billed=[each for each in billed if each.status != InvoiceStatus.DRAFT],
        now=world_of(request).clock.now(),
    )


async def ask_cancel(request: Request) -> Response:
    return await _form(request)


async def cancel(request: Request) -> Response:
    """With the period that is paid, or now. Sent twice it ends once."""
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    typed = await form_of(request)
    reason, now = " ".join(typed.get("reason", "").split()), typed.get("when") == "now"
    async with reading(request) as tx:
        found = await own(tx, visitor, request.path_params["id"])
    if len(reason) > REASON_MAX:
        return await _form(request, reason, f"Keep it to {REASON_MAX} characters, please.")
    try:
        ended = await subscriptions.cancel(world_of(request), found.id, now=now, comment=reason or None, actor=visitor.actor)
    except Invalid as error:
        return await _form(request, reason, error.detail)
    except (Conflict, ProviderError) as error:
        return redirect(request, "account_subscription", id=found.id, flash=("danger", error.detail))
    later = "It will end with the time that is paid: until then you can take that back."
    said = later if ended.is_live else "It has ended."
    return redirect(request, "account_subscription", id=found.id, flash=("success", f"{said} Nothing more is charged."))


async def resume(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    async with reading(request) as tx:
        found = await own(tx, visitor, request.path_params["id"])
    try:
        await subscriptions.resume(world_of(request), found.id, actor=visitor.actor)
    except (Conflict, ProviderError) as error:
        return redirect(request, "account_subscription", id=found.id, flash=("danger", error.detail))
    return redirect(request, "account_subscription", id=found.id, flash=("success", "It goes on as before."))


def next_charge(found: Subscription) -> Money | None:
    """What the next period costs, before taxes; None where none is charged."""
    if found.status not in ("active", "trialing") or found.ends_at is not None:
        return None
    once = sum(each.off for each in found.discounts if each.duration == "once")
    return found.amount - found.money(min(found.discount_amount + once, found.amount.amount))


async def _form(request: Request, reason: str = "", error: str = "") -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    async with reading(request) as tx:
        found = await own(tx, visitor, request.path_params["id"])
    if not found.is_live or found.ends_at is not None:
        return redirect(request, "account_subscription", id=found.id)
    return render(
        request,
        "account/subscription_end.html",
        status=422 if error else 200,
        found=found,
        name=name_of(request, found),
        reason=reason,
        error=error,
        reason_max=REASON_MAX,
    )


async def own(tx: Transaction, visitor: Visitor, id: str) -> Subscription:
    """Raises NotFound for that of somebody else, in the words of one that does not exist."""
    found = await subscriptions.get(tx, SubscriptionId.parse(id))
    customer = await customers.find_by_external_id(tx, visitor.external_id)
    if customer is None or customer.id != found.customer_id:
        raise NotFound(f"There is no subscription {found.id}.")
    return found


def name_of(request: Request, plan: Subscription | str) -> str:
    """As the catalog calls it."""
    key = plan if isinstance(plan, str) else plan.plan
    product = world_of(request).catalog.products.get(key)
    return key if product is None else product.name


ROUTES: Final = (
    Route("/account/subscriptions", subscription_list, name="account_subscriptions", methods=["GET"]),
    Route("/account/subscriptions/{id}", subscription_detail, name="account_subscription", methods=["GET"]),
    Route("/account/subscriptions/{id}/cancellation", ask_cancel, name="account_subscription_end", methods=["GET"]),
    Route("/account/subscriptions/{id}/cancellation", cancel, name="account_subscription_cancel", methods=["POST"]),
    Route("/account/subscriptions/{id}/resumption", resume, name="account_subscription_resume", methods=["POST"]),
)
