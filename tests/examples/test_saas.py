"""The SaaS's journeys in a browser: a trial begun on the pricing page, used, not bought twice, canceled and kept after all.

And a plan bought on the same page in TypeScript.
"""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect
from tests.browser import violations
from tests.cli import forks
from tests.cli.conftest import bare_environment
from tests.examples.conftest import EXAMPLES, fill_card, running_example, say_hello
from tests.examples.web import WEB, build
from tests.node import installed
from tests.shops import Shop
from tests.worlds import Sandbox

pytestmark = pytest.mark.browser
ALERT = "An alert is set"


@pytest.fixture(scope="module")
def saas(dsn: str, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with suppress(pytest.skip.Exception):  # what follows runs without Node, but for the test that needs it
        build(installed(WEB))
    with running_example("saas", dsn, sandbox) as running:
        streams = tmp_path_factory.mktemp("apply")
        (streams / "in").touch()
        environ = bare_environment() | {
            "DATABASE_URL": dsn,
            "STRIPE_SECRET_KEY": running.key,
            "STRIPE_API_BASE": sandbox.url,
            "FARTHING_SECRET_KEY": "a secret of the tests, long enough to sign with",
        }
        # As `farthing dev` does by itself, and whoever deploys by hand.
        applied = forks.run(["catalog", "apply", "--yes"], folder=EXAMPLES / "saas", environ=environ, streams=streams)
        assert applied == 0, (streams / "err").read_text()
        yield running


def subscribe(page: Page, saas: Shop, name: str) -> None:
    page.goto(saas.url)
    page.get_by_role("button", name=name).click()


@pytest.mark.covers("S001-1", "S001-10", "S001-15")
def test_a_trial_is_begun_used_not_begun_twice_canceled_and_kept(page: Page, saas: Shop) -> None:
    say_hello(page, saas, "ada")
    page.goto(f"{saas.url}/tides")
    expect(page.get_by_text("The forecast is for members")).to_be_visible()
    page.goto(saas.url)
    expect(page.get_by_text("€29.00 / month")).to_be_visible()
    assert violations(page) == []
    subscribe(page, saas, "Subscribe: Pro, by the month")
    fill_card(page)
    page.get_by_role("button", name="Start the trial").click()
    expect(page.get_by_role("heading", name="Welcome to Pro")).to_be_visible()
    expect(page.get_by_text("Nothing was charged")).to_be_visible()

    page.goto(f"{saas.url}/tides")
    expect(page.get_by_text(ALERT)).to_be_visible()
    assert violations(page) == []
    subscribe(page, saas, "Subscribe: Starter, by the month")
    expect(page.get_by_role("alert")).to_contain_text("'pro' already")

    page.goto(f"{saas.url}/tides")
    page.get_by_label("Why?").fill("Too far from the sea")
    page.get_by_role("button", name="Cancel at the end").click()
    expect(page.get_by_text("ends on")).to_be_visible()
    expect(page.get_by_text(ALERT)).to_be_visible()
    page.get_by_role("button", name="Keep it after all").click()
    expect(page.get_by_text("free until")).to_be_visible()

    page.get_by_role("button", name="Cards and invoices").click()
    expect(page).not_to_have_url(f"{saas.url}/tides")


def test_who_is_not_signed_in_is_asked_to_and_nothing_begins(page: Page, saas: Shop) -> None:
    subscribe(page, saas, "Subscribe: Starter, by the month")
    expect(page.get_by_role("alert")).to_contain_text("Say hello first")


def test_a_plan_is_bought_and_canceled_on_the_page_in_typescript(page: Page, saas: Shop) -> None:
    installed(WEB)
    page.goto(f"{saas.url}/app/")
    page.get_by_role("button", name="Subscribe: Starter, by the month").click()
    expect(page.get_by_role("alert")).to_contain_text("Say hello first")

    say_hello(page, saas, "grace")
    page.goto(f"{saas.url}/app/")
    expect(page.get_by_text("€290.00 / year")).to_be_visible()
    expect(page.get_by_text("Your plan")).to_have_count(0)
    assert violations(page) == []
    page.get_by_role("button", name="Subscribe: Starter, by the month").click()
    fill_card(page)
    page.get_by_role("button", name="Pay €9.00").click()
    expect(page.get_by_role("heading", name="Your plan: Starter")).to_be_visible()
    expect(page.get_by_text("€9.00 / month, paid until")).to_be_visible()
    assert violations(page) == []

    page.get_by_role("button", name="Subscribe: Pro, by the year").click()
    expect(page.get_by_role("alert")).to_contain_text("'starter' already")
    page.get_by_role("button", name="Cancel at the end").click()
    expect(page.get_by_text("ends on")).to_be_visible()
    page.get_by_role("button", name="Keep it after all").click()
    expect(page.get_by_text("paid until")).to_be_visible()
