"""What makes each of thousands of tests cheaper, and is the same for what any of them shows."""

import gc

import structlog
from argon2 import PasswordHasher

YOUNG = 20_000
"""Objects that are made before the youngest are looked through."""


def hash_passwords_quickly() -> None:
    """What tests sign in with is no secret, and guarding it well takes a fifth of a second each time."""
    time, memory, parallelism, *others = PasswordHasher.__init__.__defaults__ or ()
    assert (time, memory, parallelism) >= (2, 19_456, 1), "this is what people's passwords are hashed with, and it is too weak"
    PasswordHasher.__init__.__defaults__ = (1, 8, 1, *others)


def log_crashes_plainly() -> None:
    """structlog draws each with all its variables in a frame, which takes seconds where one of them is an application."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )


def collect_rarely() -> None:
    """Whatever is imported and collected stays."""
    gc.set_threshold(YOUNG, 20, 100)


def forget_what_stays() -> None:
    """All modules and tests are there from now on: the collector need not walk through hundreds of thousands of them again."""
    gc.collect()
    gc.freeze()
