"""The SaaS's page in TypeScript, made as its README says."""

import json
from typing import Any

from tests.examples.conftest import EXAMPLES
from tests.node import Node

from farthing import api

WEB = EXAMPLES / "saas" / "web"


def document() -> dict[str, Any]:
    """What `farthing openapi` prints."""
    return api.build().openapi()


def write_types(node: Node, document: dict[str, Any]) -> None:
    (node.folder / "openapi.json").write_text(json.dumps(document))
    written = node.script("types")
    assert written.returncode == 0, written.stderr


def build(node: Node) -> None:
    write_types(node, document())
    built = node.script("build")
    assert built.returncode == 0, built.stdout + built.stderr
