"""The interfaces of the documents that Farthing was asked to follow: their routes, their words, their rows.

They are other names for what the rest of the house does, and decide nothing themselves.
"""

from farthing.documents.assembly import build, is_ours
from farthing.documents.records import Records

__all__ = ["Records", "build", "is_ours"]
