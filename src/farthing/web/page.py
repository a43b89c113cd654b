"""One page: `render` puts a template into the frame, `redirect` leads to the next page after a form.

A page is a function that reads through the rooms' front doors and ends in `return render(request, "order.html", order=order)`,
plus its template.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from farthing.web import csrf, flashes
from farthing.web.frame import Frame, Mode, Person, Section
from farthing.web.links import frame_of, here, url_for


def render(request: Request, template: str, *, status: int = 200, **context: object) -> Response:
    """Answer with a page. It belongs to one person, so no cache may keep it."""
    frame = frame_of(request)
    token = csrf.token_of(request)
    html = frame.templates.get_template(template).render(
        request=request, page=PageFrame(request, frame), csrf_token=token, flashes=flashes.read(request), **context
    )
    response = HTMLResponse(html, status, headers={"Cache-Control": "no-store"})
    csrf.remember(request, response, token)
    flashes.forget(request, response)
    return response


def redirect(
    request: Request, route: str, *, flash: tuple[flashes.Tone, str] | None = None, **params: object
) -> RedirectResponse:
    """Lead to a page with GET, so that a reload does not send the form again."""
    response = RedirectResponse(url_for(request, route, **params), 303)
    if flash:
        flashes.leave(request, response, *flash)
    return response


@dataclass(frozen=True, slots=True)
class MenuLink:
    label: str
    icon: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class PageFrame:
    """The frame as templates see it, for one request: `page.shop_name`, `page.menu("admin")`."""

    request: Request
    frame: Frame

    @property
    def shop_name(self) -> str:
        return self.frame.shop_name

    @property
    def locale(self) -> str:
        return self.frame.locale.replace("_", "-")

    @property
    def mode(self) -> Mode:
        return self.frame.mode

    @property
    def now(self) -> datetime:
        return self.frame.clock.now()

    @property
    def person(self) -> Person | None:
        return self.frame.person(self.request)

    @property
    def home_url(self) -> str | None:
        return self._url(self.frame.home)

    @property
    def search_url(self) -> str | None:
        return self._url(self.frame.search)

    @property
    def sign_in_url(self) -> str | None:
        return self._url(self.frame.sign_in)

    @property
    def sign_out_url(self) -> str | None:
        own = self.person.sign_out if self.person else None
        return self._url(own or self.frame.sign_out)

    def first_url(self, layout: str) -> str | None:
        """Where the menu of a layout begins, or else the start of all pages."""
        sections = self.frame.menus.get(layout)
        return self._url(sections[0].route if sections else self.frame.home)

    def menu(self, layout: str) -> Sequence[tuple[str, Sequence[MenuLink]]]:
        """The menu of a layout: headings in their order, each with its links; the link of this page is marked."""
        sections = self.frame.menus.get(layout, ())
        return [(group, [self._link(row) for row in rows]) for group, rows in groupby(sections, key=lambda row: row.group)]

    def _link(self, row: Section) -> MenuLink:
        url = url_for(self.request, row.route)
        path = here(self.request).partition("?")[0]
        below = not url.endswith("/") and path.startswith(f"{url}/")
        return MenuLink(row.label, row.icon, url, path == url or below)

    def _url(self, route: str | None) -> str | None:
        return url_for(self.request, route) if route else None
