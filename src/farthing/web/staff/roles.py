"""What each role may do in the admin."""

from enum import StrEnum
from typing import Final, Literal

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
