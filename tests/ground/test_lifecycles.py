"""State machines: the code's states are the database's states, and every move starts and ends in one of them."""

import re
from enum import StrEnum
from typing import Any

import psycopg
import pytest

from farthing.errors import Conflict
from farthing.lifecycle import Lifecycle
from farthing.lifecycles import LIFECYCLES, ORDER, REFUND, OrderStatus, RefundStatus

MACHINES: list[tuple[str, Any]] = sorted(LIFECYCLES.items())
"""Table → its lifecycle, whatever the type of its states."""


def _states_in_the_database(dsn: str) -> dict[str, set[str]]:
    """Table → the states that the CHECK of its `status` column alone allows."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            """
            SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'farthing'::regnamespace AND contype = 'c'
                AND conkey = ARRAY[(
                    SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = 'status'
                )]
            """
        ).fetchall()
    tables = [table.removeprefix("farthing.") for table, _ in rows]
    assert len(set(tables)) == len(tables), "one CHECK says all states of a table"
    return {table.removeprefix("farthing."): set(re.findall(r"'(\w+)'::text", definition)) for table, definition in rows}


@pytest.mark.covers("S000-30")
def test_the_database_knows_exactly_the_states_of_the_code(dsn: str) -> None:
    found = _states_in_the_database(dsn)
    # A hook's run has no lifecycle: it is a note of what came of it.
    assert found.pop("hook_runs") == {"waiting", "done", "failed"}
    assert found == {table: {str(state) for state in machine.states} for table, machine in MACHINES}


@pytest.mark.parametrize(("table", "machine"), MACHINES, ids=[table for table, _ in MACHINES])
def test_moves_lead_from_declared_states_to_declared_states(table: str, machine: Any) -> None:
    for verb, (sources, target) in machine.moves.items():
        assert set(sources) <= set(machine.states), f"{table}: {verb}"
        assert sources, f"{table}: {verb} starts nowhere"
        assert target in machine.states
        assert target not in sources, f"{table}: {verb} goes nowhere"


@pytest.mark.parametrize(("table", "machine"), MACHINES, ids=[table for table, _ in MACHINES])
def test_every_state_can_be_reached_or_is_where_it_begins(table: str, machine: Any) -> None:
    reached = {target for _, target in machine.moves.values()}
    beginnings = set(machine.states) - reached
    assert len(beginnings) <= 1, f"{table}: nothing leads to {beginnings}"


@pytest.mark.parametrize(("table", "machine"), MACHINES, ids=[table for table, _ in MACHINES])
def test_a_move_that_is_not_in_the_table_is_a_conflict(table: str, machine: Any) -> None:
    for verb, (sources, target) in machine.moves.items():
        assert machine.sources(verb) == [str(state) for state in sources]
        for state in machine.states:
            assert machine.allows(state, verb) == (state in sources)
            if state in sources:
                assert machine.move(state, verb) is target
            else:
                with pytest.raises(Conflict, match=f"An? {machine.noun} that is {state} cannot {verb}"):
                    machine.move(state, verb)


def test_the_moves_of_money_are_these() -> None:
    assert {verb for verb in ORDER.moves if ORDER.allows(OrderStatus.PAID, verb)} == {"refund"}
    assert {verb for verb in ORDER.moves if ORDER.allows(OrderStatus.CANCELED, verb)} == set()
    assert ORDER.final(OrderStatus.EXPIRED)
    assert not ORDER.final(OrderStatus.REFUNDED)
    assert {verb for verb in REFUND.moves if REFUND.allows(RefundStatus.SUCCEEDED, verb)} == {"fail"}


def test_a_verb_that_does_not_exist_is_a_mistake_of_the_programmer() -> None:
    class Light(StrEnum):
        RED = "red"
        GREEN = "green"

    machine = Lifecycle("light", Light, {"go": ({Light.RED}, Light.GREEN)})
    with pytest.raises(KeyError):
        machine.move(Light.RED, "fly")
