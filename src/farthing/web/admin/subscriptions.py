"""Subscriptions: the list, who is behind with money, and one of them with all that happened to it and what can be done."""

from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import customers, dunning, entitlements, invoices, subscriptions, tax, timeline
from farthing.errors import Conflict, Invalid, ProviderError
from farthing.ids import SubscriptionId
from farthing.lifecycles import InvoiceAttemptStatus, SubscriptionStatus
from farthing.web import staff
from farthing.web.admin import happened
from farthing.web.admin.links import provider_name, provider_url
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50
BEHIND: Final = frozenset({SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID})


async def subscription_list(request: Request) -> Response:
    """With a status of those who are behind: what they owe, how often it was tried, and when it is tried next."""
    status, cursor = _status(asked(request, "status")), asked(request, "cursor")
    after = SubscriptionId.parse(cursor) if cursor else None
    async with reading(request) as tx:
        found = await subscriptions.list_page(tx, limit=SHOWN, cursor=after, status=status)
        counts = await subscriptions.counts(tx)
        people = {each.customer_id: await customers.get(tx, each.customer_id) for each in found.items}
        owed = await dunning.overdue(tx, [each.id for each in found.items])
    return render(
        request,
        "admin/subscriptions.html",
        found=found,
        counts=counts,
        people=people,
        owed=owed,
        chosen=status,
        behind=status in BEHIND,
        late=sum(counts.get(each.value, 0) for each in BEHIND),
        statuses=[each for each in SubscriptionStatus if counts.get(each.value) or each == status],
    )


async def subscription_detail(request: Request) -> Response:
    settings = world_of(request).settings
    async with reading(request) as tx:
        found = await subscriptions.get(tx, _id(request))
        owed, people = await dunning.owed(tx, found), await staff.names(tx)
        billed = await invoices.of_subscription(tx, found.id)
        shown: dict[str, Any] = {
            "customer": await customers.get(tx, found.customer_id),
            "billed": billed,
            "documents": await tax.of_invoices(tx, [each.id for each in billed]),
            "facts": await subscriptions.facts_of(tx, found.id),
            "tries": [] if owed is None else await dunning.attempts_of(tx, owed.id),
            "granted": await entitlements.of_subscription(tx, found.id),
            "timeline": happened.shown(request, await timeline.of_subscription(tx, found), people),
        }
    return render(
        request,
        "admin/subscription.html",
        found=found,
        owed=owed,
        provider_url=partial(provider_url, settings),
        provider_name=provider_name(settings),
        now=world_of(request).clock.now(),
        **shown,
    )


async def ask_cancel(request: Request) -> Response:
    async with reading(request) as tx:
        found = await subscriptions.get(tx, _id(request))
    return render(request, "admin/subscription_cancel_confirm.html", found=found)


async def cancel(request: Request) -> Response:
    id, typed = _id(request), await form_of(request)
    try:
        ended = await subscriptions.cancel(
            world_of(request),
            id,
            now=typed.get("when") == "now",
            comment=" ".join(typed.get("reason", "").split()) or None,
            actor=staff_of(request).actor,
        )
    except (Conflict, Invalid, ProviderError) as error:
        return redirect(request, "admin_subscription", id=id, flash=("danger", error.detail))
    said = "It ends with the time that is paid." if ended.is_live else "It is over."
    return redirect(request, "admin_subscription", id=id, flash=("success", f"{said} Nothing more is charged."))


async def resume(request: Request) -> Response:
    id = _id(request)
    try:
        await subscriptions.resume(world_of(request), id, actor=staff_of(request).actor)
    except (Conflict, ProviderError) as error:
        return redirect(request, "admin_subscription", id=id, flash=("danger", error.detail))
    return redirect(request, "admin_subscription", id=id, flash=("success", "It goes on."))


async def ask_retry(request: Request) -> Response:
    async with reading(request) as tx:
        found = await subscriptions.get(tx, _id(request))
        owed = await dunning.owed(tx, found)
    if owed is None:
        return redirect(request, "admin_subscription", id=found.id, flash=("neutral", "It owes nothing any more."))
    return render(request, "admin/subscription_retry_confirm.html", found=found, owed=owed)


async def retry(request: Request) -> Response:
    """Now. Clicked twice, one of the two is told that it is being collected."""
    id = _id(request)
    try:
        made = await dunning.retry(world_of(request), id, actor=staff_of(request).actor)
    except (Conflict, ProviderError) as error:
        return redirect(request, "admin_subscription", id=id, flash=("danger", error.detail))
    paid = made.status == InvoiceAttemptStatus.PAID
    return redirect(request, "admin_subscription", id=id, flash=("success" if paid else "warning", dunning.said_to(made)))


async def sync(request: Request) -> Response:
    id = _id(request)
    async with reading(request) as tx:
        found = await subscriptions.get(tx, id)
    try:
        await subscriptions.sync(world_of(request), found.provider_subscription_id, actor=staff_of(request).actor)
    except ProviderError as error:
        return redirect(request, "admin_subscription", id=id, flash=("danger", error.detail))
    said = "This is how it stands at the provider now."
    return redirect(request, "admin_subscription", id=id, flash=("success", said))


def _id(request: Request) -> SubscriptionId:
    return SubscriptionId.parse(request.path_params["id"])


def _status(typed: str | None) -> SubscriptionStatus | None:
    return SubscriptionStatus(typed) if typed in set(SubscriptionStatus) else None
