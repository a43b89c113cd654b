"""The OpenAPI document is good enough to make a client of: names, shapes and refusals of every operation."""

import json
import re
from typing import Any, get_args

import pytest

from farthing.api import build
from farthing.catalog.plans import Interval
from farthing.http.refusals import EXPLAINED


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return build().openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By "METHOD /path"."""
    return {f"{method.upper()} {path}": each for path, way in document["paths"].items() for method, each in way.items()}


def test_every_operation_has_a_name_of_its_own_and_says_what_it_answers(document: dict[str, Any]) -> None:
    found = operations(document)
    names = [each["operationId"] for each in found.values()]
    assert len(names) == len(set(names))
    for where, each in found.items():
        for status, answer in each["responses"].items():
            content = answer.get("content", {})
            if status.startswith("2"):
                assert content or where.endswith(("/pdf", "/csv")), where
                shapes = [shape["schema"] for media, shape in content.items() if media == "application/json"]
            else:
                assert list(content) == ["application/problem+json"], (where, status)
                shapes = [content["application/problem+json"]["schema"]]
            assert all("$ref" in shape for shape in shapes), (where, status)


def test_every_reference_leads_to_a_schema(document: dict[str, Any]) -> None:
    """Of two models with one name the document renames both, and what was referred to by hand is gone."""
    named = set(re.findall(r"#/components/schemas/([^\"]+)\"", json.dumps(document)))
    assert named - set(document["components"]["schemas"]) == set()


def test_an_answer_always_has_every_field(document: dict[str, Any]) -> None:
    """Of a field that may be missing, each reader has to think: what goes out is null instead."""
    answers = {
        shape["schema"]["$ref"].rpartition("/")[2]
        for each in operations(document).values()
        for status, answer in each["responses"].items()
        if status.startswith("2")
        for media, shape in answer.get("content", {}).items()
        if media == "application/json"
    }
    schemas = document["components"]["schemas"]
    missing = {name: set(schemas[name]["properties"]) - set(schemas[name].get("required", ())) for name in answers}
    assert {name: fields for name, fields in missing.items() if fields} == {}


def test_a_refusal_names_every_code_there_is(document: dict[str, Any]) -> None:
    problem = document["components"]["schemas"]["Problem"]
    assert problem["properties"]["code"]["enum"] == sorted(EXPLAINED)
    assert problem["properties"]["quote"] == {"$ref": "#/components/schemas/Change"}


def test_the_interval_of_a_plan_is_one_of_four(document: dict[str, Any]) -> None:
    assert document["components"]["schemas"]["PlanPrice"]["properties"]["interval"]["enum"] == list(get_args(Interval))
