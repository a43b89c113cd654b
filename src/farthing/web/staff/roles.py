"""What each role may do in the admin: one table. What is not in it is not allowed."""

from enum import StrEnum
from typing import Final, Literal

from farthing.catalog import RefundRole
from farthing.errors import Forbidden

Permission = Literal["look", "orders", "refund", "evidence", "concede", "sellers", "payouts", "catalog", "books", "operate"]


class Role(StrEnum):
    VIEWER = "viewer"
    SUPPORT = "support"
    FINANCE = "finance"
    DEVELOPER = "developer"
    ADMIN = "admin"

    def may(self, permission: Permission) -> bool:
        return self in _TABLE[permission][1]

    def why_not(self, permission: Permission) -> str:
        """What somebody of this role is told who may not."""
        if self is Role.VIEWER:
            return "Your role, viewer, may look but not change anything. Ask an admin to do it."
        words, roles = _TABLE[permission]
        *others, last = (role.value for role in Role if role in roles)
        who = f"{', '.join(others)} and {last}" if others else last
        return f"Your role, {self}, may not {words}: {who} may."


_EVERYBODY: Final = frozenset(Role)
_TABLE: Final[dict[Permission, tuple[str, frozenset[Role]]]] = {
    "look": ("look at this", _EVERYBODY),
    "orders": ("change an order", _EVERYBODY - {Role.VIEWER}),
    # How much each of them may give back stands in [refunds] of farthing.toml.
    "refund": ("give money back", _EVERYBODY - {Role.VIEWER}),
    "evidence": ("answer a dispute", frozenset({Role.SUPPORT, Role.FINANCE, Role.ADMIN})),
    "concede": ("give a dispute up", frozenset({Role.FINANCE, Role.ADMIN})),
    "sellers": ("decide about sellers", frozenset({Role.FINANCE, Role.ADMIN})),
    "payouts": ("hold, let go and send what sellers earned", frozenset({Role.FINANCE, Role.ADMIN})),
    "catalog": ("change products and coupons", frozenset({Role.DEVELOPER, Role.ADMIN})),
    "books": ("reconcile the books", frozenset({Role.FINANCE, Role.ADMIN})),
    "operate": ("replay events and run jobs again", frozenset({Role.DEVELOPER, Role.ADMIN})),
}
"""Permission → what it is in words, and who has it."""

_REFUNDS: Final[dict[Role, RefundRole]] = {
    Role.SUPPORT: "support",
    Role.FINANCE: "finance",
    Role.DEVELOPER: "developer",
    Role.ADMIN: "admin",
}


def refund_role(role: Role) -> RefundRole:
    """The role by which `[refunds]` of farthing.toml limits what somebody may give back. Raises Forbidden for a viewer."""
    if role not in _REFUNDS:
        raise Forbidden(role.why_not("refund"))
    return _REFUNDS[role]
