"""The `pay` of a test: your Farthing, started on an empty database, served on a port of its own, hearing from its sandbox.

No worker runs beside the test: what is to be done is done before a call here, or a verb of `sandbox` or `clock`, returns. So
hooks have run, emails are sent and refunds are on their way when the test looks.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from farthing import catalog as catalog_room
from farthing import jobs
from farthing.invariants import check_all
from farthing.providers.stripe import WATCHED, WATCHED_CONNECTED
from farthing.routing import WEBHOOK
from farthing.testing import facts
from farthing.testing.lending import Application, Surroundings, lent
from farthing.testing.problems import WorkFailed
from farthing.testing.serving import Home, address, listening, served_at
from farthing.worker import SWEEPS, TASKS

if TYPE_CHECKING:
    from pathlib import Path

    from farthing.app import Farthing
    from farthing.catalog import CartItem, Catalog
    from farthing.checkout import Started
    from farthing.config import Settings
    from farthing.money import Money
    from farthing.orders import Order
    from farthing.payments import Refund
    from farthing.testing.clock import TestClock
    from farthing.testing.mailbox import Mailbox
    from farthing.testing.sandbox import Sandbox

T = TypeVar("T")
ROUNDS_MAX: Final = 40
TIMEOUT_SECONDS: Final = 30
SECRET: Final = "a secret of the tests, long enough to sign with"  # noqa: S105


@dataclass
class Pay:
    """Everything here blocks until it is done, in async tests as well: what it waits for runs elsewhere."""

    farthing: Farthing
    """The real one. Its coroutines may be awaited in any event loop."""
    url: str
    """Where your application is served."""
    http: httpx.Client = field(repr=False)
    """Somebody's browser at your application. What follows from a request has happened when its answer is here."""
    dsn: str = field(repr=False)
    """The database of this test."""
    hooks_may_fail: bool = field(default=False, init=False)
    """False: a hook that raises fails the test with WorkFailed. True: it is tried again when the clock moves."""
    _sandbox: Sandbox = field(repr=False)
    _clock: TestClock = field(repr=False)
    _home: Home = field(repr=False)
    _moves: int = field(default=0, init=False, repr=False)

    def checkout(self, cart: str | Mapping[str, int] | Sequence[CartItem], **how: Any) -> Started:
        """As `Farthing.checkout`: pay what it returns with `sandbox.pay`."""
        return self.run(self.farthing.checkout(cart, **how))

    def order(self, id: object) -> Order:
        """The order as it is now, by its id or by what `checkout` returned."""
        return self.run(self.farthing.order(str(getattr(id, "order_id", id))))

    def entitled(self, customer: str, feature: str) -> bool:
        return self.run(self.farthing.entitled(customer, feature))

    def refund(self, order: object, amount: Money | None = None, **how: Any) -> Refund:
        """As `Farthing.refund`, and the money is on its way when it returns."""
        return self.run(self.farthing.refund(str(getattr(order, "order_id", order)), amount, **how))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Any coroutine of yours, in the event loop that Farthing lives in; and then all that follows from it."""
        result = self._home.run(coroutine)
        self.settle()
        return result

    def settle(self) -> None:
        """Until webhooks are delivered, acted on, and nothing is left to do."""
        self._sandbox.settle()

    def end_state(self) -> facts.End:
        """What is in the database, yours in `public` included, without ids, numbers and times: to compare two histories."""
        return facts.end_of(self.dsn)

    def check_books(self) -> None:
        """Every invariant of orders, payments and ledger holds: what `farthing invariants` checks."""

        async def broken() -> list[str]:
            async with self.farthing.world.db.transaction("test") as tx:
                return [f"{each.rule.name}: {each.rows}" for each in await check_all(tx)]

        found = self._home.run(broken())
        if found:
            raise AssertionError("The books are wrong:\n" + "\n".join(found))

    def work(self) -> bool:
        """Do what is to be done now; says whether there was anything. `settle` waits for webhooks as well."""
        moved, self._moves = self._clock.moves != self._moves, self._clock.moves
        return self._home.run(self._work(retries=moved))

    async def _work(self, *, retries: bool) -> bool:
        """With `retries`, what failed before is tried again although its time may not have come."""
        world, worked = self.farthing.world, False
        for _ in range(ROUNDS_MAX):
            found = sum([await sweep.work(world) for sweep in SWEEPS])
            drained = await jobs.drain(world.db, world, TASKS, ignore_delays=retries)
            if drained.again or drained.dead:
                await self._complain()
            if not found and not drained.done:
                return worked
            worked = True
        raise WorkFailed("Farthing does not come to rest: each job makes another one.")

    async def _complain(self) -> None:
        if self.hooks_may_fail:
            return
        async with self.farthing.world.db.transaction("test") as tx:
            failed = await tx.all(
                lambda row: f"{row['hook']} on {row['type']}: {row['last_error']}",
                """
                SELECT hook_runs.hook, events.type, hook_runs.last_error
                FROM hook_runs JOIN events ON events.id = hook_runs.event_id
                WHERE hook_runs.status = 'failed'
                ORDER BY hook_runs.updated_at
                """,
            )
        if failed:
            raise WorkFailed("A hook raised (the log has its traceback):\n" + "\n".join(failed))


@contextmanager
def running(
    application: Application,
    *,
    sandbox: Sandbox,
    clock: TestClock,
    mailbox: Mailbox,
    dsn: str,
    catalog: Catalog | None,
    settings: Mapping[str, Any],
    home: Home,
) -> Iterator[Pay]:
    """Served and heard of by its sandbox, until the block ends."""
    pay = application.farthing
    with listening() as listener:
        url = address(listener)
        base = url + urlsplit(pay.settings.base_url).path
        endpoint = sandbox.send_webhooks_to(base + WEBHOOK, events=sorted(WATCHED))
        of_sellers = sandbox.send_webhooks_to(base + WEBHOOK, events=sorted(WATCHED_CONNECTED), connect_events=True)
        ours = {
            "env": "test",
            "database_url": SecretStr(dsn),
            "database_direct_url": None,
            "base_url": base,
            "secret_key": pay.settings.secret_key or SecretStr(SECRET),
            "stripe_secret_key": SecretStr(sandbox.key),
            "stripe_webhook_secrets": (SecretStr(endpoint.secret), SecretStr(of_sellers.secret)),
            "stripe_api_base": sandbox.url,
            "smtp_url": None,
        }
        around = Surroundings(_settings(pay, {**settings, **ours}), catalog, clock.travel, mailbox.mailer)
        lending = lent(pay, around, home)
        home.run(lending.__aenter__())
        try:
            serving = served_at(application.asgi, listener)
            home.run(serving.__aenter__())
            try:
                with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False) as http:
                    found = Pay(pay, url, http, dsn, sandbox, clock, home)
                    http.event_hooks = {"response": [lambda _: found.settle()]}
                    sandbox.follow(found.work)
                    yield found
            finally:
                home.run(serving.__aexit__(None, None, None))
        finally:
            home.run(lending.__aexit__(None, None, None))


def _settings(pay: Farthing, update: Mapping[str, Any]) -> Settings:
    return type(pay.settings).model_validate({**dict(pay.settings), **update})


def catalog_of(wanted: str | Path | Catalog | None) -> Catalog | None:
    """From TOML text, or from a file. Raises ConfigError where it cannot be read or sold from."""
    from pathlib import Path

    if isinstance(wanted, str) and "\n" in wanted:
        return catalog_room.parse(wanted)
    if isinstance(wanted, str | Path):
        return catalog_room.load(Path(wanted))
    return wanted
