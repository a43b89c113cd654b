"""What the API says about itself: the OpenAPI document, a page that lists the operations, and a word on each refusal."""

import base64
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from farthing.errors import NotFound
from farthing.http.refusals import EXPLAINED

STYLE: Final = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code{font-family:ui-monospace,monospace}dt{margin-top:1rem;font-weight:600}dd{margin:0}"
)
_HASH: Final = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

router = APIRouter(include_in_schema=False)


@router.get("/v1/openapi.json")
async def openapi(request: Request) -> Response:
    document = request.app.openapi()
    root = request.scope.get("root_path", "").rstrip("/")
    if root:
        document = {**document, "servers": [{"url": root}]}
    return Response(orjson.dumps(document), media_type="application/json")


@router.get("/v1/docs")
async def docs(request: Request) -> Response:
    """Every operation with its refusals. Nothing is loaded from anywhere."""
    entries = "".join(_entry(*operation) for operation in _operations(request.app.openapi()))
    return _page("The Farthing API", f'<p>As a document: <a href="openapi.json">openapi.json</a>.</p><dl>{entries}</dl>')


@router.get("/problems/{code}")
async def problem(request: Request, code: str) -> Response:
    """What a code means: a page for people, JSON for programs."""
    if code not in EXPLAINED:
        raise NotFound("There is no problem of that name.")
    if "text/html" in request.headers.get("accept", ""):
        return _page(code, f"<p>{escape(EXPLAINED[code])}</p>")
    return Response(
        orjson.dumps({"object": "problem", "code": code, "meaning": EXPLAINED[code]}), media_type="application/json"
    )


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _entry(method: str, path: str, operation: dict[str, Any]) -> str:
    refusals = (
        f"<code>{escape(status)}</code> {escape(answer['description'].replace('`', ''))}"
        for status, answer in operation["responses"].items()
        if not status.startswith("2")
    )
    said = escape(operation.get("description") or operation["summary"])
    return f"<dt><code>{method} {escape(path)}</code></dt><dd>{said}<br>{'; '.join(refusals)}</dd>"


def _page(title: str, body: str) -> Response:
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style><main><h1>{escape(title)}</h1>{body}</main></html>"
    )
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": POLICY})
