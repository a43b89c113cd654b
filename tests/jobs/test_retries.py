"""What becomes of a job that raised: a table of cases, without a database."""

from datetime import timedelta

import pytest
from pydantic import BaseModel, ValidationError

from farthing.errors import Conflict, DatabaseUnavailable, Invalid, Malformed, NotFound, ProviderError, ProviderUnavailable
from farthing.jobs.retries import ATTEMPTS_MAX, DELAYS, MESSAGE_MAX, Again, Dead, Failure, after, describe

MIDDLE = 0.5


@pytest.mark.parametrize("error", [Conflict("no"), Invalid("no"), Malformed("no"), NotFound("no")])
def test_what_will_never_work_ends_the_job_at_once(error: Exception) -> None:
    assert after(error, 0, MIDDLE) == Dead(Failure(type(error).__name__, "no"))


@pytest.mark.parametrize(
    "error", [ProviderUnavailable("no"), ProviderError("no"), DatabaseUnavailable("no"), RuntimeError("no"), TimeoutError("no")]
)
def test_everything_else_is_tried_again(error: Exception) -> None:
    assert after(error, 0, MIDDLE) == Again(timedelta(seconds=1), Failure(type(error).__name__, "no"))


@pytest.mark.parametrize(("attempts", "delay"), list(enumerate(DELAYS)))
def test_each_pause_is_longer_than_the_one_before(attempts: int, delay: timedelta) -> None:
    assert after(RuntimeError(), attempts, MIDDLE) == Again(delay, Failure("RuntimeError", ""))
    assert list(DELAYS) == sorted(set(DELAYS))


def test_the_twelfth_failure_is_the_last() -> None:
    assert ATTEMPTS_MAX == 12
    assert after(RuntimeError("no"), ATTEMPTS_MAX - 1, MIDDLE) == Dead(Failure("RuntimeError", "no"))


@pytest.mark.covers("F125")
@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 24), (0.5, 30), (1.0, 36)])
def test_what_failed_together_does_not_come_back_together(chance: float, seconds: int) -> None:
    assert after(RuntimeError("no"), 2, chance) == Again(timedelta(seconds=seconds), Failure("RuntimeError", "no"))


def test_a_refusal_inside_a_task_group_is_a_refusal() -> None:
    assert after(ExceptionGroup("group", [Conflict("no")]), 0, MIDDLE) == Dead(Failure("Conflict", "no"))


def test_messages_are_cut_and_can_be_stored() -> None:
    assert len(describe(RuntimeError("x" * 10_000)).message) == MESSAGE_MAX
    assert describe(RuntimeError("Zo\0e \ud800")).message == "Zoe ?"


class Guest(BaseModel):
    email: int


def test_what_somebody_typed_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        Guest.model_validate({"email": "jenny"})
    assert describe(caught.value) == Failure("ValidationError", "email: int_parsing")
