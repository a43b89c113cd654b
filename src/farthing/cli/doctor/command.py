"""`farthing doctor`: all checks, side by side, none hidden by another one's failure."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Final

from farthing.cli import opening, show
from farthing.cli.doctor import carrier, database, house, provider
from farthing.cli.doctor.finding import Finding, failed, ok
from farthing.cli.terminal import terminal
from farthing.config import Settings
from farthing.errors import ConfigError

SIGNS: Final = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]", "skipped": "[dim]·[/]"}


async def doctor() -> int:
    """Check the installation: settings, catalog, database, provider, webhooks, clock, worker, mail. Changes nothing.

    Each finding that is not well says how to repair it. The exit code is 3 where something failed; a warning is none.

    For example:

        farthing doctor
        farthing doctor --json
    """
    with terminal().progress("Looking"):
        findings = await _look()
    bad = sum(finding.state == "failed" for finding in findings)
    rows = [(show.Marked(SIGNS[f.state]), f.name, _found(f)) for f in findings]
    verdict = f"[red]{bad} of {len(findings)} checks failed.[/]" if bad else "Nothing failed."
    terminal().show(
        {"healthy": not bad, "checks": [asdict(f) for f in findings]}, show.table(("", "Check", "Found"), rows), verdict
    )
    return ConfigError.exit_code if bad else 0


def _found(finding: Finding) -> show.Marked:
    fix = f"\n[bold]{show.said(finding.fix)}[/]" if finding.fix else ""
    return show.Marked(show.said(finding.detail) + fix)


async def _look() -> list[Finding]:
    try:
        settings = opening.settings()
    except ConfigError as error:
        return [house.python(), failed("Settings", "cannot be read", error.detail)]
    here = [house.python(), _sources()]
    here += [look(settings) for look in (house.base_url, house.secret_key, house.key, house.webhook_secret, house.products)]
    asked = await asyncio.gather(database.check(settings), provider.check(settings), carrier.check(settings), _mail(settings))
    return [*here, *(finding for findings in asked for finding in findings)]


async def _mail(settings: Settings) -> list[Finding]:
    return [await house.mail(settings)]


def _sources() -> Finding:
    """`farthing config show` has the values."""
    of = [f"{field} from {source}" for field, source in opening.sources().items() if source != "default"]
    return ok("Settings", ", ".join(of) or "all as they are by default")
