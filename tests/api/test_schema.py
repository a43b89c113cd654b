"""The OpenAPI document is kept: whatever is sent, right or wrong, gets an answer that it describes, and never a 500."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.whole import sized
from tests.worlds import Account, buy, start

from farthing.ids import EventId
from farthing.world import World

EXAMPLES = {GenerationMode.POSITIVE: sized(5, 3), GenerationMode.NEGATIVE: sized(3, 2)}
"""Of each operation: making up what is wrong takes longer than refusing it."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

REACHED = {GenerationMode.POSITIVE: {200, 201, 404, 422}, GenerationMode.NEGATIVE: {400, 422}}
"""Without these the test would prove nothing."""

AnyCase = Case[Any]
Send = Callable[[AnyCase], httpx.Response]


@pytest.mark.covers("S003-24")
@pytest.mark.parametrize("mode", list(GenerationMode))
async def test_every_answer_is_one_that_the_document_describes(
    mode: GenerationMode, api: FastAPI, server: httpx.AsyncClient, world: World, account: Account
) -> None:
    loop = asyncio.get_running_loop()

    statuses: Counter[int] = Counter()

    def send(case: AnyCase) -> httpx.Response:
        request = case.as_transport_kwargs(base_url="http://testserver")
        asked = {name: request[name] for name in ("method", "url", "params", "json", "content") if name in request}
        body = {"content": request["data"]} if request.get("data") else {}
        sent = server.request(**asked, **body, headers=_sendable(request["headers"]))
        answer = asyncio.run_coroutine_threadsafe(sent, loop).result(timeout=20)
        statuses[answer.status_code] += 1
        return answer

    known = await _ids(world, account)
    document = api.openapi()
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(found, Ok)
        if mode is GenerationMode.NEGATIVE and not _can_be_wrong(document["paths"][found.ok().path][found.ok().method]):
            continue
        for parameters in [{}, *filter(None, [known.get(found.ok().path)])]:
            await asyncio.to_thread(_probe, found.ok(), mode, parameters, send)
    assert statuses.total() > 200
    assert REACHED[mode] <= statuses.keys()


def _can_be_wrong(operation: dict[str, Any]) -> bool:
    """Where all that is asked for is some text in the path, a search for what is wrong takes long and finds nothing."""
    texts = [each["in"] == "path" and each["schema"].keys() <= {"type", "title"} for each in operation.get("parameters", ())]
    return "requestBody" in operation or not all(texts)


def _probe(operation: Any, mode: GenerationMode, parameters: dict[str, str], send: Send) -> None:
    """Some cases of one operation. With `parameters` they are about things that exist."""

    @given(case=operation.as_strategy(generation_mode=mode, **({"path_parameters": parameters} if parameters else {})))
    @budget(
        max_examples=EXAMPLES[mode], deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    def probe(case: AnyCase) -> None:
        case.validate_response(send(case), checks=CHECKS)

    with suppress(Unsatisfiable):
        probe()


async def _ids(world: World, account: Account) -> dict[str, dict[str, str]]:
    """Path of the document → parameters that lead to something."""
    order, started = await buy(world, account), await start(world)
    async with world.db.transaction("test") as tx:
        event = await tx.value("SELECT id FROM events LIMIT 1")
    orders = ("/v1/orders/{id}", "/v1/orders/{id}/refunds", "/v1/orders/{id}/timeline", "/v1/orders/{id}/sync")
    return {path: {"id": str(order.id)} for path in orders} | {
        "/v1/orders/{id}/cancellation": {"id": str(started.order_id)},
        "/v1/coupons/{id}": {"id": "welcome"},
        "/v1/checkout/sessions/{id}": {"id": str(started.id)},
        "/v1/events/{id}": {"id": str(EventId.of(event))},
        "/v1/customers/{external_id}/entitlements": {"external_id": "ada"},
    }


def _sendable(headers: Any) -> dict[str, str]:
    """What HTTP can carry, without the credentials that were made up: this test is about what lies behind them."""
    return {
        name: value
        for name, value in dict(headers).items()
        if name.lower() != "authorization" and str(value).isascii() and str(value).isprintable()
    }
