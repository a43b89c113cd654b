"""What the provider wants of a seller, in words for the seller: its codes are for programs.

Names of what is asked for come as `individual.dob.day`: of whom, and what. https://docs.stripe.com/api/accounts/object
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from farthing.lifecycles import SellerStatus
from farthing.sellers.model import Seller

Urgency = Literal["now", "late", "soon", "checking", "final"]


@dataclass(frozen=True, slots=True)
class Reason:
    """`codes` are the provider's, for who has to look further. `until`: when it stops something."""

    said: str
    urgency: Urgency
    codes: Sequence[str]
    until: datetime | None = None


WHOLE: Final = {
    "external_account": "A bank account or debit card for your payouts.",
    "business_type": "Whether you sell as a person or as a company.",
    "business_profile.mcc": "What kind of business it is.",
    "business_profile.url": "The website of your business, or what you sell if there is none.",
    "business_profile.product_description": "What you sell, in a sentence or two.",
    "business_profile.name": "The name of your business.",
    "business_profile.support_phone": "A phone number for your customers.",
    "business_profile.support_email": "An email address for your customers.",
    "business_profile.support_url": "A page where your customers find help.",
    "settings.payments.statement_descriptor": "What buyers see on their card statement.",
}
"""What is asked for about the account itself."""

PARTS: Final = {
    "first_name": "name",
    "last_name": "name",
    "full_name_aliases": "former names",
    "dob": "date of birth",
    "address": "address",
    "registered_address": "registered address",
    "email": "email address",
    "phone": "phone number",
    "ssn_last_4": "tax number (its last four digits)",
    "id_number": "tax number",
    "id_number_secondary": "second tax number",
    "nationality": "nationality",
    "gender": "gender",
    "political_exposure": "public offices, if there are any",
    "relationship": "role in the business",
    "verification.document": "identity document",
    "verification.additional_document": "proof of address",
    "verification.proof_of_liveness": "photo, taken now",
    "name": "legal name",
    "name_kana": "name in kana",
    "name_kanji": "name in kanji",
    "tax_id": "tax number",
    "tax_id_registrar": "register",
    "vat_id": "VAT number",
    "registration_number": "registration number",
    "structure": "legal form",
    "owners_provided": "owners: say that all are named",
    "directors_provided": "directors: say that all are named",
    "executives_provided": "executives: say that all are named",
    "ownership_declaration": "ownership: a signed declaration",
}
"""What is asked for about somebody: the longest beginning that fits."""

WHOSE: Final = {
    "individual": "Your {}.",
    "company": "The company's {}.",
    "representative": "The {} of who speaks for the company.",
    "person": "The {} of a person of the company.",
    "owners": "The {} of an owner of the company.",
    "directors": "The {} of a director of the company.",
    "executives": "The {} of an executive of the company.",
    "authorizer": "The {} of who may authorize this.",
}

DISABLED: Final = {
    "requirements.past_due": "Something that was asked for is late.",
    "requirements.pending_verification": "What you gave is being checked. This takes a few minutes, at times days.",
    "action_required.requested_capabilities": "The shop has to ask for what this account should be able to do.",
    "under_review": "The account is under review. You cannot do anything but wait.",
    "listed": "Your name may be on a list of people nobody may deal with. You cannot do anything but wait.",
    "platform_paused": "The shop paused this account.",
    "rejected.fraud": "The account was rejected for suspected fraud.",
    "rejected.terms_of_service": "The account was rejected: what is sold is against the provider's terms.",
    "rejected.listed": "The account was rejected: its owner is on a list of people nobody may deal with.",
    "rejected.incomplete_verification": "The account was rejected: who you are could not be verified in time.",
    "rejected.platform_fraud": "The shop rejected this account for suspected fraud.",
    "rejected.platform_terms_of_service": "The shop rejected this account: what is sold is against its terms.",
    "rejected.platform_other": "The shop rejected this account.",
    "rejected.other": "The account was rejected. Ask the shop if you think that this is wrong.",
    "other": "The account cannot be used for a reason that the provider tells only to you: see its emails.",
}
"""Why an account does not work."""

