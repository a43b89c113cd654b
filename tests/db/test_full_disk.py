"""A full disk: a clear refusal, nothing half done, nothing lost, and all is well once there is space."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from farthing.db.embedded import temporary_home

PRIVATE = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
"""A namespace in which we may mount, and which is gone with its last process."""

MOUNT = "mount -t tmpfs -o size=220m,mode=711 none"


def _may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*PRIVATE, "sh", "-c", f"{MOUNT} /mnt"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.mark.skipif(not _may_mount(), reason="this machine lets nobody mount a small disk of their own")
def test_on_a_full_disk_a_transaction_is_refused_as_a_whole() -> None:
    with temporary_home() as home:
        command = f"{MOUNT} {home} && exec {sys.executable} -m tests.db.filling {home}"
        root = Path(__file__).parents[2]
        run = subprocess.run([*PRIVATE, "sh", "-c", command], capture_output=True, text=True, timeout=60, cwd=root, check=False)
    assert run.returncode == 0, run.stderr
    acknowledged, said, stored, readable, after = json.loads(run.stdout)
    assert said == "The database has no disk space left. Nothing was changed; free some space and try again."
    assert stored == readable == 2 * acknowledged
    assert after == stored + 2
