"""Logs of a process that is ours: one event a line on stderr, with nothing in it that must not be seen.

A host that mounts Farthing configures its own logging; nothing here runs in its process.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

    from farthing.config import Settings

SECRETS: Final = re.compile(
    r"""
    \b((?:sk|rk|fk)_(?:test|live)_|whsec_)[A-Za-z0-9_-]+  # keys of Stripe and of ours
    | (?<=://)([^\s:/@]*:)[^\s@/]+(?=@)                    # a password in a URL
    | \b(?:\d[ -]?){12,18}\d\b                             # a card number
    """,
    re.VERBOSE,
)
SECRET_NAMES: Final = re.compile(r"secret|password|token|authorization|api_key", re.IGNORECASE)
MASK: Final = "…"


def redact(text: str) -> str:
    return SECRETS.sub(lambda found: f"{found[1] or found[2] or ''}{MASK}", text)


def configure(settings: Settings, *, verbose: bool, brief: bool) -> None:
    """`brief` is for commands that are done in a moment: they log only what went wrong, unless somebody wants more."""
    import structlog

    level = "debug" if verbose else "warning" if brief else settings.log_level
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redacted,
    ]
    renderer: Processor = structlog.processors.JSONRenderer()
    if settings.log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    )
    _take_over(formatter, logging.WARNING if level != "debug" else logging.INFO)


def _take_over(formatter: logging.Formatter, level: int) -> None:
    """Libraries log in the same form. The process is ours, so its root logger is, too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)


def _redacted(_: object, __: str, event: EventDict) -> Mapping[str, Any]:
    return {name: clean(name, value) for name, value in event.items()}


def clean(name: str, value: object) -> object:
    if SECRET_NAMES.search(name) and isinstance(value, str):
        return MASK
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {inner: clean(str(inner), each) for inner, each in value.items()}
        case list() | tuple():
            return [clean(name, each) for each in value]
        case _:
            return value
