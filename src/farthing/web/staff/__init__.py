"""Who runs the shop: accounts of staff, their sessions, and the door to the admin."""

from farthing.web.staff.door import Page, for_staff, look_for_staff, staff_of
from farthing.web.staff.roles import Permission, Role, refund_role
from farthing.web.staff.signing_in import ROUTES
from farthing.web.staff.store import Staff, create_staff, names

__all__ = [
    "ROUTES",
    "Page",
    "Permission",
    "Role",
    "Staff",
    "create_staff",
    "for_staff",
    "look_for_staff",
    "names",
    "refund_role",
    "staff_of",
]
