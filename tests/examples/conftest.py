"""The examples as `farthing dev main:app` runs them: each once for all of its journeys, on a database of its own."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page
from starlette.types import ASGIApp
from tests.browser import browser, context, page
from tests.shops import Shop, running_app
from tests.worlds import CARD, Sandbox, sandbox

from farthing.config import Settings
from farthing.testing.databases import copied

__all__ = ["browser", "context", "page", "sandbox"]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@contextmanager
def running_example(name: str, dsn: str, sandbox: Sandbox) -> Iterator[Shop]:
    """The application in a folder of the examples, which reads its settings from the environment."""
    module_name = f"example_{name}"

    def make(settings: Settings) -> ASGIApp:
        assert settings.stripe_secret_key is not None
        environ = {
            "FARTHING_ENV": settings.env,
            "FARTHING_BASE_URL": settings.base_url,
            "FARTHING_CONFIG": str(EXAMPLES / name / "farthing.toml"),
            "FARTHING_SECRET_KEY": "a secret of the tests, long enough to sign with",
            "DATABASE_URL": dsn,
            "STRIPE_SECRET_KEY": settings.stripe_secret_key.get_secret_value(),
            "STRIPE_API_BASE": sandbox.url,
            "STRIPE_WEBHOOK_SECRET": settings.stripe_webhook_secrets[0].get_secret_value(),
        }
        spec = importlib.util.spec_from_file_location(module_name, EXAMPLES / name / "main.py")
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[module_name] = importlib.util.module_from_spec(spec)
        with pytest.MonkeyPatch.context() as patch:
            for key, value in environ.items():
                patch.setenv(key, value)
            # As with `farthing dev main:app`, its folder is where its own modules are found.
            patch.syspath_prepend(EXAMPLES / name)
            spec.loader.exec_module(module)
        app: ASGIApp = module.app
        return app

    try:
        with running_app(dsn, sandbox, make) as shop:
            yield shop
    finally:
        sys.modules.pop(module_name, None)


@pytest.fixture(scope="module")
def dsn(postgres: str, template: str) -> Iterator[str]:
    with copied(postgres, template) as dsn:
        yield dsn


def say_hello(page: Page, shop: Shop, user: str) -> None:
    page.goto(f"{shop.url}/hello?user={user}")


def fill_card(page: Page) -> None:
    """On the sandbox's payment page, one that pays."""
    page.get_by_label("Card number").fill(CARD)
    page.get_by_label("Expires").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on the card").fill("Ada Lovelace")


def pay(page: Page, shop: Shop, price: str) -> None:
    """Fill in the payment page that was led to, and come back."""
    page.wait_for_url(f"{shop.sandbox.url}/c/pay/**")
    fill_card(page)
    page.get_by_role("button", name=f"Pay {price}").click()
    page.wait_for_url(f"{shop.url}/**")
