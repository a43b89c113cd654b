"""The pytest plugin: its fixtures, its marker and its options. What they need is imported when a test asks for them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from farthing.testing.clock import TestClock
    from farthing.testing.lending import Application
    from farthing.testing.mailbox import Mailbox
    from farthing.testing.pay import Pay
    from farthing.testing.process import SandboxServer
    from farthing.testing.sandbox import Sandbox
    from farthing.testing.serving import Home

MARKER: Final = "every_event_order"
ALONE: Final = frozenset({"clock", "pay", "mailbox"})
"""Fixtures that move the sandbox's clock: a test with one of them has the sandbox to itself."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("farthing_app", "Your application or Farthing, as module:name, for the fixture `pay`.", default="")
    parser.addini("farthing_catalog", "The catalog for the fixture `pay`; otherwise the one of your settings.", default="")
    group = parser.getgroup("farthing", "Farthing: tests against a Stripe of your own")
    group.addoption(
        "--event-orders",
        metavar="N",
        help=f"How many orders of events a test with the marker {MARKER} tries at most, or `all`: instead of its own limit.",
    )
    group.addoption(
        "--event-order", metavar="ORDER", help=f"The one order that a test with the marker {MARKER} tries, such as 2-1-3."
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARKER}(limit=24, duplicates=False, seed=0): run the test once for every order in which its events can arrive, each "
        "time in a fresh world; webhooks are held back until it calls sandbox.deliver(), and what it returns must always be "
        "the same. Of more than `limit` orders a sample is tried; with `duplicates` each event arrives twice.",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Markers that are wrong are told before anything runs.

    stripe passes `data=` to httpx, which httpx announces as deprecated: not the fault of whoever has warnings as errors.
    """
    for item in items:
        if item.get_closest_marker(MARKER) is not None:
            from farthing.testing import replay

            replay.plan_of(item)
        if "sandbox" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings("ignore:Use 'content=<...>' to upload raw:DeprecationWarning"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if item.get_closest_marker(MARKER) is None or item.config.getoption("setuponly") or not hasattr(item, "obj"):
        return None
    from farthing.testing import replay

    replay.run(item, nextitem)
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    found = [
        f"{report.nodeid}: {value}"
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == "event orders"
    ]
    if found:
        terminalreporter.section("orders of events")
        for line in found:
            terminalreporter.line(line)


# The sandbox.


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    """The sandbox process of this run, with an account for every key: for fixtures that are wider than one test.

    Its clock is never moved: tests that do have another one.
    """
    from farthing.testing import process

    with process.running() as server:
        yield server


@pytest.fixture(scope="session")
def _sandbox_server_with_moving_clock() -> Iterator[SandboxServer]:
    """The one that is put back after every test, with ids that come again when the same is done."""
    from farthing.testing import process

    with process.running("--id-seed", "farthing") as server:
        yield server


@pytest.fixture(scope="session")
def _farthing_home() -> Iterator[Home]:
    """The thread in which applications under test live."""
    from farthing.testing.serving import Home

    home = Home()
    yield home
    home.close()


@pytest.fixture
def sandbox_key(request: pytest.FixtureRequest) -> str:
    """The secret key of this test's account. Override it to share an account between tests."""
    if request.node.get_closest_marker(MARKER):
        # The same account in every run, so that its ids can be compared.
        return f"sk_test_{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:32]}"
    return f"sk_test_{uuid.uuid4().hex}"


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, sandbox_key: str, _farthing_home: Home) -> Iterator[Sandbox]:
    """A Stripe account of this test's own, in a Stripe on this machine: no network, no real money.

    sandbox.client is the official SDK; sandbox.url and sandbox.key are what an application needs. While the test runs,
    stripe.api_key and stripe.api_base, STRIPE_SECRET_KEY, STRIPE_API_KEY and STRIPE_API_BASE lead here, too, and so does every
    stripe.StripeClient, whenever it was made: no request of the library's reaches the real Stripe.

    Buyers:   sandbox.pay(session, "4000 0000 0000 0002"), sandbox.authenticate(intent), sandbox.onboard(seller)
    Bad days: sandbox.decline_next("insufficient_funds"), sandbox.fail_next("429", "/v1/refunds"), sandbox.disturb_next("drop")
    Webhooks: sandbox.send_webhooks_to(app, "/webhook"), sandbox.events(), sandbox.wait_until_delivered()
    """
    from farthing.testing.redirect import to_sandbox
    from farthing.testing.sandbox import account

    plan = _plan(request)
    alone = plan is not None or not ALONE.isdisjoint(request.fixturenames)
    server: SandboxServer = request.getfixturevalue("_sandbox_server_with_moving_clock" if alone else "sandbox_server")
    with to_sandbox(server.url, sandbox_key), account(server, sandbox_key, _farthing_home) as found:
        if plan is not None:
            found.hold_for(plan)
        try:
            yield found
        finally:
            server.behave()
            if alone:
                server.reset()


