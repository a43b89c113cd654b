"""Recipes of subscriptions and of the test clocks they are tried out on."""

from __future__ import annotations

from farthing.sandbox.store import Json
from farthing.sandbox.triggers import steps
from farthing.sandbox.triggers.hand import Hand
from farthing.sandbox.triggers.recipe import Recipe


def _change(hand: Hand) -> None:
    hand.post(f"/v1/subscriptions/{steps.subscription(hand)['id']}", {"metadata": {"color": "green"}})


def _cancel(hand: Hand) -> None:
    hand.delete(f"/v1/subscriptions/{steps.subscription(hand)['id']}")


def _pause(hand: Hand) -> str:
    subscription = steps.subscription(hand, billing_mode={"type": "flexible"})
    return str(hand.post(f"/v1/subscriptions/{subscription['id']}/pause", {"type": "subscription"})["id"])


def _resume(hand: Hand) -> None:
    hand.post(f"/v1/subscriptions/{_pause(hand)}/resume")


def _near_trial_end(hand: Hand) -> None:
    clock = steps.clock(hand)
    steps.subscription(hand, on_clock=clock, trial_period_days=14)
    hand.pass_time(clock, hand.now + 12 * steps.DAY)


def _near_renewal(hand: Hand) -> None:
    clock = steps.clock(hand)
    ends = steps.subscription(hand, on_clock=clock)["items"]["data"][0]["current_period_end"]
    hand.pass_time(clock, ends - steps.DAY)


# A change that waits for its payment


def _waiting(hand: Hand, clock: str) -> Json:
    """An upgrade, ordered when the card has gone bad: it waits until its invoice is paid."""
    subscription = steps.subscription(hand, on_clock=clock)
    steps.give_card(hand, subscription["customer"], steps.FAILS_LATER)
    item = subscription["items"]["data"][0]["id"]
    upgrade = {
        "items": [{"id": item, "price": steps.price(hand, 9000)}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
    }
    return hand.post(f"/v1/subscriptions/{subscription['id']}", upgrade)


def _pay_for_change(hand: Hand) -> None:
    subscription = _waiting(hand, steps.clock(hand))
    steps.give_card(hand, subscription["customer"], "pm_card_visa")
    hand.post(f"/v1/invoices/{subscription['latest_invoice']}/pay")


def _forget_to_pay(hand: Hand) -> None:
    clock = steps.clock(hand)
    _waiting(hand, clock)
    hand.pass_time(clock, hand.now + steps.DAY)


# Test clocks


def _delete_clock(hand: Hand) -> None:
    hand.delete(f"/v1/test_helpers/test_clocks/{steps.clock(hand)}")


def _advance(hand: Hand) -> None:
    hand.pass_time(steps.clock(hand), hand.now + steps.DAY)


def _break(hand: Hand) -> None:
    clock = steps.clock(hand)
    hand.spoil(clock)
    hand.pass_time(clock, hand.now + steps.DAY)


RECIPES = (
    Recipe("customer.subscription.created", "A customer subscribes.", steps.subscription),
    Recipe("customer.subscription.updated", "A subscription gets metadata.", _change),
    Recipe("customer.subscription.deleted", "A subscription is canceled at once.", _cancel),
    Recipe("customer.subscription.paused", "A subscription is paused.", _pause),
    Recipe("customer.subscription.resumed", "A paused subscription is resumed.", _resume),
    Recipe("customer.subscription.trial_will_end", "A test clock moves to two days before a trial's end.", _near_trial_end),
    Recipe("customer.subscription.pending_update_applied", "An upgrade that waited for its payment is paid.", _pay_for_change),
    Recipe("customer.subscription.pending_update_expired", "An upgrade waits in vain for its payment.", _forget_to_pay),
    Recipe("invoice.upcoming", "A test clock moves to the day before a renewal.", _near_renewal),
    Recipe("test_helpers.test_clock.created", "A test clock is made.", steps.clock),
    Recipe("test_helpers.test_clock.deleted", "A test clock is deleted.", _delete_clock),
    Recipe("test_helpers.test_clock.advancing", "A test clock is advanced by a day.", _advance),
    Recipe("test_helpers.test_clock.ready", "A test clock is advanced by a day, and arrives.", _advance),
    Recipe("test_helpers.test_clock.internal_failure", "A test clock meets something that nobody knows how to do.", _break),
)
