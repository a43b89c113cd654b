"""`farthing reconcile --check` as somebody types it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from farthing.config import Settings


def reconciled(settings: Settings, catalog: str, folder: Path, *more: str) -> tuple[int, list[dict[str, Any]]]:
    """Its exit code, and what it names."""
    (folder / "farthing.toml").write_text(catalog)
    assert settings.database_url is not None
    assert settings.stripe_secret_key is not None
    environ = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "STRIPE_SECRET_KEY": settings.stripe_secret_key.get_secret_value(),
        "STRIPE_API_BASE": settings.stripe_api_base or "",
        "FARTHING_SECRET_KEY": "a secret of the tests, long enough to sign with",
    }
    command = [sys.executable, "-m", "farthing.cli.main", "reconcile", "--check", "--json", *more]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["discrepancies"]
