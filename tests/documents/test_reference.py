"""The page of other names says what there is, and there is what it says."""

import json
import re
from pathlib import Path

import pytest
from tests.worlds import Account
from tools.collection import collection

from farthing import Farthing, api, documents
from farthing.config import ALIASES
from farthing.documents import Records

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/documents.md").read_text()
COMMANDS = (ROOT / "docs/reference/cli.md").read_text()
HOW_TOS = ("set-up-payments", "verify-a-payment", "replay-refund-rotate")


@pytest.mark.covers("C22", "C23", "S000-31", "S000-48")
def test_the_page_names_every_route_setting_and_function() -> None:
    paths = documents.build().openapi()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    told = {(method, path) for method, path in re.findall(r"\| `(GET|POST|PUT) (/api/[^`]+)` \|", PAGE)} - {
        ("POST", "/api/webhooks/{provider}"),
        ("POST", "/api/payments/webhook"),
    }
    assert routes == told
    for alias in ALIASES.values():
        assert f"`{alias}`" in PAGE
    for name in vars(Records):
        assert name.startswith("_") or f"`{name}`" in PAGE, name


@pytest.mark.covers("S000-52", "S003-28", "S003-29", "C23")
def test_the_guides_name_commands_that_there_are() -> None:
    for text in (PAGE, *((ROOT / f"docs/how-to/{name}.md").read_text() for name in HOW_TOS)):
        for words in re.findall(r"`farthing ([a-z -]+?)(?: --| [0-9<]|`| [a-z.]+@| you@| checkout\.)", text):
            known = [f"## farthing {words}", f"## farthing {words.rsplit(' ', 1)[0]}"]
            assert any(re.search(rf"^{heading}$", COMMANDS, re.MULTILINE) for heading in known), words


@pytest.mark.covers("S000-27", "S000-28", "S000-29")
@pytest.mark.covers("C6", "S003-7")
async def test_the_page_names_every_view(pay: Farthing, account: Account) -> None:
    del account
    async with pay.world.db.transaction("test") as tx:
        views = await tx.all(
            lambda row: str(row["table_name"]),
            "SELECT table_name::text FROM information_schema.views WHERE table_schema = 'farthing_documents'",
        )
    assert len(views) == 6
    assert sorted(views) == sorted(re.findall(r"\| `([a-z_]+_00[0-9])` \|", PAGE))


@pytest.mark.covers("S003-29")
def test_a_collection_for_postman_holds_every_operation() -> None:
    made = collection(api.build().openapi(), documents.build().openapi())
    requests = [each["request"] for folder in made["item"] for each in folder["item"]]
    asked = {(each["method"], each["url"]["raw"]) for each in requests}
    assert ("POST", "{{base_url}}/v1/checkout/sessions") in asked
    assert ("POST", "{{base_url}}/api/checkout") in asked
    described = [api.build().openapi()["paths"], documents.build().openapi()["paths"]]
    assert len(requests) == len(asked) == sum(len(methods) for paths in described for methods in paths.values())
    (checkout,) = [
        each for each in requests if each["url"]["raw"] == "{{base_url}}/v1/checkout/sessions" and each["method"] == "POST"
    ]
    assert json.loads(checkout["body"]["raw"])["items"][0]["product"] == "guide"
