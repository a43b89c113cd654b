"""A real Chromium for tests: import `browser`, `context` and `page` in a conftest. `serving` puts an app on a port for it."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from axe_core_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright
from starlette.types import ASGIApp

# Without these, Chromium looks for its maker's hosts and waits for them in closed networks.
_QUIET = """--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run
--disable-quic""".split()
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LOOK = """async () => {
    // What is right is thousands of lines on each page, and nobody reads them.
    const found = await axe.run({
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        resultTypes: ["violations"],
    });
    return found.violations.flatMap((rule) =>
        rule.nodes.map((node) => `${rule.impact} ${rule.id}: ${node.html} ${node.failureSummary}`)
    );
}"""
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 860}


def chromium_path() -> str | None:
    """The Chromium of this machine; None leaves it to Playwright's own."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module: while it is open, its event loop runs in this thread, and no async test could."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path(), args=_QUIET)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=DESKTOP, locale="en-GB", timezone_id="Europe/Paris", reduced_motion="reduce")
    opened.set_default_timeout(10_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose console must stay free of errors: a refused script or style is one."""
    opened, complaints = context.new_page(), []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    opened.on("console", listen)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    assert complaints == []


@contextmanager
def serving(app: ASGIApp, root_path: str = "") -> Iterator[str]:
    """Serve an app on a free loopback port for as long as the block lasts, and say where."""
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="none", root_path=root_path)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it was ready"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA on the page as it is now, one line each."""
    page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_LOOK)
    return found
