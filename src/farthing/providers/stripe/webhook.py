"""Reading a delivery of Stripe: signed by one of our secrets, fresh, well formed; anything else is refused as Malformed.

The body is verified as the bytes that arrived, then parsed here and not by the library, which spends fifty times as long on
it and raises a dozen kinds of exception on hostile input.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard
from uuid import uuid4

import stripe

from farthing.errors import Malformed
from farthing.providers.protocol import Notice, SubjectKind

TOLERANCE: Final = 300
"""Seconds that a delivery may be old, or ahead of our clock: https://docs.stripe.com/webhooks#replay-attacks."""

HEADER_MAX: Final = 2_000
ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")
"""What stands in an address when Stripe is asked: nothing that would lead to another one."""

WATCHED: Final[Mapping[str, tuple[SubjectKind, str]]] = {
    "checkout.session.completed": ("checkout", "id"),
    "checkout.session.async_payment_succeeded": ("checkout", "id"),
    "checkout.session.async_payment_failed": ("checkout", "id"),
    "checkout.session.expired": ("checkout", "id"),
    "payment_intent.succeeded": ("payment", "id"),
    "payment_intent.payment_failed": ("payment", "id"),
    "payment_intent.processing": ("payment", "id"),
    "payment_intent.canceled": ("payment", "id"),
    "payment_intent.amount_capturable_updated": ("payment", "id"),
    "charge.captured": ("payment", "payment_intent"),
    "charge.expired": ("payment", "payment_intent"),
    "charge.updated": ("payment", "payment_intent"),
    "refund.created": ("refund", "id"),
    "refund.updated": ("refund", "id"),
    "refund.failed": ("refund", "id"),
    "charge.refund.updated": ("refund", "id"),
    "customer.updated": ("customer", "id"),
    "customer.deleted": ("customer", "id"),
    "payment_method.attached": ("payment_method", "id"),
    "payment_method.detached": ("payment_method", "id"),
    "payment_method.updated": ("payment_method", "id"),
    "payment_method.automatically_updated": ("payment_method", "id"),
    "setup_intent.succeeded": ("payment_method", "payment_method"),
    "customer.subscription.created": ("subscription", "id"),
    "customer.subscription.updated": ("subscription", "id"),
    "customer.subscription.deleted": ("subscription", "id"),
    "customer.subscription.paused": ("subscription", "id"),
    "customer.subscription.resumed": ("subscription", "id"),
    "customer.subscription.trial_will_end": ("subscription", "id"),
    "customer.subscription.pending_update_applied": ("subscription", "id"),
    "customer.subscription.pending_update_expired": ("subscription", "id"),
    "invoice.created": ("subscription", "parent.subscription_details.subscription"),
    "invoice.updated": ("subscription", "parent.subscription_details.subscription"),
    "invoice.finalized": ("subscription", "parent.subscription_details.subscription"),
    "invoice.paid": ("subscription", "parent.subscription_details.subscription"),
    "invoice.payment_succeeded": ("subscription", "parent.subscription_details.subscription"),
    "invoice.payment_failed": ("subscription", "parent.subscription_details.subscription"),
    "invoice.payment_action_required": ("subscription", "parent.subscription_details.subscription"),
    "invoice.voided": ("subscription", "parent.subscription_details.subscription"),
    "invoice.marked_uncollectible": ("subscription", "parent.subscription_details.subscription"),
    "charge.dispute.created": ("dispute", "id"),
    "charge.dispute.updated": ("dispute", "id"),
    "charge.dispute.closed": ("dispute", "id"),
    "charge.dispute.funds_withdrawn": ("dispute", "id"),
    "charge.dispute.funds_reinstated": ("dispute", "id"),
    "transfer.created": ("transfer", "id"),
    "transfer.updated": ("transfer", "id"),
    "transfer.reversed": ("transfer", "id"),
    "radar.early_fraud_warning.created": ("fraud_warning", "id"),
    "radar.early_fraud_warning.updated": ("fraud_warning", "id"),
}
"""Event type → what kind of thing it is about, and where in its object the id of that thing stands."""

WATCHED_CONNECTED: Final = frozenset(
    {
        "account.updated",
        "account.application.deauthorized",
        "account.external_account.created",
        "account.external_account.updated",
        "account.external_account.deleted",
        "capability.updated",
    }
)
"""Events of connected accounts that say how one of them stands. They are about the account they come from."""

WATCHED_PAYOUTS: Final = frozenset({"payout.created", "payout.updated", "payout.paid", "payout.failed", "payout.canceled"})
"""Events of connected accounts about money on its way to a seller's bank."""

CONNECTED_ACCOUNT: Final = re.compile(r"acct_[A-Za-z0-9]{1,250}")


def verify(body: bytes, signature: str | None, secrets: Sequence[str], *, now: float, livemode: bool) -> Notice:
    """Raises Malformed with a reason that helps whoever set it up, and tells a forger nothing."""
    check_signature(body, signature, secrets, now=now)
    return read(body, livemode=livemode)


