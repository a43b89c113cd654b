"""A Stripe of our own behind HTTP: state, hosted checkout page, events, webhooks, faults. Nothing here knows Farthing.

`create_app(path)` is the ASGI application; `python -m farthing.sandbox` serves it.
"""

from __future__ import annotations

from farthing.sandbox.app import create_app
from farthing.sandbox.settings import Settings

__all__ = ["Settings", "create_app"]
