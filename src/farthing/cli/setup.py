"""`farthing setup`: everything that a new installation needs, one step after the other."""

from __future__ import annotations

from farthing.cli import catalog, db
from farthing.cli.doctor import command
from farthing.cli.terminal import terminal


async def setup() -> int:
    """Bring the schema up, make the provider sell what farthing.toml says, and check the installation.

    The same as `farthing db upgrade`, `farthing catalog apply` and `farthing doctor`. Doing it again does nothing. With --json
    each step prints a document of its own. The exit code is that of the first step that failed, which is the last one to run.

    For example:

        farthing setup
        farthing setup --yes
    """
    for words, step in (("Schema", db.upgrade), ("Catalog", catalog.apply), ("Installation", command.doctor)):
        terminal().say(f"[bold]{words}[/]")
        code = await step()
        if code:
            return code
    return 0
