"""A law of money: whatever happens in whatever order, the books of every account add up, and nothing is made of nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.sandbox.conftest import Client, Running, charge, serve
from tests.sandbox.connect import DAY, direct, new_seller, on

from farthing.sandbox import Settings

AMOUNTS = st.integers(100, 50_000)
PARTS = st.integers(1, 100)
CARDS = st.sampled_from(("pm_card_visa", "pm_card_bypassPending", "pm_card_refundFail", "pm_card_createDispute"))
TIMES = st.sampled_from((3600, DAY, 3 * DAY, 12 * DAY))
WHICH = st.integers(0, 2)
EXAMPLES, STEPS = 6, 12
DISPUTE_FEE = 1500


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Charges settle within their own request's second, so that a sequence need not wait for each."""
    path: Path = tmp_path_factory.mktemp("laws") / "state.sqlite3"
    yield from serve(str(path), Settings(strict=True, settles_after_seconds=0, disputed_after_seconds=0))


class Books(RuleBasedStateMachine):
    """Steps may ask for more than there is; a refusal moves nothing, and the law is looked at after each."""

    sandbox: Running

    @initialize()
    def open(self) -> None:
        self.client: Client = self.sandbox.client()
        closed = "btok_us_verified_accountClosed"
        self.sellers = [
            new_seller(self.client),
            new_seller(self.client, interval="daily", external_account=closed),
            new_seller(self.client, interval="weekly", settings=_paid_weekly_and_debited()),
        ]

    @rule(amount=AMOUNTS, card=CARDS, which=WHICH, part=PARTS)
    def destination(self, amount: int, card: str, which: int, part: int) -> None:
        fee = amount * part // 100
        charge(self.client, amount, card, transfer_data={"destination": self.sellers[which]}, application_fee_amount=fee)

    @rule(amount=AMOUNTS, card=CARDS, which=WHICH, part=PARTS)
    def direct(self, amount: int, card: str, which: int, part: int) -> None:
        self._try(direct, self.client, self.sellers[which], amount, card, application_fee_amount=amount * part // 100)

    @rule(amount=AMOUNTS, method=st.sampled_from(("pm_card_visa", "pm_usBankAccount_success", "pm_usBankAccount_noAccount")))
    def plain(self, amount: int, method: str) -> None:
        charge(self.client, amount, method)

    @rule(which=WHICH, part=PARTS, at=WHICH)
    def transfer(self, which: int, part: int, at: int) -> None:
        """Out of a payment, or out of the balance."""
        wanted: Any = {"amount": 50 * part, "currency": "usd", "destination": self.sellers[which]}
        made = self.client.v1.charges.list().data
        if at < len(made):
            wanted |= {"source_transaction": made[at].id}
        self._try(self.client.v1.transfers.create, wanted)

    @rule(at=WHICH, part=PARTS, both=st.booleans())
    def refund(self, at: int, part: int, both: bool) -> None:
        made = self.client.v1.charges.list().data
        if at < len(made):
            one = made[at]
            wanted: Any = {"charge": one.id, "amount": max(one.amount * part // 100, 1)}
            wanted |= {"reverse_transfer": both} if one.transfer else {}
            wanted |= {"refund_application_fee": both} if one.application_fee else {}
            self._try(self.client.v1.refunds.create, wanted)

    @rule(at=WHICH, amount=AMOUNTS)
    def reverse(self, at: int, amount: int) -> None:
        made = self.client.v1.transfers.list().data
        if at < len(made):
            self._try(self.client.v1.transfers.reversals.create, made[at].id, {"amount": amount})

    @rule(at=WHICH, amount=AMOUNTS)
    def give_a_fee_back(self, at: int, amount: int) -> None:
        fees = self.client.v1.application_fees.list().data
        if at < len(fees):
            self._try(self.client.v1.application_fees.refunds.create, fees[at].id, {"amount": amount})

    @rule(which=WHICH, part=PARTS, verb=st.sampled_from(("", "cancel")))
    def pay_out(self, which: int, part: int, verb: str) -> None:
        """Of what there is, or of what was just paid in."""
        seller = on(self.sellers[which])
        if self.client.v1.balance.retrieve({}, seller).available[0].amount <= 0:
            charge(self.client, 9_000, "pm_card_bypassPending", transfer_data={"destination": self.sellers[which]})
        amount = self.client.v1.balance.retrieve({}, seller).available[0].amount * part // 100
        self._try(self.client.v1.payouts.create, {"amount": amount, "currency": "usd"}, seller)
        if verb:
            self._call_back("cancel", seller)

    @rule(which=WHICH)
    def call_a_payout_back(self, which: int) -> None:
        self._call_back("reverse", on(self.sellers[which]))

    def _call_back(self, verb: str, seller: Any) -> None:
        for payout in self.client.v1.payouts.list({"limit": 1}, seller).data:
            self._try(getattr(self.client.v1.payouts, verb), payout.id, {}, seller)

    @rule(which=st.integers(-1, 2), text=st.sampled_from(("winning_evidence", "losing_evidence")))
    def answer_a_dispute(self, which: int, text: str) -> None:
        options = on(self.sellers[which]) if which >= 0 else {}
        for dispute in self.client.v1.disputes.list({"limit": 1}, options).data:
            self._try(self.client.v1.disputes.update, dispute.id, {"evidence": {"uncategorized_text": text}}, options)

    @rule(which=WHICH)
    def give_a_better_bank_account(self, which: int) -> None:
        self.client.v1.accounts.update(self.sellers[which], {"external_account": "btok_us_verified"})

    @rule(seconds=TIMES)
    def time_goes_by(self, seconds: int) -> None:
        self.sandbox.advance(seconds)

    @invariant()
    def the_books_add_up(self) -> None:
        held = 0
        for seller in self.sellers:
            available, pending = _adds_up(self.client, on(seller))
            held += max(-(available + pending), 0)
        _adds_up(self.client, {})
        shown = self.client.v1.balance.retrieve().to_dict().get("connect_reserved") or [{"amount": 0}]
        assert shown[0]["amount"] == held

    @invariant()
    def both_sides_agree(self) -> None:
        """What left the platform for a seller has arrived there, and what was taken back is gone there."""
        made = self.client.v1.transfers.list({"limit": 100}).data
        for seller in self.sellers:
            sent = sum(each.amount - each.amount_reversed for each in made if each.destination == seller)
            there = self.client.v1.charges.list({"limit": 100}, on(seller)).data
            assert sent == sum(each.amount - each.amount_refunded for each in there if each.source_transfer)

    @invariant()
    def nothing_is_made_of_nothing(self) -> None:
        """All that is on all balances came from buyers, and what is not there any more went to somebody."""
        there = come = 0
        for options in ({}, *map(on, self.sellers)):
            moved = _all(self.client.v1.balance_transactions, options)
            there += sum(each.net for each in moved)
            come += _from_buyers(self.client, options) - _to_banks(self.client, options)
            come -= sum(each.fee - _kept(each) for each in moved if each.type in ("charge", "payment"))
            come += sum(each.net for each in moved if each.type == "reserve_transaction")
        assert there == come

    def _try(self, ask: Any, *given: Any, **more: Any) -> None:
        with contextlib.suppress(stripe.InvalidRequestError):
            ask(*given, **more)


def _paid_weekly_and_debited() -> Any:
    return {"payouts": {"schedule": {"interval": "weekly", "weekly_anchor": "friday"}, "debit_negative_balances": True}}


def _adds_up(client: Client, options: Any) -> tuple[int, int]:
    moved = list(client.v1.balance_transactions.list({"limit": 100}, options).auto_paging_iter())
    balance = client.v1.balance.retrieve({}, options)
    available, pending = balance.available[0].amount, balance.pending[0].amount
    assert sum(each.net for each in moved if each.status == "available") == available
    assert sum(each.net for each in moved if each.status == "pending") == pending
    assert all(each.net == each.amount - each.fee == each.amount - sum(f.amount for f in each.fee_details) for each in moved)
    return available, pending


def _all(room: Any, options: Any) -> list[Any]:
    return list(room.list({"limit": 100}, options).auto_paging_iter())


def _kept(moved: Any) -> int:
    """By the platform, so it is still there."""
    return sum(each.amount for each in moved.fee_details if each.type == "application_fee")


def _from_buyers(client: Client, options: Any) -> int:
    paid = [each for each in _all(client.v1.charges, options) if each.balance_transaction and not each.source_transfer]
    given = [each for each in _all(client.v1.refunds, options) if each.balance_transaction and each.status != "failed"]
    disputed = [each for each in _all(client.v1.disputes, options) if each.balance_transactions]
    taken = [DISPUTE_FEE + (0 if each.status == "won" else each.amount) for each in disputed]
    back = sum(int(each.amount) for each in given if not each.source_transfer_reversal)
    return sum(int(each.amount_captured) for each in paid) - back - sum(taken)


def _to_banks(client: Client, options: Any) -> int:
    gone = [int(each.amount) for each in _all(client.v1.payouts, options) if each.status not in ("failed", "canceled")]
    return sum(gone)


def test_whatever_happens_the_books_of_every_account_add_up(quick: Running) -> None:
    machine = type("BooksHere", (Books,), {"sandbox": quick})
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=checks),
    )
