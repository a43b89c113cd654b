"""How the pages of one installation look and where they lead: its name, its mode, its menus."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from jinja2 import Environment
from starlette.requests import Request

from farthing.clock import Clock, SystemClock
from farthing.web.templating import environment


class Mode(StrEnum):
    """Whether money is real here. The admin shows it on every page."""

    SANDBOX = "sandbox"
    TEST = "test"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Section:
    """One row of a menu: the page it leads to, and the heading it stands under."""

    label: str
    icon: str
    route: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as the frame shows it; `sign_out` is the route of the form that ends it."""

    name: str
    role: str = ""
    sign_out: str | None = None


def _nobody(request: Request) -> Person | None:
    return None


@dataclass(frozen=True)
class Frame:
    """Everything the frame around a page needs to know. Routes are names, so that it works under any mount.

    `menus` has a row of sections for each layout: "admin", "account", "shop". `payment_origins` are the hosts that a form may
    lead to, https://checkout.stripe.com for one. `sign_in` is the route of a form that customers sign in with, where there is
    one. `own_templates` are folders whose files replace ours of the same name.
    """

    shop_name: str
    mode: Mode
    payment_origins: Sequence[str] = ()
    menus: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    home: str | None = None
    search: str | None = None
    sign_in: str | None = None
    sign_out: str | None = None
    person: Callable[[Request], Person | None] = _nobody
    locale: str = "en"
    clock: Clock = field(default_factory=SystemClock)
    own_templates: Sequence[Path] = ()

    @cached_property
    def templates(self) -> Environment:
        return environment(self.locale, tuple(self.own_templates))
