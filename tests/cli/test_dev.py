"""`farthing dev`: one command starts the whole house, any death in it is mended, and nothing outlives it."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.cli.conftest import Said, runs_in
from tests.cli.houses import END_SECONDS, House, answers, buy, dev, eventually

from farthing.cli.dev import state
from farthing.db.embedded import temporary_home
from farthing.routing import WEBHOOK

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")


def farthing(folder: Path, home: Path, *words: str, **environ: str) -> Said:
    return runs_in(folder, {"FARTHING_HOME": str(home)} | environ)(*words)


def orders(folder: Path, home: Path) -> list[tuple[str, str]]:
    return [(order["id"], order["status"]) for order in farthing(folder, home, "orders", "list", "--json").json["data"]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests that leave it standing."""
    with temporary_home() as home, dev(tmp_path_factory.mktemp("empty"), home) as running:
        yield running


def test_one_command_in_an_empty_folder_sells(house: House) -> None:
    order = buy(house)
    eventually(lambda: (order["order"], "paid") in orders(house.folder, house.home), "the webhook settles the order")
    said = farthing(house.folder, house.home, "why", str(order["order_number"]), "--json")
    names = [entry["name"] for entry in said.json["timeline"]]
    assert names.count("order.paid") == 1
    assert answers(f"{house.shop}/health/ready")
    assert answers(f"{house.shop}/")
    assert (house.folder / "farthing.toml").exists()
    assert (house.folder / "farthing.schema.json").exists()
    doctor = farthing(house.folder, house.home, "doctor", "--json").json
    assert [(check["name"], check["state"]) for check in doctor["checks"] if check["state"] != "ok"] == []


def test_events_are_triggered_in_the_houses_own_account(house: House) -> None:
    before = farthing(house.folder, house.home, "clock", "show", "--json").json["ahead_seconds"]
    done = farthing(house.folder, house.home, "trigger", "payment_intent.succeeded", "--json")
    assert done.code == 0, done.err
    [event] = done.json["triggered"]
    listed = ["events", "list", "--type", "payment_intent.succeeded", "--json"]
    eventually(
        lambda: event["id"] in [each["event"] for each in farthing(house.folder, house.home, *listed).json["data"]],
        "the house hears of it",
    )
    assert farthing(house.folder, house.home, "clock", "show", "--json").json["ahead_seconds"] == before


def test_who_moves_the_clock_hears_that_the_house_goes_by_it(house: House) -> None:
    moved = farthing(house.folder, house.home, "clock", "advance", "1s")
    assert "Nothing was due on the way" not in moved.out
    assert "its worker does in the next minutes" in moved.out


def test_what_it_keeps_is_for_its_owner_alone(house: House) -> None:
    kept = state.path(house.home)
    assert kept.stat().st_mode & 0o777 == 0o600
    found = state.find(house.home)
    assert found is not None
    commands = " ".join(command for _, command in house.processes())
    for secret in (found.stripe_key, found.secret_key, found.staff_password, found.webhook_secret):
        assert secret
        assert secret not in commands


def test_it_listens_on_loopback_only(house: House) -> None:
    ports = {urlsplit(url).port for url in (house.shop, house.sandbox)}
    listening = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    inodes = {inode for pid, _ in house.processes() for inode in sockets(pid)}
    ours = [fields[1] for fields in listening if fields[3] == "0A" and fields[9] in inodes]
    assert {int(address.rpartition(":")[2], 16) for address in ours} == ports
    assert {address.rpartition(":")[0] for address in ours} == {"0100007F"}


def sockets(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[8:-1]


@pytest.mark.parametrize("victim", ["child api", "child worker", "child sandbox", "farthing.db.embedded", "bin/postgres"])
def test_whoever_dies_is_started_again(house: House, victim: str) -> None:
    before = house.pid_of(victim)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: any(victim in command and pid != before for pid, command in house.processes()), f"{victim} is back")
    eventually(lambda: answers(f"{house.shop}/health/ready"), "the API is ready")
    eventually(lambda: answers(f"{house.sandbox}/_sandbox/health"), "the sandbox is there")
    order = buy(house)
    eventually(lambda: (order["order"], "paid") in orders(house.folder, house.home), "the house sells again")


def front_page(house: House) -> str:
    """Nothing while the server that read the old catalog makes room for the one that reads the new."""
    try:
        return httpx.get(f"{house.shop}/", trust_env=False, timeout=20).text
    except httpx.TransportError:
        return ""


