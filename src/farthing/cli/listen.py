"""`farthing listen`: hear the sandbox's webhooks, show them, and pass them on, as signed as they came."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import signal
import time
from collections.abc import Iterator
from typing import Any, Final

import orjson

from farthing.cli import sandbox_at, show
from farthing.cli.listen_door import Door, Heard, Targets
from farthing.cli.sandbox_at import SandboxAt
from farthing.cli.terminal import terminal
from farthing.errors import ConfigError, FarthingError, Invalid, ProviderUnavailable

NAME_MAX: Final = 500
RENEW_SECONDS: Final = 2.0
"""How often the endpoints' lease is renewed: much oftener than it ends."""


def listen(
    *,
    forward_to: str | None = None,
    forward_connect_to: str | None = None,
    events: str = "*",
    print_secret: bool = False,
    skip_verify: bool = False,
    url: str | None = None,
    key: str | None = None,
) -> int:
    """Show the sandbox's webhooks as they come, and forward them. Ctrl-C ends it, and nothing of it stays.

    They are signed with a secret that stays the same for your key, whatever becomes of the sandbox: it is told first. What
    your server answers is answered to the sandbox, which sends again what was not taken.

    For example:

        farthing listen
        farthing listen --forward-to localhost:8000/webhooks/stripe
        farthing listen --events charge.refunded,charge.dispute.created --json
        export STRIPE_WEBHOOK_SECRET=$(farthing listen --print-secret)

    Parameters
    ----------
    forward_to
        Where to send them, such as localhost:8000/webhooks/stripe.
    forward_connect_to
        Where to send those of connected accounts, where it is another place.
    events
        Only these types, with commas between.
    print_secret
        Print the signing secret, and do nothing else.
    skip_verify
        Take any certificate of an https address.
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    key
        The key whose account's events it hears. Otherwise STRIPE_SECRET_KEY, that of `farthing dev`, or
        sk_test_farthing where there is no other account.
    """
    if print_secret:
        secret = secret_of(_key(key))
        terminal().show({"secret": secret}, show.said(secret))
        return 0
    targets = Targets(_target(forward_to), _target(forward_connect_to or forward_to), verifies=not skip_verify)
    at = sandbox_at.find(url, key)
    secret = secret_of(at.key)
    with Door(targets) as door:
        lease = {"url": door.url, "events": _events(events), "secret": secret, "key": at.key, "name": _name(targets)}
        _open(at, lease)
        try:
            _ready(at, secret, targets)
            _follow(at, lease, door.heard)
        except (KeyboardInterrupt, _Ended):
            pass
        finally:
            with contextlib.suppress(FarthingError):
                at.delete("/listeners", {"url": door.url})
    terminal().say("[dim]No longer listening.[/]")
    return 0


def _open(at: SandboxAt, lease: dict[str, Any]) -> None:
    try:
        at.post("/listeners", {**lease, "presumed": at.presumes})
    except Invalid as error:
        if error.param == "key":
            raise Invalid(sandbox_at.WHOSE) from None
        raise


class _Ended(Exception):
    """SIGTERM."""


def _key(given: str | None) -> str:
    return sandbox_at.own_key(given) or sandbox_at.key_of_dev() or sandbox_at.KEY_DEFAULT


def secret_of(key: str) -> str:
    """Of the account, as `sk_test_abc` and `rk_test_abc` open the same one. Nobody else could know it who has not the key."""
    account = key.split("_", 2)[2]
    return "whsec_" + hashlib.sha256(f"farthing listen {account}".encode()).hexdigest()


def _target(given: str | None) -> str | None:
    """`localhost:8000/hooks`, `:8000/hooks` and `8000/hooks` are addresses of this machine."""
    if given is None:
        return None
    text = given.strip()
    if "://" not in text:
        host = text.partition("/")[0]
        text = f"http://127.0.0.1:{text.removeprefix(':')}" if host.removeprefix(":").isdigit() else f"http://{text}"
    if not sandbox_at.is_address(text):
        raise Invalid(f"{given[:80]!r} is no address to forward to: write it like localhost:8000/webhooks/stripe.")
    return text


