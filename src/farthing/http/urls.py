"""Addresses that somebody is sent to: only on hosts that were allowed."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints

from farthing.errors import Invalid

URL_MAX: Final = 2000

Url = Annotated[str, StringConstraints(min_length=1, max_length=URL_MAX), Field(examples=["https://shop.example/thanks"])]


def checked_url(url: str, hosts: frozenset[str], *, param: str) -> str:
    """A URL a buyer may be sent to: http or https, on a host that was allowed. Everything else is an open redirect."""
    if len(url) > URL_MAX or not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        raise Invalid(f"{param} is not a URL: percent-encode it and keep it under {URL_MAX} characters.", param=param)
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        _ = parts.port
    except ValueError:
        raise Invalid(f"{param} is not a URL.", param=param) from None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or parts.password is not None:
        raise Invalid(f"{param} must be a full URL such as https://shop.example/thanks.", param=param)
    if host not in hosts:
        raise Invalid(
            f"{param} points to {host!r}, which is not an allowed host: add it to FARTHING_ALLOWED_HOSTS.", param=param
        )
    return url
