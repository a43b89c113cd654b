"""Triggers, the clock, snapshots and faults from the command line, at a sandbox that runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
import stripe
from tests.cli.conftest import Said, bare_environment
from tests.cli.sandboxes import shop
from tests.sandbox.conftest import Client, Running, new_session, serve

from farthing import __version__
from farthing.cli import clock, sandbox_at, trigger
from farthing.cli.dev import state
from farthing.cli.main import main
from farthing.errors import Invalid
from farthing.sandbox import Settings

DAY = 86_400


class Line(Protocol):
    """Run a line of the command line, in the test's own folder."""

    def __call__(self, *words: str) -> Said: ...


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path = tmp_path_factory.mktemp("sandbox") / "state.sqlite3"
    yield from serve(str(path), Settings(settles_after_seconds=0.03))


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Line:
    """A line in an empty folder, with nothing set."""
    monkeypatch.chdir(tmp_path)
    for name in ("STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY_FILE", "STRIPE_API_BASE", "FARTHING_HOME", "FARTHING_ENV"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> Said:
        capsys.readouterr()
        code = main(words)
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def key() -> str:
    return f"sk_test_{uuid.uuid4().hex}"


@pytest.fixture
def farthing(nowhere: Line, running: Running, key: str, monkeypatch: pytest.MonkeyPatch) -> Line:
    """With the settings of somebody who works with the sandbox."""
    monkeypatch.setenv("STRIPE_API_BASE", running.url)
    monkeypatch.setenv("STRIPE_SECRET_KEY", key)
    return nowhere


@pytest.fixture
def client(running: Running, key: str) -> Client:
    return running.client(key)


# Triggers


def test_a_trigger_says_what_it_made_and_what_was_answered(farthing: Line, client: Client) -> None:
    with shop() as somebody:
        endpoint = client.v1.webhook_endpoints.create({"url": f"{somebody.url}/hooks", "enabled_events": ["*"]})
        somebody.answers = [500]
        said = farthing("trigger", "customer.created")
        assert (said.code, said.err) == (0, "")
        [customer] = client.v1.customers.list().data
        [event] = client.v1.events.list().data
        first, made, triggered, answered = said.out.splitlines()
        assert first == "customer.created  A customer is made."
        assert made.split() == ["made", "customer", customer.id]
        assert triggered.split() == ["triggered", event.id]
        assert answered.startswith(f"             500 from {somebody.url}/hooks after ")
        assert answered.endswith("ms, and will be asked again")
    document = farthing("trigger", "charge.refunded", "--json").json
    assert document["event"] == "charge.refunded"
    assert [each["object"] for each in document["made"]] == ["payment_intent", "refund"]
    [told] = document["triggered"]
    assert client.v1.events.retrieve(told["id"]).type == "charge.refunded"
    assert [each["endpoint"] for each in document["deliveries"][told["id"]]] == [endpoint.id]


def test_a_trigger_that_nobody_hears_says_so(farthing: Line) -> None:
    assert "nobody listens to this account: `farthing listen` does." in farthing("trigger", "product.created").out
    assert "nobody listens to connected accounts" in farthing("trigger", "account.updated").out


def test_what_a_trigger_makes_can_be_made_otherwise(farthing: Line, client: Client) -> None:
    words = ["--override", "customer:name=Bob", "--override", "customer:address.city=Bath"]
    assert farthing("trigger", "customer.created", *words).code == 0
    [customer] = client.v1.customers.list().data
    assert (customer.name, customer.address.city, customer.email) == ("Bob", "Bath", "ada@example.com")


def test_triggers_are_listed(farthing: Line) -> None:
    listed = farthing("trigger", "--list", "--json").json["data"]
    assert {"event": "payout.paid", "says": "A payout arrives at the bank."} in listed
    some = farthing("trigger", "--list", "payout").out
    assert "payout.failed" in some
    assert "charge" not in some


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["trigger"], 2, "farthing trigger --list"),
        (["trigger", "charge.refundd"], 4, "Did you mean charge.refunded"),
        (["trigger", "charge.refunded", "--override", "amount"], 2, "object:field=value"),
        (["trigger", "charge.refunded", "--override", "refund:a=1", "--override", "refund:a.b=2"], 2, "twice"),
        (["trigger", "charge.refunded", "--override", "teapot:color=red"], 2, "needs no teapot"),
        (["trigger", "charge.refunded", "--override", "refund:amount=2001"], 2, "greater than unrefunded amount"),
        (["trigger", "charge.refunded", "--key", "sk_live_abc"], 2, "--key is a live key"),
        (["trigger", "charge.refunded", "--key", "abc"], 2, "no key of a sandbox"),
        (["clock", "show", "--url", "ftp://127.0.0.1"], 2, "no address of a sandbox"),
        (["clock", "show", "--url", "http://127.0.0.1:9"], 6, "No sandbox answers at http://127.0.0.1:9"),
        (["clock", "advance"], 2, "How far?"),
        (["clock", "advance", "1d", "--days", "1"], 2, "How far?"),
        (["clock", "advance", "soon"], 2, "'soon' is no length of time"),
        (["clock", "advance", "0d"], 2, "goes forward only"),
        (["clock", "advance", "9000y"], 2, "too far away"),
        (["clock", "preview", "3y"], 2, "two years at most"),
        (["clock", "set", "tomorrow"], 2, "'tomorrow' is no moment"),
        (["clock", "set", "2020-01-01"], 5, "goes forward only"),
        (["sandbox", "reset"], 8, "Repeat it with --yes."),
        (["sandbox", "restore", "nothing"], 4, "keeps no snapshot 'nothing'"),
        (["sandbox", "restore", "missing.json"], 4, "There is no file missing.json."),
        (["sandbox", "snapshot", "a/b"], 2, "no name for a snapshot"),
        (["sandbox", "snapshot", "missing/a.json"], 3, "cannot be written"),
        (["sandbox", "fail-next", "--kind", "lost"], 2, "choose one of reset_before, lost_response, 500_before"),
        (["sandbox", "fail-next", "--kind", "429", "--clear"], 2, "not both"),
        (
            ["sandbox", "fail-next", "--path", "/v1/customers"],
            2,
            "Which kind of fault? Say it with `kind`: choose one of reset_b",
        ),
        (["sandbox", "mischief", "--event", "charge.*"], 2, "Which kind of mischief? Say it with `kind`: choose one of dup"),
        (["sandbox", "--port", "70000"], 2, "--port is a number from 0 to 65535, not 70000"),
        (["trigger", "customer.creatd"], 4, "`farthing trigger --list` names them all."),
        (["sandbox", "fail-next", "--kind", "429", "--times", "0"], 2, "from 1 to"),
        (["sandbox", "mischief", "--kind", "good"], 2, "choose one of duplicate"),
        (["sandbox", "pay", "cs_test_nothing"], 4, "No such checkout.session"),
        (["sandbox", "pay", "cs_1", "--card", "4", "--payment-method", "pm_1"], 2, "not both"),
        (["sandbox", "resett"], 2, "no place for 'resett' here. Did you mean \"reset\"? See `farthing sandbox --help`."),
        (["sandbox", "teapot"], 2, "There is no place for 'teapot' here. See `farthing sandbox --help`."),
        (["listen", "--forward-to", "http://"], 2, "no address to forward to"),
        (["listen", "--events", "charge.refundd,charge.updated"], 2, "Stripe has no event 'charge.refundd'. Did you mean"),
        (["listen", "--events", ","], 2, "--events names event types"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_code(farthing: Line, words: list[str], code: int, hint: str) -> None:
    said = farthing(*words)
    assert (said.code, said.out) == (code, ""), said
    assert said.err.startswith("farthing: ")
    assert said.err.count("\n") == 1
    assert hint in said.err


# Whom it speaks to


def test_what_is_no_sandbox_is_told_nothing(nowhere: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_secret")
    with shop() as somebody:
        said = nowhere("trigger", "charge.refunded", "--url", somebody.url)
        assert (said.code, "is not a sandbox: nothing was sent to it" in said.err) == (3, True)
        assert (somebody.asked, somebody.heard) == (["/_sandbox/health"], [])
    assert "sk_test_secret" not in said.out + said.err


def test_a_live_key_is_refused_before_anybody_is_asked(nowhere: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_secret")
    with shop() as somebody:
        for words in (["trigger", "charge.refunded"], ["listen"], ["clock", "advance", "1d"]):
            said = nowhere(*words, "--url", somebody.url)
            assert (said.code, said.out) == (2, "")
            assert "live key" in said.err
            assert "sk_live_secret" not in said.err
        assert (somebody.asked, somebody.heard) == ([], [])


def test_the_sandbox_of_this_folders_farthing_dev_is_found(
    nowhere: Line, running: Running, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / ".farthing"
    home.mkdir()
    kept = state.State(key, "s" * 64, "password", 4242, sandbox_port=int(running.url.rpartition(":")[2]))
    state.save(home, kept)
    assert nowhere("trigger", "customer.created").code == 0
    assert len(running.client(key).v1.customers.list().data) == 1
    assert nowhere("listen", "--print-secret", "--json").json["secret"].startswith("whsec_")
    # Elsewhere its key means nothing.
    monkeypatch.setenv("STRIPE_API_BASE", running.url.replace("127.0.0.1", "localhost"))
    assert nowhere("listen").err == "farthing: Whose account? Pass --key sk_test_…, or set STRIPE_SECRET_KEY.\n"


def test_where_no_farthing_dev_runs_the_usual_port_is_asked(
    nowhere: Line, running: Running, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / ".farthing"
    home.mkdir()
    state.save(home, state.State(key, "s" * 64, "password", 4242, sandbox_port=9))
    monkeypatch.setattr(sandbox_at, "URL_DEFAULT", running.url)
    assert running.url in nowhere("clock", "show").out
    # The key of the one that does not run opens no account here.
    running.client().v1.customers.create({})
    running.client().v1.customers.create({})
    assert (
        nowhere("trigger", "customer.created").err
        == "farthing: Whose account? Pass --key sk_test_…, or set STRIPE_SECRET_KEY.\n"
    )


def test_the_first_trigger_of_a_fresh_sandbox_needs_no_key(nowhere: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    for fresh in serve(":memory:", Settings()):
        monkeypatch.setenv("STRIPE_API_BASE", fresh.url)
        assert nowhere("trigger", "customer.created").code == 0
        assert len(fresh.client("sk_test_farthing").v1.customers.list().data) == 1
        fresh.client("sk_test_another").v1.customers.create({})
        assert nowhere("trigger", "customer.created").code == 0
        assert len(fresh.client("sk_test_farthing").v1.customers.list().data) == 2


def test_python_m_farthing_is_farthing() -> None:
    told = [sys.executable, "-m", "farthing", "--version"]
    done = subprocess.run(told, env=bare_environment(), capture_output=True, text=True, check=True)
    assert done.stdout == f"farthing {__version__}\n"


# The clock


def test_the_clock_is_moved_and_says_what_happened(farthing: Line, client: Client) -> None:
    now = datetime.fromisoformat(farthing("clock", "show", "--json").json["now"])
    session = new_session(client)
    with shop() as somebody:
        client.v1.webhook_endpoints.create({"url": f"{somebody.url}/hooks", "enabled_events": ["checkout.session.expired"]})
        ahead = farthing("clock", "preview", "2d", "--json").json
        [due] = [each for each in ahead["events"] if each["object"] == session.id]
        assert due["type"] == "checkout.session.expired"
        assert datetime.fromisoformat(due["at"]) - now < timedelta(days=1, minutes=1)
        assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
        assert "checkout.session.expired" in farthing("clock", "preview", "--days", "2").out

        moved = farthing("clock", "advance", "2d", "--json").json
        assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
        assert moved["events"]["checkout.session.expired"] >= 1
        # It waits until everybody was asked once, and not for those who refuse.
        assert somebody.types == ["checkout.session.expired"]
    assert datetime.fromisoformat(moved["now"]) - now >= timedelta(days=2)
    assert round(moved["ahead_seconds"]) >= 2 * DAY


def test_the_clock_is_set_to_a_moment_years_away(farthing: Line) -> None:
    wanted = datetime.fromisoformat(farthing("clock", "show", "--json").json["now"]).replace(microsecond=0) + timedelta(
        days=1500
    )
    said = farthing("clock", "set", wanted.isoformat())
    assert said.code == 0
    assert "ahead of real time." in said.out
    stands = datetime.fromisoformat(farthing("clock", "show", "--json").json["now"])
    assert timedelta(0) <= stands - wanted < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("2 hours", 7200),
        ("31d", 31 * DAY),
        ("2w", 14 * DAY),
        ("1 month", 28 * DAY),
        ("1mo 1d", 29 * DAY),
        ("1 month, 2 days", 30 * DAY),
        ("1Y", 365 * DAY),
    ],
)
def test_a_month_ends_on_the_same_day_or_the_last(text: str, seconds: int) -> None:
    assert clock.seconds_of(clock.read(text), datetime(2026, 1, 31, 12, tzinfo=UTC)) == seconds


@pytest.mark.parametrize("text", ["", "d", "1", "-1d", "1 fortnight", "1d x", "１日"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        clock.read(text)


def test_overrides_are_read_by_their_steps() -> None:
    given = ("customer:name=Ada=Bob", "customer:address.city=Bath", "customer:address.line1=", "refund:amount=5")
    assert trigger.overrides(given) == {
        "customer": {"name": "Ada=Bob", "address": {"city": "Bath", "line1": ""}},
        "refund": {"amount": "5"},
    }


# The whole state


def test_a_snapshot_comes_back_by_its_name(farthing: Line, client: Client) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    assert farthing("sandbox", "snapshot", "before").code == 0
    client.v1.customers.delete(customer.id)
    assert farthing("sandbox", "restore", "before").code == 8
    assert client.v1.customers.retrieve(customer.id).deleted
    assert farthing("sandbox", "restore", "before", "--yes").code == 0
    assert client.v1.customers.retrieve(customer.id).email == "ada@example.com"


def test_a_snapshot_in_a_file_is_brought_to_another_sandbox(farthing: Line, client: Client, key: str, tmp_path: Path) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    assert farthing("sandbox", "snapshot", "shop.json").code == 0
    assert (tmp_path / "shop.json").stat().st_mode & 0o777 == 0o600
    for other in serve(str(tmp_path / "other.sqlite3"), Settings()):
        assert farthing("sandbox", "restore", "shop.json", "--yes", "--url", other.url).code == 0
        assert other.client(key).v1.customers.retrieve(customer.id).email == "ada@example.com"
        assert farthing("sandbox", "reset", "--yes", "--url", other.url).code == 0
        assert other.client(key).v1.customers.list().data == []
    assert client.v1.customers.retrieve(customer.id).id == customer.id


@pytest.mark.parametrize(
    "content",
    [
        "tea",
        "[]",
        "{}",
        '{"version": 1, "tables": {"objects": [[1, 2]]}}',
        '{"version": 1, "tables": {"objects": 7}}',
        '{"version": 1, "tables": {"settings": [["clock.ahead", "soon"]]}}',
        '{"version": 1, "tables": {"settings": [["clock.ahead", "1e99"]]}}',
        '{"version": 1, "tables": {"settings": [[{}, {"base64": 7}]]}}',
        '{"version": 1, "tables": {"objects": [[1, "a", "b", "customer", 1, 0, "no json", "{}"]]}}',
    ],
)
def test_a_file_that_holds_no_snapshot_is_refused_and_changes_nothing(
    farthing: Line, client: Client, tmp_path: Path, content: str
) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    (tmp_path / "bad.json").write_text(content)
    said = farthing("sandbox", "restore", "bad.json", "--yes")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert client.v1.customers.retrieve(customer.id).email == "ada@example.com"


# Orders


def test_the_next_request_fails_as_ordered(farthing: Line, client: Client) -> None:
    order = ["--kind", "lost_response", "--path", "/v1/customers"]
    assert farthing("sandbox", "fail-next", *order, "--json").json["faults"][0]["kind"] == "lost_response"
    assert "/v1/customers" in farthing("sandbox", "fail-next").out
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({"email": "ada@example.com"})
    assert len(client.v1.customers.list().data) == 1
    assert farthing("sandbox", "fail-next").out == "No request is ordered to fail.\n"
    farthing("sandbox", "fail-next", "--kind", "429", "--times", "7")
    assert farthing("sandbox", "fail-next", "--clear", "--json").json == {"faults": []}


def test_the_next_webhook_comes_twice_as_ordered(farthing: Line, client: Client) -> None:
    with shop() as somebody:
        client.v1.webhook_endpoints.create({"url": somebody.url, "enabled_events": ["*"]})
        assert farthing("sandbox", "mischief", "--kind", "duplicate", "--event", "product.*").code == 0
        assert farthing("trigger", "product.updated").code == 0
        farthing("clock", "advance", "1s")
        assert sorted(somebody.types) == ["product.created", "product.created", "product.updated"]
    assert farthing("sandbox", "mischief", "--clear").out == "No mischief is ordered.\n"


def test_a_session_is_paid_without_a_browser(farthing: Line, client: Client) -> None:
    session = new_session(client)
    declined = farthing("sandbox", "pay", session.id, "--payment-method", "pm_card_chargeDeclined")
    assert (declined.code, declined.err) == (6, "farthing: Your card was declined.\n")
    asked = farthing("sandbox", "pay", session.url, "--card", "4000002760003184")
    assert (asked.code, "the bank waits for its buyer" in asked.out) == (0, True)
    paid = farthing("sandbox", "pay", session.id, "--card", "4000002760003184", "--three-d-secure", "complete", "--json")
    assert paid.json["session"]["payment_status"] == "paid"
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"


# Serving

NOT_FOR_PEOPLE = {"--end-with-stdin", "--check-answers", "--help"}
"""For whoever starts it as a process of theirs; another spelling of --strict; and what every command has."""


def test_every_option_of_the_sandbox_is_one_of_the_command(farthing: Line) -> None:
    asked = [sys.executable, "-m", "farthing.sandbox", "--help"]
    served = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    offered = farthing("help", "sandbox").out
    options = set(re.findall(r"^  .*?(--[a-z-]+)", served, re.MULTILINE)) | set(re.findall(r"(?<=, )--[a-z-]+", served))
    assert len(options) > 8
    assert {each for each in options - NOT_FOR_PEOPLE if f"{each} " not in offered} == set()


def _ready(words: Sequence[str]) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "farthing", "sandbox", "--port", "0", *words]
    process = subprocess.Popen(command, env=bare_environment(), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    return process, process.stderr.readline().split(" at ")[1].split()[0]


def test_the_sandbox_is_served_with_all_its_options(farthing: Line, tmp_path: Path) -> None:
    seed: Any = {"key": "sk_test_seeded", "objects": [{"post": "/v1/products", "params": {"name": "Tea"}}]}
    (tmp_path / "seed.json").write_text(json.dumps(seed))
    words = ["--seed", str(tmp_path / "seed.json"), "--id-seed", "ci", "--fee-permille", "15", "--fee-fixed", "0", "--strict"]
    process, url = _ready([*words, "--allow-host", "shop.example"])
    try:
        client: Client = stripe.StripeClient("sk_test_seeded", base_addresses={"api": url})
        assert [each.name for each in client.v1.products.list().data] == ["Tea"]
        assert farthing("trigger", "charge.updated", "--url", url, "--key", "sk_test_seeded").code == 0
        [booked] = client.v1.balance_transactions.list().data
        assert (booked.amount, booked.fee) == (2000, 30)
        assert farthing("clock", "advance", "3d", "--url", url, "--json").json["events"] == {"balance.available": 1}
        moved = farthing("clock", "advance", "1m", "--url", url)
        assert moved.out.splitlines()[-1] == "Nothing was due at the sandbox on the way."
        new_session(client)
        assert (
            "1 event happened on the way, and every webhook is delivered."
            in farthing("clock", "advance", "1d", "--url", url).out
        )
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode == 0
