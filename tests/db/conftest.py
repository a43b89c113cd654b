"""A home for the tests of embedded PostgreSQL."""

from tests.db.servers import home

__all__ = ["home"]