def test_a_changed_catalog_is_sold_by_and_a_broken_one_is_not(house: House) -> None:
    path = house.folder / "farthing.toml"
    before = path.read_text()
    try:
        path.write_text(before.replace('price = "12.50 EUR"', 'price = "13.75 EUR"'))
        eventually(lambda: "13.75" in front_page(house), "the new price is asked for")
        path.write_text(before.replace('price = "12.50 EUR"', 'price = "dear"'))
        told = house.folder / "dev.log"
        eventually(lambda: "'dear' is not a price" in told.read_text(), "the mistake is named")
        assert "13.75" in front_page(house)
    finally:
        path.write_text(before)
    eventually(lambda: "12.50" in front_page(house), "the old price is asked for again")
    assert buy(house)["total"] == {"amount": 1250, "currency": "eur"}


def test_a_second_house_on_the_same_home_is_refused(house: House) -> None:
    said = farthing(house.folder, house.home, "dev", "--no-open", "--port", "0")
    assert said.code == 5
    assert f"running on {house.home} already at {house.shop}" in said.err
    assert answers(f"{house.shop}/health/ready")


def test_a_second_start_knows_what_the_first_one_sold_and_ctrl_c_leaves_nothing_of_it(tmp_path: Path, home: Path) -> None:
    with dev(tmp_path, home) as first:
        order = buy(first)
        eventually(lambda: orders(tmp_path, home) == [(order["order"], "paid")], "it is paid")
        password = first.ready["staff"]["password"]
        assert first.end(signal.SIGTERM) == 0
        assert first.processes() == []
    with dev(tmp_path, home) as second:
        assert second.ready["staff"]["password"] == password
        assert orders(tmp_path, home) == [(order["order"], "paid")]
        kept = state.find(home)
        assert kept is not None
        url = f"{second.sandbox}/v1/webhook_endpoints"
        endpoints = httpx.get(url, auth=(kept.stripe_key, ""), trust_env=False).json()
        assert [endpoint["url"] for endpoint in endpoints["data"]] == [second.shop + WEBHOOK] * 2, "ours, and our sellers'"
        # A terminal sends Ctrl-C to the whole group.
        os.killpg(second.process.pid, signal.SIGINT)
        assert second.process.wait(END_SECONDS) == 0
        assert second.processes() == []
        assert not answers(f"{second.shop}/health/live")
        assert not answers(f"{second.sandbox}/_sandbox/health")
        assert "Traceback" not in (tmp_path / "dev.log").read_text()


def test_a_port_that_is_taken_is_said_to_be_taken(house: House, tmp_path: Path, home: Path) -> None:
    port = str(urlsplit(house.shop).port)
    said = farthing(tmp_path, home, "dev", "--no-open", "--port", port)
    assert said.code == 3
    assert f"Port {port} cannot be used" in said.err


def test_a_broken_catalog_is_named_by_file_line_and_key(tmp_path: Path, home: Path) -> None:
    (tmp_path / "farthing.toml").write_text(
        'currency = "eur"\n\n[products.mug]\nname = "A mug"\nkind = "custom"\nprice = "free"\n'
    )
    said = farthing(tmp_path, home, "dev", "--no-open", "--port", "0")
    assert said.code == 3
    assert "farthing.toml:6" in said.err
    assert "Traceback" not in said.err


def test_an_application_that_is_not_there_is_named_in_a_sentence(tmp_path: Path, home: Path) -> None:
    said = farthing(tmp_path, home, "dev", "nowhere:app", "--no-open", "--port", "0")
    assert said.code == 3
    assert "nowhere:app: there is no module 'nowhere' in this folder or installed." in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"STRIPE_SECRET_KEY": "sk_live_0123456789abcdef"}, "is a live key"),
        ({"FARTHING_ENV": "production"}, "is for development"),
        ({"FARTHING_BASE_ULR": "http://127.0.0.1"}, "Did you mean FARTHING_BASE_URL"),
    ],
)
def test_what_is_not_for_development_is_refused(tmp_path: Path, home: Path, environ: dict[str, str], sentence: str) -> None:
    said = farthing(tmp_path, home, "dev", "--no-open", "--port", "0", **environ)
    assert said.code == 3
    assert sentence in said.err
    assert "sk_live_0123456789abcdef" not in said.out + said.err
    assert not (tmp_path / "farthing.toml").exists()


def test_the_endpoint_is_where_the_site_listens() -> None:
    assert state.WEBHOOK == WEBHOOK


def test_killed_without_a_word_it_leaves_nothing_behind(house: House) -> None:
    """The last test, for nobody can be in the house afterwards."""
    house.process.kill()
    house.process.wait()
    eventually(lambda: house.processes() == [], "children, PostgreSQL and its supervisor end by themselves")
