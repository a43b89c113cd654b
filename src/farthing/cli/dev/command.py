"""`farthing dev`: one command, an empty folder, no account; then a shop that sells, and a terminal that says what happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
import webbrowser
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from farthing.cli import opening
from farthing.cli.dev import watch
from farthing.cli.dev.children import exit_code
from farthing.cli.dev.house import House
from farthing.cli.dev.shops import APP, Shop, lay_out
from farthing.cli.dev.state import STAFF
from farthing.cli.home import home_of
from farthing.cli.terminal import terminal
from farthing.errors import ConfigError, FarthingError, Invalid

TROUBLES: Final = ("failed", "surplus", "parked", "refused")


def dev(app: str | None = None, /, *, shop: Shop | None = None, port: int | None = None, no_open: bool = False) -> int:
    """Start the whole house on this machine: database, sandbox, API, worker and shop.

    Nothing is needed before: a PostgreSQL is started in .farthing, a Stripe of our own takes test cards, and a farthing.toml
    to begin with is written where there is none. Only loopback ports are opened. Ctrl-C ends everything.

    A changed farthing.toml is read anew by itself; after a change of your own code, end it and start it again.

    With your own test key in STRIPE_SECRET_KEY it uses the real Stripe, in test mode; with DATABASE_URL, your database.

    For example:

        farthing dev
        farthing dev --shop marketplace
        farthing dev shop.main:app --port 8000 --no-open

    Parameters
    ----------
    app
        Your own Farthing, as module:name, or the application it is mounted in. Otherwise FARTHING_APP, or the settings alone.
    shop
        An example to begin with, written into this folder: a marketplace has sellers and goods, and pays them in time.
    port
        The port of shop and API; the last one that was used, at first 4242.
    no_open
        Do not open the shop in the browser.
    """
    began = time.monotonic()
    if shop and app:
        raise Invalid("Name an application of your own, or a shop to begin with: not both.")
    environ = _environ()
    sandboxed = not environ.get("STRIPE_SECRET_KEY") and not environ.get("STRIPE_SECRET_KEY_FILE")
    house = House(
        home_of(environ),
        environ,
        say,
        port=port,
        app=APP if shop else app,
        sandboxed=sandboxed,
        verbose=terminal().options.verbose,
    )
    try:
        house.launch()
        # A misspelled setting is told before anything is written into the user's folder.
        catalog = opening.settings(environ).catalog
        if shop and lay_out(shop, Path.cwd()):
            say(f"The files of {shop} are written: README.md says what to try. Change them as you like.")
        _starter(environ)
        return asyncio.run(until_stopped(house, lambda: _stand(house, began, catalog, opens=not no_open)))
    except FarthingError as error:
        house.close()
        terminal().complain(f"farthing: {error.detail}")
        return exit_code(error)
    finally:
        house.close()


def _environ() -> dict[str, str]:
    # The sandbox of this machine delivers to the plain address.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FARTHING_WEBHOOK_TOKEN")}
    if home := terminal().options.home:
        environ["FARTHING_HOME"] = str(home)
    if environ.get("FARTHING_ENV", "dev") != "dev":
        raise ConfigError(f"FARTHING_ENV is {environ['FARTHING_ENV']}: `farthing dev` is for development. Unset it.")
    if "_live_" in environ.get("STRIPE_SECRET_KEY", "")[:9]:
        raise ConfigError("STRIPE_SECRET_KEY is a live key: `farthing dev` refuses it. Unset it, or use a test key.")
    return environ


def _starter(environ: dict[str, str]) -> None:
    """A catalog to begin with, and the schema by which editors complete it."""
    path = Path(environ.get("FARTHING_CONFIG") or "farthing.toml")
    if path.exists():
        return
    import json

    from farthing.catalog import EXAMPLE, json_schema

    path.write_text(EXAMPLE, encoding="utf-8")
    path.with_name("farthing.schema.json").write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")
    say(f"{path} is written, for a shop to begin with: change it as you like.")


async def until_stopped(house: House, play: Callable[[], Awaitable[int]]) -> int:
    """Until the play is over or somebody asks to end it; either way the house is left in order."""
    stop = _stopped_by_signals()
    life = asyncio.ensure_future(play())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({life, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return life.result() if life.done() else 0
    finally:
        stopping.cancel()
        life.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await life
        if stop.is_set():
            say("Ending: what runs may finish.")
        await house.end()


async def _stand(house: House, began: float, catalog: Path, *, opens: bool) -> int:
    written_at = watch.written_at(catalog)
    with terminal().progress("Starting database, sandbox, API and worker"):
        await house.settle()
    welcome(house, time.monotonic() - began)
    if opens and _has_browser():
        webbrowser.open(house.state.base_url)
    async with asyncio.TaskGroup() as together:
        together.create_task(house.stand())
        together.create_task(_tell(house))
        together.create_task(watch.reread(catalog, written_at, say, house.serve_anew, house.pay.kinds))
    return 0


def _stopped_by_signals() -> asyncio.Event:
    """The first Ctrl-C ends politely; the second one does not wait."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(each, ask)
    return stop


