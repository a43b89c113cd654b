"""Farthing: wires everything once. Enter it in your application's lifespan, mount `.asgi`, and ask it to take money."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, get_args

import structlog

from farthing import (
    access,
    config,
    credits,
    customers,
    emails,
    entitlements,
    fulfillment,
    job_postings,
    orders,
    payments,
    purchases,
    subscriptions,
    worker,
)
from farthing import catalog as catalog_room
from farthing import checkout as checkout_room
from farthing.carriers import Carrier
from farthing.catalog import CartItem, Catalog, PricedCart, Product, Resolver
from farthing.checkout import Buyer, Charged, Started
from farthing.clock import Clock, SandboxClock
from farthing.config import Settings
from farthing.credits import CreditGrant, CreditSpend
from farthing.customers import Customer, PaymentMethod
from farthing.db import Database, Transaction, migrate
from farthing.db.embedded import EmbeddedPostgres
from farthing.disputes import Desk as DisputesDesk
from farthing.emails import MailboxMailer, SmtpMailer
from farthing.errors import ConfigError, Invalid
from farthing.events import ANNOUNCED, Announced, EventName
from farthing.fulfillment import CheckJob, Fulfillment
from farthing.http import tokens
from farthing.http.idempotency import Key
from farthing.ids import CreditSpendId, LineItemId, OrderId, PaymentId, PaymentMethodId, SubscriptionId
from farthing.job_postings import JobPosting
from farthing.lifecycles import PurchaseStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Confirmed, Intent, Payment, Refund, RefundReason
from farthing.providers import CaptureMethod
from farthing.providers.stripe import Stripe
from farthing.purchases import PurchasePage, SellerSales
from farthing.refunds import Desk
from farthing.subscriptions import Begun, Change, Committed, CustomerState, Effective, Subscription
from farthing.webhooks import Inbox
from farthing.world import Hook, Mailer, World

if TYPE_CHECKING:
    from farthing.http.callers import Authenticate
    from farthing.routing import Site

F = TypeVar("F", bound=Callable[..., Any])
Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]

log = structlog.get_logger("farthing")

SUCCESS_PATH: Final = "/checkout/success?session_id={CHECKOUT_SESSION_ID}"
CANCEL_PATH: Final = "/checkout/canceled"
EVENT_NAMES: Final = tuple(get_args(EventName))


class Farthing:
    """Payments, orders and books for one application.

    `settings` come from the environment unless given; `authenticate` tells who a request of the host's is from; with
    `run_worker` jobs and sweeps run in this process, otherwise `farthing worker` runs them in another. `content` says what
    the host's own content is and costs, by its reference; `sign_download` makes a URL of its storage for a file. Nothing is
    opened before it is started.

    `kinds` are kinds of product of your own, by the name that farthing.toml uses: each an object with the async functions
    `grant`, `revoke` and `restore`, and `options`, a pydantic model, where its products have some. One with the name of ours
    takes its place. `jobs` says whether a customer may buy for one of your jobs; without it, whoever buys first owns it.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        authenticate: Authenticate | None = None,
        run_worker: bool = True,
        catalog: Catalog | None = None,
        clock: Clock | None = None,
        mailer: Mailer | None = None,
        kinds: Mapping[str, object] | None = None,
        jobs: CheckJob | None = None,
        content: Resolver | None = None,
        sign_download: Callable[[str], str | Awaitable[str]] | None = None,
    ) -> None:
        self.settings = settings or config.load()
        self.authenticate = authenticate
        self.run_worker = run_worker
        self._catalog = catalog
        self._clock = clock
        self._mailer = mailer
        self._kinds = fulfillment.registered(kinds or {}, jobs)
        self._content = content
        self._sign_download = sign_download
        self._hooks: dict[str, list[Hook]] = {}
        self._in_transaction: dict[str, list[Callable[[Transaction, Any], Awaitable[None]]]] = {}
        self._world: World | None = None
        self._stack: AsyncExitStack | None = None
        self._starting = asyncio.Lock()
        self._site: Site | None = None
        self.refunds = Desk(lambda: self.world)
        """Giving money back: by line, previews, requests and their approval."""
        self.disputes = DisputesDesk(lambda: self.world)
        """Disputes: the list, evidence, submission and acceptance."""
        self.inbox: Inbox
        """Where deliveries are stored; there once started."""

    # Starting and stopping.

    async def start(self) -> None:
        """Open the database, check its schema, read the catalog, reach for the provider. Raises ConfigError: fail closed."""
        async with self._starting:
            if self._world is not None:
                return
            async with AsyncExitStack() as stack:
                self._world = await self._open(stack)
                self._stack = stack.pop_all()

    async def stop(self) -> None:
        stack, self._stack, self._world = self._stack, None, None
        if stack is not None:
            await stack.aclose()

    async def __aenter__(self) -> Farthing:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def lifespan(self, app: Any = None, *, inner: Lifespan | None = None) -> Any:
        """`FastAPI(lifespan=pay.lifespan)`, or `FastAPI(lifespan=pay.lifespan(inner=mine))` where you have one already.

        A mounted application's own lifespan is never run by Starlette: that is why the host enters ours.
        """

        @asynccontextmanager
        async def entered(host: Any) -> AsyncIterator[Any]:
            async with self:
                if inner is None:
                    yield
                else:
                    async with inner(host) as state:
                        yield state

        return entered if inner is not None else entered(app)

    @property
    def kinds(self) -> Mapping[str, object]:
        """Kinds of product of the application's own, by name."""
        return self._kinds

    @property
    def started(self) -> bool:
        return self._world is not None

    @property
    def world(self) -> World:
        """What flows and doors work with. Raises ConfigError before the start."""
        if self._world is None:
            raise ConfigError("Farthing is not started: enter it in your lifespan, or use `async with pay:`.")
        return self._world

    @property
    def asgi(self) -> Site:
        """The application to mount: REST under /v1, the webhook door, the pages."""
        if self._site is None:
            from farthing.routing import Site

            self._site = Site(self)
        return self._site

    # The host's own reactions.

    def on(
        self,
        event: type[Announced] | EventName,
        *,
        when: Literal["after_commit", "in_transaction"] = "after_commit",
        name: str | None = None,
    ) -> Callable[[F], F]:
        """Register a hook.

        By default it runs after the commit as a job of its own, at least once for each event (`event.id` tells repetitions),
        and is tried again when it raises. With `when="in_transaction"` it is an async function that gets the open
        transaction first: what it writes with `tx.connection` commits with the payment or not at all, and what it raises
        rolls the payment's record back until the event is tried again. It must not call the network.
        """
        type_: str = event if isinstance(event, str) else getattr(event, "name", event.__qualname__)
        if type_ not in EVENT_NAMES:
            raise Invalid(f"There is no event {type_!r}: choose one of {', '.join(EVENT_NAMES)}.")

        def register(function: F) -> F:
            if when == "in_transaction":
                if not inspect.iscoroutinefunction(function):
                    raise Invalid(f"{function.__qualname__} runs in a transaction, so it must be an async function.")
                self._in_transaction.setdefault(type_, []).append(function)
                return function
            if type_ not in ANNOUNCED:
                known = ", ".join(sorted(ANNOUNCED))
                raise Invalid(f"{type_!r} is not announced to hooks: choose one of {known}, or when='in_transaction'.")
            hook = Hook(name or f"{function.__module__}.{function.__qualname__}", function)
            hooks = self._hooks.setdefault(type_, [])
            if any(hook.name == other.name for other in hooks):
                raise Invalid(f"A hook named {hook.name!r} is registered for {type_} already: give it a name of its own.")
            hooks.append(hook)
            return function

        return register

    # What a host asks for.

    async def checkout(
        self,
        cart: str | Mapping[str, int] | Sequence[CartItem],
        *,
        customer: str | None = None,
        email: str | None = None,
        name: str | None = None,
        quantity: int = 1,
        content: str | None = None,
        currency: str | None = None,
        success_url: str | None = None,
        cancel_url: str | None = None,
        metadata: Mapping[str, str] | None = None,
        promotion_code: str | None = None,
        shipping_address: Mapping[str, str | None] | None = None,
        shipping_rate: str | None = None,
        locale: str | None = None,
        capture: CaptureMethod | None = None,
        idempotency_key: str | None = None,
    ) -> Started:
        """Place an order and open a payment page for it: send the buyer to `.url`.

        `cart` is a product's key, or keys with quantities, or `CartItem`s; prices come from the catalog alone. `content` names
        what is bought of the host's content, where the one product is of that kind. `customer` is
        your own id of the user, None for a guest with an `email`. `{ORDER_ID}` and `{CHECKOUT_SESSION_ID}` in `success_url`
        are filled in. `shipping_address` is where goods are sent, as over HTTP, by `shipping_rate` or the first rate that
        serves it. `locale` is what the buyer reads, such as `de`: emails are written in it.
        `capture="manual"` keeps the money until you `capture` it; by default as the products say.

        Raises Invalid, NotFound or Conflict for what cannot be sold, ProviderUnavailable where the provider did not answer:
        repeat with the same `idempotency_key` and the same order goes on.
        """
        items = _items(cart, quantity, content)
        buyer = Buyer(customer, email, name)
        success = success_url or self.settings.success_url or self.settings.base_url + SUCCESS_PATH
        cancel = cancel_url or self.settings.cancel_url or self.settings.base_url + CANCEL_PATH
        asked: list[object] = [[_asked(item) for item in items], customer, email, currency, success, cancel]
        asked += [promotion_code, locale, capture]
        asked += [dict(shipping_address)] if shipping_address else []
        asked += [["shipping_rate", shipping_rate]] if shipping_rate else []
        key = Key.of("app", idempotency_key, [*asked, dict(metadata or {})]) if idempotency_key else None
        return await checkout_room.start(
            self.world,
            items=items,
            buyer=buyer,
            success_url=success,
            cancel_url=cancel,
            actor="app",
            currency=currency,
            metadata=metadata,
            promotion_code=promotion_code,
            shipping_address=shipping_address,
            shipping_rate=shipping_rate,
            locale=locale,
            capture_method=capture,
            key=key,
        )

    async def price(
        self,
        cart: str | Mapping[str, int] | Sequence[CartItem],
        *,
        quantity: int = 1,
        content: str | None = None,
        currency: str | None = None,
        promotion_code: str | None = None,
        customer: str | None = None,
        shipping_country: str | None = None,
        shipping_rate: str | None = None,
    ) -> PricedCart:
        """What the cart would cost now: lines, discounts, total; with `shipping_country` also the way there. Nothing is
        written, no code reserved.

        Raises Invalid, NotFound or Conflict for what cannot be sold, and for a code that would not be taken.
        """
        items = _items(cart, quantity, content)
        return await checkout_room.preview(
            self.world,
            items=items,
            currency=currency,
            promotion_code=promotion_code,
            customer=customer,
            shipping_country=shipping_country,
            shipping_rate=shipping_rate,
            actor="app",
        )

    def products(self, locale: str | None = None) -> list[Product]:
        """What is for sale, as pages show it: in a language (de-AT falls back to de), in the order of `display.order`."""
        return [product for product in catalog_room.localized(self.world.catalog, locale) if product.active]

    async def customer(
        self,
        id: str,
        *,
        email: str | None = None,
        name: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Customer:
        """Find or make the customer for a user of yours: `id` is your own. Call it when one signs up, or changes.

        What is new is kept, and a job has the provider know it; repeating it changes nothing. `metadata` replaces what there
        was. Raises Invalid.
        """
        provider = self.world.provider

        async def work(tx: Transaction) -> Customer:
            found = await customers.remember(tx, external_id=id, email=email, name=name, metadata=metadata)
            await customers.want(tx, found, provider.name, livemode=provider.livemode)
            return found

        return await self.world.db.run("app", work)

    async def charge(
        self,
        customer: str,
        cart: str | Mapping[str, int] | Sequence[CartItem],
        *,
        method: str | None = None,
        currency: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Charged:
        """Place an order and charge your user's saved method for it while they are away: the default, or the one named.

        `.status` says what came of it: paid, processing, declined, or action_required, where the bank wants to see the buyer
        and `payment.action_required` is recorded. An order that is not paid can be paid by its link (`recovery_url`) for 23
        hours. Raises NotFound or Conflict where there is nothing to charge, ProviderUnavailable where nobody knows: repeat with
        the same `idempotency_key`, and nothing is charged twice.
        """
        items = _items(cart, 1)
        asked = [customer, [_asked(item) for item in items], method, currency, dict(metadata or {})]
        return await checkout_room.charge(
            self.world,
            external_id=customer,
            items=items,
            method=None if method is None else PaymentMethodId.parse(method),
            currency=currency,
            metadata=metadata,
            actor="app",
            key=Key.of("app", idempotency_key, asked) if idempotency_key else None,
        )

    async def subscribe(
        self,
        customer: str,
        plan: str,
        price: str | None = None,
        *,
        quantity: int | None = None,
        currency: str | None = None,
        email: str | None = None,
        name: str | None = None,
        trial: bool | None = None,
        page: bool = True,
        method: str | None = None,
        success_url: str | None = None,
        cancel_url: str | None = None,
        promotion_code: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Begun:
        """Begin a plan of the catalog for your user: send them to `.url`. A page that they left before is closed.

        With `page=False` it begins at once: `method` (payment_method_…, or "default") is charged, or without it the browser
        pays with `.client_secret`. `trial` None tries it as the plan says, once for each customer. What the plan grants is
        there once it is paid or tried: ask `entitled`. `promotion_code` is one of yours; `.discount` and `.first_amount` of the
        answer say what it takes off, before anything is paid.

        Raises NotFound, Invalid or Conflict for what is not sold so, and Conflict for a user who has a plan of the group;
        ProviderUnavailable: repeat with the same `idempotency_key`.
        """
        success = success_url or self.settings.success_url or self.settings.base_url + SUCCESS_PATH
        cancel = cancel_url or self.settings.cancel_url or self.settings.base_url + CANCEL_PATH
        wanted = subscriptions.Wanted(
            plan=plan,
            external_id=customer,
            price=price,
            quantity=quantity,
            currency=currency,
            email=email,
            name=name,
            trial=trial,
            success_url=success if page else None,
            cancel_url=cancel if page else None,
            method=None if method in (None, "default") else PaymentMethodId.parse(method or ""),
            use_default=method == "default",
            metadata=metadata or {},
            promotion_code=promotion_code,
        )
        asked = [customer, plan, price, quantity, currency, trial, page, method, success, cancel, dict(metadata or {})]
        key = _key(idempotency_key, ["subscribe", *asked, *([] if promotion_code is None else [promotion_code])])
        return await subscriptions.start(self.world, wanted, actor="app", key=key)

    async def subscriptions(self, customer: str) -> list[Subscription]:
        """All of your user, newest first; none for one who never had any."""
        async with self.world.db.transaction("app") as tx:
            found = await customers.find_by_external_id(tx, customer)
            return [] if found is None else await subscriptions.of_customer(tx, found.id)

    async def customer_state(self, customer: str) -> CustomerState:
        """Your user's subscriptions, features with their limits, credits and unpaid invoices, in one answer."""
        async with self.world.db.transaction("app") as tx:
            return await subscriptions.state_of(tx, customer)

    async def cancel_subscription(self, subscription: str, *, now: bool = False, reason: str | None = None) -> Subscription:
        """End it with the period that is paid, or now. What is paid can be used until its end; nothing is given back."""
        id = SubscriptionId.parse(subscription)
        return await subscriptions.cancel(self.world, id, now=now, comment=reason, actor="app")

    async def preview_change(
        self,
        subscription: str,
        *,
        plan: str | None = None,
        price: str | None = None,
        quantity: int | None = None,
        when: Effective | None = None,
        current_price: bool = False,
        coupon: str | None = None,
        promotion_code: str | None = None,
    ) -> Change:
        """What a change would cost, now (`.due`) and with each period (`.renewal`): a quote, good for 15 minutes.

        What is left out stays. `when` None: what costs more now, what costs less with the period that is paid. Who bought a
        price keeps it, unless `current_price` moves them to what new buyers pay. `coupon` is one of the provider's; "" takes
        off what is on. `promotion_code` is one of yours, which puts on its coupon instead. Raises NotFound, Invalid or Conflict
        for what it cannot become.
        """
        wish = subscriptions.Wish(plan, price, quantity, None, current_price, when, coupon, promotion_code)
        return await subscriptions.preview_change(self.world, SubscriptionId.parse(subscription), wish, actor="app")

    async def change_subscription(self, quote: Change) -> Committed:
        """Do what was quoted, and charge exactly that. Where it waits for its money the old plan stays, and the answer has a
        `client_secret` and a `url`. Raises QuoteChanged with the new quote where it would cost something else by now;
        ProviderUnavailable: repeat it, and it is the same change.
        """
        return await subscriptions.commit_change(self.world, quote.subscription_id, quote.id, actor="app")

    async def changes(self, subscription: str) -> list[Change]:
        """Those that somebody committed to, newest first: also what is planned, and what waits for its money."""
        async with self.world.db.transaction("app") as tx:
            return await subscriptions.changes_of(tx, SubscriptionId.parse(subscription))

    async def drop_change(self, change: Change) -> Change:
        """Call off what is planned. Raises Conflict for what has happened."""
        return await subscriptions.drop_change(self.world, change.subscription_id, change.id, actor="app")

    async def pause_subscription(
        self, subscription: str, *, until: datetime | None = None, reason: str | None = None
    ) -> Subscription:
        """Ask for no money until it is resumed, or until then. What is paid can be used until its end."""
        id = SubscriptionId.parse(subscription)
        return await subscriptions.pause(self.world, id, until=until, comment=reason, actor="app")

    async def resume_subscription(self, subscription: str) -> Subscription:
        """Let one that was to end, or is paused, go on: where nothing is paid any more a new period begins, and is charged.

        Raises Conflict where it is over."""
        return await subscriptions.resume(self.world, SubscriptionId.parse(subscription), actor="app")

    async def recovery_url(self, order: str) -> str:
        """The link by which an unpaid order can be paid, good for as long as the order is open. For emails: it names nobody."""
        return checkout_room.recovery_url(self.settings, await self.order(order))

    async def payment_methods(self, customer: str) -> list[PaymentMethod]:
        """What your user may pay with again, oldest first. Raises NotFound for somebody we never met."""
        async with self.world.db.transaction("app") as tx:
            found = await customers.find_for(tx, customer)
            return await customers.methods_of(tx, found.id, livemode=self.world.provider.livemode)

    async def setup_url(self, customer: str, *, success_url: str, cancel_url: str, currency: str | None = None) -> str:
        """The address of a page where your user saves a way to pay, to be charged later while they are away."""
        return await checkout_room.setup_page(
            self.world, customer, success_url=success_url, cancel_url=cancel_url, currency=currency, actor="app"
        )

    async def portal_url(self, customer: str, *, return_url: str) -> str:
        """The address of the provider's page where your user looks after methods and invoices: short-lived, for one click.

        Take `customer` from who is signed in, never from the request.
        """
        return await checkout_room.portal_page(self.world, customer, return_url=return_url, actor="app")

    async def place_order(
        self,
        cart: str | Mapping[str, int] | Sequence[CartItem],
        *,
        customer: str | None = None,
        email: str | None = None,
        name: str | None = None,
        quantity: int = 1,
        currency: str | None = None,
        metadata: Mapping[str, str] | None = None,
        promotion_code: str | None = None,
        shipping_address: Mapping[str, str | None] | None = None,
        shipping_rate: str | None = None,
        idempotency_key: str | None = None,
    ) -> Order:
        """Place an order without a payment page: pay it with `payment_intent` or `order_checkout`. Nobody is called.

        What costs nothing is paid when this answers. Raises as `checkout` does.
        """
        items = _items(cart, quantity)
        asked: list[object] = [[_asked(item) for item in items], customer, email, currency, promotion_code]
        asked += [dict(shipping_address)] if shipping_address else []
        asked += [["shipping_rate", shipping_rate]] if shipping_rate else []
        order, _ = await checkout_room.place_order(
            self.world,
            items=items,
            buyer=Buyer(customer, email, name),
            actor="app",
            currency=currency,
            metadata=metadata,
            promotion_code=promotion_code,
            shipping_address=shipping_address,
            shipping_rate=shipping_rate,
            key=_key(idempotency_key, ["order", *asked, dict(metadata or {})]),
        )
        return order

    async def order_checkout(
        self,
        order: str,
        *,
        success_url: str | None = None,
        cancel_url: str | None = None,
        capture: CaptureMethod | None = None,
        idempotency_key: str | None = None,
    ) -> Started:
        """Open a payment page for an order that stands, also a second time after the buyer left. The former way is closed."""
        success = success_url or self.settings.success_url or self.settings.base_url + SUCCESS_PATH
        cancel = cancel_url or self.settings.cancel_url or self.settings.base_url + CANCEL_PATH
        return await checkout_room.open_page(
            self.world,
            OrderId.parse(order),
            success_url=success,
            cancel_url=cancel,
            actor="app",
            capture_method=capture,
            key=_key(idempotency_key, ["page", order, success, cancel, capture]),
        )

    async def payment_intent(
        self,
        order: str,
        *,
        return_url: str | None = None,
        capture: CaptureMethod | None = None,
        idempotency_key: str | None = None,
    ) -> Intent:
        """Open a payment for your own pages: give `.client_secret` and `.publishable_key` to the buyer's browser.

        A former way to pay the order is closed first. Raises Conflict where the order is paid, or the bank is at it;
        ProviderUnavailable: repeat with the same `idempotency_key`.
        """
        return await checkout_room.open_intent(
            self.world,
            OrderId.parse(order),
            actor="app",
            return_url=return_url,
            capture_method=capture,
            key=_key(idempotency_key, ["intent", order, return_url, capture]),
        )

    async def confirm_payment(self, payment: str, payment_method: str) -> Confirmed:
        """Pay with a method that the buyer's browser made. With `.redirect_url` the buyer's bank wants to see them."""
        return await payments.confirm(self.world, PaymentId.parse(payment), method=payment_method, actor="app")

    async def payment(self, id: str) -> Payment:
        """How a payment stands, for somebody who waits: asks the provider, at most every five seconds. Raises NotFound."""
        return await payments.look(self.world, PaymentId.parse(id), actor="app")

    async def cancel_payment(self, id: str) -> Payment:
        """Close this way to pay; its order may be paid in another. Raises Conflict where it is paid, or about to be."""
        return await checkout_room.close_payment(self.world, PaymentId.parse(id), actor="app")

    async def capture(self, payment: str, amount: Money | None = None) -> Payment:
        """Take what a payment keeps for you, or less: then the order's price is what was taken.

        Capturing the same twice changes nothing. Raises Conflict where nothing is kept any more, Invalid for a wrong amount.
        """
        return await payments.capture(self.world, PaymentId.parse(payment), amount, actor="app")

    async def void(self, payment: str) -> Payment:
        """Let go of what a payment keeps for you, and take nothing. Raises Conflict where it is captured."""
        return await payments.void(self.world, PaymentId.parse(payment), actor="app")

    async def entitled(self, customer: str, feature: str) -> bool:
        """Whether your user may use the feature at this moment. One indexed query."""
        return await entitlements.check(self.world.db, customer, feature)

    async def owns(self, customer: str, content: str) -> bool:
        """Whether your user owns your content at this moment. One indexed query."""
        return await purchases.owns(self.world.db, customer, content)

    async def verify_purchase(self, content: str, customer: str) -> bool:
        """`owns`, asked the other way round: true only while the purchase is completed and not given back."""
        return await self.owns(customer, content)

    async def access_token(self, customer: str, content: str | None = None) -> str:
        """A token that says for some minutes what your user may use: one content, or everything. `farthing.access.verify`
        checks it anywhere, without a database. Raises Forbidden where the user does not own the content.
        """
        return (await access.issue(self.world, customer, content)).token

    async def verify_access(self, token: str, *, content: str | None = None, feature: str | None = None) -> access.Grants:
        """The same check with the database at hand: a token from before a refund is refused."""
        return await access.check_now(self.world, token, content=content, feature=feature)

    async def get_purchase_history(
        self, customer: str, *, status: PurchaseStatus | None = None, page: int = 1, page_size: int = 20
    ) -> PurchasePage:
        """What your user bought of your content, newest first, with the number of all. Raises Invalid for such a page."""
        async with self.world.db.transaction("app") as tx:
            return await purchases.history(tx, customer, status=status, page=page, page_size=page_size)

    async def sales_by_seller(
        self, *, seller: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[SellerSales]:
        """What each seller sold of your content and how it was shared: one row for each seller and currency."""
        async with self.world.db.transaction("app") as tx:
            return await purchases.sales_by_seller(tx, seller=seller, since=since, until=until)

    async def order(self, id: str) -> Order:
        """The order with its line items. Raises NotFound."""
        async with self.world.db.transaction("app") as tx:
            return await orders.get(tx, OrderId.parse(id))

    async def refund(
        self,
        order: str,
        amount: Money | None = None,
        *,
        reason: RefundReason = "requested_by_customer",
        note: str | None = None,
    ) -> Refund:
        """Promise part of an order's payment, or all that is left of it; a job sends it at once.

        Raises Conflict where that much is not left. It is safe against two at the same moment, and not against being called
        twice on purpose: each call is a refund. By line, previews and requests: `.refunds`.
        """
        return await self.refunds.create(order, amount, reason=reason, note=note)

    # What a job board, an agency and a seller of credits ask for. Each may be done in the host's own transaction: `tx`.

    async def credits(self, customer: str) -> int:
        """How many credits your user can spend at this moment."""
        async with self.world.db.transaction("app") as tx:
            return (await credits.show(tx, await credits.customer_of(tx, customer))).balance

    async def spend_credits(
        self,
        customer: str,
        amount: int,
        *,
        reference: str,
        note: str | None = None,
        then: Callable[[Transaction, CreditSpend], Awaitable[None]] | None = None,
    ) -> CreditSpend:
        """Spend your user's credits, those that end first before the others.

        `reference` says on what: the same one again answers with the first spend. `then` gets the open transaction: what it
        writes with `tx.connection`, such as your job that goes online, commits with the spend or not at all; it may run again.
        Raises Conflict where there are not enough, NotFound for a user who never bought. Undo it with `release_credits`.
        """

        async def work(tx: Transaction) -> CreditSpend:
            buyer = await credits.customer_of(tx, customer)
            spent = await credits.spend(tx, buyer, amount, reference=reference, note=note)
            if then is not None:
                await then(tx, spent)
            return spent

        return await self.world.db.run("app", work)

    async def release_credits(self, spend: str) -> CreditSpend:
        """Give back what was spent: harmless when repeated."""
        return await self.world.db.run("app", lambda tx: credits.release(tx, CreditSpendId.parse(spend)))

    async def grant_credits(
        self, customer: str, amount: int, *, reference: str, note: str | None = None, expires_at: datetime | None = None
    ) -> CreditGrant:
        """Give your user credits that nobody paid for. Once for each reference."""

        async def work(tx: Transaction) -> CreditGrant:
            buyer = await customers.remember(tx, external_id=customer, email=None)
            return await credits.give(tx, buyer.id, amount, reference=reference, note=note, expires_at=expires_at)

        return await self.world.db.run("app", work)

    async def job_posting(self, job: str) -> JobPosting | None:
        """How one of your jobs stands on the board; None where nobody bought for it."""
        async with self.world.db.transaction("app") as tx:
            return await job_postings.find(tx, job)

    async def approve_job(self, job: str) -> JobPosting:
        """Publish a job that waits for approval: its time starts now. Raises NotFound, Conflict."""
        return await self.world.db.run("app", lambda tx: _approve(tx, job))

    async def reject_job(self, job: str, reason: str, *, refund: bool = False) -> JobPosting:
        """Refuse a job that waits for approval, and with `refund` promise the buyer all that was paid for it."""

        async def work(tx: Transaction) -> JobPosting:
            posting = await job_postings.get_by_job(tx, job)
            return await payments.reject_posting(tx, posting.id, reason, refund=refund)

        return await self.world.db.run("app", work)

    async def fulfill(self, order: str, line: str, delivered_units: int, *, note: str | None = None) -> Fulfillment:
        """Say that so many units of a service are delivered by now, all in all; 0: somebody has begun. Repeatable."""
        ids = OrderId.parse(order), LineItemId.parse(line)
        return await self.world.db.run("app", lambda tx: fulfillment.advance_to(tx, *ids, delivered_units, note=note))

    # Wiring.

    async def _open(self, stack: AsyncExitStack) -> World:
        settings = self.settings
        key = settings.require_stripe()
        tokens.check(settings)
        emails.check(settings.emails)
        catalog = self._catalog or catalog_room.load(settings.catalog, kinds=self._kinds)
        dsn, direct = await self._database(stack)
        db = Database(dsn, clock=self._clock or await _clock(settings, stack), prepared=direct == dsn)
        db.hooks = self._in_transaction
        db.kinds = self._kinds
        await db.open()
        stack.push_async_callback(db.close)
        provider = Stripe(
            key,
            livemode=settings.livemode,
            webhook_secrets=[secret.get_secret_value() for secret in settings.stripe_webhook_secrets],
            base=settings.stripe_api_base,
        )
        stack.push_async_callback(provider.close)
        carrier = _carrier(settings)
        if carrier is not None:
            stack.push_async_callback(carrier.close)
        world = World(
            settings,
            db,
            provider,
            catalog,
            self._mailer or _mailer(settings),
            self._hooks,
            self._content,
            self._sign_download,
            carrier,
        )
        self.inbox = Inbox(db)
        stack.push_async_callback(self.inbox.close)
        if self.run_worker:
            await self._start_worker(stack, world, direct)
        return world

    async def _database(self, stack: AsyncExitStack) -> tuple[str, str]:
        """The DSN to use and the one that leads to the server itself. Without any, PostgreSQL from the wheel is started."""
        settings = self.settings
        if settings.database_url is not None:
            dsn = settings.database_url.get_secret_value()
            direct = settings.database_direct_url.get_secret_value() if settings.database_direct_url else dsn
            await asyncio.to_thread(migrate.check, direct)
            return dsn, direct
        if settings.env == "production":
            raise ConfigError("DATABASE_URL is not set: in production Farthing does not start a PostgreSQL of its own.")
        server = EmbeddedPostgres(settings.home)
        dsn = await asyncio.to_thread(server.start)
        stack.push_async_callback(asyncio.to_thread, server.stop)
        if await asyncio.to_thread(migrate.current, dsn) != migrate.latest():
            await asyncio.to_thread(migrate.upgrade, dsn)
        return dsn, dsn

    async def _start_worker(self, stack: AsyncExitStack, world: World, dsn: str) -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(world, dsn, stop))

        async def end() -> None:
            stop.set()
            await task

        stack.push_async_callback(end)


async def _approve(tx: Transaction, job: str) -> JobPosting:
    return await job_postings.approve(tx, (await job_postings.get_by_job(tx, job)).id)


def _key(text: str | None, request: list[object]) -> Key | None:
    return Key.of("app", text, request) if text else None


def _items(cart: str | Mapping[str, int] | Sequence[CartItem], quantity: int, content: str | None = None) -> list[CartItem]:
    if isinstance(cart, str):
        return [CartItem(cart, quantity, content=content)]
    if content is not None:
        raise Invalid("Name the content in each CartItem of the cart.", param="content")
    if isinstance(cart, Mapping):
        return [CartItem(product, count) for product, count in cart.items()]
    return list(cart)


def _asked(item: CartItem) -> list[object]:
    """What of an item is part of an idempotency key."""
    price = None if item.price is None else str(item.price)
    listed = [item.listing] if item.listing else []
    return [item.product, item.quantity, dict(item.metadata), price, item.for_line, item.content, *listed]


async def _clock(settings: Settings, stack: AsyncExitStack) -> Clock | None:
    """In development the house goes by the sandbox's time: then a holding period is over when somebody moves its clock."""
    if settings.env != "dev" or not settings.sandboxed or settings.stripe_api_base is None:
        return None
    clock = SandboxClock(settings.stripe_api_base)
    await asyncio.to_thread(clock.start)
    stack.callback(clock.close)
    return clock


def _carrier(settings: Settings) -> Carrier | None:
    key = settings.require_easypost()
    if key is None:
        return None
    from farthing.carriers.easypost import EasyPost

    secrets = [secret.get_secret_value() for secret in settings.easypost_webhook_secrets]
    return EasyPost(key, webhook_secrets=secrets, base=settings.easypost_api_base)


def _mailer(settings: Settings) -> Mailer:
    if settings.smtp_url is None:
        return MailboxMailer()
    return SmtpMailer(settings.smtp_url.get_secret_value(), settings.mail_from)
