"""The sandbox with the official SDK of another language: Node's buys, subscribes and runs a marketplace against it."""

from __future__ import annotations

import uuid
from pathlib import Path

from tests.node import installed
from tests.sandbox.conftest import Running

FOLDER = Path(__file__).parent / "node"


def test_the_node_sdk_buys_subscribes_and_runs_a_marketplace(sandbox: Running) -> None:
    done = installed(FOLDER).run("shop.mjs", sandbox.url, f"sk_test_{uuid.uuid4().hex}")
    assert done.stderr == ""
    assert done.stdout.split() == ["purchase", "refusals", "subscription", "marketplace"]
    assert done.returncode == 0
