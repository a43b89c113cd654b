"""The `sandbox` of a test: one account at a Stripe of its own, and what buyers, sellers, banks and bad days do to it.

Every verb returns when its webhooks have been sent once, to whoever listens, and when the application under `pay` has acted on
them. So a test asserts at once, and never sleeps. A webhook that is not taken fails the test there and then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from farthing.testing.keeping import App
from farthing.testing.outcomes import Outcome, id_of, outcome_of, session_of
from farthing.testing.problems import NotDelivered, Refused
from farthing.testing.receivers import Receiver, Receivers, told
from farthing.testing.serving import Home, serving

if TYPE_CHECKING:
    import stripe
    from httpx import Response

    from farthing.testing.orders import Plan
    from farthing.testing.process import SandboxServer

CARD: Final = "4242 4242 4242 4242"
EMAIL: Final = "buyer@example.com"
LOOK_SECONDS: Final = 0.01
SETTLE_SECONDS: Final = 20
"""How long webhooks may take to be sent once: their receivers have ten seconds to answer."""

HELD_MAX: Final = 10_000
ROUNDS_MAX: Final = 20
RETRIES_MAX: Final = 5
MOMENT_SECONDS: Final = 2
"""In this time everything has happened that Stripe does a moment later, such as telling a payment's fee."""

__tracebackhide__ = True  # pytest: the line of the test is what matters

