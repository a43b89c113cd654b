"""Signing in to the admin, and out. Guessing is slow, and an unknown address looks like a wrong password."""

from typing import Final

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing.web.links import cookie_path, url_for
from farthing.web.page import redirect, render
from farthing.web.staff import passwords, store
from farthing.web.staff.door import COOKIE, look_for_staff, safe_next
from farthing.web.staff.store import SESSION
from farthing.web.wiring import form_of, reading, world_of

PER_ACCOUNT: Final = parse("10/5minute")
PER_ADDRESS: Final = parse("60/5minute")
FROM_ANYWHERE: Final = parse("100/5minute")
"""For one account, whatever addresses the guesses come from: they may be borrowed, or a header that a proxy passed on."""

WRONG: Final = "The email or the password is wrong."
TOO_MANY: Final = "Too many attempts. Wait five minutes and try again."


async def sign_in(request: Request) -> Response:
    wanted = safe_next(request, request.query_params.get("next", ""))
    if await look_for_staff(request) is not None:
        return RedirectResponse(wanted or url_for(request, "admin_orders"), 303)
    return _page(request, next=wanted or "")


async def take_sign_in(request: Request) -> Response:
    form = await form_of(request)
    email, wanted = form.get("email", "")[:254], form.get("next", "")
    if not await _may_try(request, email):
        return _page(request, status=429, email=email, next=wanted, error=TOO_MANY)
    async with reading(request) as tx:
        found = await store.find_for_sign_in(tx, email)
    if not await passwords.matches(form.get("password", ""), found[1] if found else None) or found is None:
        return _page(request, status=401, email=email, next=wanted, error=WRONG)
    staff = found[0]
    token = await world_of(request).db.run(staff.actor, lambda tx: store.open_session(tx, staff))
    response = RedirectResponse(safe_next(request, wanted) or url_for(request, "admin_orders"), 303)
    _keep(request, response, token)
    return response


async def sign_out(request: Request) -> Response:
    token = request.cookies.get(COOKIE, "")
    await world_of(request).db.run("pages", lambda tx: store.close_session(tx, token))
    response = redirect(request, "staff_sign_in", flash=("neutral", "You are signed out."))
    response.delete_cookie(COOKIE, path=cookie_path(request))
    return response


def _page(request: Request, *, status: int = 200, email: str = "", next: str = "", error: str = "") -> Response:
    settings = world_of(request).settings
    return render(request, "staff/sign_in.html", status=status, email=email, next=next, error=error, dev=settings.env == "dev")


async def _may_try(request: Request, email: str) -> bool:
    """Counted in this process, for each account, for each address that asks, and for both."""
    state = request.app.state
    if getattr(state, "sign_in_limiter", None) is None:
        state.sign_in_limiter = FixedWindowRateLimiter(MemoryStorage())
    limiter: FixedWindowRateLimiter = state.sign_in_limiter
    address = request.client.host if request.client else "unknown"
    account = email.lower()
    return (
        await limiter.hit(PER_ADDRESS, address)
        and await limiter.hit(PER_ACCOUNT, address, account)
        and await limiter.hit(FROM_ANYWHERE, account)
    )


def _keep(request: Request, response: Response, token: str) -> None:
    base = world_of(request).settings.base_url
    secure = request.url.scheme == "https" or base.startswith("https:")
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION.total_seconds()),
        path=cookie_path(request),
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    response.headers["Cache-Control"] = "no-store"


ROUTES: Final = (
    Route("/admin/sign-in", sign_in, name="staff_sign_in", methods=["GET"]),
    Route("/admin/sign-in", take_sign_in, name="staff_take_sign_in", methods=["POST"]),
    Route("/admin/sign-out", sign_out, name="staff_sign_out", methods=["POST"]),
)
