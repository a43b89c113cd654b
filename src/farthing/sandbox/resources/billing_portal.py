"""The billing portal: configurations that say what a customer may do there, and sessions that let one in."""

from __future__ import annotations

from copy import deepcopy

from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, missing_parameter, not_here_yet
from farthing.sandbox.ids import new_id
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import customers, portal_flows
from farthing.sandbox.store import Json, Record
from farthing.sandbox.urls import check_web

CONFIGURATION = "billing_portal.configuration"
SESSION_SECONDS = 3_600
REASONS = ["too_expensive", "missing_features", "switched_service", "unused", "other"]
FEATURES: Json = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "options": REASONS},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
    "subscription_update": {
        "billing_cycle_anchor": "unchanged",
        "default_allowed_updates": [],
        "enabled": False,
        "products": [],
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}
# What a portal without a configuration of its own allows: what most shops switch on first.
DEFAULTS: Json = {
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {"enabled": True},
}


def create_configuration(account: Account, params: Json) -> Record:
    _refuse_a_login(params)
    return _add(account, params, default=False)


def _refuse_a_login(params: Json) -> None:
    if (params.get("login_page") or {}).get("enabled"):
        raise not_here_yet("login_page[enabled]", "logins to the portal")


def _add(account: Account, params: Json, *, default: bool) -> Record:
    _check_addresses(params)
    profile = params.get("business_profile") or {}
    configuration = account.add(
        CONFIGURATION,
        "bpc",
        {
            "active": True,
            "application": None,
            "business_profile": {
                name: blank_as_none(profile.get(name)) for name in ("headline", "privacy_policy_url", "terms_of_service_url")
            },
            "default_return_url": blank_as_none(params.get("default_return_url")),
            "features": _merged(account, FEATURES, params["features"]),
            "is_default": default,
            "login_page": {"enabled": False, "url": None},
            "metadata": merge_metadata({}, params.get("metadata")),
            "name": blank_as_none(params.get("name")),
            "updated": account.clock.seconds(),
        },
    )
    account.emit("billing_portal.configuration.created", configuration)
    return configuration


def _merged(account: Account, current: Json, given: Json) -> Json:
    features = deepcopy(current)
    for name, feature in given.items():
        features[name] = features[name] | {key: blank_or_list(value) for key, value in feature.items()}
    _refuse_what_is_not_here(features)
    update = features["subscription_update"]
    for place, product in enumerate(update["products"]):
        update["products"][place] = _product(account, product, f"features[subscription_update][products][{place}]")
    if update["enabled"] and not update["products"]:
        raise missing_parameter("features[subscription_update][products]")
    if features["customer_update"]["enabled"] and not features["customer_update"]["allowed_updates"]:
        raise missing_parameter("features[customer_update][allowed_updates]")
    reasons = features["subscription_cancel"]["cancellation_reason"]
    reasons["options"] = blank_or_list(reasons.get("options", current["subscription_cancel"]["cancellation_reason"]["options"]))
    return features


def _product(account: Account, given: Json, param: str) -> Json:
    account.get("product", given["product"], param=f"{param}[product]")
    for price in given["prices"]:
        if account.get("price", price, param=f"{param}[prices]")["product"] != given["product"]:
            raise invalid(f"The price {price} does not belong to the product {given['product']}.", param=f"{param}[prices]")
    quantity = given.get("adjustable_quantity") or {"enabled": False}
    return {
        "adjustable_quantity": {
            "enabled": quantity["enabled"],
            "maximum": quantity.get("maximum"),
            "minimum": quantity.get("minimum", 1),
        },
        "prices": list(given["prices"]),
        "product": given["product"],
    }