@pytest.fixture
def clock(sandbox: Sandbox) -> TestClock:
    """The time of the sandbox and of Farthing, moved together.

    clock.advance(days=31), clock.set(datetime(2030, 1, 31, tzinfo=UTC)), clock.now()

    What falls due on the way, renewals, expiries, retries, has happened when they return, webhooks included.
    """
    from farthing.testing.clock import TestClock

    return TestClock(sandbox)


# Farthing.


@pytest.fixture
def mailbox() -> Mailbox:
    """Every email that `pay` has sent in this test: mailbox.last, mailbox.to("ada@example.com"), len(mailbox)."""
    from farthing.testing.mailbox import Mailbox

    return Mailbox()


@pytest.fixture
def pay(
    sandbox: Sandbox,
    clock: TestClock,
    mailbox: Mailbox,
    farthing_app: Any,
    farthing_catalog: Any,
    farthing_settings: Mapping[str, Any],
    _farthing_database: str,
    _farthing_home: Home,
) -> Iterator[Pay]:
    """Your Farthing, started on an empty PostgreSQL database, served on a port, hearing from its sandbox.

    Name it in the settings of pytest: `farthing_app = main:app`. Without, it is one made of farthing.toml alone.

    pay.http is a client of your application; pay.checkout("guide", email="ada@example.com"), pay.order(…), pay.entitled(…) and
    pay.refund(…) ask Farthing directly; pay.run(coroutine) runs what is yours. All of them block, in async tests as well, and
    when they return, everything that follows has happened: hooks have run, and emails are in `mailbox`.
    """
    from farthing.testing import pay as room

    with _told_plainly():
        catalog = room.catalog_of(farthing_catalog)
        house = room.running(
            _application(farthing_app),
            sandbox=sandbox,
            clock=clock,
            mailbox=mailbox,
            dsn=_farthing_database,
            catalog=catalog,
            settings=farthing_settings,
            home=_farthing_home,
        )
        found = house.__enter__()
    try:
        yield found
    finally:
        house.__exit__(None, None, None)


@pytest.fixture(scope="session")
def farthing_app(pytestconfig: pytest.Config) -> Any:
    """What `pay` starts: an application with a Farthing in it, or a Farthing. Override it, or set it in pytest.ini."""
    name = pytestconfig.getini("farthing_app")
    if not name:
        return None
    from farthing.testing.lending import named

    with _told_plainly():
        return named(name, pytestconfig.rootpath)


@pytest.fixture
def farthing_catalog(pytestconfig: pytest.Config) -> Any:
    """What is for sale in `pay`: a path, the text of a farthing.toml, or None for the catalog of your settings."""
    named = pytestconfig.getini("farthing_catalog")
    if named:
        return pytestconfig.rootpath / named
    beside = pytestconfig.rootpath / "farthing.toml"
    return beside if beside.exists() else None


@pytest.fixture
def farthing_settings() -> Mapping[str, Any]:
    """Settings of Farthing that differ in tests, such as {"checkout_minutes": 45}. Addresses and secrets are the plugin's."""
    return {}


@pytest.fixture(scope="session")
def farthing_postgres() -> Iterator[str]:
    """The DSN of a PostgreSQL on which databases may be made. Override it where the embedded one is not to be had."""
    with _told_plainly():
        from farthing.testing import databases

        server = databases.embedded()
        dsn = server.__enter__()
    try:
        yield dsn
    finally:
        server.__exit__(None, None, None)


@pytest.fixture(scope="session")
def _farthing_template(farthing_postgres: str) -> Iterator[str]:
    from farthing.testing import databases

    with databases.template(farthing_postgres) as name:
        yield name


@pytest.fixture
def _farthing_database(farthing_postgres: str, _farthing_template: str) -> Iterator[str]:
    from farthing.testing import databases

    with databases.copied(farthing_postgres, _farthing_template) as dsn:
        yield dsn


def _application(found: Any) -> Application:
    from farthing.app import Farthing
    from farthing.testing.lending import Application, given

    if found is None:
        found = Farthing()
    return found if isinstance(found, Application) else given(found)


def _plan(request: pytest.FixtureRequest) -> Any:
    """The orders in which this test's events are to be tried, if it asks for that."""
    if request.node.get_closest_marker(MARKER) is None:
        return None
    from farthing.testing.replay import PLAN

    return request.node.stash.get(PLAN, None)


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What is wrong with the set-up is a sentence, not a traceback through our own code."""
    from farthing.errors import FarthingError

    try:
        yield
    except FarthingError as error:
        # Without a cause: pytest would show that one as well.
        raise pytest.fail.Exception(error.detail, pytrace=False) from None
