"""The sandbox with the official SDK of another language: Node's buys, subscribes and runs a marketplace against it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest
from tests.sandbox.conftest import Running

FOLDER = Path(__file__).parent / "node"
INSTALLED = FOLDER / "node_modules" / "stripe" / "package.json"
OLDEST = 20
INSTALL_SECONDS = 120
RUN_SECONDS = 60


def _wanted() -> str:
    return str(json.loads((FOLDER / "package.json").read_text("utf-8"))["dependencies"]["stripe"])


def _installed() -> bool:
    return INSTALLED.is_file() and json.loads(INSTALLED.read_text("utf-8"))["version"] == _wanted()


def _run(*command: str, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=seconds, check=False)


@pytest.fixture(scope="session")
def node() -> str:
    """A Node with the SDK beside the script. Without Node, or without a network for the first time, there is no test."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if not found or not npm:
        pytest.skip("NOT TESTED WITH NODE: node and npm are not installed here")
    version = _run(found, "--version", seconds=10).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0] or 0) < OLDEST:
        pytest.skip(f"NOT TESTED WITH NODE: node {version} is older than {OLDEST}, which the SDK needs")
    if not _installed():
        try:
            problem = _run(npm, "ci", "--no-progress", seconds=INSTALL_SECONDS).stderr
        except subprocess.TimeoutExpired:
            problem = f"npm ci took longer than {INSTALL_SECONDS} seconds"
        if not _installed():
            # On a machine of ours that is a broken build; on somebody's laptop it is a train without a network.
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"NOT TESTED WITH NODE: npm ci failed: {problem[-500:]}")
    return found


def test_the_node_sdk_buys_subscribes_and_runs_a_marketplace(sandbox: Running, node: str) -> None:
    done = _run(node, "shop.mjs", sandbox.url, f"sk_test_{uuid.uuid4().hex}", seconds=RUN_SECONDS)
    assert done.stderr == ""
    assert done.stdout.split() == ["purchase", "refusals", "subscription", "marketplace"]
    assert done.returncode == 0
