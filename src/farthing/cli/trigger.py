"""`farthing trigger`: make an event happen in the sandbox, by really doing what causes it."""

from __future__ import annotations

import time
from typing import Any, Final

from rich.console import RenderableType

from farthing.cli import sandbox_at, show
from farthing.cli.sandbox_at import SandboxAt
from farthing.cli.terminal import terminal
from farthing.errors import Invalid

ANSWERED_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.05


def trigger(
    event: str | None = None,
    /,
    *,
    list: bool = False,
    override: tuple[str, ...] | None = None,
    url: str | None = None,
    key: str | None = None,
) -> int:
    """Make an event happen in the sandbox: really, with objects that are there afterwards.

    A card pays, a seller goes through onboarding, time passes on a test clock; the event comes of it as it would at Stripe,
    and is delivered to whoever listens. The sandbox's own clock is not moved.

    For example:

        farthing trigger charge.refunded
        farthing trigger payment_intent.succeeded --override payment_intent:amount=4200
        farthing trigger --list

    Parameters
    ----------
    event
        The type of the event, such as checkout.session.completed.
    list
        List the events that can be triggered, with a sentence each; with a part of a type, only those it stands in.
    override
        Make something otherwise: object:field=value, such as customer:name=Ada or payment_intent:metadata.order=1001. May be
        given again.
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    key
        The key whose account it happens in. Otherwise STRIPE_SECRET_KEY, that of `farthing dev`, the only account there
        is, or sk_test_farthing.
    """
    at = sandbox_at.find(url, key)
    if list:
        return _list(at, event)
    if event is None:
        raise Invalid("Which event? `farthing trigger --list` shows which there are.")
    done = _cause(at, event, overrides(override or ()))
    answers = {each["id"]: _answers(at, each["id"]) if each["webhooks"] else [] for each in done["triggered"]}
    document = {**done, "url": at.url, "deliveries": answers}
    terminal().show(document, *_told(done, answers))
    return 0


def _list(at: SandboxAt, part: str | None) -> int:
    """With a part of a type, only those it stands in."""
    found = [each for each in at.get("/triggers")["triggers"] if (part or "") in each["event"]]
    rows = [(each["event"], each["says"]) for each in found]
    terminal().show({"data": found}, show.table(("Event", "How it comes about"), rows))
    return 0


def _cause(at: SandboxAt, event: str, overriding: dict[str, dict[str, Any]]) -> dict[str, Any]:
    try:
        done: dict[str, Any] = at.post("/trigger", {"event": event, "overrides": overriding, **at.whose})
    except Invalid as error:
        if error.param == "key":
            raise Invalid(sandbox_at.WHOSE) from None
        raise
    return done


def overrides(given: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Read "customer:address.city=Bath" and its like."""
    found: dict[str, dict[str, Any]] = {}
    for each in given:
        path, equals, value = each.partition("=")
        noun, colon, field = path.partition(":")
        steps = field.split(".")
        if not (equals and colon and noun and all(steps)):
            raise Invalid(f"--override is object:field=value, such as customer:name=Ada, not {each[:60]!r}.")
        here: dict[str, Any] = found.setdefault(noun, {})
        for step in steps[:-1]:
            inner = here.setdefault(step, {})
            if not isinstance(inner, dict):
                raise Invalid(f"--override gives {noun}:{step} twice, once as a value and once with fields of its own.")
            here = inner
        here[steps[-1]] = value
    return found


def _answers(at: SandboxAt, event: str) -> list[dict[str, Any]]:
    """What each endpoint said to it, as soon as each was asked."""
    until = time.monotonic() + ANSWERED_SECONDS
    while True:
        found: list[dict[str, Any]] = at.get(f"/events/{event}/deliveries")["deliveries"]
        if all(each["attempts"] or each["status"] != "pending" for each in found) or time.monotonic() > until:
            return found
        time.sleep(LOOK_SECONDS)


def _told(done: dict[str, Any], answers: dict[str, list[dict[str, Any]]]) -> list[RenderableType]:
    lines: list[RenderableType] = [f"[bold]{show.said(done['event'])}[/]  {show.said(done['says'])}"]
    lines += [f"  made       {show.said(each['object'])} {show.said(each['id'])}" for each in done["made"]]
    for each in done["triggered"]:
        whose = f" of {show.said(each['account'])}" if each["account"] else ""
        lines.append(f"  [green]triggered[/]  {show.said(each['id'])}{whose}")
        lines += [f"             {_answer(delivery, done['endpoints'])}" for delivery in answers[each["id"]]]
        if not answers[each["id"]]:
            doors = "connected accounts" if each["account"] else "this account"
            lines.append(f"             [yellow]nobody listens to {doors}[/]: `farthing listen` does.")
    others = len(done["events"]) - len(done["triggered"])
    if others:
        lines.append(f"[dim]  and {others} other {'event' if others == 1 else 'events'} on the way.[/]")
    return lines


def _answer(delivery: dict[str, Any], endpoints: dict[str, str]) -> str:
    name, log = show.said(endpoints.get(delivery["endpoint"], delivery["endpoint"])), delivery["log"]
    if not log:
        return f"[yellow]{show.said(delivery['status'])}[/] {name} was not asked yet"
    last = log[-1]
    good = last["status"] is not None and 200 <= last["status"] < 300
    said = last["status"] if last["status"] is not None else show.said(last["problem"])
    again = "" if good or delivery["next_at"] is None else ", and will be asked again"
    return f"[{'green' if good else 'red'}]{said}[/] from {name} after {last['took_ms']} ms{again}"
