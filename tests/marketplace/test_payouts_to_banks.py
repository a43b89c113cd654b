"""What a seller has goes on to their bank, once for each question, and what becomes of it is known here, whatever is lost."""

from datetime import timedelta
from typing import Any

import pytest
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_one_payment_many_sellers import usd
from tests.marketplace.test_paying_sellers import (
    AVAILABLE_AT_ONCE,
    delivered,
    earned,
    give_back,
    settle,
    time_passes,
    transfers,
)
from tests.news import happened, hear, read, sound, tell, work
from tests.sellers.selling import act, news_of, onboarded
from tests.worlds import Outbox, Sandbox, session_of, start

from farthing import checkout, payouts, reconcile, sellers, webhooks
from farthing.clock import TravelClock
from farthing.errors import Conflict
from farthing.lifecycles import DiscrepancyStatus, PayoutStatus
from farthing.payouts import Payout
from farthing.sellers import Seller

DAY = 86_400
NO_ACCOUNT = "000111111116"
ARRIVES = 2 * DAY + 3_601


@pytest.fixture
def sandbox(lone_sandbox: Sandbox) -> Sandbox:
    """Its clock is moved: banks take days."""
    return lone_sandbox


async def hear_of(market: Market, seller: Seller, *, times: int = 1) -> None:
    """What happens at the seller's account is told, last things first, and so often."""
    for _ in range(times):
        await tell(market.world, reversed(await news_of(market.account, seller)))
        while await webhooks.drain(market.world):
            pass


async def known(market: Market, seller: Seller) -> list[Payout]:
    page = await market.do(lambda tx: payouts.list_payouts(tx, livemode=False, limit=100, seller=seller.id))
    return list(page.items)


async def theirs(market: Market, seller: Seller) -> list[dict[str, Any]]:
    header = {"Stripe-Account": str(seller.provider_account_id)}
    answer = await market.account.http.get("/v1/payouts", headers=header)
    return list(answer.raise_for_status().json()["data"])


async def sold(market: Market, seller: Seller, amount: int = 2000, sku: str = "lamp") -> None:
    """Something was sold, and its money is on the seller's account."""
    listing = await market.lists(seller, sku, amount)
    started = await start(market.world, of(listing))
    session = await session_of(market.world, started.id)
    assert (await market.account.pay(session, AVAILABLE_AT_ONCE)).status_code == 200
    await checkout.sync(market.world, session, actor="test")
    order = await read(market.world, started.order_id)
    await delivered(market, order)
    await time_passes(market, 3)
    await settle(market)


@pytest.mark.covers("S004-19")
async def test_a_payout_is_asked_for_once_and_followed_until_it_arrives(market: Market) -> None:
    await earned(market, card=AVAILABLE_AT_ONCE)
    await settle(market)
    assert await payouts.available(market.world, market.grace.id, actor="test") == [usd(1800)]
    with pytest.raises(Conflict, match="can go to their bank now"):
        await payouts.pay_out(market.world, market.grace.id, usd(1801), actor="test")
    await market.account.fail_next("lost_response", "/v1/payouts")
    made = await payouts.pay_out(market.world, market.grace.id, actor="test")
    with pytest.raises(Conflict, match="asked for already"):
        await payouts.pay_out(market.world, market.grace.id, actor="test")
    await work(market.world)
    await work(market.world)
    (standing,) = await market.do(lambda tx: payouts.balance(tx, market.grace.id))
    assert (standing.with_seller, standing.to_bank, standing.paid_out) == (usd(0), usd(1800), usd(0))
    await market.account.advance(ARRIVES)
    await hear_of(market, market.grace, times=2)
    (payout,) = await known(market, market.grace)
    assert (payout.id, payout.status, payout.money, payout.last4) == (made.id, PayoutStatus.PAID, usd(1800), "6789")
    assert payout.arrives_at is not None
    assert (payout.requested_by, payout.automatic) == ("test", False)
    assert len(await theirs(market, market.grace)) == 1
    told = await happened(market.world)
    assert [told.count(name) for name in ("payout.requested", "payout.sent", "payout.paid", "payout.failed")] == [1, 1, 1, 0]
    (standing,) = await market.do(lambda tx: payouts.balance(tx, market.grace.id))
    assert (standing.with_seller, standing.to_bank, standing.paid_out) == (usd(0), usd(0), usd(1800))
    assert await sound(market.world)