ERRORS: Final = {
    "external_request": "Somebody outside asked for more information.",
    "information_missing": "Something is missing in what you gave.",
    "invalid_address": "This address cannot be used: give a street address where you can be found.",
    "invalid_street_address": "The street address could not be found.",
    "invalid_business_profile_name": "The name of the business is not the one that is registered, or cannot be used.",
    "invalid_company_name": "The name of the company cannot be used.",
    "invalid_dob": "The date of birth cannot be right, or is that of somebody too young to sell.",
    "invalid_product_description": "The description of what you sell is too short, or is only a link.",
    "invalid_representative_country": "Who speaks for the company has to live in its country.",
    "invalid_signator": "Who signed may not sign for the company.",
    "invalid_statement_descriptor": "The text for card statements has to be like the name of the business.",
    "invalid_tax_id": "The tax number is not one, or not this business's.",
    "invalid_tos_acceptance": "The terms have to be accepted again.",
    "invalid_url": "The website could not be used: it has to be online, open to all, and say who sells what on which terms.",
    "invalid_value": "Something that you gave cannot be right.",
    "unsupported_business_type": "Businesses of this kind cannot be taken in your country.",
    "verification_directors": "The directors are not those of the register.",
    "verification_extraneous_directors": "More directors were named than the register has.",
    "verification_missing_directors": "A director is missing.",
    "verification_missing_executives": "An executive is missing.",
    "verification_missing_owners": "An owner is missing.",
    "verification_document_expired": "The document has expired: upload one that is valid.",
    "verification_document_missing_back": "The back of the document is missing.",
    "verification_document_missing_front": "The front of the document is missing.",
    "verification_document_not_readable": "The document cannot be read: take a sharp photo of the whole of it.",
    "verification_document_corrupt": "The file could not be opened: upload it again.",
    "verification_document_failed_copy": "A copy was uploaded: take a photo of the document itself.",
    "verification_document_failed_greyscale": "The document has to be in color.",
    "verification_document_too_large": "The file is too large: at most 10 MB.",
    "verification_document_not_signed": "The document is not signed.",
    "verification_document_not_uploaded": "No document was uploaded.",
    "verification_document_name": "The name on the document is not the one that you gave.",
    "verification_document_address": "The address on the document is not the one that you gave.",
    "verification_document_dob_mismatch": "The date of birth on the document is not the one that you gave.",
    "verification_document_type_not_supported": "A document of this kind is not taken: use a passport or identity card.",
    "verification_document_country_not_supported": "Documents of this country are not taken.",
    "verification_document": "The document was not taken: upload another one.",
    "verification_failed_address_match": "The address is not the one in the records: upload a document that shows it.",
    "verification_failed_business_iec_number": "The import and export code could not be found.",
    "verification_failed_id_number_match": "The tax number does not belong to this name.",
    "verification_failed_keyed": "What you gave does not match the records: correct it, or upload a document.",
    "verification_failed_name_match": "The name does not match the records.",
    "verification_failed_tax_id": "The tax number does not belong to this business, or was never issued.",
    "verification_failed": "What you gave could not be verified: correct it, or upload a document.",
    "verification_legal_entity": "The legal form is not the one in the register.",
    "verification_rejected_ownership": "The reason for naming no owners was not taken.",
    "verification_requires_additional": "One more document of the company is needed.",
    "verification_supportability": "What you sell has to be looked at: describe it more closely.",
}
"""Why something that was given was not taken: the longest beginning of the code that fits."""

UNKNOWN: Final = "The provider asks for something more: its page says what."
UNKNOWN_ERROR: Final = "Something that you gave was not taken: the provider's page says what."
NOT_WORKING: Final = "The account cannot be used at the moment: the provider's page says why."


def reasons_of(seller: Seller) -> list[Reason]:
    """All that keeps a seller from selling or from being paid, the worst first. Each sentence stands once."""
    needs, found = seller.requirements, list[Reason]()
    if seller.status == SellerStatus.DEAUTHORIZED:
        return [Reason("The account is disconnected from the shop. Connect it again to go on selling.", "final", ())]
    begins = seller.status == SellerStatus.ONBOARDING
    # Of who has only begun, all is late at once: they have to tell it, and that is all.
    if needs.disabled_reason is not None and not (begins and needs.disabled_reason == "requirements.past_due"):
        final = needs.disabled_reason.startswith("rejected.")
        waits = seller.status == SellerStatus.VERIFYING
        urgency: Urgency = "final" if final else "checking" if waits else "late"
        found.append(Reason(DISABLED.get(needs.disabled_reason, NOT_WORKING), urgency, (needs.disabled_reason,)))
        if final:
            return found
    for error in needs.errors:
        found.append(Reason(error_said(error.code), "late", (error.code, error.requirement)))
    late = set() if begins else set(needs.past_due)
    found += _asked((name for name in needs.past_due if name in late), "late")
    urgency = "soon" if seller.status == SellerStatus.ACTIVE else "now"
    found += _asked((name for name in needs.currently_due if name not in late), urgency, needs.current_deadline)
    found += _asked(needs.pending_verification, "checking")
    return _once(found)


def _asked(names: Iterable[str], urgency: Urgency, until: datetime | None = None) -> list[Reason]:
    return [Reason(said(name), urgency, (name,), until) for name in names]


def _once(reasons: Iterable[Reason]) -> list[Reason]:
    kept: dict[str, Reason] = {}
    for each in reasons:
        first = kept.get(each.said)
        kept[each.said] = each if first is None else Reason(first.said, first.urgency, (*first.codes, *each.codes), first.until)
    return list(kept.values())


def said(name: str) -> str:
    """A thing that is asked for, as a sentence."""
    if name in WHOLE:
        return WHOLE[name]
    whose, _, what = name.partition(".")
    if whose == "tos_acceptance":
        return "Your agreement to the provider's terms."
    if whose == "documents":
        return f"A document: {what.partition('.')[0].replace('_', ' ')}."
    sentence = WHOSE.get("person" if whose.startswith("person_") else whose)
    part = _longest(PARTS, what, ".")
    return UNKNOWN if sentence is None or part is None else sentence.format(part)


def error_said(code: str) -> str:
    return _longest(ERRORS, code, "_") or UNKNOWN_ERROR


def _longest(table: dict[str, str], name: str, separator: str) -> str | None:
    steps = name.split(separator)
    beginnings = (separator.join(steps[:length]) for length in range(len(steps), 0, -1))
    return next((table[each] for each in beginnings if each in table), None)
