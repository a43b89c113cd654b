"""What a connected account still owes before it may take money, and what that makes of it. Nothing here writes."""

from __future__ import annotations

from farthing.sandbox.store import Json, Record

ALWAYS = ("business_profile.mcc", "business_profile.url", "business_type", "external_account")
TERMS = ("tos_acceptance.date", "tos_acceptance.ip")
ADDRESS = ("city", "line1", "postal_code", "state")
PERSON = (
    *(f"individual.address.{name}" for name in ADDRESS),
    "individual.dob.day",
    "individual.dob.month",
    "individual.dob.year",
    "individual.email",
    "individual.first_name",
    "individual.last_name",
    "individual.phone",
    "individual.ssn_last_4",
)
COMPANY = (*(f"company.address.{name}" for name in ADDRESS), "company.name", "company.phone", "company.tax_id")
DOCUMENT = "individual.verification.document"
# Stripe's test values: these do not match what the records say, so a document is asked for.
MISMATCHED = ("111111111", "1111")
DOCUMENT_ERROR = {
    "code": "verification_failed_keyed_identity",
    "reason": "The identity information you entered cannot be verified. Please correct any errors or upload a document that "
    "matches the identity fields (e.g., name and date of birth) that you entered.",
    "requirement": DOCUMENT,
}


def due(record: Record) -> list[str]:
    """The names of what is missing, in Stripe's order."""
    if not any(each["requested"] for each in record.inner["capabilities"].values()):
        return []
    person = COMPANY if record["business_type"] in ("company", "non_profit", "government_entity") else PERSON
    missing = {name for name in (*ALWAYS, *TERMS, *person) if not _has(record, name)}
    if _needs_document(record):
        missing.add(DOCUMENT)
    return sorted(missing)


def _has(record: Record, name: str) -> bool:
    if name == "external_account":
        return bool(record.inner.get("bank")) and not record.inner.get("bank_broken")
    if name == "business_type":
        return bool(record["business_type"])
    here = record.inner["given"]
    for step in name.split("."):
        here = here.get(step) if isinstance(here, dict) else None
    if name == "individual.ssn_last_4" and not here:
        return bool((record.inner["given"].get("individual") or {}).get("id_number"))
    return here not in (None, "", {})


def _needs_document(record: Record) -> bool:
    person = record.inner["given"].get("individual") or {}
    doubtful = {str(person.get("id_number", "")), str(person.get("ssn_last_4", ""))} & set(MISMATCHED)
    document = ((person.get("verification") or {}).get("document") or {}).get("front")
    return bool(doubtful) and document != "file_identity_document_success"


def standing(record: Record) -> Json:
    """The fields of the account that follow from what is due."""
    missing, rejected = due(record), record.inner.get("rejected")
    submitted = bool(record["details_submitted"] or not [name for name in missing if name != DOCUMENT])
    blocks = [name for name in missing if name != "external_account" or not record["details_submitted"]]
    works = not rejected and not blocks
    capabilities = {
        name: "active" if works else "inactive" for name, each in record.inner["capabilities"].items() if each["requested"]
    }
    reason = f"rejected.{rejected}" if rejected else "requirements.past_due" if blocks else None
    return {
        "capabilities": capabilities,
        "charges_enabled": capabilities.get("card_payments") == "active",
        "details_submitted": submitted,
        "payouts_enabled": "active" in capabilities.values() and _has(record, "external_account"),
        "requirements": requirements(missing, reason),
    }


def requirements(missing: list[str], reason: str | None) -> Json:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": missing,
        "disabled_reason": reason,
        "errors": [DOCUMENT_ERROR] if DOCUMENT in missing else [],
        "eventually_due": missing,
        "past_due": missing if reason == "requirements.past_due" else [],
        "pending_verification": [],
    }
