"""Declines on order: the next card payments of an account are declined by their bank, whatever the card."""

from __future__ import annotations

import orjson

from farthing.sandbox import cards
from farthing.sandbox.account import Account
from farthing.sandbox.cards import Decline
from farthing.sandbox.errors import malformed
from farthing.sandbox.store import Json

TIMES_MAX = 1_000

_OF_CARDS = (
    cards.GENERIC,
    cards.INSUFFICIENT_FUNDS,
    cards.LOST,
    cards.STOLEN,
    cards.VELOCITY,
    cards.FRAUDULENT,
    cards.EXPIRED,
    cards.INCORRECT_CVC,
    cards.PROCESSING,
    cards.AUTHENTICATION_REQUIRED,
)
# https://docs.stripe.com/declines/codes: those that no test card has, and that Stripe reports as `card_declined`.
_OTHERS = (
    "approve_with_id call_issuer card_not_supported currency_not_supported do_not_honor do_not_try_again duplicate_transaction"
    " invalid_account invalid_amount issuer_not_available merchant_blacklist new_account_information_available"
    " no_action_taken not_permitted pickup_card reenter_transaction restricted_card revocation_of_all_authorizations"
    " revocation_of_authorization security_violation service_not_allowed stop_payment_order testmode_decline"
    " transaction_not_allowed try_again_later withdrawal_count_limit_exceeded"
).split()

DECLINES = {str(each.decline_code): each for each in _OF_CARDS} | {
    code: Decline("card_declined", "Your card was declined.", code) for code in _OTHERS
}
"""Decline code → what the buyer is told."""


def order(account: Account, decline_code: str, times: int) -> None:
    if decline_code not in DECLINES:
        raise malformed(f"Unknown decline code: choose one of {', '.join(sorted(DECLINES))}.", param="decline_code")
    if not 1 <= times <= TIMES_MAX:
        raise malformed(f"`times` must be a number from 1 to {TIMES_MAX}.", param="times")
    _keep(account, [*waiting(account), {"decline_code": decline_code, "times": times}])


def waiting(account: Account) -> list[Json]:
    """What is still to come, in its order."""
    found: list[Json] = orjson.loads(account.store.setting(_name(account)) or "[]")
    return found


def clear(account: Account) -> None:
    _keep(account, [])


def take(account: Account) -> Decline | None:
    """The decline of this payment, counted down."""
    ordered = waiting(account)
    if not ordered:
        return None
    first = ordered[0]
    first["times"] -= 1
    _keep(account, ordered if first["times"] else ordered[1:])
    return DECLINES[first["decline_code"]]


def _keep(account: Account, ordered: list[Json]) -> None:
    account.store.set_setting(_name(account), orjson.dumps(ordered).decode())


def _name(account: Account) -> str:
    return f"declines.{account.id}"
