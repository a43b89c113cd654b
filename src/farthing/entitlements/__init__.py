"""Who may use what, until when."""

from farthing.entitlements.store import (
    Entitlement,
    check,
    grant,
    hold,
    of_customer,
    of_order,
    of_subscription,
    of_user,
    remind,
    restore_line,
    revoke_line,
)
from farthing.entitlements.versions import outdate, version_of

__all__ = [
    "Entitlement",
    "check",
    "grant",
    "hold",
    "of_customer",
    "of_order",
    "of_subscription",
    "of_user",
    "outdate",
    "remind",
    "restore_line",
    "revoke_line",
    "version_of",
]
