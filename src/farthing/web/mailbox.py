"""The mailbox of a development server: every email as its reader would see it. Not served in production."""

from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from farthing import emails
from farthing.emails import Email
from farthing.ids import EmailId
from farthing.web.page import render
from farthing.web.staff import look_for_staff
from farthing.web.wiring import asked, reading

SHOWN: Final = 50
VIEWS: Final = ("rendered", "text", "source")

POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""An email styles itself inline, and must do nothing else."""


async def mailbox(request: Request) -> Response:
    await look_for_staff(request)
    cursor = asked(request, "cursor")
    async with reading(request) as tx:
        found = await emails.list_page(tx, limit=SHOWN, cursor=EmailId.parse(cursor) if cursor else None)
    return render(request, "mailbox/list.html", found=found)


async def message(request: Request) -> Response:
    await look_for_staff(request)
    wanted = asked(request, "view")
    return render(
        request, "mailbox/message.html", email=await _email(request), view=wanted if wanted in VIEWS else VIEWS[0], views=VIEWS
    )


async def body(request: Request) -> Response:
    """The HTML part by itself, for the frame on the message's page."""
    email = await _email(request)
    return HTMLResponse(email.html, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})


async def text(request: Request) -> Response:
    return PlainTextResponse((await _email(request)).text, headers={"Cache-Control": "no-store"})


async def _email(request: Request) -> Email:
    async with reading(request) as tx:
        return await emails.get(tx, EmailId.parse(request.path_params["id"]))


ROUTES: Final = (
    Route("/mailbox", mailbox, name="mailbox", methods=["GET"]),
    Route("/mailbox/{id}", message, name="mailbox_message", methods=["GET"]),
    Route("/mailbox/{id}/body", body, name="mailbox_body", methods=["GET"]),
    Route("/mailbox/{id}/text", text, name="mailbox_text", methods=["GET"]),
)
