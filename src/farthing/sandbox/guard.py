"""Who may reach the sandbox at all: requests addressed to this machine by name, and no page of another site.

A web page anywhere can make a browser send requests to 127.0.0.1. It cannot choose the Host header beyond its own name
(DNS rebinding), and it cannot leave out its Origin on a POST: both are looked at here.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Scope

LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]", "::1", "testserver"))
LOOKED_AT = frozenset((b"host", b"origin", b"user-agent"))
WEBHOOKS = ("Stripe/1.0 (", "EasyPost Webhook")
"""How our own deliveries introduce themselves, as Stripe's do."""


def refusal(scope: Scope, allowed_hosts: tuple[str, ...], *, remote: bool = False) -> ASGIApp | None:
    """The answer for a request that must not come in; None for one that may."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in LOOKED_AT}
    host = headers.get(b"host", "")
    name = _name(host)
    # An address cannot be rebound, as a name can.
    addressed = remote and _is_address(name)
    if name not in LOOPBACK and not name.endswith(".localhost") and name not in allowed_hosts and not addressed:
        return _no(f"This sandbox answers to localhost only, not to {name or 'a request without a Host'}.")
    if headers.get(b"user-agent", "").startswith(WEBHOOKS) and scope["path"].startswith("/_sandbox"):
        return _no("A webhook may not move the sandbox that sent it.")
    origin = headers.get(b"origin")
    if scope["method"] not in ("GET", "HEAD") and origin is not None and origin.partition("://")[2] != host:
        return _no("A page of another site may not post to this sandbox.")
    return None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _name(host: str) -> str:
    """Without the port; empty where it is no host at all."""
    if not host or set(host) & set("/\\@?# "):
        return ""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _no(message: str) -> ASGIApp:
    return PlainTextResponse(message + "\n", status_code=403)