@pytest.mark.covers("S004-19")
async def test_a_bank_sends_back_what_had_arrived_and_the_seller_is_told_why_until_it_goes_again(
    market: Market, outbox: Outbox
) -> None:
    mallory = await onboarded(market.world, market.account, "mallory", account_number=NO_ACCOUNT)
    await sold(market, mallory)
    await payouts.pay_out(market.world, mallory.id, actor="test")
    await work(market.world)
    await market.account.advance(ARRIVES)
    await hear_of(market, mallory)
    assert [each.status for each in await known(market, mallory)] == [PayoutStatus.PAID]
    await market.account.advance(DAY + 1)
    await hear_of(market, mallory)
    (failed,) = await known(market, mallory)
    assert (failed.status, failed.failure_code) == (PayoutStatus.FAILED, "no_account")
    assert failed.failure_message is not None
    await work(market.world)
    written = [message.subject for message in outbox.messages if message.recipient == "mallory@example.com"]
    assert {"$18.00 is on its way to your bank", "Your bank did not take $18.00"} <= set(written)
    assert failed.paid_at is not None
    (standing,) = await market.do(lambda tx: payouts.balance(tx, mallory.id))
    assert (standing.with_seller, standing.paid_out) == (usd(1800), usd(0))
    told = await happened(market.world)
    assert (told.count("payout.paid"), told.count("payout.failed")) == (1, 1)
    now = await market.do(lambda tx: sellers.get(tx, mallory.id))
    assert not now.payouts_enabled
    assert any("bank account" in reason.said for reason in sellers.reasons_of(now))
    with pytest.raises(Conflict, match="Nothing can go to the bank"):
        await payouts.retry(market.world, failed.id, actor="test")
    await act(market.account, mallory, "onboard")
    await sellers.sync(market.world, mallory.id, actor="test")
    with pytest.raises(Conflict, match=r"is held: The bank account changed\."):
        await payouts.retry(market.world, failed.id, actor="test")
    await market.do(lambda tx: sellers.let_go(tx, mallory.id))
    again = await payouts.retry(market.world, failed.id, actor="test")
    await work(market.world)
    with pytest.raises(Conflict):
        await payouts.retry(market.world, failed.id, actor="test")
    await market.account.advance(ARRIVES)
    # Nothing is told: the sweep looks.
    await market.do(lambda tx: tx.run("UPDATE payouts SET looked_at = looked_at - interval '2 days'"))
    await payouts.look_at_banks(market.world)
    assert [(each.id, each.status) for each in await known(market, mallory)] == [
        (again.id, PayoutStatus.PAID),
        (failed.id, PayoutStatus.FAILED),
    ]
    assert await sound(market.world)


async def test_what_a_bank_sends_back_after_it_arrived_is_found_though_nothing_is_heard_of_it(market: Market) -> None:
    mallory = await onboarded(market.world, market.account, "mallory", account_number=NO_ACCOUNT)
    await sold(market, mallory)
    await payouts.pay_out(market.world, mallory.id, actor="test")
    await work(market.world)
    await market.account.advance(ARRIVES)
    await hear_of(market, mallory)
    await market.account.advance(DAY + 1)
    await payouts.look_at_banks(market.world)
    assert [each.status for each in await known(market, mallory)] == [PayoutStatus.PAID], "it was looked at today"
    await market.do(lambda tx: tx.run("UPDATE payouts SET looked_at = looked_at - interval '25 hours'"))
    await payouts.look_at_banks(market.world)
    assert [each.status for each in await known(market, mallory)] == [PayoutStatus.FAILED]
    assert await sound(market.world)


async def reconciled(market: Market, *, heals: bool = False) -> list[tuple[str, str, str, str | None, str | None]]:
    """What differs from the provider's lists: kind, of what, field, here, there."""
    provider = market.world.provider
    id = await market.do(lambda tx: reconcile.start(tx, provider.name, provider.livemode, since=None, heals=heals))
    await reconcile.run(market.world, id)
    page = await market.do(lambda tx: reconcile.list_page(tx, limit=100, status=DiscrepancyStatus.OPEN))
    return sorted(
        (
            each.difference.kind,
            each.difference.subject_kind,
            each.difference.field,
            each.difference.ours,
            each.difference.theirs,
        )
        for each in page.items
    )


async def test_reconciling_finds_nothing_where_all_is_right_and_heals_what_was_never_heard_of(
    market: Market, clock: TravelClock
) -> None:
    await sold(market, market.grace)
    await sold(market, market.linus, 5000, "sofa")
    order = await earned(market, 3000, "desk", card=AVAILABLE_AT_ONCE)
    await settle(market)
    await give_back(market, order, 1000)
    await settle(market)
    clock.advance(timedelta(hours=1))
    assert await reconciled(market) == []
    await payouts.pay_out(market.world, market.grace.id, usd(1000), actor="test")
    await work(market.world)
    # In the provider's dashboard.
    header = {"Stripe-Account": str(market.linus.provider_account_id)}
    out = {"amount": "700", "currency": "usd"}
    (await market.account.http.post("/v1/payouts", data=out, headers=header)).raise_for_status()
    await market.account.advance(ARRIVES)
    assert await reconciled(market) == [
        ("differs", "payout", "status", "pending", "paid"),
        ("missing_here", "payout", "payout", None, "paid 7.00 USD"),
    ]
    assert await reconciled(market, heals=True) == []
    assert [each.money for each in await known(market, market.linus)] == [usd(700)]


async def test_what_somebody_did_with_transfers_by_hand_is_shown_until_somebody_decides(
    market: Market, clock: TravelClock
) -> None:
    await sold(market, market.grace)
    await sold(market, market.linus, 5000, "sofa")
    clock.advance(timedelta(hours=1))
    (ours,) = await transfers(market, market.grace)
    by_hand = {"amount": "100", "currency": "usd", "destination": str(market.grace.provider_account_id)}
    (await market.account.http.post("/v1/transfers", data=by_hand)).raise_for_status()
    path = f"/v1/transfers/{ours.provider_transfer_id}/reversals"
    (await market.account.http.post(path, data={"amount": "50"})).raise_for_status()
    await hear(market.world, market.account)
    expected = [
        ("differs", "transfer", "reversed", "0.00 USD", "0.50 USD"),
        ("missing_here", "transfer", "transfer", None, "1.00 USD"),
    ]
    assert await reconciled(market, heals=True) == expected
    assert await reconciled(market, heals=True) == expected
    assert await sound(market.world)
