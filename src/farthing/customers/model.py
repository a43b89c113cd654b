"""What a customer is, at ours and at a provider, and what of it may be stored. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from farthing.errors import Conflict, Invalid
from farthing.ids import CustomerId, PaymentMethodId
from farthing.lifecycles import MethodStatus
from farthing.providers import CustomerWanted

KEYS_KEPT: Final = timedelta(hours=23)
"""Stripe may forget a key after 24 h (https://docs.stripe.com/api/idempotent_requests): then look before asking."""

METADATA_MAX: Final = 40
"""Fewer than the provider's fifty: our own marks stand beside them (https://docs.stripe.com/api/metadata)."""

METADATA_KEY_MAX: Final = 40
METADATA_VALUE_MAX: Final = 500
RESERVED: Final = "farthing_"


@dataclass(frozen=True, slots=True)
class Customer:
    id: CustomerId
    external_id: str | None
    """The host's own id of its user; None for a guest."""
    email: str | None
    name: str | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    erased_at: datetime | None = None
    """Since when nothing is kept of who it was."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A customer at one provider, in one mode: who they are there, and what was pushed of them."""

    customer_id: CustomerId
    provider: str
    livemode: bool
    provider_customer_id: str | None
    """None until the provider answered."""
    incarnation: int
    """How often they had to be made there. Part of the key that makes them."""
    request: Mapping[str, Any] | None
    """What was asked for and not answered, word for word."""
    asked_at: datetime | None
    pushed_at: datetime | None
    pushed_keys: tuple[str, ...]
    push_due_at: datetime | None
    push_error: str | None
    fresh: bool
    """Whether the provider has what we have."""

    @property
    def key(self) -> str:
        return f"{self.customer_id}:{self.incarnation}"

    def wanted(self) -> CustomerWanted:
        assert self.request is not None, f"{self.customer_id} was answered already"
        asked = {name: value for name, value in self.request.items() if name != "fingerprint"}
        return CustomerWanted(reference=str(self.customer_id), **asked)

    def stale(self, now: datetime) -> bool:
        """Whether the provider may have forgotten the key of a question it never answered."""
        return self.asked_at is not None and now - self.asked_at > KEYS_KEPT


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A saved way to pay. Of a card we know what is printed on a receipt, and never its number."""

    id: PaymentMethodId
    customer_id: CustomerId
    provider: str
    livemode: bool
    provider_method_id: str
    kind: str
    status: MethodStatus
    brand: str | None
    last4: str | None
    exp_month: int | None
    exp_year: int | None
    is_default: bool
    saved_at: datetime
    detached_at: datetime | None

    def expired(self, now: datetime) -> bool:
        """A card is good until the end of its month."""
        if self.exp_year is None or self.exp_month is None:
            return False
        return (now.year, now.month) > (self.exp_year, self.exp_month)

    @property
    def described(self) -> str:
        return f"{self.brand or self.kind} •••• {self.last4}" if self.last4 else self.brand or self.kind


def checked_identity(external_id: str | None, email: str | None, name: str | None = None) -> None:
    """Raise for what names nobody. An empty id would make one customer of all visitors whose id somebody forgot."""
    for param, given in (("customer", external_id), ("email", email)):
        if given is not None and (not given.strip() or not given.isprintable()):
            raise Invalid("A buyer's id or email address is a printable text, and not an empty one.", param=param)
    if name is not None and ("\0" in name or not name.isprintable()):
        raise Invalid("A customer's name is a printable text.", param="name")
    if external_id is None and email is None:
        raise Invalid("A buyer needs a customer id or an email address.", param="customer")


def checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Raise for what the provider would refuse."""
    if len(metadata) > METADATA_MAX:
        raise Invalid(f"A customer's metadata has at most {METADATA_MAX} keys.", param="metadata")
    for key, value in metadata.items():
        if not 1 <= len(key) <= METADATA_KEY_MAX or "[" in key or "]" in key or key.startswith(RESERVED):
            raise Invalid(
                f"A key of metadata has 1 to {METADATA_KEY_MAX} characters, no brackets, and does not begin with {RESERVED}.",
                param="metadata",
            )
        if not value or len(value) > METADATA_VALUE_MAX or not (key + value).isprintable():
            raise Invalid(f"A value of metadata has 1 to {METADATA_VALUE_MAX} printable characters.", param="metadata")
    return dict(metadata)


def check_known(customer: Customer) -> None:
    if customer.erased_at is not None:
        raise Conflict(f"{customer.id} was erased: nothing is sold or pushed for them any more.")
