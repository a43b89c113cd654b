"""Embedded PostgreSQL under root and for several users: nobody runs it as root, and no folder is opened for it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.db.servers import (
    FAST,
    answers,
    app_of_nobody,
    first_line,
    mode,
    server_pid,
    supervisor_pid,
)

from farthing.db.embedded import EmbeddedPostgres, find_binaries, temporary_home
from farthing.db.embedded.binaries import copy_binaries
from farthing.db.embedded.temporary import remove_home
from farthing.errors import ConfigError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")


def test_as_root_postgresql_runs_as_a_user_of_its_own(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST):
        user = Path(f"/proc/{server_pid(home)}").stat().st_uid
        assert user not in {0, 65534}
        assert (home / "pg18").stat().st_uid == user
        assert home.stat().st_uid == 0


def test_as_root_a_closed_folder_stays_closed_and_still_works() -> None:
    with temporary_home() as above:
        closed = above / "closed"
        closed.mkdir(mode=0o700)
        home = closed / ".farthing"
        with EmbeddedPostgres(home, settings=FAST) as postgres:
            assert answers(postgres.dsn())
            data = (home / "pg18").resolve()
            assert data.parent == Path("/var/lib/farthing")
            assert mode(data) == 0o700
            assert mode((home / "pg18.sock").resolve()) == 0o700
        with EmbeddedPostgres(home, settings=FAST) as postgres:
            assert answers(postgres.dsn())
        assert mode(closed) == 0o700
        remove_home(home)
        assert not data.exists()


def test_programs_in_a_closed_folder_are_copied_to_where_others_can_run_them() -> None:
    with temporary_home() as above:
        copy = copy_binaries(find_binaries(), above)
        assert copy_binaries(find_binaries(), above) == copy
        version = subprocess.run([copy.psql, "--version"], user="nobody", extra_groups=[], capture_output=True, check=True)
        assert version.stdout.startswith(b"psql (PostgreSQL) 18.")
        assert [path.name.partition("-")[0] for path in above.iterdir()] == ["programs"]


def test_what_a_deleted_temporary_home_left_elsewhere_goes_with_the_next_one() -> None:
    with temporary_home() as above:
        (above / "closed").mkdir(mode=0o700)
        first, second = above / "closed" / "first", above / "closed" / "second"
        with EmbeddedPostgres(first, settings=FAST):
            abandoned = (first / "pg18").resolve()
        shutil.rmtree(first)
        assert abandoned.exists()
        with EmbeddedPostgres(second, settings=FAST):
            assert (second / "pg18").resolve().exists()
            assert not abandoned.exists()
        remove_home(second)


def test_another_user_has_a_server_of_its_own_and_root_joins_it_as_that_user() -> None:
    with temporary_home() as above:
        home = above / ".farthing"
        home.mkdir(mode=0o700)
        shutil.chown(home, "nobody")
        with app_of_nobody(home) as other:
            assert answers(first_line(other))
            assert Path(f"/proc/{supervisor_pid(home)}").stat().st_uid == home.stat().st_uid
            other.communicate()
        with EmbeddedPostgres(home, settings=FAST) as postgres:
            assert answers(postgres.dsn())
            for process in (server_pid(home), supervisor_pid(home)):
                assert Path(f"/proc/{process}").stat().st_uid == home.stat().st_uid
        assert {path.stat().st_uid for path in home.iterdir()} == {home.stat().st_uid}


def test_the_home_of_another_user_is_refused_and_left_as_it_is(home: Path) -> None:
    before = sorted(home.iterdir())
    with app_of_nobody(home) as refused:
        assert f"The home {home} belongs to user 0" in refused.communicate()[1]
    assert sorted(home.iterdir()) == before


def test_a_user_without_a_name_is_told_what_initdb_needs() -> None:
    with temporary_home() as above:
        home = above / ".farthing"
        home.mkdir(mode=0o700)
        os.chown(home, 45678, 45678)
        with pytest.raises(ConfigError, match="User id 45678 has no name on this machine"):
            EmbeddedPostgres(home).start()
        assert not (home / "pg18").exists()
