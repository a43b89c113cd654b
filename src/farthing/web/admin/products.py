"""What is for sale, how it stands at the provider, and bringing it there."""

from starlette.requests import Request
from starlette.responses import Response

from farthing import catalog
from farthing.errors import FarthingError
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import reading, world_of


async def product_list(request: Request) -> Response:
    """By our memory: nobody is called."""
    world = world_of(request)
    async with reading(request) as tx:
        known = await catalog.standings(tx, world.catalog, world.provider.name, livemode=world.provider.livemode)
    return render(
        request,
        "admin/products.html",
        products=list(world.catalog.products.values()),
        standings=known,
    )


async def ask_apply(request: Request) -> Response:
    """What would be done at the provider, and what somebody changed there."""
    try:
        plan = await catalog.plan(world_of(request))
    except FarthingError as error:
        return redirect(request, "admin_products", flash=("danger", error.detail))
    return render(request, "admin/catalog_plan.html", plan=plan)


async def apply(request: Request) -> Response:
    try:
        done = await catalog.apply(world_of(request), actor=staff_of(request).actor)
    except FarthingError as error:
        return redirect(request, "admin_products", flash=("danger", error.detail))
    said = f"Changes made at the provider: {len(done.lines)}." if done.lines else "Everything was as it should be already."
    return redirect(request, "admin_products", flash=("success", said))