def _name(targets: Targets) -> str:
    """How others who look at the account's endpoints see us."""
    return f"farthing listen, for {targets.own}"[:NAME_MAX] if targets.own else "farthing listen"


def _events(text: str) -> list[str]:
    found = [each.strip() for each in text.split(",") if each.strip()]
    if not found:
        raise Invalid("--events names event types with commas between, such as charge.refunded,invoice.paid.")
    return found


def _ready(at: SandboxAt, secret: str, targets: Targets) -> None:
    to = f"Forwarding to {targets.own}." if targets.own else "Nothing is forwarded."
    document = {
        "ready": True,
        "url": at.url,
        "secret": secret,
        "forward_to": targets.own,
        "forward_connect_to": targets.connected,
    }
    told = f"[bold]Listening[/] to the sandbox at {at.url}. Its webhooks are signed with [bold]{secret}[/]"
    terminal().stream(document, told)
    terminal().say(f"[dim]{show.said(to)} Ctrl-C ends it.[/]")


def _follow(at: SandboxAt, lease: dict[str, Any], heard: queue.Queue[Heard]) -> None:
    """Until Ctrl-C or SIGTERM. The lease is renewed beside it, and taken anew where the sandbox lost it."""
    gone, next_at = False, time.monotonic() + RENEW_SECONDS
    with _until_terminated():
        while True:
            with contextlib.suppress(queue.Empty):
                _show(heard.get(timeout=max(next_at - time.monotonic(), 0.01)))
            if time.monotonic() >= next_at:
                gone = _renew(at, lease, gone=gone)
                next_at = time.monotonic() + RENEW_SECONDS


def _renew(at: SandboxAt, lease: dict[str, Any], *, gone: bool) -> bool:
    """Whether the sandbox is away. It is told once that it went, and once that it came back."""
    try:
        made = at.post("/listeners", lease)["made"]
    except ProviderUnavailable:
        if not gone:
            terminal().say(f"[yellow]The sandbox at {at.url} is away: waiting for it.[/]")
        return True
    except ConfigError as error:
        raise ConfigError(f"Something else answers at {at.url} now: {error.detail}") from None
    if made or gone:
        terminal().say(f"[dim]Listening again{': the sandbox had forgotten us' if made else ''}.[/]")
    return False


@contextlib.contextmanager
def _until_terminated() -> Iterator[None]:
    def end(number: int, frame: object) -> None:
        raise _Ended

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show(heard: Heard) -> None:
    moment = f"[dim]{heard.at.astimezone():%Y-%m-%d %H:%M:%S}[/]"
    if heard.status is None and heard.problem is None:
        connect = "connect " if heard.connected else ""
        document = {"at": heard.at, "event": heard.event, "type": heard.type, "connect": heard.connected, "body": _body(heard)}
        whose = f" of {show.said(heard.account)}" if heard.account else ""
        terminal().stream(
            document, f"{moment}   --> {connect}[bold]{show.said(heard.type)}[/] {show.said(f'[{heard.event}]')}{whose}"
        )
        return
    good = heard.status is not None and 200 <= heard.status < 300
    said = show.said(f"[{heard.status if heard.status is not None else heard.problem}]")
    color = "green" if good else "red"
    document = {
        "at": heard.at,
        "event": heard.event,
        "method": "POST",
        "url": heard.url,
        "status": heard.status,
        "problem": heard.problem,
        "took_ms": heard.took_ms,
    }
    answered = f"[{color}]{said}[/] POST {show.said(heard.url)} {show.said(f'[{heard.event}]')}"
    terminal().stream(document, f"{moment}  <--  {answered} [dim]{heard.took_ms} ms[/]")


def _body(heard: Heard) -> Any:
    try:
        return orjson.loads(heard.body)
    except orjson.JSONDecodeError:
        return None
