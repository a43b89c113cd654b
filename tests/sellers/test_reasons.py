"""Every code that the provider's library knows is a sentence, and a code it does not know yet is one as well."""

from typing import get_args, get_type_hints

import stripe

from farthing.sellers.reasons import DISABLED, UNKNOWN, UNKNOWN_ERROR, error_said, said


def test_whatever_the_provider_says_is_said_to_people_in_words() -> None:
    hints = get_type_hints(stripe.Account.Requirements, vars(stripe._account) | {"Account": stripe.Account})
    reasons = get_args(get_args(hints["disabled_reason"])[0])
    assert set(reasons) <= set(DISABLED)
    codes = get_args(get_type_hints(stripe.Account.Requirements.Error)["code"])
    assert len(codes) > 50
    assert [code for code in codes if error_said(code) == UNKNOWN_ERROR] == []
    assert error_said("something_of_next_year") == UNKNOWN_ERROR


def test_what_is_asked_for_is_named_with_whom_it_is_about() -> None:
    assert {
        name: said(name)
        for name in (
            "individual.dob.day",
            "individual.address.line1",
            "company.tax_id",
            "person_1Q.verification.additional_document",
            "representative.first_name",
            "owners.email",
            "tos_acceptance.ip",
            "documents.company_license.files",
            "business_profile.url",
        )
    } == {
        "individual.dob.day": "Your date of birth.",
        "individual.address.line1": "Your address.",
        "company.tax_id": "The company's tax number.",
        "person_1Q.verification.additional_document": "The proof of address of a person of the company.",
        "representative.first_name": "The name of who speaks for the company.",
        "owners.email": "The email address of an owner of the company.",
        "tos_acceptance.ip": "Your agreement to the provider's terms.",
        "documents.company_license.files": "A document: company license.",
        "business_profile.url": "The website of your business, or what you sell if there is none.",
    }
    for odd in ("", ".", "individual", "individual.", "moon.phase", "individual.aura"):
        assert said(odd) == UNKNOWN
