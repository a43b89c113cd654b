"""Account links and login links: single-use, minutes-long addresses that let a seller in without a password."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.errors import invalid, malformed, missing_parameter
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import accounts
from farthing.sandbox.store import Json, Record
from farthing.sandbox.urls import check_web

KINDS = ("account_onboarding", "account_update")
LINK_SECONDS = 5 * 60
VISIT_SECONDS = 3_600
# Kinds of their own, because Stripe's links have no id and cannot be looked at again.
LINK, VISIT = "sandbox.link", "sandbox.visit"


def create(account: Account, params: Json) -> Json:
    if params["type"] not in KINDS:
        raise malformed(f"Invalid type: must be one of {' or '.join(KINDS)}", param="type")
    for name in ("refresh_url", "return_url"):
        if not params.get(name):
            raise missing_parameter(name)
        check_web(params, name)
    record = accounts.connected(account, params["account"])
    own = record["controller"]["requirement_collection"] == "application"
    if params["type"] == "account_update" and not own:
        raise invalid(
            "You cannot create `account_update` type Account Links for this account. Valid account link types for this "
            "account are: `account_onboarding`",
            param="type",
        )
    link = make(
        account,
        record,
        "onboarding",
        return_url=params["return_url"],
        refresh_url=params["refresh_url"],
        all_fields=_asks_for_all(params),
    )
    return {"object": "account_link", "created": link["created"], "expires_at": link["expires_at"], "url": link["url"]}


def create_login(account: Account, id: str, params: Json) -> Json:
    del params
    record = accounts.connected(account, id)
    if record["controller"]["stripe_dashboard"]["type"] != "express":
        raise invalid(
            f"Cannot create a login link for an account that does not have access to the Express Dashboard: {id}",
        )
    if not record["details_submitted"]:
        raise invalid("Cannot create a login link for an account that has not completed onboarding.")
    link = make(account, record, "express", return_url=None, refresh_url=None)
    return {"object": "login_link", "created": link["created"], "url": link["url"]}


def _asks_for_all(params: Json) -> bool:
    """Whether what will be due one day is asked for now."""
    options = params.get("collection_options") or {}
    fields = options.get("fields") or params.get("collect") or "currently_due"
    # There are no future requirements here, so asking for them or not is the same.
    options.get("future_requirements")
    return fields == "eventually_due"


def make(
    account: Account,
    owner: Record,
    page: str,
    *,
    return_url: str | None,
    refresh_url: str | None,
    all_fields: bool = False,
) -> Record:
    link = account.add(
        LINK,
        "link",
        {"expires_at": account.clock.seconds() + LINK_SECONDS, "url": ""},
        owner=owner.id,
        page=page,
        return_url=return_url,
        refresh_url=refresh_url,
        all_fields=all_fields,
        used=False,
    )
    link["url"] = f"{account.url}/c/{page}/{link.id}"
    account.save(link)
    return link


def open_visit(account: Account, link: Record) -> Record | None:
    """The first to open the link in time is let in; the link is then worth nothing."""
    if link.inner["used"] or link["expires_at"] <= account.clock.now():
        return None
    link.inner["used"] = True
    account.save(link)
    kept = {name: link.inner[name] for name in ("owner", "page", "return_url", "refresh_url", "all_fields")}
    return account.add(VISIT, "visit", {"expires_at": account.clock.seconds() + VISIT_SECONDS}, **kept)


OPERATIONS = (
    Operation("POST", "/v1/account_links", "AccountLinkCreateParams", create),
    Operation("POST", "/v1/accounts/{id}/login_links", "AccountLoginLinkCreateParams", create_login),
)
