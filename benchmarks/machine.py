"""The machine and the servers that the figures are of: without them a figure says nothing."""

import os
import platform
from collections.abc import Mapping

import psycopg


def facts(dsn: str) -> Mapping[str, object]:
    with psycopg.connect(dsn) as connection:
        shown = {name: _show(connection, name) for name in ("server_version", "fsync", "synchronous_commit")}
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "psycopg": psycopg.__version__,
        "postgresql": shown["server_version"],
        "fsync": shown["fsync"],
        "synchronous_commit": shown["synchronous_commit"],
    }


def _show(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None, "a setting has a value"
    return str(row[0])
