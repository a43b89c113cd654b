"""`farthing sandbox reset`, `snapshot` and `restore`: a running sandbox's state forgotten, kept and brought back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final
from urllib.parse import quote

from farthing.cli import sandbox_at, show
from farthing.cli.terminal import terminal
from farthing.errors import ConfigError, Invalid, NotFound

NAME_DEFAULT: Final = "default"
SUFFIX: Final = ".json"


def reset(*, url: str | None = None) -> int:
    """Forget everything in the sandbox: objects, events, webhook endpoints, and the lead of its clock.

    For example:

        farthing sandbox reset
        farthing sandbox reset --yes

    Parameters
    ----------
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    """
    at = sandbox_at.find(url)
    terminal().confirm(f"Forget everything in the sandbox at {at.url}?")
    at.post("/reset")
    terminal().show({"reset": True, "url": at.url}, f"The sandbox at {at.url} is empty.")
    return 0


def snapshot(to: str = NAME_DEFAULT, /, *, url: str | None = None) -> int:
    """Keep the whole state of the sandbox: under a name until it ends, or in a file.

    For example:

        farthing sandbox snapshot before-renewal
        farthing sandbox snapshot shop.json

    Parameters
    ----------
    to
        A name; or a file, where it ends with .json. Signing secrets are in it.
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    """
    at = sandbox_at.find(url)
    if not to.endswith(SUFFIX):
        kept = at.post("/snapshots", {"name": _name(to)})["snapshots"]
        terminal().show(
            {"name": to, "snapshots": kept},
            f"Kept as {show.said(to)}, until the sandbox ends: `farthing sandbox restore {show.said(to)}`.",
        )
        return 0
    content = json.dumps(at.get("/snapshot"), ensure_ascii=False).encode()
    path = Path(to)
    _write(path, content)
    said = f"Written to {show.said(path)}, {len(content) // 1024 + 1} KB with signing secrets in it: for your eyes only."
    terminal().show({"file": str(path), "bytes": len(content)}, said)
    return 0


def restore(source: str = NAME_DEFAULT, /, *, url: str | None = None) -> int:
    """Bring a snapshot back. What is in the sandbox now is gone; orders for faults and mischief stay.

    For example:

        farthing sandbox restore before-renewal --yes
        farthing sandbox restore shop.json --url http://127.0.0.1:12112

    Parameters
    ----------
    source
        The name of a snapshot that the sandbox keeps; or a file, where it ends with .json.
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    """
    content = _read(Path(source)) if source.endswith(SUFFIX) else None
    at = sandbox_at.find(url)
    if content is None and _name(source) not in (kept := at.get("/snapshots")["snapshots"]):
        there = f"It keeps {', '.join(kept)}." if kept else "It keeps none. A file ends with .json."
        raise NotFound(f"The sandbox at {at.url} keeps no snapshot {source!r}. {there}")
    terminal().confirm(f"Replace everything in the sandbox at {at.url} by {source}?")
    if content is None:
        at.post(f"/snapshots/{quote(source, safe='')}/restore")
    else:
        at.post_raw("/restore", content)
    told = at.get("/clock")
    terminal().show(
        {"restored": source, "url": at.url, **told}, f"The sandbox at {at.url} is as it was in {show.said(source)}."
    )
    return 0


def _name(text: str) -> str:
    if not text or "/" in text or len(text) > 100:
        raise Invalid(f"{text[:40]!r} is no name for a snapshot: a word will do, or a file that ends with .json.")
    return text


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and for the owner's eyes only: whoever has the secrets in it can sign events."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        draft.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
