"""What an account looks like: the platform's own, and a connected one by who answers for its fees, losses and papers."""

from __future__ import annotations

from farthing.sandbox.errors import invalid, malformed
from farthing.sandbox.listing import listed
from farthing.sandbox.resources import requirements
from farthing.sandbox.resources.addresses import address
from farthing.sandbox.store import Json, Record

DECLINES_NOTHING = {"avs_failure": False, "cvc_failure": False}
CURRENCIES = {
    "US": "usd", "CA": "cad", "GB": "gbp", "AU": "aud", "NZ": "nzd", "JP": "jpy", "IN": "inr", "SG": "sgd", "CH": "chf",
    "DK": "dkk", "SE": "sek", "NO": "nok", "PL": "pln", "BR": "brl", "MX": "mxn", "DE": "eur", "FR": "eur", "AT": "eur",
    "ES": "eur", "IT": "eur", "NL": "eur", "IE": "eur", "BE": "eur", "PT": "eur", "FI": "eur",
}  # fmt: skip
# What the three names of old mean: (fees, losses, who collects requirements, dashboard).
TYPES = {
    "express": ("application_express", "application", "stripe", "express"),
    "custom": ("application_custom", "application", "application", "none"),
    "standard": ("account", "stripe", "stripe", "full"),
}
DELAY_DAYS = 2
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
DELAY_DAYS_MAX = 31
BUSINESS = ("mcc", "name", "product_description", "support_email", "support_phone", "support_url", "url")


def of_platform() -> Json:
    return {
        "business_profile": {"name": "Farthing sandbox", "support_email": None, "url": None},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": "sandbox@example.com",
        "payouts_enabled": True,
        "settings": _settings("Farthing sandbox", interval="manual"),
        "type": "standard",
    }


def of_connected(params: Json, kind: str, controller: Json) -> Json:
    country = params.get("country", "US")
    if country not in CURRENCIES:
        raise malformed(f"Country '{country[:20]}' is unknown or not modeled by this sandbox.", param="country")
    return {
        "business_profile": dict.fromkeys(BUSINESS),
        "business_type": params.get("business_type"),
        "capabilities": {},
        "charges_enabled": False,
        "company": company({}),
        "controller": controller,
        "country": country,
        "default_currency": CURRENCIES[country],
        "details_submitted": False,
        "email": params.get("email"),
        "external_accounts": listed([], ""),
        "future_requirements": requirements.requirements([], None),
        "metadata": {},
        "payouts_enabled": False,
        "requirements": requirements.requirements([], None),
        "settings": _settings(None, interval="daily", debits=controller["requirement_collection"] != "application"),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": kind,
    }


def controller(params: Json) -> tuple[str, Json]:
    """The type the account shows, and who controls what."""
    kind = params.get("type")
    if kind:
        if kind not in TYPES:
            raise malformed("Invalid type: must be one of custom, express or standard", param="type")
        fees, losses, collection, dashboard = TYPES[kind]
    else:
        wanted = params.get("controller") or {}
        fees = (wanted.get("fees") or {}).get("payer", "account")
        losses = (wanted.get("losses") or {}).get("payments", "stripe")
        collection = wanted.get("requirement_collection", "stripe")
        dashboard = (wanted.get("stripe_dashboard") or {}).get("type", "full")
        _check(fees, losses, collection, dashboard)
    return kind or "none", {
        "fees": {"payer": fees},
        "is_controller": True,
        "losses": {"payments": losses},
        "requirement_collection": collection,
        "stripe_dashboard": {"type": dashboard},
        "type": "application",
    }


def _check(fees: str, losses: str, collection: str, dashboard: str) -> None:
    if losses == "application" and fees != "application":
        raise invalid(
            "When `controller[losses][payments]` is application, `controller[fees][payer]` must be application.",
            param="controller[fees][payer]",
        )
    if collection == "application" and (dashboard != "none" or losses != "application"):
        raise invalid(
            "When `controller[requirement_collection]` is application, `controller[stripe_dashboard][type]` must be none and "
            "`controller[losses][payments]` must be application.",
            param="controller[requirement_collection]",
        )
    if dashboard == "express" and losses != "application":
        raise invalid(
            "When `controller[stripe_dashboard][type]` is express, `controller[losses][payments]` must be application.",
            param="controller[stripe_dashboard][type]",
        )


