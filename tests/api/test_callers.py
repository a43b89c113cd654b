"""Who is asking: API keys, the host's own sign-in, and tokens; whoever shows wrong credentials is nobody's guest."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import FastAPI
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from pydantic import SecretStr
from tests.api.conftest import ADA, Connect, cart
from tests.worlds import start, unchanged

from farthing.config import Settings
from farthing.db import Database
from farthing.errors import ConfigError, Conflict, Unauthenticated
from farthing.http import keys, tokens
from farthing.http.callers import CustomerIdentity
from farthing.http.tokens import Tokens
from farthing.ids import ApiKeyId
from farthing.world import World

SHARED = "a secret that host and shop share, of 32 bytes or more"


async def test_a_key_opens_the_door_until_it_is_revoked(server: httpx.AsyncClient, secret: str, world: World) -> None:
    assert (await server.get("/v1/orders")).status_code == 200
    key = await keys.find(world.db, secret)
    assert key is not None
    async with world.db.transaction("test") as tx:
        await keys.revoke(tx, key.id)
    refused = await server.get("/v1/orders")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.covers("F157")
async def test_a_key_is_shown_once_and_kept_as_a_hash(db: Database) -> None:
    async with db.transaction("test") as tx:
        key, secret = await keys.create(tx, "the till", livemode=True)
        assert secret.startswith("fk_live_")
        assert key.hint == f"fk_live_…{secret[-4:]}"
        for table in ("api_keys", "events"):
            assert secret not in str(await tx.all(dict, f"SELECT t::text FROM {table} t"))
        assert [each.name for each in await keys.list_all(tx)] == ["the till"]
        assert await tx.value("SELECT string_agg(type, ',') FROM events") == "api_key.created"


async def test_the_last_use_of_a_key_is_written_down_once_a_minute(db: Database, clock: Any) -> None:
    async with db.transaction("test") as tx:
        _, secret = await keys.create(tx, "the till", livemode=False)

    async def used() -> datetime | None:
        async with db.transaction("test") as tx:
            return (await keys.list_all(tx))[0].used_at

    await keys.find(db, secret)
    first = await used()
    await keys.find(db, secret)
    assert first is not None
    assert await used() == first
    clock.advance(timedelta(minutes=2))
    await keys.find(db, secret)
    assert (await used() or first) > first


async def test_a_key_is_revoked_once(db: Database) -> None:
    async with db.transaction("test") as tx:
        key, _ = await keys.create(tx, "the till", livemode=False)
        await keys.revoke(tx, key.id)
        with pytest.raises(Conflict):
            await keys.revoke(tx, key.id)
        assert await tx.value("SELECT count(*) FROM events WHERE type = 'api_key.revoked'") == 1


async def test_a_live_key_is_refused_in_test_mode(connect: Connect, world: World) -> None:
    async with world.db.transaction("test") as tx:
        _, secret = await keys.create(tx, "live", livemode=True)
    async with connect(Authorization=f"Bearer {secret}") as client:
        answer = await client.get("/v1/orders")
    assert (answer.status_code, answer.json()["detail"]) == (
        401,
        "This is a live key, and this installation is in test mode.",
    )


WRONG = ["Bearer fk_test_wrong", "Bearer fk_", "Bearer x", "bearer  ", f"Bearer fk_test_{'x' * 5000}", f"Bearer {'x' * 9000}"]


@pytest.mark.parametrize("header", WRONG)
async def test_wrong_credentials_are_refused_even_where_a_guest_may_go(connect: Connect, world: World, header: str) -> None:
    async with connect(Authorization=header) as client, unchanged(world):
        for answer in (
            await client.get("/v1/products"),
            await client.post("/v1/checkout/sessions", json=cart(customer={"email": "gil@example.com"})),
        ):
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_credentials_of_another_kind_are_not_ours_to_judge(connect: Connect) -> None:
    async with connect(Authorization="Basic Z2lsOnNlY3JldA==") as client:
        assert (await client.get("/v1/products")).status_code == 200
        assert (await client.get("/v1/orders")).status_code == 401


FOR_SERVERS = [("GET", "/v1/events"), ("GET", "/v1/events/{event}"), ("GET", "{order}/timeline"), ("POST", "{order}/refunds")]
FOR_THE_KNOWN = [
    ("GET", "/v1/orders"),
    ("GET", "{order}"),
    ("GET", "{order}/refunds"),
    ("POST", "{order}/cancellation"),
    ("POST", "{order}/sync"),
    ("GET", "/v1/checkout/sessions/{checkout}"),
    ("GET", "/v1/entitlements?feature=guide:pro"),
    ("GET", "/v1/customers/ada/entitlements"),
]


@pytest.mark.covers("F189")
async def test_guests_see_nobodys_things_and_customers_not_the_shops(
    guest: httpx.AsyncClient, ada: httpx.AsyncClient, world: World
) -> None:
    started = await start(world)
    async with world.db.transaction("test") as tx:
        event = await tx.value("SELECT id FROM events LIMIT 1")
    places = {"order": f"/v1/orders/{started.order_id}", "checkout": started.id, "event": event}
    async with unchanged(world):
        for method, path in FOR_SERVERS + FOR_THE_KNOWN:
            answer = await guest.request(method, path.format(**places), json={} if method == "POST" else None)
            assert answer.status_code == 401, path
        for method, path in FOR_SERVERS:
            answer = await ada.request(method, path.format(**places), json={} if method == "POST" else None)
            assert answer.status_code == 403, path


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://shop.example.evil.example"}, 403),
        ({"Origin": "https://[broken"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://shop.example"}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({}, 201),
    ],
)
async def test_another_site_cannot_act_with_a_customers_cookie(
    connect: Connect, world: World, headers: dict[str, str], status: int
) -> None:
    async with connect(**ADA, **headers) as client:
        answer = await client.post("/v1/checkout/sessions", json=cart())
    assert answer.status_code == status, answer.text
    async with world.db.transaction("test") as tx:
        assert await tx.value("SELECT count(*) FROM orders") == (1 if status == 201 else 0)


@pytest.mark.parametrize(
    "wrong",
    [{"external_id": ""}, {"external_id": "a\0"}, {"external_id": "a", "email": "b"}, {"external_id": "a", "email": "a,b@c.d"}],
)
def test_a_host_that_names_nobody_is_told(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"customer|external_id"):
        CustomerIdentity(**wrong)


def claims(**changes: Any) -> dict[str, Any]:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    return {"sub": "ada", "email": "ada@example.com", "exp": soon, "aud": "shop", "iss": "https://id.example"} | changes


def shared(**changes: Any) -> Settings:
    settings = {"jwt_secret": SecretStr(SHARED), "jwt_audience": "shop", "jwt_issuer": "https://id.example"} | changes
    return Settings.model_validate({"env": "test", **settings})


async def test_a_token_says_who_the_customer_is() -> None:
    token = jwt.encode(claims(name="Ada"), SHARED, "HS256")
    assert await Tokens(shared()).verify(token) == CustomerIdentity("ada", "ada@example.com", "Ada")


async def test_an_email_that_is_none_is_left_out() -> None:
    for email in (7, "ada", "a\0@b.c", "a,b@c.d", None, ["ada@example.com"]):
        token = jwt.encode(claims(email=email), SHARED, "HS256")
        assert await Tokens(shared()).verify(token) == CustomerIdentity("ada")


def without(claim: str) -> dict[str, Any]:
    return {name: value for name, value in claims().items() if name != claim}


def deep(levels: int) -> str:
    return b64url(f'{{"alg":"HS256","x":{"[" * levels}{"]" * levels}}}'.encode())


def signed_json(payload: str) -> str:
    return jwt.api_jws.encode(payload.encode(), SHARED, "HS256")


def b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


REFUSED: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "not a token": lambda: "a.b.c",
    "another secret": lambda: jwt.encode(claims(), "another secret that is long enough for it", "HS256"),
    "another algorithm": lambda: jwt.encode(claims(), SHARED * 2, "HS512"),
    "no signature": lambda: jwt.encode(claims(), "", "none"),
    "expired": lambda: jwt.encode(claims(exp=datetime.now(UTC) - timedelta(minutes=2)), SHARED, "HS256"),
    "not valid yet": lambda: jwt.encode(claims(nbf=datetime.now(UTC) + timedelta(minutes=2)), SHARED, "HS256"),
    "for ever": lambda: jwt.encode(without("exp"), SHARED, "HS256"),
    "for nobody": lambda: jwt.encode(without("sub"), SHARED, "HS256"),
    "without an audience": lambda: jwt.encode(without("aud"), SHARED, "HS256"),
    "without an issuer": lambda: jwt.encode(without("iss"), SHARED, "HS256"),
    "another audience": lambda: jwt.encode(claims(aud="another shop"), SHARED, "HS256"),
    "another issuer": lambda: jwt.encode(claims(iss="https://evil.example"), SHARED, "HS256"),
    "a user with NUL": lambda: jwt.encode(claims(sub="a\0da"), SHARED, "HS256"),
    "a user without a name": lambda: jwt.encode(claims(sub=""), SHARED, "HS256"),
    "a damaged one": lambda: jwt.encode(claims(), SHARED, "HS256")[:-2],
    "one with more behind it": lambda: jwt.encode(claims(), SHARED, "HS256") + ".x",
    "a huge one": lambda: jwt.encode(claims(x="x" * 9000), SHARED, "HS256"),
    "a header 5,000 arrays deep": lambda: deep(5_000) + ".e30.eA",
    "one that expires at infinity": lambda: signed_json('{"sub":"ada","aud":"shop","iss":"https://id.example","exp":1e999}'),
}


@pytest.mark.covers("F173", "S003-17")
@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_no_token_for_us_is_refused(name: str) -> None:
    with pytest.raises(Unauthenticated):
        await Tokens(shared()).verify(REFUSED[name]())


async def test_a_token_opens_the_api(api: FastAPI, connect: Connect, world: World) -> None:
    api.state.authenticate, api.state.tokens = None, Tokens(shared())
    async with connect(Authorization=f"Bearer {jwt.encode(claims(), SHARED, 'HS256')}") as client:
        started = await client.post("/v1/checkout/sessions", json=cart())
        assert started.status_code == 201, started.text
        assert [order["id"] for order in (await client.get("/v1/orders")).json()["data"]] == [started.json()["order"]]
    async with connect(Authorization=f"Bearer {jwt.encode(claims(sub='eve'), SHARED, 'HS256')}") as client:
        assert (await client.get(f"/v1/orders/{started.json()['order']}")).status_code == 404


RSA, OTHER_RSA = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
EC = ec.generate_private_key(ec.SECP256R1())


class Issuer:
    """Serves its public keys, and counts how often they were fetched."""

    def __init__(self) -> None:
        self.keys = [
            {**RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), "kid": "rsa", "alg": "RS256", "use": "sig"},
            {**ECAlgorithm.to_jwk(EC.public_key(), as_dict=True), "kid": "ec", "alg": "ES256", "use": "sig"},
        ]
        self.fetched = 0
        self.url = ""
        self.broken = False

    def answer(self) -> bytes:
        self.fetched += 1
        return b"out of order" if self.broken else json.dumps({"keys": self.keys}).encode()


@contextmanager
def serving_keys() -> Iterator[Issuer]:
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = issuer.answer()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}/jwks.json"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with serving_keys() as served:
        yield served


def fetched(issuer: Issuer) -> Tokens:
    return Tokens(shared(jwt_secret=None, jwks_url=issuer.url))


async def test_tokens_of_an_issuer_are_verified_with_its_keys_fetched_once(issuer: Issuer) -> None:
    verifier = fetched(issuer)
    for key, algorithm, kid in ((RSA, "RS256", "rsa"), (EC, "ES256", "ec")):
        token = jwt.encode(claims(), key, algorithm, headers={"kid": kid})
        assert (await verifier.verify(token)).external_id == "ada"
    assert issuer.fetched == 1


async def test_a_key_of_somebody_else_is_refused_and_unknown_ones_do_not_make_us_fetch_again(issuer: Issuer) -> None:
    verifier = fetched(issuer)
    public = str(issuer.keys[0]["n"])
    forged = [
        jwt.encode(claims(), OTHER_RSA, "RS256", headers={"kid": "rsa"}),
        jwt.encode(claims(), RSA, "RS512", headers={"kid": "rsa"}),
        jwt.encode(claims(), RSA, "RS256", headers={"kid": "ec"}),
        jwt.encode(claims(), public, "HS256", headers={"kid": "rsa"}),
        jwt.encode(claims(), "", "none", headers={"kid": "rsa"}),
        jwt.encode(claims(), RSA, "RS256"),
        *(jwt.encode(claims(), OTHER_RSA, "RS256", headers={"kid": f"unknown-{n}"}) for n in range(5)),
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            await verifier.verify(token)
    assert issuer.fetched == 1


async def test_an_issuer_that_is_down_is_told_as_later_and_known_keys_go_on(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"})
    verifier, late = fetched(issuer), fetched(issuer)
    await verifier.verify(token)
    issuer.broken = True
    monkeypatch.setattr(tokens, "FRESH", -1.0)
    assert (await verifier.verify(token)).external_id == "ada"
    assert issuer.fetched == 2
    with pytest.raises(Exception, match="cannot be fetched") as caught:
        await late.verify(token)
    assert getattr(caught.value, "status", None) == 503


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (shared(jwt_secret="short"), "JWT_SECRET is too short"),
        (shared(jwks_url="https://id.example/jwks"), "choose one"),
        (shared(jwt_secret=None, jwks_url="http://id.example/jwks"), "https"),
        (shared(jwt_secret=None, jwks_url="https://id.example/jwks", jwt_audience=None), "JWT_AUDIENCE"),
        (shared(jwt_secret=None, jwks_url="https://id.example/jwks", jwt_issuer=None), "JWT_ISSUER"),
    ],
)
def test_settings_under_which_anybodys_token_would_do_are_refused(settings: Settings, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        tokens.check(settings)


def test_an_id_of_a_key_is_not_its_secret() -> None:
    assert not str(ApiKeyId.new()).startswith(keys.PREFIX)


async def test_a_header_too_deep_to_read_is_refused_before_a_key_is_chosen(issuer: Issuer) -> None:
    with pytest.raises(Unauthenticated):
        await fetched(issuer).verify(deep(2_500) + ".e30.eA")
    assert issuer.fetched == 0
