"""`farthing sandbox fail-next`, `mischief` and `pay`: what a running sandbox is told to do."""

from __future__ import annotations

from typing import Any, Literal

from farthing.cli import sandbox_at, show
from farthing.cli.sandbox_at import SandboxAt
from farthing.cli.terminal import terminal
from farthing.errors import Invalid


def fail_next(
    *,
    kind: str | None = None,
    path: str | None = None,
    method: str | None = None,
    times: int | None = None,
    seconds: float | None = None,
    clear: bool = False,
    url: str | None = None,
) -> int:
    """Let the next requests of a route fail, to see what your code makes of it. Alone, it lists what is ordered.

    For example:

        farthing sandbox fail-next --kind lost_response --path /v1/refunds
        farthing sandbox fail-next --kind 429 --times 3
        farthing sandbox fail-next --clear

    Parameters
    ----------
    kind
        How: lost_response, 500_before, 429, timeout, slow… A wrong one lists them all; docs/reference/sandbox.md explains them.
    path
        Which routes: a path or a pattern, such as /v1/payment_intents/*/confirm. /v1/* when not said.
    method
        GET, POST, DELETE, or * for any. POST when not said.
    times
        How many requests. One when not said.
    seconds
        How long timeout, slow and webhook_first take.
    clear
        Forget what was ordered.
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    """
    if kind and clear:
        raise Invalid("Give --kind or --clear, not both.")
    at = sandbox_at.find(url)
    given = {"path": path, "method": method and method.upper(), "times": times, "seconds": seconds}
    found = _ordered(at, "/faults", kind, given, clear=clear)["faults"]
    rows = [(each["kind"], each["method"], each["path"], each["times"]) for each in found]
    _tell("faults", found, ("Kind", "Method", "Path", "Times"), rows, "No request is ordered to fail.")
    return 0


def mischief(
    *,
    kind: str | None = None,
    event: str | None = None,
    endpoint: str | None = None,
    times: int | None = None,
    seconds: float | None = None,
    seed: int | None = None,
    clear: bool = False,
    url: str | None = None,
) -> int:
    """Let the next webhooks come twice, late, in another order, spoiled or not at all. Alone, it lists what is ordered.

    For example:

        farthing sandbox mischief --kind duplicate --event "charge.*" --times 5
        farthing sandbox mischief --kind reorder --seconds 2 --times 20 --seed 7
        farthing sandbox mischief --clear

    Parameters
    ----------
    kind
        Which: duplicate, delay, drop, reorder, stale, bad_signature… A wrong one lists them all.
    event
        Of which events: a type or a pattern. All when not said.
    endpoint
        To which endpoint: its id. All when not said.
    times
        How many webhooks. One when not said.
    seconds
        How late, or collected for how long.
    seed
        Which of the orders, for reorder.
    clear
        Forget what was ordered.
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    """
    if kind and clear:
        raise Invalid("Give --kind or --clear, not both.")
    at = sandbox_at.find(url)
    given = {"event": event, "endpoint": endpoint, "times": times, "seconds": seconds, "seed": seed}
    found = _ordered(at, "/webhooks", kind, given, clear=clear)["mischief"]
    rows = [(each["kind"], each["event"], each["endpoint"], each["times"]) for each in found]
    _tell("mischief", found, ("Kind", "Events", "Endpoint", "Times"), rows, "No mischief is ordered.")
    return 0


def _ordered(at: SandboxAt, room: str, kind: str | None, given: dict[str, Any], *, clear: bool) -> Any:
    """What is ordered there, after this order was added, all were forgotten, or nothing was changed."""
    if clear:
        return at.delete(room)
    wanted = _wanted(kind, given)
    return at.post(room, wanted) if wanted else at.get(room)


def _wanted(kind: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """Nothing only where nothing was said. Without a kind it is refused by the sandbox, which knows them all."""
    said = {name: value for name, value in given.items() if value is not None}
    return said | {"kind": kind or ""} if said or kind is not None else {}


def pay(
    session: str,
    /,
    *,
    card: str | None = None,
    payment_method: str | None = None,
    email: str | None = None,
    three_d_secure: Literal["complete", "fail"] | None = None,
    url: str | None = None,
) -> int:
    """Pay a checkout session as its buyer would on the page, without a browser.

    For example:

        farthing sandbox pay cs_test_a1B2c3
        farthing sandbox pay cs_test_a1B2c3 --card 4000002760003184 --three-d-secure complete

    Parameters
    ----------
    session
        The session's id, or the address of its page.
    card
        The number of a test card; without one, 4242 4242 4242 4242.
    payment_method
        A test payment method instead, such as pm_card_chargeDeclined or pm_usBankAccount_success.
    email
        The buyer's address.
    three_d_secure
        What the buyer does where the bank wants to see them.
    url
        The sandbox. Otherwise STRIPE_API_BASE, the `farthing dev` of this folder, or http://127.0.0.1:12111.
    """
    if card and payment_method:
        raise Invalid("Give --card or --payment-method, not both.")
    at = sandbox_at.find(url)
    id = session.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
    done = _pay(
        at,
        id,
        {"payment_method": payment_method} if payment_method else {"card": card or "4242424242424242"},
        email,
        three_d_secure,
    )
    paid = done["session"]
    status = paid["payment_status"] if paid["status"] == "complete" else f"{paid['status']}: the bank waits for its buyer"
    lines = [f"{show.said(id)} is {show.status(paid['status'])}, {show.said(status)}."]
    if done["redirect_to"]:
        lines.append(f"The buyer goes to {show.said(done['redirect_to'])}")
    terminal().show(done, *lines)
    return 0


def _pay(at: SandboxAt, id: str, method: dict[str, Any], email: str | None, answer: str | None) -> Any:
    fields = {**method, "email": email, "three_d_secure": answer}
    if email is None:
        fields["email"] = "ada@example.com"
    return at.post(f"/checkout/sessions/{id}/pay", {name: value for name, value in fields.items() if value is not None})


def _tell(noun: str, found: list[Any], columns: tuple[str, ...], rows: list[tuple[Any, ...]], none: str) -> None:
    terminal().show({noun: found}, show.table(columns, rows, right=frozenset({"Times"})) if rows else none)
