"""Addresses that a request hands over: a browser is sent there, or a webhook. What is none must not get that far."""

from __future__ import annotations

from urllib.parse import urlsplit

from farthing.sandbox.errors import invalid
from farthing.sandbox.store import Json

WEB = frozenset(("http", "https"))
# What a browser would run or show itself, instead of going anywhere.
RUNS = frozenset(("about", "blob", "data", "file", "javascript", "vbscript"))


def check_web(params: Json, *names: str, within: str = "") -> None:
    """Where they are given, and not emptied, they must be addresses of the web."""
    for name in names:
        if (url := params.get(name)) and not is_web(url):
            raise _not_valid(f"{within}[{name}]" if within else name)


def check_onward(url: str | None, param: str) -> None:
    """As well one that an app on the buyer's telephone answers to: `teashop://paid`."""
    if url and (not _has_host(url) or urlsplit(url).scheme in RUNS):
        raise _not_valid(param)


def is_web(url: str) -> bool:
    return _has_host(url) and urlsplit(url).scheme in WEB


def _has_host(url: str) -> bool:
    if any(letter <= " " or letter == "\x7f" for letter in url):
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.scheme and parts.netloc and (parts.hostname or parts.scheme not in WEB) and parts.port != 0)
    except ValueError:
        return False


def _not_valid(param: str) -> Exception:
    return invalid("Not a valid URL", param=param, code="url_invalid")
