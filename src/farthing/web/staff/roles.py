"""What each role may do in the admin."""

from enum import StrEnum
from typing import Final, Literal

from farthing.catalog import RefundRole
from farthing.errors import Forbidden

Permission = Literal["look", "act"]
"""`look` reads everything; `act` refunds, cancels, replays and retries."""


class Role(StrEnum):
    VIEWER = "viewer"
    SUPPORT = "support"
    FINANCE = "finance"
    DEVELOPER = "developer"
    ADMIN = "admin"

    def may(self, permission: Permission) -> bool:
        return permission in _PERMISSIONS[self]


_PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.VIEWER: frozenset({"look"}),
    Role.SUPPORT: frozenset({"look", "act"}),
    Role.FINANCE: frozenset({"look", "act"}),
    Role.DEVELOPER: frozenset({"look", "act"}),
    Role.ADMIN: frozenset({"look", "act"}),
}

_REFUNDS: Final[dict[Role, RefundRole]] = {
    Role.SUPPORT: "support",
    Role.FINANCE: "finance",
    Role.DEVELOPER: "developer",
    Role.ADMIN: "admin",
}


def refund_role(role: Role) -> RefundRole:
    """The role by which `[refunds]` of farthing.toml limits what somebody may give back. Raises Forbidden for a viewer."""
    if role not in _REFUNDS:
        raise Forbidden(f"The role {role} gives no money back.")
    return _REFUNDS[role]
