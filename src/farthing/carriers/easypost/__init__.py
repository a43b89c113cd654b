"""EasyPost. The only room that imports `easypost`, and only where somebody uses it."""

from farthing.carriers.easypost.carrier import EasyPost

__all__ = ["EasyPost"]
