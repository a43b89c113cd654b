"""Nobody speaks TLS in the tests, and every HTTP client would read all the certificates of the world at its birth."""

import ssl
from functools import cache


def read_certificates_once() -> None:
    if not hasattr(ssl.create_default_context, "cache_info"):
        setattr(ssl, "create_default_context", cache(ssl.create_default_context))  # noqa: B010 - of another's module
