"""The operations Stripe has, as the official SDK knows them: what is not modeled is told from what does not exist."""

from __future__ import annotations

import functools
import importlib.util
import re
from pathlib import Path

_REQUEST = re.compile(r'"(get|post|delete)",\s*(?:self\._build_path\(\s*)?"(/v[12]/[^"]+)"')


def knows(method: str, path: str) -> bool:
    parts = tuple(path.strip("/").split("/"))
    shapes = _shapes().get((method, len(parts)), ())
    return any(all(each.startswith("{") or each == part for each, part in zip(shape, parts, strict=True)) for shape in shapes)


@functools.cache
def _shapes() -> dict[tuple[str, int], list[tuple[str, ...]]]:
    """Read when first needed: the sandbox itself does not load the SDK's services."""
    found: dict[tuple[str, int], list[tuple[str, ...]]] = {}
    spec = importlib.util.find_spec("stripe")
    assert spec, "the sandbox needs the stripe package for its types"
    for place in spec.submodule_search_locations or ():
        for file in sorted(Path(place).rglob("*_service.py")):
            for method, path in _REQUEST.findall(file.read_text("utf-8")):
                shape = tuple(path.strip("/").split("/"))
                found.setdefault((method.upper(), len(shape)), []).append(shape)
    return found
