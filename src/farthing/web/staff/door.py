"""The door to the admin: every page behind it has a signed-in member of staff whose role allows it."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final, cast
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from farthing.errors import Forbidden
from farthing.web.frame import Person
from farthing.web.links import base_of, here, url_for
from farthing.web.staff import store
from farthing.web.staff.roles import Permission
from farthing.web.staff.store import Staff
from farthing.web.wiring import reading

COOKIE: Final = "farthing_staff"
Page = Callable[[Request], Awaitable[Response]]


def for_staff(page: Page, permission: Permission) -> Page:
    """The page, for those who may; others sign in first, or are told that their role does not allow it."""

    @wraps(page)
    async def guarded(request: Request) -> Response:
        staff = await look_for_staff(request)
        if staff is None:
            return _to_sign_in(request)
        if not staff.role.may(permission):
            raise Forbidden(staff.role.why_not(permission))
        return await page(request)

    vars(guarded)["permission"] = permission
    return guarded


async def look_for_staff(request: Request) -> Staff | None:
    """Who is signed in, noted for the frame and for `staff_of`."""
    token = request.cookies.get(COOKIE)
    if not token or len(token) > 100:
        return None
    async with reading(request) as tx:
        staff = await store.find_by_token(tx, token)
    if staff is not None:
        request.state.staff = staff
        request.state.person = Person(staff.email, staff.role.capitalize(), sign_out="staff_sign_out")
    return staff


def staff_of(request: Request) -> Staff:
    """Who is looking at a page of the admin."""
    return cast("Staff", request.state.staff)


def safe_next(request: Request, wanted: str) -> str | None:
    """A page of the admin that one may be led to after signing in: a path of our own, nothing else."""
    admin = f"{base_of(request)}/admin"
    inside = wanted == admin or wanted.startswith((f"{admin}/", f"{admin}?"))
    return wanted if inside and wanted.isascii() and wanted.isprintable() and "\\" not in wanted else None


def _to_sign_in(request: Request) -> Response:
    """What was to be changed is not changed after signing in: only pages are returned to."""
    url = url_for(request, "staff_sign_in")
    if request.method == "GET":
        url = f"{url}?{urlencode({'next': here(request)})}"
    return RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})
