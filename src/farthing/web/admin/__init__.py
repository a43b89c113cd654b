"""The admin: orders, what the provider told us, the books, jobs, health. SECTIONS is the table of its menu."""

from farthing.web.admin.menu import ROUTES, SECTIONS

__all__ = ["ROUTES", "SECTIONS"]