def check_signature(body: bytes, signature: str | None, secrets: Sequence[str], *, now: float) -> None:
    if not signature:
        raise Malformed("The Stripe-Signature header is missing.")
    if len(signature) > HEADER_MAX or not signature.isascii():
        raise Malformed("The Stripe-Signature header is not one of Stripe's.")
    signed_at = _timestamp(signature)
    if not any(_signed(body, signature, secret) for secret in secrets):
        raise Malformed(
            "No signature matches: is this endpoint's secret in STRIPE_WEBHOOK_SECRET, and does no middleware read the body?"
        )
    if abs(now - signed_at) > TOLERANCE:
        raise Malformed("The delivery is too old, or from the future: is the clock of this machine right?")


def read(body: bytes, *, livemode: bool) -> Notice:
    event = parse(body)
    id, type_ = event.get("id"), event.get("type")
    if event.get("object") != "event" or not _is_name(id) or not _is_name(type_):
        raise Malformed("The body is not a snapshot event of Stripe.")
    kind, subject, reason = _subject(event, type_, livemode)
    account, version, created = event.get("account"), event.get("api_version"), event.get("created")
    return Notice(
        id=id,
        type=type_,
        livemode=event.get("livemode") is True,
        account=account if _is_name(account) else "",
        api_version=version if _is_name(version) else None,
        occurred_at=datetime.fromtimestamp(created, UTC) if type(created) is int and 0 <= created < 2**32 else None,
        subject_kind=kind,
        subject_id=subject,
        reason=reason,
    )


def parse(body: bytes) -> dict[str, Any]:
    """Strict JSON: UTF-8, one meaning for every key, finite numbers, and an object at the top."""
    try:
        parsed = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not well-formed JSON.") from error
    if not isinstance(parsed, dict):
        raise Malformed("The body is not a JSON object.")
    return parsed


def _subject(event: dict[str, Any], type_: str, livemode: bool) -> tuple[SubjectKind | None, str | None, str | None]:
    if (event.get("livemode") is True) != livemode:
        return None, None, "it is from the other mode (live or test)"
    if event.get("account") is not None:
        return _of_connected(event, type_)
    watched = WATCHED.get(type_)
    if watched is None:
        return None, None, "nothing follows from this type of event"
    wrapper = event.get("data")
    about = wrapper.get("object") if isinstance(wrapper, dict) else None
    if not isinstance(about, dict):
        raise Malformed("The event holds no object.")
    kind, place = watched
    if kind == "checkout" and about.get("mode") == "subscription":
        kind = "subscription_checkout"
    subject: object = about
    for step in place.split("."):
        subject = subject.get(step) if isinstance(subject, dict) else None
    if not isinstance(subject, str) or not ID.fullmatch(subject):
        return None, None, f"its object has no {place}"
    return kind, subject, None


def _of_connected(event: dict[str, Any], type_: str) -> tuple[SubjectKind | None, str | None, str | None]:
    """The account is part of whose event it is: what it says of another account is not believed."""
    if type_ not in WATCHED_CONNECTED | WATCHED_PAYOUTS:
        return None, None, "nothing follows from this type of event of a connected account"
    account, wrapper = event["account"], event.get("data")
    about = wrapper.get("object") if isinstance(wrapper, dict) else None
    if not isinstance(account, str) or not CONNECTED_ACCOUNT.fullmatch(account) or not isinstance(about, dict):
        return None, None, "it names no connected account"
    if type_ in WATCHED_PAYOUTS:
        payout = about.get("id")
        if not isinstance(payout, str) or not ID.fullmatch(payout):
            return None, None, "its object has no id"
        return "payout", f"{account}/{payout}", None
    named = about.get("id") if about.get("object") == "account" else about.get("account", account)
    if named != account:
        return None, None, "it is about another account than it is from"
    return "account", account, None


def _timestamp(signature: str) -> int:
    """The one that is signed. With a second spelling of it, the library would check one and we the age of another."""
    stamps = [(name, value) for part in signature.split(",") for name, _, value in [part.partition("=")] if name.strip() == "t"]
    if len(stamps) != 1:
        raise Malformed("The Stripe-Signature header has no timestamp, or more than one.")
    name, value = stamps[0]
    if name != "t" or not value.isdigit() or len(value) > 12:
        raise Malformed("The timestamp in the Stripe-Signature header is not one.")
    return int(value)


def _signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        # Without a tolerance of its own: we check the time both ways.
        return bool(stripe.WebhookSignature.verify_header(body, signature, secret, None))
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        return False


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def rehearsal(secret: str, *, livemode: bool, now: int) -> tuple[bytes, str, str]:
    """A delivery that nothing follows from, as Stripe would sign it: the body, its Stripe-Signature and the event's id."""
    id = f"evt_farthing_test_{uuid4().hex}"
    event = {
        "id": id,
        "object": "event",
        "type": "farthing.test",
        "api_version": stripe.api_version,
        "created": now,
        "livemode": livemode,
        "data": {"object": {"id": "test", "object": "farthing.test"}},
    }
    body = json.dumps(event).encode()
    return body, stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp=now), id