def company(told: Json) -> Json:
    """What was told of the company. Numbers and documents are never shown again, only that they were given."""
    front = ((told.get("verification") or {}).get("document") or {}).get("front")
    return {
        "address": address(told.get("address") or {}),
        "directors_provided": bool(told.get("directors_provided")),
        "executives_provided": bool(told.get("executives_provided")),
        "name": told.get("name"),
        "owners_provided": bool(told.get("owners_provided")),
        "phone": told.get("phone"),
        "structure": told.get("structure") or None,
        "tax_id_provided": bool(told.get("tax_id")),
        "vat_id_provided": bool(told.get("vat_id")),
        "verification": {"document": {"back": None, "details": None, "details_code": None, "front": front}},
    }


def _settings(name: str | None, *, interval: str, debits: bool = True) -> Json:
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {"statement_descriptor_prefix": None},
        "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
        "payments": {"statement_descriptor": name.upper() if name else None},
        "payouts": {
            "debit_negative_balances": debits,
            "schedule": {"delay_days": DELAY_DAYS, "interval": interval},
            "statement_descriptor": None,
        },
    }


def take_settings(record: Record, given: Json) -> None:
    payouts = dict(given.get("payouts") or {})
    shown = record["settings"]["payouts"]
    schedule = payouts.pop("schedule", None)
    shown |= payouts
    if schedule:
        take_schedule(record, schedule)
    for name in ("branding", "card_payments", "dashboard", "payments"):
        shown = record["settings"][name]
        for field, value in (given.get(name) or {}).items():
            whole = {**DECLINES_NOTHING, **(shown.get(field) or {})} if field == "decline_on" else {}
            shown[field] = {**whole, **value} if isinstance(value, dict) else value


def take_schedule(record: Record, given: Json) -> None:
    """The days belong to their interval; `delay_days` may be a number of days or the least there is."""
    schedule = record["settings"]["payouts"]["schedule"]
    interval = given.get("interval", schedule["interval"])
    if interval != schedule["interval"]:
        schedule = {"delay_days": schedule["delay_days"], "interval": interval}
        if interval == "weekly":
            schedule |= {"weekly_anchor": "monday", "weekly_payout_days": ["monday"]}
        if interval == "monthly":
            schedule |= {"monthly_anchor": 1, "monthly_payout_days": [1]}
    # The other interval's days are left unseen, and so refused.
    if interval == "weekly" and "weekly_anchor" in given:
        given = given | {"weekly_payout_days": [given["weekly_anchor"]]}
    if interval == "monthly" and "monthly_anchor" in given:
        given = given | {"monthly_payout_days": [given["monthly_anchor"]]}
    if interval == "weekly" and given.get("weekly_payout_days"):
        schedule |= {"weekly_anchor": given["weekly_payout_days"][0], "weekly_payout_days": given["weekly_payout_days"]}
    if interval == "monthly" and given.get("monthly_payout_days"):
        schedule |= {"monthly_anchor": given["monthly_payout_days"][0], "monthly_payout_days": given["monthly_payout_days"]}
    if "delay_days" in given:
        delay = given["delay_days"]
        schedule["delay_days"] = DELAY_DAYS if delay in ("minimum", "") else check_delay(delay)
    _check_days(schedule)
    record["settings"]["payouts"]["schedule"] = schedule


def _check_days(schedule: Json) -> None:
    if not set(schedule.get("weekly_payout_days", [])) <= set(DAYS):
        raise malformed(f"Invalid weekly_payout_days: choose from {', '.join(DAYS)}", param="weekly_payout_days")
    if not all(isinstance(day, int) and 1 <= day <= 31 for day in schedule.get("monthly_payout_days", [])):
        raise malformed("Invalid monthly_payout_days: days are from 1 to 31", param="monthly_payout_days")


def check_delay(days: object) -> int:
    if not isinstance(days, int) or not DELAY_DAYS <= days <= DELAY_DAYS_MAX:
        raise invalid(f"The delay must be from {DELAY_DAYS} to {DELAY_DAYS_MAX} days.", param="delay_days")
    return days


def show_given(record: Record) -> None:
    """What was told of the business is shown again; `persons` shows what was told of people."""
    given = record.inner["given"]
    business = given.get("business_profile") or {}
    record["business_profile"] |= {name: business[name] for name in BUSINESS if name in business}
    if record["controller"]["requirement_collection"] == "application":
        record["company"] = company(given.get("company") or {})
    else:
        record.body.pop("company", None)
    terms = given.get("tos_acceptance") or {}
    record["tos_acceptance"] |= {name: terms[name] for name in ("date", "ip", "user_agent") if name in terms}
    if name := business.get("name"):
        record["settings"]["dashboard"]["display_name"] = name
