"""Trying again: by command or by the customer, one at a time, and never twice."""

import asyncio
from datetime import timedelta

import pytest
from tests.dunning.conftest import Late
from tests.news import happened, sound, work
from tests.subscriptions.conftest import Ada, subscribe
from tests.worlds import Account

from farthing import dunning, entitlements
from farthing.dunning import Attempt
from farthing.errors import Conflict, FarthingError, ProviderUnavailable
from farthing.world import World


async def retry(late: Late) -> Attempt:
    return await dunning.retry(late.world, (await late.subscription()).id, actor="test")


async def test_a_retry_with_a_card_that_still_declines_says_why_and_changes_nothing(late: Late) -> None:
    before = await late.subscription()
    tried = await retry(late)
    assert (tried.status, tried.code) == ("declined", "generic_decline")
    after = await late.subscription()
    assert (after.status, after.paid_until) == ("past_due", before.paid_until)
    assert (await late.received(), await sound(late.world)) == (0, True)


async def test_a_retry_with_a_good_card_pays_and_counts_as_recovered(late: Late) -> None:
    await late.ada.card("pm_card_visa")
    tried = await retry(late)
    assert (tried.status, (await late.subscription()).status, await late.received()) == ("paid", "active", 2000)
    await late.hear()
    told = await happened(late.world)
    assert (told.count("invoice.recovered"), told.count("invoice.retried")) == (1, 1)
    with pytest.raises(Conflict, match="owes nothing"):
        await retry(late)
    assert await sound(late.world)


async def test_a_bank_that_wants_the_buyer_says_so(late: Late) -> None:
    await late.ada.card("pm_card_authenticationRequired")
    assert (await retry(late)).status == "action_required"
    assert await late.received() == 0


async def test_who_has_paid_everything_owes_nothing(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    with pytest.raises(Conflict, match="owes nothing"):
        await dunning.retry(world, bought.id, actor="test")


async def test_a_lost_answer_is_asked_for_again_and_charges_once(late: Late) -> None:
    await late.ada.card("pm_card_visa")
    invoice = (await late.invoice()).provider_invoice_id
    await late.account.fail_next("lost_response", f"/v1/invoices/{invoice}/pay", times=3)
    with pytest.raises(ProviderUnavailable):
        await retry(late)
    with pytest.raises(Conflict, match="being collected at this moment"):
        await retry(late)
    late.ada.clock.advance(timedelta(minutes=1))
    await dunning.ask_again(late.world)
    async with late.world.db.transaction("test") as tx:
        (tried,) = await dunning.attempts_of(tx, (await late.invoice()).id)
    assert (tried.status, await late.received(), await sound(late.world)) == ("paid", 2000, True)


async def test_nobody_tries_a_card_all_day(late: Late) -> None:
    for _ in range(6):
        await retry(late)
    with pytest.raises(Conflict, match="6 times within a day"):
        await retry(late)


async def test_the_end_of_trying_ends_access_and_says_so_once(late: Late) -> None:
    assert await entitlements.check(late.world.db, "ada", "reports")
    await late.ada.later(days=20)
    assert (await late.subscription()).status == "canceled"
    for _ in range(2):
        await dunning.tell_of_lapses(late.world)
    await work(late.world)
    assert not await entitlements.check(late.world.db, "ada", "reports")
    assert (await happened(late.world)).count("subscription.lapsed") == 1
    assert await sound(late.world)


@pytest.mark.covers("F51")
async def test_the_schedule_a_retry_and_the_customer_at_once_charge_one_invoice_once(late: Late) -> None:
    """A dozen months in a row: each renewal fails, and then everybody collects it in the same moment."""
    await late.ada.card("pm_card_visa")
    assert (await retry(late)).status == "paid"
    for _ in range(12):
        await late.ada.card("pm_card_chargeCustomerFail")
        left = (await late.subscription()).current_period_end - late.world.clock.now()
        await late.ada.wait(seconds=int(left.total_seconds()) + 7200)
        await late.look()
        invoice = await late.invoice()
        assert invoice.status == "open"
        await late.ada.card("pm_card_visa")
        pay = late.account.http.post(f"/i/{invoice.provider_invoice_id}", data={"number": "4242424242424242"})
        theirs = late.account.http.post(f"/v1/invoices/{invoice.provider_invoice_id}/pay")
        tries = await asyncio.gather(pay, retry(late), theirs, retry(late), return_exceptions=True)
        assert [each for each in tries if isinstance(each, Exception) and not isinstance(each, FarthingError)] == []
        await late.look()
        assert ((await late.invoice()).status, await late.received()) == ("paid", 2000)
    assert await sound(late.world)
