"""`build`: all pages of one installation as one ASGI app. Which there are depends on the environment."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from farthing.config import Settings
from farthing.http.callers import Authenticate
from farthing.web import account, admin, mailbox, seller, shop, staff
from farthing.web.frame import Frame, Mode, Section
from farthing.web.own_name import by_own_name
from farthing.web.page import render
from farthing.web.pages import Pages
from farthing.web.wiring import person_of
from farthing.world import World

STRIPE_PAGES: Final = ("https://checkout.stripe.com", "https://billing.stripe.com", "https://invoice.stripe.com")

_SHOP: Final = (Section("Shop", "store", "shop"), Section("Cart", "shopping-cart", "cart"))
_ACCOUNT: Final = (Section("Your orders", "receipt", "account_orders"),)
_MAILBOX: Final = (Section("Mailbox", "mail", "mailbox", "Development"), Section("Demo shop", "store", "shop", "Development"))


def build(world: World, *, authenticate: Authenticate | None) -> ASGIApp:
    """The pages, to be mounted where `settings.base_url` says."""
    pages = Pages(_frame(world), _routes(world.settings))
    pages.app.state.world = world
    pages.app.state.authenticate = authenticate
    return pages


async def front(request: Request) -> Response:
    """The start page of production: it says what this is, and nothing else."""
    return render(request, "front.html")


def _routes(settings: Settings) -> Sequence[BaseRoute]:
    links = (*shop.RETURN_ROUTES, *shop.RECOVERY_ROUTES, *shop.PROGRESS_ROUTES, *shop.RENEWAL_ROUTES)
    everywhere = (*links, *account.ROUTES, *seller.ROUTES, *staff.ROUTES, *admin.ROUTES)
    if settings.env == "production":
        return (Route("/", front, name="shop", methods=["GET"]), *everywhere)
    unlocked = (*shop.SHOP_ROUTES, *account.DEMO_ROUTES, *mailbox.ROUTES)
    return (*map(by_own_name, unlocked), *everywhere)


def _frame(world: World) -> Frame:
    settings = world.settings
    development = settings.env != "production"
    customers = (*_SHOP, *_ACCOUNT) if development else _ACCOUNT
    return Frame(
        shop_name=world.catalog.shop.name,
        mode=_mode(settings),
        payment_origins=_payment_origins(settings),
        menus={
            "admin": (*admin.SECTIONS, *(_MAILBOX if development else ())),
            "account": customers,
            "shop": customers,
            "account_pages": account.sections(world.catalog),
            "seller_pages": seller.SECTIONS,
        },
        home="shop",
        search="admin_search",
        sign_in="demo_sign_in" if development else None,
        person=person_of,
        clock=world.clock,
    )


def _mode(settings: Settings) -> Mode:
    if settings.livemode:
        return Mode.LIVE
    return Mode.SANDBOX if settings.sandboxed else Mode.TEST


def _payment_origins(settings: Settings) -> Sequence[str]:
    """Where our forms may lead to: the provider's pages for paying, and for looking after saved methods."""
    if settings.stripe_api_base is None:
        return STRIPE_PAGES
    parts = urlsplit(settings.stripe_api_base)
    return (f"{parts.scheme}://{parts.netloc}",)
