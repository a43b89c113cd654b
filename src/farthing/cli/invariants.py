"""`farthing invariants`: what must always be true, proven of the whole database."""

from farthing import invariants as rules
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal


async def invariants() -> int:
    """Check what must always be true of the whole database, whoever wrote to it. The exit code is 1 where a rule is broken.

    For example:

        farthing invariants
        farthing invariants --json
    """
    with terminal().progress("Checking"):
        async with opening.database() as db, db.transaction(ACTOR) as tx:
            broken = {violation.rule.name: violation for violation in await rules.check_all(tx)}
    rows = [(_seal(rule.name in broken), rule.name, rule.sentence) for rule in rules.RULES]
    found = [
        {"rule": name, "sentence": violation.rule.sentence, "count": violation.count, "rows": violation.rows}
        for name, violation in broken.items()
    ]
    details = [f"[red]{name}[/]: {show.said(row)}" for name, violation in broken.items() for row in violation.rows]
    verdict = f"[red]{len(broken)} of {len(rows)} rules are broken.[/]" if broken else f"All {len(rows)} rules hold."
    terminal().show({"checked": len(rows), "broken": found}, show.table(("", "Rule", "Sentence"), rows), *details, verdict)
    return 1 if broken else 0


def _seal(broken: bool) -> show.Marked:
    return show.Marked("[red]broken[/]" if broken else "[green]holds[/]")