def _refuse_what_is_not_here(features: Json) -> None:
    if features["payment_method_update"]["payment_method_configuration"]:
        raise not_here_yet("features[payment_method_update][payment_method_configuration]", "payment method configurations")
    if features["subscription_update"]["schedule_at_period_end"].get("conditions"):
        raise not_here_yet("features[subscription_update][schedule_at_period_end]", "subscription schedules")
    if features["subscription_cancel"]["cancellation_reason"].get("feedback_options"):
        raise not_here_yet("features[subscription_cancel][cancellation_reason][feedback_options]", "reasons of one's own")
    duration = {"interval_options": [], **features["subscription_pause"]["duration"]}
    features["subscription_pause"]["duration"] = duration
    if duration["type"] != "indefinite" or duration["interval_options"]:
        raise not_here_yet("features[subscription_pause][duration]", "pauses that end by themselves")


def blank_or_list(value: object) -> object:
    return [] if value == "" else value


def retrieve_configuration(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get(CONFIGURATION, id)


def update_configuration(account: Account, id: str, params: Json) -> Record:
    _refuse_a_login(params)
    _check_addresses(params)
    configuration = account.get(CONFIGURATION, id)
    changed: Json = {name: params[name] for name in ("active",) if name in params}
    if "features" in params:
        changed["features"] = _merged(account, configuration["features"], params["features"])
    if "business_profile" in params:
        changed["business_profile"] = configuration["business_profile"] | params["business_profile"]
    for name in ("default_return_url", "name"):
        if name in params:
            changed[name] = blank_as_none(params[name])
    changed["metadata"] = merge_metadata(configuration["metadata"], params.get("metadata"))
    changed["updated"] = account.clock.seconds()
    account.update(configuration, "billing_portal.configuration.updated", **changed)
    return configuration


def _check_addresses(params: Json) -> None:
    check_web(params, "default_return_url")
    check_web(params.get("business_profile") or {}, "privacy_policy_url", "terms_of_service_url", within="business_profile")


def list_configurations(account: Account, params: Json) -> Json:
    where, values = equals(params, "active", "is_default")
    return page(account, CONFIGURATION, "/v1/billing_portal/configurations", params, where, *values)


def _default(account: Account) -> Record:
    found = account.select(CONFIGURATION, "json_extract(body, '$.is_default')")
    return found[0] if found else _add(account, {"features": DEFAULTS}, default=True)


def create_session(account: Account, params: Json) -> Record:
    for name, what in (("on_behalf_of", "Connect accounts"), ("after_expiration", "logins to the portal")):
        if params.get(name):
            raise not_here_yet(name, what)
    if "customer" not in params:
        raise missing_parameter("customer")
    check_web(params, "return_url")
    customer = customers.living(account, params["customer"], param="customer")
    if id := params.get("configuration"):
        configuration = account.get(CONFIGURATION, id, param="configuration")
    else:
        configuration = _default(account)
    if not configuration["active"]:
        raise invalid("The portal configuration is not active.", param="configuration")
    id = new_id("bps")
    session = account.add(
        "billing_portal.session",
        "bps",
        {
            "configuration": configuration.id,
            "customer": customer.id,
            "customer_account": None,
            "flow": portal_flows.flow(account, customer, configuration["features"], params.get("flow_data")),
            "locale": params.get("locale"),
            "on_behalf_of": None,
            "return_url": params.get("return_url") or configuration["default_return_url"],
            "url": f"{account.url}/p/{id}",
        },
        id=id,
        expires_at=_wall(account) + SESSION_SECONDS,
    )
    account.emit("billing_portal.session.created", session)
    return session


def _wall(account: Account) -> float:
    """People open pages in real time, whatever clock their customer lives on."""
    wall = getattr(account.clock, "wall", account.clock)
    return float(wall.now())


OPERATIONS = (
    Operation("POST", "/v1/billing_portal/configurations", "billing_portal.ConfigurationCreateParams", create_configuration),
    Operation("GET", "/v1/billing_portal/configurations", "billing_portal.ConfigurationListParams", list_configurations),
    Operation(
        "GET", "/v1/billing_portal/configurations/{id}", "billing_portal.ConfigurationRetrieveParams", retrieve_configuration
    ),
    Operation(
        "POST", "/v1/billing_portal/configurations/{id}", "billing_portal.ConfigurationUpdateParams", update_configuration
    ),
    Operation("POST", "/v1/billing_portal/sessions", "billing_portal.SessionCreateParams", create_session),
)
