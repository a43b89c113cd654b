"""What a subscriber reads when money fails, and before: one message for each fact."""

from dataclasses import replace

import pytest
from tests.dunning.conftest import Late, link_of
from tests.news import happened, hear, work
from tests.subscriptions.conftest import PLANS, Ada, subscribe, the_one
from tests.worlds import Account, Outbox

from farthing import catalog, dunning, emails, events, subscriptions
from farthing.emails.words import languages
from farthing.world import World


def subjects(outbox: Outbox) -> list[str]:
    return [each.subject for each in outbox.messages]


async def test_a_renewal_that_fails_is_told_with_its_link_and_what_comes(late: Late, outbox: Outbox) -> None:
    (message,) = outbox.messages
    assert (message.recipient, message.subject) == ("ada@example.com", "We could not charge you for Pro")
    for part in ("€20.00", "We try once more on", "You can go on using it until", "/renewal/"):
        assert part in message.text
        assert part in message.html
    await late.ada.later(days=3)
    await work(late.world)
    assert subjects(outbox) == ["We could not charge you for Pro"] * 2, "each try is a fact of its own"


async def test_the_same_fact_is_told_once_however_often_its_job_runs(late: Late, outbox: Outbox) -> None:
    async with late.world.db.transaction("test") as tx:
        told = await events.of_subscription(tx, (await late.subscription()).id)
    failed = next(each for each in told if each.type == "invoice.payment_failed")
    for _ in range(3):
        await emails.renewal_failed(late.world, failed)
    assert len(outbox.messages) == 1
    assert (await happened(late.world)).count("email.sent") == 1


async def test_a_bank_that_wants_the_buyer_is_told_in_other_words(
    world: World, account: Account, ada: Ada, outbox: Outbox
) -> None:
    await subscribe(world, account)
    await ada.card("pm_card_authenticationRequired")
    await ada.later(days=31, hours=12)
    await work(world)
    assert subjects(outbox) == ["Your bank wants you to confirm the payment for Pro"]


async def test_the_end_is_told_once_access_is_gone(late: Late, outbox: Outbox) -> None:
    await late.ada.later(days=20)
    await dunning.tell_of_lapses(late.world)
    await work(late.world)
    assert subjects(outbox)[-1] == "Pro has ended because it was not paid"
    assert subjects(outbox).count("Pro has ended because it was not paid") == 1


async def test_where_the_provider_only_stops_collecting_the_end_of_the_grace_is_told_with_a_link(
    world: World, account: Account, ada: Ada, outbox: Outbox
) -> None:
    changed = await account.http.post("/_sandbox/billing", json={"key": account.key, "dunning_ends": "unpaid"})
    assert changed.status_code == 200, changed.text
    await subscribe(world, account)
    await ada.card("pm_card_chargeCustomerFail")
    await ada.later(days=50)
    assert (await the_one(world)).status == "unpaid"
    await dunning.tell_of_lapses(world)
    await work(world)
    assert "/renewal/" in link_of(outbox.messages[-1].text)
    assert "it goes on at once" in outbox.messages[-1].text


async def test_a_trial_that_ends_is_told_before_with_what_it_costs(
    world: World, account: Account, ada: Ada, outbox: Outbox
) -> None:
    await subscribe(world, account, "team")
    await ada.later(days=12)
    await subscriptions.tell_of_trials(world)
    await work(world)
    (message,) = outbox.messages
    assert message.subject.startswith("Your trial of Team ends on ")
    assert "€50.00" in message.text


async def test_a_card_that_expires_before_the_next_charge_is_told_once(
    world: World, account: Account, ada: Ada, outbox: Outbox
) -> None:
    await subscribe(world, account)
    now = ada.clock.now()
    (paying,) = (await account.get("/v1/subscriptions", customer=ada.id))["data"]
    form = {"card[exp_month]": str(now.month), "card[exp_year]": str(now.year)}
    (await account.http.post(f"/v1/payment_methods/{paying['default_payment_method']}", data=form)).raise_for_status()
    await dunning.check_cards(world)
    assert outbox.messages == [], "it is too early"
    await ada.later(days=20)
    for _ in range(2):
        await dunning.check_cards(world)
    await work(world)
    assert subjects(outbox) == ["Your card expires before your next payment for Pro"]
    assert f"{now.month:02d}/{now.year}" in outbox.messages[0].text


async def test_a_shop_may_write_these_emails_itself(world: World, account: Account, ada: Ada, outbox: Outbox) -> None:
    quiet = replace(world, catalog=catalog.parse(PLANS + '\n[emails]\noff = ["renewal_failed"]\n'))
    await subscribe(quiet, account)
    await ada.card("pm_card_chargeCustomerFail")
    await ada.wait(days=31, hours=12)
    await hear(quiet, account)
    await work(quiet)
    assert outbox.messages == []


KINDS = ["renewal_failed", "renewal_action_required", "subscription_lapsed", "trial_ending", "card_expiring"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_written_in_every_language(kind: str) -> None:
    written = {each: emails.compose(kind, emails.EXAMPLES[kind], locale=each, folder=None) for each in languages(None)}
    assert set(written) == {"de", "en", "es", "fr"}
    assert len({each.subject for each in written.values()}) == len({each.text for each in written.values()}) == 4
    assert all("%(" not in each.text + each.html for each in written.values())
