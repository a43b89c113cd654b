"""Saved payment methods: which one pays, one less, one more. What is typed to save one is typed at the provider's page."""

import contextlib
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing import checkout, customers
from farthing.customers import Customer, PaymentMethod
from farthing.errors import Conflict, DatabaseUnavailable, FarthingError, NotFound, ProviderError
from farthing.ids import PaymentMethodId
from farthing.web.account.visitor import Visitor, visitor_of, who_are_you
from farthing.web.page import redirect, render
from farthing.web.wiring import reading, world_of

PATH: Final = "/account/payment-methods"


async def method_list(request: Request) -> Response:
    """With `?saved=1` the customer comes back from saving one: what the provider has is looked at first."""
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    known = await _known(request, visitor)
    if known is not None and "saved" in request.query_params:
        # Where nobody answers, the provider's event tells of it a little later.
        with contextlib.suppress(ProviderError, DatabaseUnavailable):
            await customers.sync_methods(world_of(request), known.id, actor=visitor.actor)
        return redirect(request, "account_methods")
    return render(
        request,
        "account/methods.html",
        methods=[] if known is None else await _methods(request, known),
        known=known,
        now=world_of(request).clock.now(),
    )


async def add(request: Request) -> Response:
    """To the provider's page on which a method is saved."""
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    world, back = world_of(request), world_of(request).settings.base_url + PATH

    try:
        await world.db.run(
            visitor.actor,
            lambda tx: customers.remember(tx, external_id=visitor.external_id, email=visitor.email, name=visitor.name),
        )
        url = await checkout.setup_page(
            world, visitor.external_id, success_url=f"{back}?saved=1", cancel_url=back, actor=visitor.actor
        )
    except (ProviderError, Conflict) as error:
        return redirect(request, "account_methods", flash=("danger", error.detail))
    return _away(url)


async def portal(request: Request) -> Response:
    """To the provider's own page for this customer."""
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    world = world_of(request)
    try:
        url = await checkout.portal_page(
            world, visitor.external_id, return_url=f"{world.settings.base_url}{PATH}?saved=1", actor=visitor.actor
        )
    except FarthingError as error:
        return redirect(request, "account_methods", flash=("danger", error.detail))
    return _away(url)


async def make_default(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    method, owner = await _own(request, visitor)
    try:
        await customers.make_default(world_of(request), owner.id, method.id, actor=visitor.actor)
    except (ProviderError, Conflict) as error:
        return redirect(request, "account_methods", flash=("danger", error.detail))
    return redirect(request, "account_methods", flash=("success", f"{method.described.capitalize()} pays from now on."))


async def ask_removal(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    method, _ = await _own(request, visitor)
    return render(request, "account/method_removal.html", method=method)


async def remove(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    method, owner = await _own(request, visitor)
    try:
        await customers.detach(world_of(request), owner.id, method.id, actor=visitor.actor)
    except (ProviderError, Conflict) as error:
        return redirect(request, "account_methods", flash=("danger", error.detail))
    return redirect(request, "account_methods", flash=("success", f"{method.described.capitalize()} is removed."))


async def _known(request: Request, visitor: Visitor) -> Customer | None:
    async with reading(request) as tx:
        return await customers.find_by_external_id(tx, visitor.external_id)


async def _methods(request: Request, owner: Customer) -> list[PaymentMethod]:
    async with reading(request) as tx:
        return await customers.methods_of(tx, owner.id, livemode=world_of(request).provider.livemode)


async def _own(request: Request, visitor: Visitor) -> tuple[PaymentMethod, Customer]:
    """Raises NotFound for what is somebody else's, in the words of one that does not exist."""
    id = PaymentMethodId.parse(request.path_params["id"])
    owner = await _known(request, visitor)
    async with reading(request) as tx:
        method = await customers.get_method(tx, id)
    if owner is None or owner.id != method.customer_id:
        raise NotFound(f"There is no payment method {id}.")
    return method, owner


def _away(url: str) -> Response:
    return RedirectResponse(url, 303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


ROUTES: Final = (
    Route(PATH, method_list, name="account_methods", methods=["GET"]),
    Route(PATH, add, name="account_method_add", methods=["POST"]),
    Route("/account/portal", portal, name="account_portal", methods=["POST"]),
    Route(PATH + "/{id}/default", make_default, name="account_method_default", methods=["POST"]),
    Route(PATH + "/{id}/removal", ask_removal, name="account_method_removal", methods=["GET"]),
    Route(PATH + "/{id}/removal", remove, name="account_method_remove", methods=["POST"]),
)
