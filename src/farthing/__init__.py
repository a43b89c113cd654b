"""Payments, orders and a marketplace backend for Python, on Stripe. Every farthing is accounted for."""

from typing import TYPE_CHECKING, Any, Final

__version__: Final = "0.1.0"

if TYPE_CHECKING:
    from farthing.app import Farthing
    from farthing.catalog import CartItem
    from farthing.config import Settings
    from farthing.errors import (
        ConfigError,
        Conflict,
        FarthingError,
        Invalid,
        NotFound,
        ProviderError,
        ProviderUnavailable,
    )
    from farthing.events import (
        Event,
        OrderCanceled,
        OrderExpired,
        OrderPaid,
        OrderPlaced,
        OrderRefunded,
        PaymentFailed,
        PaymentSurplus,
        RefundFailed,
        RefundSucceeded,
    )
    from farthing.http.callers import CustomerIdentity
    from farthing.money import Money

_HOMES: Final = {
    "farthing.app": ("Farthing",),
    "farthing.catalog": ("CartItem",),
    "farthing.config": ("Settings",),
    "farthing.errors": (
        "ConfigError",
        "Conflict",
        "FarthingError",
        "Invalid",
        "NotFound",
        "ProviderError",
        "ProviderUnavailable",
    ),
    "farthing.events": (
        "Event",
        "OrderCanceled",
        "OrderExpired",
        "OrderPaid",
        "OrderPlaced",
        "OrderRefunded",
        "PaymentFailed",
        "PaymentSurplus",
        "RefundFailed",
        "RefundSucceeded",
    ),
    "farthing.http.callers": ("CustomerIdentity",),
    "farthing.money": ("Money",),
}

__all__ = [
    "CartItem",
    "ConfigError",
    "Conflict",
    "CustomerIdentity",
    "Event",
    "Farthing",
    "FarthingError",
    "Invalid",
    "Money",
    "NotFound",
    "OrderCanceled",
    "OrderExpired",
    "OrderPaid",
    "OrderPlaced",
    "OrderRefunded",
    "PaymentFailed",
    "PaymentSurplus",
    "ProviderError",
    "ProviderUnavailable",
    "RefundFailed",
    "RefundSucceeded",
    "Settings",
    "__version__",
]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: `farthing --version` must not pay for a web framework and a database driver.
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
