"""Pages on other hosts of the shop's may ask us from a browser; pages of anybody else may not."""

import re
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from farthing.config import Settings
from farthing.http.headers import REPLAYED

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADERS: Final = ("Authorization", "Content-Type", "Idempotency-Key", "Farthing-Order-Token", "X-Request-Id")
EXPOSED: Final = ("Retry-After", "RateLimit-Remaining", "RateLimit-Reset", "X-Request-Id", REPLAYED)


def with_cors(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Answers what browsers ask before a request from another origin. Allowed is what buyers may be sent back to:
    FARTHING_BASE_URL and FARTHING_ALLOWED_HOSTS, in production by https alone.
    """
    scheme = "https" if settings.env == "production" else "https?"
    hosts = "|".join(re.escape(host) for host in sorted(settings.hosts) if host)
    return CORSMiddleware(
        app,
        allow_origin_regex=rf"{scheme}://(?:{hosts})(?::\d{{1,5}})?",
        allow_credentials=True,
        allow_methods=METHODS,
        allow_headers=HEADERS,
        expose_headers=EXPOSED,
        max_age=600,
    )
