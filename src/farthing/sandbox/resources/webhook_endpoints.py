"""Webhook endpoints: who is told. The signing secret is shown once, in the answer that creates it."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, not_here_yet
from farthing.sandbox.ids import new_id
from farthing.sandbox.listing import page
from farthing.sandbox.operations import Operation
from farthing.sandbox.settings import API_VERSION
from farthing.sandbox.store import Json, Record
from farthing.sandbox.urls import is_web

ENDPOINTS_MAX = 16


def create(account: Account, params: Json) -> Json:
    if params.get("api_version", API_VERSION).rpartition(".")[2] != API_VERSION.rpartition(".")[2]:
        raise not_here_yet("api_version", f"versions of another family than {API_VERSION}")
    if len(account.select("webhook_endpoint")) >= ENDPOINTS_MAX:
        raise invalid(f"You have reached the maximum of {ENDPOINTS_MAX} test webhook endpoints.")
    secret = new_id("whsec")
    endpoint = account.add(
        "webhook_endpoint",
        "we",
        {
            "api_version": params.get("api_version"),
            "application": None,
            "description": blank_as_none(params.get("description")),
            "enabled_events": params["enabled_events"],
            "metadata": merge_metadata({}, params.get("metadata")),
            "status": "enabled",
            "url": _url(params["url"]),
        },
        secret=secret,
        connect=bool(params.get("connect")),
    )
    return {**endpoint.body, "secret": secret}


def _url(url: str) -> str:
    if "://" not in url:
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", param="url", code="url_invalid")
    if not is_web(url):
        raise invalid("Invalid URL: nothing can be sent there.", param="url", code="url_invalid")
    return url


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("webhook_endpoint", id)


def update(account: Account, id: str, params: Json) -> Record:
    endpoint = account.get("webhook_endpoint", id)
    changed: dict[str, Any] = {"metadata": merge_metadata(endpoint["metadata"], params.get("metadata"))}
    if "url" in params:
        changed["url"] = _url(params["url"])
    if "enabled_events" in params:
        changed["enabled_events"] = params["enabled_events"]
    if "description" in params:
        changed["description"] = blank_as_none(params["description"])
    if "disabled" in params:
        changed["status"] = "disabled" if params["disabled"] else "enabled"
        if params["disabled"]:
            _forget_deliveries(account, id)
    endpoint.body |= changed
    account.save(endpoint)
    return endpoint


def _forget_deliveries(account: Account, id: str) -> None:
    """Nothing more is sent to an endpoint that is switched off or gone."""
    account.store.run("UPDATE deliveries SET status = 'failed', next_at = NULL WHERE endpoint = ? AND next_at IS NOT NULL", id)


def delete(account: Account, id: str, params: Json) -> Json:
    del params
    account.get("webhook_endpoint", id)
    _forget_deliveries(account, id)
    account.store.remove(account.id, id)
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


def list_(account: Account, params: Json) -> Json:
    return page(account, "webhook_endpoint", "/v1/webhook_endpoints", params)


OPERATIONS = (
    Operation("POST", "/v1/webhook_endpoints", "WebhookEndpointCreateParams", create),
    Operation("GET", "/v1/webhook_endpoints", "WebhookEndpointListParams", list_),
    Operation("GET", "/v1/webhook_endpoints/{id}", "WebhookEndpointRetrieveParams", retrieve),
    Operation("POST", "/v1/webhook_endpoints/{id}", "WebhookEndpointUpdateParams", update),
    Operation("DELETE", "/v1/webhook_endpoints/{id}", "WebhookEndpointDeleteParams", delete),
)
