"""The guide for other languages: its shell is run as it is written."""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sandbox.conftest import serve

from farthing.sandbox import Settings

GUIDE = Path(__file__).parents[2] / "docs/how-to/sandbox-from-any-language.md"


@pytest.fixture
def address() -> Iterator[str]:
    """A sandbox whose clock the guide may move."""
    for running in serve(":memory:", Settings()):
        yield running.url


def test_the_shell_of_the_guide_runs_as_it_is_written(address: str) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 5
    script = "set -e -o pipefail\n" + "echo '== next'\n".join(blocks)
    environ = os.environ | {"SANDBOX": address, "KEY": f"sk_test_{uuid.uuid4().hex}"}
    done = subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    page, paid, hooks, later, lost = done.stdout.split("== next\n")
    assert page.startswith(address + "/c/pay/")
    assert '"code":"card_declined"' in paid
    assert '"type": "checkout.session.completed"' in paid
    assert "whsec_" in hooks
    assert '"ahead_seconds":' in later
    assert lost.endswith("lost\nidempotent-replayed: true\n")
