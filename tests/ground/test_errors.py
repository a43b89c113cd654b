"""Errors: each tells its door what to answer."""

import pytest

from farthing import errors
from farthing.errors import FarthingError


def _all(kind: type[FarthingError]) -> list[type[FarthingError]]:
    return [kind, *(each for sub in kind.__subclasses__() for each in _all(sub))]


KINDS = [kind for kind in _all(FarthingError) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_every_error_has_a_status_and_an_exit_code(kind: type[FarthingError]) -> None:
    error = kind("It is so.", param="amount", extra={"left": 1})
    assert 400 <= error.status < 600
    assert 1 <= error.exit_code <= 8
    assert kind.code.replace("_", "").isalpha()
    assert kind.title
    assert (str(error), error.detail, error.param, error.extra) == ("It is so.", "It is so.", "amount", {"left": 1})


def test_codes_tell_errors_apart() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)