Json = dict[str, Any]
Passed = Literal["complete", "fail"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook endpoint of the account; `secret` is what its deliveries are signed with."""

    id: str
    url: str
    secret: str


@dataclass(slots=True)
class Holding:
    """Whether webhooks are held back, and in which orders they are to be delivered then."""

    active: bool = False
    plan: Plan | None = None


@dataclass
class Sandbox:
    """One account of a Stripe that nobody else sees. `url` and `key` are what an application needs to use it."""

    url: str
    key: str
    _server: SandboxServer = field(repr=False)
    _home: Home = field(repr=False)
    _holding: Holding = field(default_factory=Holding, repr=False)
    _receivers: Receivers = field(default_factory=Receivers, repr=False)
    _followers: list[Callable[[], bool]] = field(default_factory=list, repr=False)
    _stack: ExitStack = field(default_factory=ExitStack, repr=False)

    @cached_property
    def client(self) -> stripe.StripeClient:
        """The official SDK, as this account."""
        import stripe

        return stripe.StripeClient(self.key, base_addresses={"api": self.url})

    # Buyers and sellers.

    def pay(
        self,
        session: object,
        card: str = CARD,
        *,
        three_d_secure: Passed | None = None,
        email: str | None = EMAIL,
        **fields: str,
    ) -> Outcome:
        """Pay on the page of a checkout session, as a buyer does. A decline is an outcome; a page that is closed is Refused.

        `session` is the session, its id, or the address of its page; `card` a test number or a name like
        `pm_card_chargeDeclined`. Where the bank asks, `three_d_secure` says what the buyer answers there; without it, it
        waits. More fields are those of the control: `name`, `iban`, `account_number` and `routing_number`, `promotion_code`.
        """
        given: dict[str, Any] = {"email": email, **fields}
        if three_d_secure:
            given["three_d_secure"] = three_d_secure
        if not {"iban", "account_number"} & fields.keys():
            given |= _card(card)
        answer = self._post(f"/checkout/sessions/{session_of(session)}/pay", given, also=(402,))
        self.settle()
        return outcome_of(answer.status_code, answer.json())

    def authenticate(self, wanted: object, outcome: Passed = "complete") -> Outcome:
        """The buyer answers the bank's page (3-D Secure), of a payment or setup intent, or of an `Outcome` that waits."""
        if isinstance(wanted, Outcome):
            wanted = (wanted.payment_intent or {}).get("id")
        answer = self._post(f"/payment_intents/{id_of(wanted)}/authenticate", {"outcome": outcome}, also=(402,))
        self.settle()
        return outcome_of(answer.status_code, answer.json())

    def onboard(self, seller: object, outcome: str = "complete", **fields: str) -> Json:
        """A seller goes through onboarding: `complete`, `document` (one is asked for), `rejected`, or `half`."""
        return self._does(f"/accounts/{id_of(seller)}/onboard", {"outcome": outcome, **fields})

    def decide(self, dispute: object, outcome: str) -> Json:
        """The bank's last word on a dispute: `won`, `lost`, `escalated`, `warning_closed`."""
        return self._does(f"/disputes/{id_of(dispute)}/decide", {"outcome": outcome})

    # Bad days.

    def decline_next(self, decline_code: str = "generic_decline", *, times: int = 1) -> None:
        """The next card payment of this account is declined for this reason, whatever the card, renewals included."""
        self._post("/declines", {"decline_code": decline_code, "times": times})

    def fail_next(self, kind: str, path: str = "/v1/*", *, method: str = "POST", times: int = 1, seconds: float = 30) -> None:
        """The next request of this route fails: `429`, `500_after`, `lost_response`, `timeout` and more.

        All kinds are in the sandbox's reference, under "Faults". They are forgotten when the test ends.
        """
        self._post("/faults", {"kind": kind, "path": path, "method": method, "times": times, "seconds": seconds})

    def disturb_next(self, kind: str, event: str = "*", *, times: int = 1, **fields: float) -> None:
        """The next webhook of such a type (`charge.*`) meets with mischief: `duplicate`, `delay`, `drop`, `bad_signature` …"""
        self._post("/webhooks", {"kind": kind, "event": event, "times": times, **fields})
        self._receivers.expect(kind, event, times)

    def behave(self) -> None:
        """Forget failures and mischief that were ordered; a test's end does so, too."""
        self._server.behave()

    def advance(self, seconds: float) -> None:
        """Move this sandbox's time alone, for everybody in it: a test asks for `clock` instead."""
        self._does("/clock/advance", {"seconds": seconds})

    # Webhooks.

    def send_webhooks_to(
        self,
        receiver: App | str,
        path: str = "",
        *,
        events: Sequence[str] = ("*",),
        may_fail: bool = False,
        connect_events: bool = False,
    ) -> Endpoint:
        """Deliver events to this ASGI or WSGI application, or to this address, signed with the secret of what it returns.

        An application is served on a port of its own until the test ends. Its secret is in STRIPE_WEBHOOK_SECRET as well.
        Where it does not answer 2xx, the verb that waits for it raises NotDelivered, from what it raised. With `may_fail` it
        does not: Stripe tries again, and `wait_until_delivered` waits for that. With `connect_events` it is told of what
        happens at connected accounts, and of nothing else; then STRIPE_WEBHOOK_SECRET stays as it is.
        """
        import os

        heard = Receiver(may_fail)
        address = (
            receiver if isinstance(receiver, str) else self._stack.enter_context(serving(receiver, self._home, heard.raised))
        )
        url = address + path
        wanted: Any = {"url": url, "enabled_events": list(events), "connect": connect_events}
        made = self.client.v1.webhook_endpoints.create(wanted)
        assert made.secret is not None, "it is told when an endpoint is made"
        self._receivers.add(made.id, heard)
        if not connect_events:
            os.environ["STRIPE_WEBHOOK_SECRET"] = made.secret
        return Endpoint(made.id, url, made.secret)

    def events(self, type: str | None = None) -> list[stripe.Event]:
        """What happened in this account, oldest first."""
        wanted: Any = {"limit": 100, **({"type": type} if type else {})}
        return list(self.client.v1.events.list(wanted).auto_paging_iter())[::-1]

    def hold(self) -> None:
        """Keep webhooks back from now on, until `deliver`."""
        self._holding.active = True
        self._post("/webhooks", {"kind": "hold", "times": HELD_MAX})

    def hold_for(self, plan: Plan) -> None:
        """Keep webhooks back, and deliver them as the plan says."""
        self._holding.plan = plan
        self.hold()

    def deliver(self, order: Sequence[str] | Literal["created", "reversed"] = "created") -> None:
        """Send what is held back, one after the other, each when the one before was acted on.

        Here a test with the marker `every_event_order` delivers in the order that is tried; others in this order: `created`,
        `reversed`, or a list of event ids or types. What is refused is sent again at the end, as Stripe would later on.
        """
        if not self._holding.active:
            raise RuntimeError("Nothing is held back: call sandbox.hold() first, or mark the test with every_event_order.")
        self._post("/clock/advance", {"seconds": MOMENT_SECONDS})
        self._come_to_rest()
        held = [each for each in self.deliveries() if each["status"] == "held"]
        sent = set[str]()
        for event in self._arranged(held, order):
            again = event in sent
            self._post(f"/events/{event}/resend" if again else "/webhooks/release", {} if again else {"order": [event]})
            sent.add(event)
            self._come_to_rest()
        self._repeat([each["event"] for each in held])
        self._receivers.complain(self.deliveries(), late_is_fine=True)

    def deliveries(self) -> list[Json]:
        """Every webhook of this account in the order of its events: `event`, `type`, `url`, `status`, `attempts`, `answer`."""
        found: list[Json] = self._request("GET", "/deliveries", None).json()["deliveries"]
        return found

    def wait_until_delivered(self, seconds: float = 10) -> None:
        """For what the test has not done with a verb of `sandbox`: until every receiver has said 2xx.

        Raises NotDelivered where one does not; of those that may fail, where it does not even when it is asked again.
        """
        self.settle()
        end = time.monotonic() + seconds
        while True:
            open_ = [each for each in self.deliveries() if each["status"] in ("pending", "failed")]
            if not open_:
                return self.settle()
            if time.monotonic() > end or all(each["status"] == "failed" for each in open_):
                raise NotDelivered("Not delivered:\n" + "\n".join(map(told, open_)))
            time.sleep(LOOK_SECONDS)

    def follow(self, work: Callable[[], bool]) -> None:
        """Do this too whenever webhooks were sent; it says whether there was anything to do."""
        self._followers.append(work)

    def settle(self) -> None:
        """Until every webhook was sent once, and `pay` has acted on all of them. The verbs above do it by themselves."""
        self._receivers.complain(self._come_to_rest())

    def _come_to_rest(self) -> list[Json]:
        for _ in range(ROUNDS_MAX):
            sent = self._wait_until_sent()
            if not sum(follow() for follow in self._followers):
                return sent
        raise NotDelivered("This does not come to rest: each webhook causes another one.")

    def _wait_until_sent(self) -> list[Json]:
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            every = self.deliveries()
            unsent = [each for each in every if _is_under_way(each)]
            if not unsent:
                return every
            if time.monotonic() > end:
                raise NotDelivered("\n".join(["Still on their way:", *map(told, unsent), *self._server.said]))
            time.sleep(LOOK_SECONDS)

    def _arranged(self, held: list[Json], order: Sequence[str] | str) -> list[str]:
        events = list(dict.fromkeys(each["event"] for each in held))
        types = {each["event"]: str(each["type"]) for each in held}
        if self._holding.plan is not None:
            return [events[place] for place in self._holding.plan.arrange([types[event] for event in events])]
        if isinstance(order, str):
            return events if order == "created" else events[::-1]
        return [event for wanted in order for event in events if wanted in (event, types[event])]

    def _repeat(self, events: list[str]) -> None:
        """What a receiver refused because another event had to come first."""
        for _ in range(RETRIES_MAX):
            refused = {each["event"] for each in self.deliveries() if each["event"] in events and each["status"] == "pending"}
            for event in [event for event in events if event in refused]:
                self._post(f"/events/{event}/resend", {})
                self._come_to_rest()

    # Asking the controls.

    def _does(self, path: str, body: Mapping[str, Any]) -> Json:
        found: Json = self._post(path, body).json()
        self.settle()
        return found

    def _post(self, path: str, body: Mapping[str, Any], *, also: tuple[int, ...] = ()) -> Response:
        return self._request("POST", path, body, also)

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None, also: tuple[int, ...] = ()) -> Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self._server.http.request(method, f"/_sandbox{path}", json=body, headers=headers)
        if answer.status_code not in (200, 202, *also):
            words = self._server.said if answer.status_code >= 500 else ()
            raise Refused(
                "\n".join([f"{method} /_sandbox{path} was answered {answer.status_code}: {_message(answer)}", *words])
            )
        return answer


@contextmanager
def account(server: SandboxServer, key: str, home: Home) -> Iterator[Sandbox]:
    """An account, until the block ends: then what it has served is closed."""
    with ExitStack() as stack:
        found = Sandbox(server.url, key, server, home, _stack=stack)
        stack.callback(found._receivers.close)
        yield found


def _card(card: str) -> dict[str, str]:
    return {"payment_method": card} if card.startswith(("pm_", "tok_")) else {"card": card.replace(" ", "")}


def _is_under_way(delivery: Json) -> bool:
    """Not those that are late on purpose, nor those that are tried again later."""
    return delivery["status"] == "pending" and not delivery["attempts"] and delivery["next_at"] <= time.time()


def _message(answer: Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]
