"""A host with Farthing's frame under /billing, and one page for every layout and piece. Only tests see it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from farthing.errors import Conflict
from farthing.money import Money
from farthing.web import Entry, Frame, Mode, Pages, Person, Section, redirect, render

NOON = datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)
ORDERS = [
    {"number": "2026-0142", "customer": "ada@example.com", "items": 3, "status": "paid", "total": Money(129900, "eur")},
    {"number": "2026-0141", "customer": "grace@example.com", "items": 1, "status": "open", "total": Money(1200, "jpy")},
    {
        "number": "2026-0140",
        "customer": "a.very.long.address.for.a.customer@example.com",
        "items": 2,
        "status": "refunded",
        "total": Money(-4500, "usd"),
    },
    {"number": "2026-0139", "customer": "edsger@example.com", "items": 1, "status": "expired", "total": Money(12345, "kwd")},
    {"number": "2026-0138", "customer": "barbara@example.com", "items": 7, "status": "failed", "total": Money(990, "gbp")},
    {"number": "2026-0137", "customer": "alan@example.com", "items": 1, "status": "processing", "total": Money(2000, "usd")},
    {"number": "2026-0136", "customer": "mary@example.com", "items": 1, "status": "something_new", "total": Money(0, "usd")},
]
TIMELINE = [
    Entry(NOON, "Order paid", "Stripe event evt_1Qx", "circle-check", "success", "€1,299.00 settled by payment_01jd", "#paid"),
    Entry(
        NOON - timedelta(minutes=1),
        "Card declined",
        "ada@example.com",
        "circle-x",
        "danger",
        "The bank said: insufficient funds.",
    ),
    Entry(NOON - timedelta(minutes=3), "Checkout started", "ada@example.com", "shopping-cart", "progress"),
    Entry(NOON - timedelta(minutes=4), "Order placed", "ada@example.com", "receipt"),
]
RAW = {"id": "pi_1", "amount": 129900, "note": "</pre><script>"}
ADMIN = [
    Section("Orders", "receipt-text", "orders"),
    Section("Empty", "inbox", "empty"),
    Section("Webhooks", "webhook", "hooks", "Developers"),
    Section("Mailbox", "mail", "mail", "Developers"),
    Section("Ledger", "book-open", "ledger", "Finance"),
]


class StoppedClock:
    def now(self) -> datetime:
        return NOON


async def orders(request: Request) -> Response:
    return render(request, "orders.html", orders=ORDERS, next_cursor="order_01jd")


async def order(request: Request) -> Response:
    if request.method == "POST":
        async with request.form() as form:
            request.app.state.canceled.append(str(form["reason"]))
        return redirect(request, "order", number="2026-0142", flash=("success", "The order is canceled & <b>done</b>."))
    desk, delivery = Money(125000, "eur"), Money(4900, "eur")
    return render(request, "order.html", desk=desk, delivery=delivery, timeline=TIMELINE[::-1], raw=RAW)


async def cancel(request: Request) -> Response:
    return render(request, "ask.html")


async def broken(request: Request) -> Response:
    raise RuntimeError("a secret detail")


async def conflict(request: Request) -> Response:
    raise Conflict("An order that is paid cannot expire.")


async def forbidden(request: Request) -> Response:
    raise HTTPException(403)


def _shows(template: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        return render(request, template)

    return page


def gallery(mode: Mode = Mode.SANDBOX, person: Person | None = None) -> Starlette:
    """The host. What its forms did is in `canceled`."""
    frame = Frame(
        shop_name="Corner Shop",
        mode=mode,
        payment_origins=["https://checkout.stripe.com"],
        menus={
            "admin": ADMIN,
            "account": [Section("Orders", "receipt", "account")],
            "shop": [Section("Shop", "store", "shop"), Section("Cart", "shopping-cart", "cart")],
        },
        home="shop",
        search="orders",
        sign_out="sign_out",
        person=lambda request: person,
        clock=StoppedClock(),
        own_templates=[Path(__file__).parent / "templates"],
    )
    routes = [
        Route("/shop", _shows("shop.html"), name="shop"),
        Route("/cart", _shows("shop.html"), name="cart"),
        Route("/account", _shows("account.html"), name="account"),
        Route("/sign-in", _shows("sign_in.html"), name="sign_in"),
        Route("/sign-out", conflict, name="sign_out", methods=["POST"]),
        Route("/admin/orders", orders, name="orders"),
        Route("/admin/orders/{number}", order, name="order", methods=["GET", "POST"]),
        Route("/admin/orders/{number}/cancellation", cancel, name="cancel"),
        Route("/admin/empty", _shows("nothing.html"), name="empty"),
        Route("/admin/hooks", _shows("nothing.html"), name="hooks"),
        Route("/admin/mail", _shows("nothing.html"), name="mail"),
        Route("/admin/ledger", _shows("nothing.html"), name="ledger"),
        Route("/broken", broken),
        Route("/conflict", conflict),
        Route("/forbidden", forbidden),
    ]
    pages = Pages(frame, routes)
    canceled: list[str] = []
    pages.app.state.canceled = canceled
    host = Starlette(routes=[Route("/", lambda _: PlainTextResponse("the host's own page")), Mount("/billing", app=pages)])
    host.state.canceled = canceled
    return host