def welcome(house: House, seconds: float) -> None:
    from rich.table import Table

    from farthing import __version__

    state, url, called = house.state, house.state.base_url, _called()
    shown = {
        "shop": url + "/",
        "admin": url + "/admin",
        "sandbox": state.sandbox_url + "/_sandbox/" if house.sandboxed else None,
        "mailbox": url + "/mailbox",
        "database": f"{house.home / 'pg18'}" if house.embedded else "DATABASE_URL",
    }
    table = Table.grid(padding=(0, 3))
    table.add_row(
        "[bold]Shop[/]", f"[link={shown['shop']}]{shown['shop']}[/]", "buy something: the card 4242 4242 4242 4242 pays"
    )
    table.add_row("[bold]Admin[/]", str(shown["admin"]), f"sign in as {STAFF} with the password {state.staff_password}")
    if house.sandboxed:
        table.add_row("[bold]Sandbox[/]", str(shown["sandbox"]), "a Stripe of your own: no real money")
    else:
        forward = f"stripe listen --forward-to {url.removeprefix('http://')}/webhooks/stripe"
        table.add_row("[bold]Stripe[/]", "test mode", f"webhooks come with `{forward}` and its secret in STRIPE_WEBHOOK_SECRET")
    table.add_row("[bold]Mailbox[/]", str(shown["mailbox"]), "every email that would be sent")
    table.add_row("[bold]Database[/]", str(shown["database"]), f"`{called} db shell` opens psql")
    staff = {"email": STAFF, "password": state.staff_password}
    title = f"\n[bold]farthing dev[/]  {__version__}  ready in {seconds:.1f} s\n"
    end = f"\nEvents appear below. `{called} why 1001` tells all about an order. Ctrl-C ends everything.\n"
    terminal().stream({"ready": True, "seconds": round(seconds, 2), **shown, "staff": staff}, title)
    if not terminal().options.json:
        terminal().show(None, table, end)


async def _tell(house: House) -> None:
    from farthing.cli import show
    from farthing.cli.dev import live
    from farthing.timeline import title_of

    async for happened in live.events(house.pay.world.db):
        order = "" if happened.order is None else f"order {happened.order}"
        color = "red" if happened.type.endswith(TROUBLES) else "green" if happened.type == "order.paid" else "default"
        said = f"[dim]{happened.at.astimezone():%H:%M:%S}[/]  {order:<12} [{color}]{title_of(happened.type):<24}[/]"
        document = {"at": happened.at, "type": happened.type, "actor": happened.actor, "order": happened.order}
        terminal().stream(document, f"{said} [dim]{show.said(happened.actor)}[/]")


def _called() -> str:
    """What to type for us in another terminal, where nobody may have activated the virtual environment."""
    if shutil.which("farthing"):
        return "farthing"
    own = Path(sys.executable).with_name("farthing")
    return str(own.relative_to(Path.cwd())) if own.is_relative_to(Path.cwd()) else str(own)


def say(sentence: str) -> None:
    terminal().say(f"[dim]{sentence}[/]")


def _has_browser() -> bool:
    """Never a browser in the terminal itself, and none for a program."""
    graphical = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(graphical) and terminal().interactive
