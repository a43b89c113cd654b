"""The benchmarks measure what they say: both sides do the same work, and a target is met or it is not."""

import subprocess
import sys

import pytest
from benchmarks import access, entitled, figure_pages, figures, ingest, sandbox_costs, settle, startup, truth
from benchmarks.line import Line


async def test_the_replayed_sql_leaves_the_same_rows_as_the_worker(dsn: str) -> None:
    """`settle` compares the rows of every order itself, and fails where they differ."""
    lines = await settle.measure(dsn, rounds=1, count=3)
    assert [len(line.ours) for line in lines] == [1, 1, 1]
    assert {len(line.floor) for line in lines} == {1}


def test_every_request_that_counts_is_a_row(dsn: str) -> None:
    """`ingest` counts the rows itself, of both servers."""
    line = ingest.measure(dsn, rounds=1, requests=20)
    assert min(*line.ours, *line.floor) > 0


async def test_both_questions_about_an_entitlement_find_it(dsn: str) -> None:
    """`entitled` asserts every answer itself."""
    line = await entitled.measure(dsn, rounds=2, calls=5)
    assert len(line.figures) == 2


@pytest.mark.covers("S002-21")
def test_both_servers_say_that_the_customer_owns_it(dsn: str) -> None:
    """`access` asserts every answer itself."""
    assert len(access.measure(dsn, rounds=1, calls=5).figures) == 1


def test_the_version_is_told_within_its_target() -> None:
    assert startup.measure(1).met


@pytest.mark.skipif(sys.platform != "linux", reason="the CPU time of another process is Linux's to tell")
def test_the_sandbox_does_all_that_is_measured() -> None:
    """`sandbox_costs` asserts every answer itself, and that the events of every renewal arrive."""
    lines = list(sandbox_costs.measure(rounds=1, requests=10, subscriptions=1, objects=20))
    assert [line.unit for line in lines] == ["ms", "requests/s", "s", "s", "MiB"]
    assert min(figure for line in lines[:4] for figure in line.ours) > 0


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is Linux's to tell")
def test_what_is_reconciled_and_replayed_is_all_there_is(dsn: str) -> None:
    """`truth` counts the objects and events itself, and asserts that none differs."""
    lines = truth.measure(dsn, rounds=1, objects=20)
    assert [line.unit for line in lines] == ["s", "MiB", "MiB"]


def test_the_kept_figures_are_those_of_the_facts(dsn: str) -> None:
    """`figures` compares both itself, of two days."""
    lines = list(figures.measure(dsn, rounds=1, subscriptions=100))
    assert [line.unit for line in lines] == ["s", "s"]


def test_every_page_of_figures_answers(dsn: str) -> None:
    """`figure_pages` asserts every answer itself."""
    assert len(list(figure_pages.measure(dsn, rounds=1, calls=1, subscriptions=100))) == 4


def test_a_ratio_is_taken_within_each_round() -> None:
    line = Line("a thing", "s", ours=[8, 1, 30], floor=[10, 1, 100], rule="at least", target=0.8, note="another thing")
    assert line.figures == [0.8, 1.0, 0.3]
    assert line.described()["ratio"] == {"median": 0.8, "min": 0.3, "max": 1.0}


@pytest.mark.parametrize(
    ("rule", "target", "of_floor", "met"),
    [
        ("at least", 0.5, True, True),
        ("at least", 0.51, True, False),
        ("at most", 0.5, True, True),
        ("at most", 0.49, True, False),
        ("at most", 2.0, False, True),
        ("at most", 1.9, False, False),
    ],
)
def test_a_target_is_met_at_the_target_itself(rule: str, target: float, of_floor: bool, met: bool) -> None:
    line = Line("a thing", "s", [2.0], [4.0], rule, target, note="another thing", of_floor=of_floor)  # type: ignore[arg-type]
    assert line.met is met
    assert str(line).startswith("ok" if met else "NOT MET")


def test_an_unknown_measurement_is_refused_before_anything_starts() -> None:
    asked = subprocess.run([sys.executable, "-m", "benchmarks", "typo"], capture_output=True, text=True, timeout=60)
    assert asked.returncode == 2
    assert "there is no measurement typo" in asked.stderr
