"""`farthing serve` and `farthing worker` as a service runs them: refused half set up, and ended by a signal."""

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import FARTHING, Farthing, bare_environment
from tests.cli.houses import END_SECONDS, eventually
from tests.worlds import Account, start

from farthing.world import World

HOST = """
from fastapi import FastAPI

from farthing import Farthing, OrderPlaced

pay = Farthing()
app = FastAPI(lifespan=pay.lifespan)
something = "else"


@pay.on(OrderPlaced)
async def write(event: OrderPlaced) -> None:
    open("placed.txt", "a").write(str(event.order_id) + "\\n")


@app.get("/mine")
async def mine() -> str:
    return "mine"


app.mount("/", pay.asgi)
"""


@contextmanager
def running(folder: Path, environ: dict[str, str], *words: str, ready: str) -> Iterator[str]:
    """The line it says when it is ready; afterwards it is asked to end, and does."""
    process = subprocess.Popen(
        [*FARTHING, *words], cwd=folder, env=bare_environment() | environ, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        line = next((line for line in process.stderr if ready in line), "")
        assert line, f"it ended with {process.wait(END_SECONDS)}"
        yield line
        process.send_signal(signal.SIGTERM)
        assert process.wait(END_SECONDS) == 0
    finally:
        process.kill()
        process.communicate()


async def test_it_serves_the_hosts_application_and_runs_its_hooks(
    folder: Path, shop: dict[str, str], world: World, account: Account
) -> None:
    (folder / "host.py").write_text(HOST)
    with running(folder, shop, "serve", "host:app", "--port", "0", ready="is served at") as line:
        url = line.split()[-1]
        assert httpx.get(f"{url}/mine", trust_env=False).json() == "mine"
        assert httpx.get(f"{url}/health/ready", trust_env=False).status_code == 200
        order = (await start(world)).order_id
        eventually(lambda: (folder / "placed.txt").exists(), "the worker in it runs the hook")
        assert (folder / "placed.txt").read_text() == f"{order}\n"


async def test_a_guess_cannot_say_that_it_was_forwarded_for_somebody_else(
    folder: Path, shop: dict[str, str], world: World
) -> None:
    with (
        running(folder, shop, "serve", "--no-worker", "--port", "0", ready="is served at") as line,
        httpx.Client(base_url=line.split()[-1], trust_env=False) as http,
    ):
        form = re.search(r'name="form_token" value="([^"]+)"', http.get("/admin/sign-in").text)
        assert form
        fields = {"form_token": form[1], "email": "dev@localhost", "password": "x"}
        answers = [
            http.post("/admin/sign-in", data=fields, headers={"x-forwarded-for": f"192.0.2.{number}"}).status_code
            for number in range(11)
        ]
    assert answers == [401] * 10 + [429]


async def test_a_worker_runs_hooks_beside_a_server_without_one(folder: Path, shop: dict[str, str], world: World) -> None:
    (folder / "host.py").write_text(HOST)
    with running(folder, shop, "serve", "host:pay", "--port", "0", "--no-worker", ready="is served at"):
        order = (await start(world)).order_id
        with running(folder, shop, "worker", "host:pay", ready="The worker is running"):
            eventually(lambda: (folder / "placed.txt").exists(), "the worker runs the hook")
        assert (folder / "placed.txt").read_text() == f"{order}\n"


@pytest.mark.covers("S000-22")
@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY is not set"),
        ("STRIPE_WEBHOOK_SECRET", "deliveries could not be verified"),
        ("FARTHING_SECRET_KEY", "openssl rand -hex 32"),
    ],
)
async def test_it_does_not_start_half_set_up(farthing: Farthing, shop: dict[str, str], missing: str, sentence: str) -> None:
    said = farthing("serve", "--port", "0", environ={name: value for name, value in shop.items() if name != missing})
    assert (said.code, said.out) == (3, "")
    assert sentence in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--host", "0.0.0.0"], "loopback only"),
        (["nowhere:pay"], "there is no module 'nowhere'"),
        (["host"], "write module:name"),
        (["host:something"], "neither a Farthing nor an application"),
        (["host:missing"], "neither a Farthing nor an application"),
    ],
)
async def test_what_cannot_be_served_is_refused(farthing: Farthing, folder: Path, words: list[str], sentence: str) -> None:
    (folder / "host.py").write_text(HOST)
    said = farthing("serve", "--port", "0", *words)
    assert said.code == 3
    assert sentence in said.err


async def test_a_taken_port_is_named(farthing: Farthing) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = farthing("serve", "--port", str(port))
    assert said.code == 3
    assert f"Port {port} on 127.0.0.1 cannot be used" in said.err


async def test_a_live_key_is_refused_outside_production(farthing: Farthing, shop: dict[str, str]) -> None:
    live = "sk_live_0123456789abcdef"
    said = farthing("serve", "--port", "0", environ=shop | {"STRIPE_SECRET_KEY": live})
    assert said.code == 3
    assert live not in said.err
