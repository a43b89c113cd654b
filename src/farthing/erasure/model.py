"""Taking a person out of what a provider told us. Pure."""

from collections.abc import Collection
from typing import Any, Final

PERSONAL: Final = frozenset(
    "email name phone address shipping individual_name business_name billing_details customer_details customer_email"
    " receipt_email collected_information farthing_external_id ip_address".split()
)
"""Fields of a provider's objects that say who somebody is."""


def without(value: Any, words: Collection[str]) -> Any:
    """The same, with nothing in the fields that are personal, and none of the words anywhere."""
    match value:
        case dict():
            return {key: _emptied(item) if key in PERSONAL else without(item, words) for key, item in value.items()}
        case list():
            return [without(item, words) for item in value]
        case str() if any(word.lower() in value.lower() for word in words):
            return "[erased]"
        case _:
            return value


def _emptied(value: Any) -> Any:
    match value:
        case dict():
            return {key: _emptied(item) for key, item in value.items()}
        case list():
            return []
        case _:
            return None
