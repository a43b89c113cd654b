"""Embedded PostgreSQL: started, shared, restarted and ended by our supervisor, on real servers in real folders."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from tests.db.servers import (
    FAST,
    answers,
    ask,
    first_line,
    is_alive,
    kill,
    other_app,
    parent_of,
    server_pid,
    supervisor_pid,
    tell,
    until,
    write_pid_file,
)

from farthing.db.embedded import EmbeddedPostgres, find_binaries, running_dsn, temporary_home
from farthing.db.embedded.processes import is_server_of
from farthing.errors import ConfigError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="embedded PostgreSQL needs Linux or macOS")


def test_the_first_start_makes_a_database_and_the_next_finds_its_rows() -> None:
    with temporary_home() as home:
        with EmbeddedPostgres(home) as postgres:
            tell(postgres.dsn(), "CREATE TABLE kept (it text)", "INSERT INTO kept VALUES ('Ünïcode')")
            assert ask(postgres.dsn(), "SELECT current_database() || ' of ' || current_user") == "farthing of farthing"
            assert ask(postgres.dsn(), "SELECT upper('ünï')") == "ÜNÏ"
            assert str(ask(postgres.dsn(), "SHOW server_version")).startswith("18.")
        with EmbeddedPostgres(home) as postgres:
            assert ask(postgres.dsn(), "SELECT it FROM kept") == "Ünïcode"


def test_starting_in_the_background_returns_at_once(home: Path) -> None:
    began = time.monotonic()
    postgres = EmbeddedPostgres(home, settings=FAST).start_in_background()
    returned = time.monotonic() - began
    assert answers(postgres.dsn())
    assert returned < (time.monotonic() - began) / 2
    postgres.stop()


def test_a_killed_server_comes_back_by_itself_with_every_committed_row(home: Path) -> None:
    with EmbeddedPostgres(home) as postgres:
        tell(postgres.dsn(), "CREATE TABLE paid AS SELECT * FROM generate_series(1, 10000)")
        killed = server_pid(home)
        os.kill(killed, signal.SIGKILL)
        assert until(lambda: answers(postgres.dsn())) < 20
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
