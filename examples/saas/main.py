"""A SaaS: a pricing page, plans with a trial, and pages that ask what somebody may use. No webhook is handled here.

cd examples/saas && farthing dev main:app
"""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from farthing import CustomerIdentity, Farthing
from farthing.errors import FarthingError
from farthing.subscriptions import Subscription


async def signed_in(request: Request) -> CustomerIdentity | None:
    """Who a request is from. Yours would look into your own session; this one believes a cookie."""
    user = request.cookies.get("user")
    return CustomerIdentity(user, email=f"{user}@example.com") if user else None


pay = Farthing(authenticate=signed_in)
app = FastAPI(lifespan=pay.lifespan)
pages = Jinja2Templates(Path(__file__).with_name("templates"))
built = Path(__file__).with_name("web") / "dist"


async def member(request: Request) -> CustomerIdentity:
    if (found := await signed_in(request)) is None:
        raise HTTPException(401, "Say hello first: /hello?user=ada")
    return found


Member = Annotated[CustomerIdentity, Depends(member)]


async def plan_of(customer: str) -> Subscription | None:
    """The one that counts: a customer has one live plan of each group."""
    return next((each for each in await pay.subscriptions(customer) if each.is_live and each.status != "incomplete"), None)


async def own(member: Member) -> Subscription:
    if (found := await plan_of(member.external_id)) is None:
        raise HTTPException(404, "You have no plan.")
    return found


Own = Annotated[Subscription, Depends(own)]


@app.exception_handler(FarthingError)
async def refused(request: Request, error: Exception) -> Response:
    """What Farthing refuses it says in a sentence, with the status that fits: 409 for a plan that somebody has already."""
    assert isinstance(error, FarthingError)
    return pages.TemplateResponse(request, "refused.html", {"error": error}, error.status)


@app.get("/hello")
async def hello(user: str) -> RedirectResponse:
    answer = RedirectResponse("/", 303)
    answer.set_cookie("user", user, httponly=True, samesite="lax")
    return answer


@app.get("/")
async def pricing(request: Request) -> Response:
    """The cards are filled from /api/payments/products, and buy at /api/payments/checkout."""
    return pages.TemplateResponse(request, "pricing.html")


@app.get("/tides")
async def tides(request: Request, member: Member) -> Response:
    """What is sold: each part asks for its own feature, and no page asks for the name of a plan."""
    shown = {name: await pay.entitled(member.external_id, name) for name in ("forecasts", "alerts")}
    return pages.TemplateResponse(request, "tides.html", {"may": shown, "plan": await plan_of(member.external_id)})


@app.post("/plan/cancellation")
async def cancel(plan: Own, reason: Annotated[str, Form(max_length=200)] = "") -> RedirectResponse:
    await pay.cancel_subscription(str(plan.id), reason=reason or None)
    return RedirectResponse("/tides", 303)


@app.post("/plan/resumption")
async def resume(plan: Own) -> RedirectResponse:
    await pay.resume_subscription(str(plan.id))
    return RedirectResponse("/tides", 303)


@app.post("/plan/portal")
async def portal(member: Member) -> RedirectResponse:
    """The provider's own pages for cards and invoices. Whose they are is said by the sign-in, never by the request."""
    url = await pay.portal_url(member.external_id, return_url=f"{pay.settings.base_url}/tides")
    return RedirectResponse(url, 303)


# The same pricing page in TypeScript, if `npm run build` made it: see README.md.
if built.is_dir():
    app.mount("/app", StaticFiles(directory=built, html=True))

# Last, for what is ours comes first: the webhook door, /v1, /api/payments, account and admin.
app.mount("/", pay.asgi)
