"""A Postman collection of every operation there is: `python tools/collection.py > farthing.postman_collection.json`.

Postman, Bruno, Insomnia and Hoppscotch import it. It is made of the OpenAPI documents, so it is never older than the code.
"""

import json
import sys
from typing import Any, Final

from farthing import api, documents

SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
Document = dict[str, Any]


def collection(*described: Document) -> Document:
    """Folders by tag; `{{base_url}}` and `{{api_key}}` are variables to set."""
    folders: dict[str, list[Document]] = {}
    for document in described:
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                tag = (operation.get("tags") or ["other"])[0]
                folders.setdefault(tag, []).append(_request(document, path, method.upper(), operation))
    return {
        "info": {"name": "Farthing", "schema": SCHEMA},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{api_key}}", "type": "string"}]},
        "variable": [{"key": "base_url", "value": "http://127.0.0.1:4242"}, {"key": "api_key", "value": ""}],
        "item": [{"name": tag, "item": items} for tag, items in sorted(folders.items())],
    }


def _request(document: Document, path: str, method: str, operation: Document) -> Document:
    query = [
        {"key": each["name"], "value": "", "description": each.get("description", ""), "disabled": True}
        for each in operation.get("parameters", ())
        if each["in"] == "query"
    ]
    names = path.replace("{", "{{").replace("}", "}}").replace(":path", "")
    request: Document = {
        "method": method,
        "description": operation.get("description", ""),
        "url": {"raw": "{{base_url}}" + names, "host": ["{{base_url}}"], "path": names.strip("/").split("/"), "query": query},
        "header": [],
    }
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        request["header"] = [{"key": "Content-Type", "value": "application/json"}]
        if any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", ())):
            request["header"].append({"key": "Idempotency-Key", "value": "{{$guid}}"})
        example = _example(document, content["schema"], depth=0)
        request["body"] = {"mode": "raw", "raw": json.dumps(example, indent=2), "options": {"raw": {"language": "json"}}}
    return {"name": operation.get("summary") or f"{method} {path}", "request": request}


def _example(document: Document, schema: Document, *, depth: int) -> Any:
    """What must be sent, with the examples of the schema where it has some."""
    if "$ref" in schema:
        return _example(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], depth=depth)
    if schema.get("examples"):
        return schema["examples"][0]
    for choice in ("default", "const"):
        if choice in schema:
            return schema[choice]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _example(document, schema["anyOf"][0], depth=depth)
    if schema.get("type") == "object":
        needed = schema.get("required", ())
        return {
            name: _example(document, each, depth=depth + 1)
            for name, each in schema.get("properties", {}).items()
            if name in needed
        }
    if schema.get("type") == "array":
        return [_example(document, schema["items"], depth=depth + 1)] if depth < 5 else []
    return {"integer": schema.get("minimum", 1), "number": 1, "boolean": True, "string": "text"}.get(str(schema.get("type")))


if __name__ == "__main__":
    json.dump(collection(api.build().openapi(), documents.build().openapi()), sys.stdout, indent=2)
    sys.stdout.write("\n")
