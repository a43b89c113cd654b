"""What a connected account still owes before it may take money, and what that makes of it. Nothing here writes."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.store import Json, Record

ALWAYS = ("business_profile.mcc", "business_profile.url", "business_type", "external_account")
TERMS = ("tos_acceptance.date", "tos_acceptance.ip")
ADDRESS = tuple(f"address.{name}" for name in ("city", "line1", "postal_code", "state"))
PERSON = (*ADDRESS, "dob.day", "dob.month", "dob.year", "email", "first_name", "last_name", "phone", "ssn_last_4")
COMPANY = (*ADDRESS, "name", "phone", "tax_id")
COMPANIES = ("company", "non_profit", "government_entity")
DOCUMENT = "verification.document"
FULL_NUMBER = "id_number"
# Stripe's test values: these do not match what the records say, so a document is asked for.
MISMATCHED = ("111111111", "1111")
GOOD_DOCUMENT = "file_identity_document_success"
# Stripe's dates of birth: verified a moment later; on a list of people nobody may deal with.
VERIFIED_LATER = (1901, 1, 1)
LISTED = (1900, 1, 1)


def is_company(record: Record) -> bool:
    return record["business_type"] in COMPANIES


def _who(record: Record) -> str:
    """What the requirements call the one who answers: the individual, or the company's representative, once named by id."""
    if not is_company(record):
        return "individual"
    return representative(record) or "representative"


def representative(record: Record) -> str | None:
    """The id of the person who speaks for the company."""
    found = (id for id, each in _people(record).items() if (each.get("relationship") or {}).get("representative"))
    return next(found, None)


def _people(record: Record) -> dict[str, Json]:
    people: dict[str, Json] = record.inner.get("persons", {})
    return people


def due(record: Record) -> list[str]:
    """The names of what is missing, in Stripe's order."""
    if not any(each["requested"] for each in record.inner["capabilities"].values()):
        return []
    who = _who(record)
    names = [*ALWAYS, *TERMS, *(f"{who}.{name}" for name in PERSON), *record.inner.get("asked", {})]
    if is_company(record):
        names += [f"company.{name}" for name in COMPANY]
        names += [f"{who}.relationship.title"]
        names += ["company.owners_provided"] * (record["business_type"] == "company")
    return sorted({name for name in names if not _has(record, name)} | set(_documents(record)))


def given(record: Record, name: str) -> Json:
    """What was told of the person, the company or the account a requirement is about."""
    everything: Json = record.inner["given"]
    first = name.partition(".")[0]
    if first == "representative":
        return _people(record).get(representative(record) or "", {})
    if first.startswith("person_"):
        return _people(record).get(first, {})
    told: Json = everything.get(first) or {}
    return told


def _has(record: Record, name: str) -> bool:
    if name == "external_account":
        return bool(record.inner.get("bank")) and not record.inner.get("bank_broken")
    if name == "business_type":
        return bool(record["business_type"])
    told, (_, _, path) = given(record, name), name.partition(".")
    if path == "ssn_last_4" and told.get(FULL_NUMBER):
        return True
    if path == DOCUMENT:
        return _shown(told) == GOOD_DOCUMENT
    here: Any = told
    for step in path.split("."):
        here = here.get(step) if isinstance(here, dict) else None
    return here not in (None, "", {}, False)


def _shown(who: Json) -> str | None:
    front: str | None = ((who.get("verification") or {}).get("document") or {}).get("front")
    return front


def _documents(record: Record) -> list[str]:
    """Of whom a document is asked, because what was told of them does not match the records."""
    who = [_who(record)] + ["company"] * is_company(record)
    return [f"{each}.{DOCUMENT}" for each in who if _doubtful(given(record, f"{each}."))]


def _doubtful(who: Json) -> bool:
    numbers = {str(who.get(name, "")) for name in (FULL_NUMBER, "ssn_last_4", "tax_id")}
    return bool(numbers & set(MISMATCHED)) and _shown(who) != GOOD_DOCUMENT


def is_document(name: str) -> bool:
    return name.endswith(f".{DOCUMENT}")


def born(record: Record) -> tuple[int, ...]:
    dob = given(record, f"{_who(record)}.").get("dob") or {}
    return tuple(dob.get(name) or 0 for name in ("year", "month", "day"))


def next_due(record: Record) -> str | None:
    """What a growing business will be asked for: the whole tax number of whom only the end is known."""
    who = _who(record)
    told = given(record, f"{who}.")
    return f"{who}.{FULL_NUMBER}" if told.get("ssn_last_4") and not told.get(FULL_NUMBER) else None


def standing(record: Record, now: float) -> Json:
    """The fields of the account that follow from what is due."""
    missing, rejected = due(record), record.inner.get("rejected")
    submitted = bool(record["details_submitted"] or not [name for name in missing if not is_document(name)])
    deadlines: dict[str, float] = record.inner.get("asked", {})
    waits = {name: deadlines[name] for name in missing if deadlines.get(name, 0) > now}
    late = [name for name in missing if name not in waits]
    blocks = [name for name in late if name != "external_account" or not submitted]
    listed, blocked = submitted and born(record) == LISTED, record.inner.get("blocked")
    stopped = bool(rejected or listed)
    verifying = bool(record.inner.get("verifying")) and not blocks and not stopped
    pays = not stopped and not verifying and (not blocks or blocked == "payouts")
    reason = f"rejected.{rejected}" if rejected else "under_review" if listed else None
    reason = reason or ("requirements.past_due" if late else "requirements.pending_verification" if verifying else None)
    capabilities = {
        name: "active" if pays else "pending" if verifying else "inactive"
        for name, each in record.inner["capabilities"].items()
        if each["requested"]
    }
    paid_out = not stopped and ("active" in capabilities.values() or (blocked == "charges" and submitted))
    banked = _has(record, "external_account") and not (blocks and blocked == "payouts")
    shown = requirements(missing, reason, late=late, deadline=min(waits.values(), default=None))
    shown["eventually_due"] = sorted({*missing, *filter(None, [next_due(record) if submitted else None])})
    shown["pending_verification"] = [f"{_who(record)}.ssn_last_4"] if verifying else []
    return {
        "capabilities": capabilities,
        "charges_enabled": capabilities.get("card_payments") == "active",
        "details_submitted": submitted,
        "payouts_enabled": banked and (paid_out or bool(record.inner.get("pays_out"))),
        "requirements": shown,
    }


def requirements(
    missing: list[str], reason: str | None, *, late: list[str] | None = None, deadline: float | None = None
) -> Json:
    return {
        "alternatives": [],
        "current_deadline": int(deadline) if deadline else None,
        "currently_due": missing,
        "disabled_reason": reason,
        "errors": [_error(name) for name in missing if is_document(name)],
        "eventually_due": missing,
        "past_due": (late or []) if reason == "requirements.past_due" else [],
        "pending_verification": [],
    }


def _error(name: str) -> Json:
    return {
        "code": "verification_failed_keyed_identity",
        "reason": "The identity information you entered cannot be verified. Please correct any errors or upload a document "
        "that matches the identity fields (e.g., name and date of birth) that you entered.",
        "requirement": name,
    }


def about(record: Record, who: str) -> Json:
    """The part of the account's requirements that is one person's own."""
    whole = record["requirements"]
    prefix = f"{who}."
    return {"alternatives": [], "errors": [each for each in whole["errors"] if each["requirement"].startswith(prefix)]} | {
        part: [name.removeprefix(prefix) for name in whole[part] if name.startswith(prefix)]
        for part in ("currently_due", "eventually_due", "past_due", "pending_verification")
    }
