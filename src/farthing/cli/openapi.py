"""`farthing openapi`: the REST interface as a document, without a server."""

from __future__ import annotations

import json

from farthing.cli.terminal import terminal


def openapi() -> int:
    """Print the OpenAPI document of the REST interface under /v1, as this version of Farthing answers: for typed clients.

    It needs no settings and no database. A running installation has the same at /v1/openapi.json.

    For example:

        farthing openapi > openapi.json
        npx openapi-typescript openapi.json --output src/openapi.d.ts --default-non-nullable=false
    """
    from farthing import api

    terminal().raw(json.dumps(api.build().openapi(), indent=2, ensure_ascii=False))
    return 0
