"""Templates into answers: escaped, never cached, and with a policy that lets in nothing but our own files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import jinja2
from starlette.responses import HTMLResponse, Response

from farthing.sandbox import money

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("farthing.sandbox.pages", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["money"] = money.spell


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%-d %B %Y}"


def _short(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%-d %b %H:%M:%S}"


def _signed(amount: int, currency: str) -> str:
    """With a true minus sign, as sums are set."""
    return money.spell(amount, currency).replace("-", "−")


_TEMPLATES.filters |= {"moment": _moment, "day": _day, "short": _short, "signed": _signed}


def render(template: str, *, status: int = 200, goes_to: tuple[str | None, ...] = (), **values: Any) -> Response:
    """`goes_to`: the addresses a form of this page may lead to, because browsers hold redirects to the policy as well."""
    html = _TEMPLATES.get_template(template).render(**values)
    return HTMLResponse(html, status, headers=_headers(goes_to))


def _headers(goes_to: tuple[str | None, ...]) -> dict[str, str]:
    origins = sorted({origin for url in goes_to if (origin := _origin(url))})
    policy = (
        f"default-src 'self'; form-action {' '.join(['self', *origins])}; frame-ancestors 'none'; base-uri 'none'; "
        "object-src 'none'"
    )
    return {
        "content-security-policy": policy.replace("form-action self", "form-action 'self'"),
        "cache-control": "no-store",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }


def _origin(url: str | None) -> str | None:
    parts = urlsplit(url or "")
    clean = parts.scheme in ("http", "https") and parts.netloc and not set(parts.netloc) & set(" ;,'\"@")
    return f"{parts.scheme}://{parts.netloc}" if clean else None
