"""`farthing help`: the list of commands, the page of one, and topics that no command's page is about."""

from collections.abc import Sequence
from typing import Final

from farthing.cli import commands
from farthing.cli.terminal import terminal
from farthing.errors import (
    ConfigError,
    Conflict,
    FarthingError,
    Invalid,
    NotFound,
    ProviderError,
    Unconfirmed,
)

EXIT_CODES: Final = {
    0: "It is done, or there was nothing to do.",
    FarthingError.exit_code: "It failed; the message says why.",
    Invalid.exit_code: "The command line, or what it asked for, is not valid.",
    ConfigError.exit_code: "A setting, the schema or the installation must be repaired first; `farthing doctor` helps.",
    NotFound.exit_code: "There is no such thing.",
    Conflict.exit_code: "The state of things forbids it, and trying again will not help.",
    ProviderError.exit_code: "The payment provider refused, or did not answer.",
    7: "`catalog plan --check` or `types --check` found something to do, or `reconcile --check` a difference.",
    Unconfirmed.exit_code: "It was not confirmed: say --yes in a script.",
    130: "Interrupted by Ctrl-C before it was done. What runs until it is told to end, such as a server, ends with 0.",
}


def help_(*words: str) -> int:
    """This list, the page of a command, or a topic: exit-codes.

    For example:

        farthing help orders refund
        farthing help exit-codes

    Parameters
    ----------
    words
        A command or a topic.
    """
    if words == ("exit-codes",):
        document = [{"code": code, "meaning": meaning} for code, meaning in EXIT_CODES.items()]
        terminal().show(document, *(f"{code:>3}  {meaning}" for code, meaning in EXIT_CODES.items()))
        return 0
    return _page(words)


def _page(words: Sequence[str]) -> int:
    return commands.call([*words, "--help"])
