"""Every refusal is a problem document, nothing internal is in any, and hostile requests get one too."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Mount
from starlette.types import Message
from tests.api.conftest import Connect, cart
from tests.worlds import unchanged

from farthing import api as rest
from farthing.errors import FarthingError
from farthing.http import door
from farthing.http.bodies import Problem
from farthing.http.refusals import EXPLAINED
from farthing.world import World

SESSIONS = "/v1/checkout/sessions"
JSON = {"Content-Type": "application/json"}


def problem_of(answer: httpx.Response) -> Problem:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = Problem.model_validate_json(answer.content)
    assert problem.status == answer.status_code
    assert problem.request_id == answer.headers["x-request-id"]
    return problem


def all_errors(kind: type[FarthingError] = FarthingError) -> set[type[FarthingError]]:
    return {kind}.union(*(all_errors(each) for each in kind.__subclasses__()))


def test_every_code_is_explained() -> None:
    ours = {error for error in all_errors() if error.__module__.startswith("farthing")}
    assert {error.code for error in ours} == EXPLAINED.keys()


async def test_the_type_of_a_problem_is_an_address_that_explains_it(guest: httpx.AsyncClient) -> None:
    problem = problem_of(await guest.get("/v1/nowhere"))
    assert (problem.status, problem.code, problem.instance) == (404, "not_found", "/v1/nowhere")
    for code in EXPLAINED:
        page = await guest.get(f"/problems/{code}", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await guest.get(problem.type)).json()["meaning"] == EXPLAINED["not_found"]
    assert problem_of(await guest.get("/problems/none")).code == "not_found"


async def test_another_method_is_refused_with_those_that_are_taken(guest: httpx.AsyncClient) -> None:
    answer = await guest.delete(SESSIONS)
    assert (problem_of(answer).code, answer.headers["Allow"]) == ("method_not_allowed", "POST")


async def test_a_request_id_is_echoed_or_made(guest: httpx.AsyncClient) -> None:
    assert (await guest.get("/v1/products", headers={"X-Request-Id": "my-request.17"})).headers[
        "X-Request-Id"
    ] == "my-request.17"
    for wrong in ("", "short", "x" * 65, "with space", "<script>"):
        made = (await guest.get("/v1/products", headers={"X-Request-Id": wrong})).headers["X-Request-Id"]
        assert re.fullmatch(r"request_[0-9a-z]{26}", made)


@pytest.mark.covers("F158")
@pytest.mark.covers("F181")
async def test_every_answer_has_the_strict_headers(guest: httpx.AsyncClient) -> None:
    for path in ("/v1/products", "/v1/nowhere", "/v1/openapi.json", "/v1/docs"):
        headers = (await guest.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")


async def slowly(pieces: int) -> AsyncIterator[bytes]:
    for _ in range(pieces):
        yield b" " * 1024


BODIES: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "not JSON": (b"{", JSON, 400, "malformed_request"),
    "not UTF-8": (b'{"items": "\xff"}', JSON, 400, "malformed_request"),
    "nested without end": (b"[" * 60_000, JSON, 400, "malformed_request"),
    "a number of 60000 digits": (b"1" * 60_000, JSON, 400, "malformed_request"),
    "no body": (b"", {}, 422, "invalid_request"),
    "a list": (b"[]", JSON, 422, "invalid_request"),
    "null": (b"null", JSON, 422, "invalid_request"),
    "a form": (b"items=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
    "text that is JSON": (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
    "no media type": (b"{}", {}, 415, "unsupported_media_type"),
    "another encoding": (b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415, "unsupported_media_type"),
    "too long": (b" " * 65_537, JSON, 413, "too_large"),
    "a length that is no number": (b"{}", {**JSON, "Content-Length": "two"}, 413, "too_large"),
}


@pytest.mark.covers("F140", "F147")
@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_cannot_be_read_is_refused(name: str, guest: httpx.AsyncClient, world: World) -> None:
    body, headers, status, code = BODIES[name]
    async with unchanged(world):
        answer = await guest.post(SESSIONS, content=body, headers=headers)
    assert (answer.status_code, problem_of(answer).code) == (status, code)


@pytest.mark.covers("F138")
async def test_a_body_that_grows_too_large_is_refused_while_it_arrives(guest: httpx.AsyncClient) -> None:
    assert (await guest.post(SESSIONS, content=slowly(64), headers=JSON)).status_code == 400
    assert problem_of(await guest.post(SESSIONS, content=slowly(65), headers=JSON)).code == "too_large"


@pytest.mark.covers("F139")
async def test_a_body_that_never_ends_is_not_waited_for(guest: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    monkeypatch.setattr(door, "BODY_SECONDS", 0.05)
    assert problem_of(await guest.post(SESSIONS, content=stalling(), headers=JSON)).code == "request_timeout"


async def test_a_client_that_leaves_is_not_answered(api: FastAPI, world: World) -> None:
    coming: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async with unchanged(world):
        await api({"type": "http", "method": "POST", "path": SESSIONS, "headers": [], "query_string": b""}, receive, send)
    assert (coming, sent) == ([], [])


async def test_mounted_below_a_path_it_points_to_itself(api: FastAPI) -> None:
    host = Starlette(routes=[Mount("/billing", app=api)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(host), base_url="http://testserver") as client:
        problem = problem_of(await client.get("/billing/v1/orders"))
        assert (problem.type, problem.instance) == ("/billing/problems/unauthenticated", "/billing/v1/orders")
        assert (await client.get(problem.type)).status_code == 200
        assert (await client.get("/billing/v1/openapi.json")).json()["servers"] == [{"url": "/billing"}]


@pytest.mark.parametrize(
    ("status", "code"), [(401, "unauthenticated"), (403, "forbidden"), (429, "rate_limited"), (418, "error")]
)
async def test_what_the_hosts_own_sign_in_refuses_is_a_problem_too(
    api: FastAPI, guest: httpx.AsyncClient, status: int, code: str
) -> None:
    async def refuse(request: Request) -> None:
        raise HTTPException(status, "in the host's words")

    api.state.authenticate = refuse
    answer = await guest.get("/v1/orders")
    assert (problem_of(answer).code, "host's words" in answer.text) == (code, False)


@pytest.mark.covers("F146")
async def test_all_wrong_fields_are_listed_and_none_of_their_values(guest: httpx.AsyncClient) -> None:
    wrong = cart(items=[{"product": 1, "quantity": "4242424242424242"}], customer={"email": "my secret"})
    answer = await guest.post(SESSIONS, json=wrong)
    problem = problem_of(answer)
    assert problem.errors is not None
    assert [error.param for error in problem.errors] == ["items[0].product", "items[0].quantity", "customer.email"]
    assert problem.param == "items[0].product"
    assert "4242" not in answer.text
    assert "secret" not in answer.text


async def test_the_name_of_an_unknown_field_is_told_harmlessly(guest: httpx.AsyncClient) -> None:
    problem = problem_of(await guest.post(SESSIONS, json=cart(**{"\n<b>": 1, "x" * 500: 1})))
    assert problem.errors is not None
    assert problem.errors[0].param == "?<b>"
    assert len(problem.errors[1].param) == 120


async def test_before_the_start_everything_waits() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(rest.build()), base_url="http://testserver") as client:
        answer = await client.get("/v1/products")
    assert (problem_of(answer).code, answer.status_code, answer.headers["Retry-After"]) == ("not_started", 503, "1")


@pytest.mark.covers("S003-11")
@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (RuntimeError("postgresql://user:password@host"), 500, "error"),
        (psycopg.DataError("a value: 42"), 422, "invalid_request"),
        (psycopg.errors.SerializationFailure("internals"), 503, "database_unavailable"),
        (psycopg.errors.UniqueViolation("internals"), 500, "error"),
    ],
)
async def test_a_crash_tells_nothing_but_the_request_id(
    api: FastAPI, connect: Connect, raised: Exception, status: int, code: str
) -> None:
    async def crash(request: Request) -> None:
        raise raised

    api.state.authenticate = crash
    async with connect() as client:
        answer = await client.get("/v1/orders")
    problem = problem_of(answer)
    assert (problem.status, problem.code) == (status, code)
    assert str(raised) not in answer.text
    assert status != 500 or problem.request_id in problem.detail


async def test_a_database_that_is_too_slow_is_told_as_later(ada: httpx.AsyncClient, world: World) -> None:
    async with world.db.transaction("test") as holder:
        await holder.run("LOCK TABLE customers")
        async with asyncio.timeout(9):
            answer = await ada.get("/v1/orders")
    assert (answer.status_code, problem_of(answer).code) == (503, "database_unavailable")
    assert answer.headers["Retry-After"] == "5"


@pytest.mark.parametrize(
    "path", ["/v1/orders/%00", "/v1/checkout/sessions/%ff", "/v1/customers/%00/entitlements", "/v1/events/\u00fc"]
)
async def test_an_address_that_is_nonsense_leads_nowhere(server: httpx.AsyncClient, path: str) -> None:
    assert (await server.get(path)).status_code in (404, 422)


async def test_the_document_and_the_page_name_every_operation(guest: httpx.AsyncClient) -> None:
    document: dict[str, Any] = (await guest.get("/v1/openapi.json")).json()
    page = (await guest.get("/v1/docs")).text
    text = json.dumps(document)
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) == document["components"]["schemas"].keys()
    for path in document["paths"]:
        assert path in page
    named = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(set(named)) == len(named) > 20
    assert [name for name in named if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name)] == []
