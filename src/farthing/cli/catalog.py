"""`farthing catalog`: what is for sale, and making the provider sell it."""

from __future__ import annotations

import json
from typing import Final

from rich.markup import escape

from farthing import catalog as room
from farthing.catalog import Drift, Line, Plan
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.world import World

DRIFTED: Final = 7
SIGNS: Final = {
    "create": "[green]+[/]",
    "update": "[yellow]~[/]",
    "archive": "[red]-[/]",
    "adopt": "[blue]=[/]",
    "forget": "[dim]-[/]",
}


async def plan(*, check: bool = False) -> int:
    """Show what `catalog apply` would do, and what was changed at the provider behind our back. Changes nothing.

    For example:

        farthing catalog plan
        farthing catalog plan --check --json

    Parameters
    ----------
    check
        End with exit code 7 where anything would be done.
    """
    async with opening.world() as world:
        with terminal().progress("Comparing farthing.toml with the provider"):
            planned = await room.plan(world)
    terminal().show(_document(planned), *_pages(planned))
    return DRIFTED if check and (planned.steps or planned.drift) else 0


async def apply(*, env: bool = False) -> int:
    """Make the provider sell what farthing.toml says. Shows the plan and asks; doing it again does nothing.

    A changed price becomes a new price, and the old one is archived; nothing is deleted, nothing made twice. Interrupted, it
    goes on the next time. Servers and workers that run read farthing.toml when they start: start them again.

    For example:

        farthing catalog apply
        farthing catalog apply --yes
        farthing catalog apply --yes --env >> .env

    Parameters
    ----------
    env
        Print the provider's ids as lines of an .env file instead, for programs beside Farthing: STRIPE_PRICE_MUG=price_…
    """
    async with opening.world() as world:
        with terminal().progress("Comparing farthing.toml with the provider"):
            planned = await room.plan(world)
        if not planned.steps:
            said = "Nothing to do: the provider sells what farthing.toml says."
            return await _applied(world, {"applied": []}, said, env=env)
        if not terminal().options.json:
            for page in _pages(planned):
                terminal().say(page) if env else terminal().show(None, page)
        terminal().confirm(f"Apply it in {'live' if world.provider.livemode else 'test'} mode?")
        with terminal().progress("Applying"):
            applied = await room.apply(world, planned, actor=ACTOR)
        done: dict[str, object] = {"applied": [_line(line) for line in applied.lines]}
        await _applied(world, done, f"Done: {_count(len(applied.lines))}.", env=env)
    if not world.settings.sandboxed:
        # `farthing dev` sees by itself that its catalog was changed.
        terminal().say("`farthing serve` and `farthing worker` sell what they read when they started: start them again.")
    return 0


async def _applied(world: World, document: dict[str, object], said: str, *, env: bool) -> int:
    if not env:
        terminal().show(document, said)
        return 0
    lines = await room.env_lines(world)
    terminal().show(document | {"env": lines}, *lines)
    terminal().say(said)
    return 0


def validate() -> int:
    """Check farthing.toml without a database or a provider: every problem with its line, and exit code 3.

    For example:

        farthing catalog validate
    """
    settings = opening.settings()
    path, found = settings.catalog, opening.catalog(settings)
    counted = {"products": len(found.products), "coupons": len(found.coupons), "bulk_discounts": len(found.bulk_discounts)}
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counted.items())
    terminal().show({"file": str(path), **counted}, f"{path} is right: {told}.")
    return 0


def list_() -> int:
    """What farthing.toml says is for sale.

    For example:

        farthing catalog list
    """
    found = opening.catalog()
    documents = [
        {
            "key": product.key,
            "name": product.name,
            "kind": product.kind,
            "prices": list(product.prices.values()),
            "features": product.features,
            "active": product.active,
        }
        for product in found.products.values()
    ]
    rows = [
        (p.key, p.name, ", ".join(map(str, p.prices.values())), p.kind, ", ".join(p.features), "yes" if p.active else "no")
        for p in found.products.values()
    ]
    terminal().show({"data": documents}, show.table(("Key", "Name", "Prices", "Kind", "Features", "For sale"), rows))
    return 0


def schema() -> int:
    """Print the JSON Schema of farthing.toml, with which editors complete and check it.

    For example:

        farthing catalog schema > farthing.schema.json
    """
    terminal().raw(json.dumps(room.json_schema(), indent=2))
    return 0


def _pages(planned: Plan) -> list[str]:
    drift = [f"[yellow]![/] {escape(_drifted(each))}" for each in planned.drift]
    strange = [
        f"[dim]? {escape(each.id)} has our mark, but is not in farthing.toml: left alone[/]" for each in planned.strangers
    ]
    lines = [_shown(line) for line in planned.lines]
    verdict = f"{_count(len(lines))} to make." if lines else "Nothing to do: the provider sells what farthing.toml says."
    return [*drift, *lines, *strange, verdict]


def _drifted(drift: Drift) -> str:
    return f"{drift.product}: {drift.what} was changed at the provider, from {drift.applied} to {drift.found}"


def _shown(line: Line) -> str:
    change = f"{line.before or ''} → {line.after}" if line.before and line.after and line.before != line.after else ""
    change = change or line.after or line.before or ""
    return f"{SIGNS[line.verb.split()[0]]} {line.verb} [bold]{escape(line.product)}[/] {escape(line.what)}  {escape(change)}"


def _count(changes: int) -> str:
    return "1 change" if changes == 1 else f"{changes} changes"


def _document(planned: Plan) -> dict[str, object]:
    return {
        "changes": [_line(line) for line in planned.lines],
        "drift": [{"product": d.product, "what": d.what, "applied": d.applied, "found": d.found} for d in planned.drift],
        "strangers": [{"id": p.id, "key": p.key, "name": p.name} for p in planned.strangers],
    }


def _line(line: Line) -> dict[str, object]:
    return {name: getattr(line, name) for name in ("verb", "product", "what", "before", "after")}
