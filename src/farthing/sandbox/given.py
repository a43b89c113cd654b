"""Parameters that remember who looked at them: what was given and never looked at is refused instead of forgotten."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, ValuesView
from typing import Any


class Given(dict[str, Any]):
    """A hash of a request. Asking whether a name is there is not looking; taking its value is, and so is taking them all."""

    __slots__ = ("_all", "_plain", "unseen")

    def __init__(self, fields: dict[str, Any], *, plain: tuple[str, ...] = ()) -> None:
        """`plain`: names that leave no choice, so that nobody has to look."""
        super().__init__(fields)
        self._all = fields
        self._plain = plain
        self.unseen = set(fields).difference(plain)

    def __getitem__(self, name: str) -> Any:
        self.unseen.discard(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.unseen.discard(name)
        return super().get(name, default)

    def pop(self, name: str, default: Any = None) -> Any:
        self.unseen.discard(name)
        return super().pop(name, default)

    def __iter__(self) -> Iterator[str]:
        # Defined so that `{**given}` and `dict(given)` take each value through `__getitem__`.
        return super().__iter__()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        self.unseen.clear()
        return super().items()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        self.unseen.clear()
        return super().values()

    def __or__(self, other: Any) -> Given:  # type: ignore[override]
        """The same request with something added by the sandbox: looking at either is looking at both."""
        joined = Given.__new__(Given)
        dict.__init__(joined, self.whole() | other)
        joined._all, joined._plain, joined.unseen = self._all, self._plain, self.unseen
        return joined

    def whole(self) -> dict[str, Any]:
        """As a plain hash, without looking at any of it."""
        return {name: dict.__getitem__(self, name) for name in dict.__iter__(self)}

    def fresh(self) -> None:
        """Nobody has looked yet: whoever finds out where a request belongs does not do what it asks."""
        self.unseen |= set(self).difference(self._plain)

    def forgotten(self, path: str = "") -> Iterator[str]:
        """The paths of what nobody looked at, as a form would spell them."""
        for name, value in self._all.items():
            here = f"{path}[{name}]" if path else name
            if name in self.unseen:
                yield here
            else:
                yield from _inside(value, here)


def _inside(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Given):
        yield from value.forgotten(path)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _inside(each, f"{path}[{place}]")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _inside(each, f"{path}[{name}]")


def plain(value: Any) -> Any:
    """For orjson: a hash that is kept with an object is shown with it, and so is everything inside."""
    if isinstance(value, Given):
        return dict(value.items())
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")
