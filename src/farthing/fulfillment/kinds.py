"""Which kinds of product there are: ours, and those that an application registers for itself."""

from collections.abc import Mapping
from inspect import iscoroutinefunction
from re import fullmatch
from typing import Final

from farthing.db import Transaction
from farthing.errors import ConfigError
from farthing.fulfillment import access, content, credits, custom, download, goods, service, shipping
from farthing.fulfillment.job_posting import CheckJob, JobPostings
from farthing.fulfillment.kind import Kind

KINDS: Final[Mapping[str, Kind]] = {
    "access": access,
    "content": content,
    "custom": custom,
    "download": download,
    "goods": goods,
    "job_posting": JobPostings(),
    "service": service,
    "shipping": shipping,
    "credits": credits,
}
"""Our own: `kind` in farthing.toml → what paying and refunding do with its lines."""

MUST: Final = ("grant", "revoke", "restore")
MAY: Final = (
    "check",
    "left",
    "place",
    "used",
    "check_addon",
    "add",
    "remove",
    "proofs",
    "refusal",
    "reverse",
    "withdraw_reversal",
    "hold",
    "let_go",
)


def kind_of(tx: Transaction, name: str) -> Kind:
    """The application's own, or ours. Raises LookupError in a process that does not have it: the work is done again later."""
    found = tx.kinds.get(name) or KINDS.get(name)
    if found is None:
        raise LookupError(f"this process has no kind {name!r}: start it with the application that registers it")
    return found  # type: ignore[return-value]  # `registered` looked at it


def registered(kinds: Mapping[str, object], jobs: CheckJob | None) -> dict[str, object]:
    """What an application brings, checked at its start. One with the name of ours takes its place.

    Raises ConfigError for what is no kind: an object with the async functions grant, revoke and restore.
    """
    for name, kind in kinds.items():
        if not fullmatch("[a-z][a-z0-9_]{0,62}", name):
            raise ConfigError(f"{name!r} is not the name of a kind: use a-z, 0-9 and _, such as 'seat'.")
        for verb in (*MUST, *MAY):
            function = getattr(kind, verb, None)
            if (function is not None or verb in MUST) and not iscoroutinefunction(function):
                raise ConfigError(f"The kind {name!r} needs `async def {verb}`.")
    own = {} if jobs is None else {"job_posting": JobPostings(jobs)}
    return {**own, **kinds}
