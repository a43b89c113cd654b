"""Farthing's pytest plugin: a Stripe of one's own in every test, and a whole Farthing where one is asked for.

    def test_a_declined_card_leaves_the_order_open(sandbox, shop):
        session = shop.checkout("tea")
        assert sandbox.pay(session, "4000 0000 0000 9995").decline_code == "insufficient_funds"
        assert shop.status(session) == "open"

pytest finds it by itself; `pytest --fixtures` tells what there is, `docs/tutorials/testing.md` how to begin. What is here to
import are the classes of the fixtures, for annotations. Nothing of it is loaded before a test asks for it.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from farthing.testing.clock import TestClock
    from farthing.testing.mailbox import Mailbox
    from farthing.testing.outcomes import Outcome
    from farthing.testing.pay import Pay
    from farthing.testing.problems import LeadsToStripe, NotDelivered, Refused, WorkFailed
    from farthing.testing.process import SandboxServer
    from farthing.testing.sandbox import Endpoint, Sandbox

_HOMES: Final = {
    "clock": ("TestClock",),
    "mailbox": ("Mailbox",),
    "outcomes": ("Outcome",),
    "pay": ("Pay",),
    "problems": ("LeadsToStripe", "NotDelivered", "Refused", "WorkFailed"),
    "process": ("SandboxServer",),
    "sandbox": ("Endpoint", "Sandbox"),
}

__all__ = [
    "Endpoint",
    "LeadsToStripe",
    "Mailbox",
    "NotDelivered",
    "Outcome",
    "Pay",
    "Refused",
    "Sandbox",
    "SandboxServer",
    "TestClock",
    "WorkFailed",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"farthing.testing.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
