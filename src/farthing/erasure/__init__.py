"""Forgetting a person: everything that says who they were goes, here and at the provider; what was bought stays."""

from farthing.erasure.flow import clean_again, erase

__all__ = ["clean_again", "erase"]
