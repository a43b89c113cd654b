"""Keep requirements.lock and pyproject.toml together: `python tools/lock.py` writes the lock, `--check` compares.

The lock's first line carries a hash of everything in pyproject.toml that decides what is installed. Comparing it needs
no network, so `make check` can say offline that somebody changed a requirement and forgot `make lock`.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = ROOT / "requirements.lock"
MARK: Final = "# Written by `make lock` from the requirements with sha256 "
COMPILE: Final = [
    *("pip", "compile", "pyproject.toml", "--all-extras", "--group", "dev", "--universal", "--generate-hashes"),
    *("--no-emit-index-url", "--no-header", "--quiet", "--output-file", LOCK.name),
]


def main(arguments: list[str]) -> int:
    match arguments:
        case ["--check"]:
            return check()
        case [uv]:
            return write(uv)
        case _:
            print("usage: python tools/lock.py (--check | <path of uv>)", file=sys.stderr)
            return 2


def check() -> int:
    if LOCK.read_text(encoding="utf-8").startswith(_first_line()):
        return 0
    print("requirements.lock is older than the requirements in pyproject.toml: run `make lock`.", file=sys.stderr)
    return 1


def write(uv: str) -> int:
    """Versions already in the lock stay as they are: delete a line's package from it, or the file, to move on."""
    done = subprocess.run([uv, *COMPILE], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    if done.returncode == 0:
        LOCK.write_text(_first_line() + _without_mark(LOCK.read_text(encoding="utf-8")), encoding="utf-8")
    return done.returncode


def _first_line() -> str:
    return f"{MARK}{_requirements_hash()}\n"


def _without_mark(lock: str) -> str:
    return lock.split("\n", 1)[1] if lock.startswith(MARK) else lock


def _requirements_hash() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    deciding = [
        project["project"]["requires-python"],
        project["project"]["dependencies"],
        project["project"].get("optional-dependencies", {}),
        project["dependency-groups"],
        project["build-system"]["requires"],
    ]
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
