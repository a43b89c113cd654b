"""A seller gets one account of ours at the provider, goes through its pages, and is believed only what the provider says."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.news import happened, work
from tests.sellers.selling import (
    act,
    begun,
    goes_through,
    hear,
    news_of,
    notices,
    onboarded,
    read,
    sent_to_onboarding,
    theirs,
    told_of,
)
from tests.worlds import Account, unchanged

from farthing import sellers, worker
from farthing.errors import Conflict, Invalid, NotFound, ProviderError, ProviderUnavailable
from farthing.lifecycles import SellerStatus
from farthing.sellers import reasons_of
from farthing.world import World


@pytest.mark.covers("S004-15")
async def test_a_seller_is_led_through_onboarding_and_may_sell_from_then_on(world: World, account: Account) -> None:
    grace = await told_of(world, country="US")
    assert (grace.status, grace.provider_account_id, await theirs(account)) == (SellerStatus.CREATED, None, [])
    page = await sent_to_onboarding(world, grace.id)
    (made,) = await theirs(account)
    grace = await read(world, grace.id)
    assert (grace.status, grace.provider_account_id) == (SellerStatus.ONBOARDING, made["id"])
    assert made["metadata"] == {"farthing_seller": str(grace.id), "farthing_external_id": "grace"}
    assert made["controller"]["stripe_dashboard"]["type"] == "express"
    assert (made["controller"]["losses"]["payments"], made["controller"]["fees"]["payer"]) == ("application", "application")
    assert made["settings"]["payouts"]["schedule"]["interval"] == "manual"
    assert {reason.urgency for reason in reasons_of(grace)} == {"now"}
    assert "Your agreement to the provider's terms." in {reason.said for reason in reasons_of(grace)}
    first = await account.http.get(urlsplit(page.url).path, follow_redirects=False)
    assert first.headers["location"].startswith("/c/seller/")
    again = await account.http.get(urlsplit(page.url).path, follow_redirects=False)
    assert urlsplit(again.headers["location"]).path == "/seller/refresh", "a link opens once"
    await goes_through(account, grace)
    grace = await sellers.sync(world, grace.id, actor="test")
    assert (grace.status, grace.may_sell, grace.may_be_paid) == (SellerStatus.ACTIVE, True, True)
    assert (grace.charges_enabled, grace.payouts_enabled, grace.details_submitted) == (True, True, True)
    assert reasons_of(grace) == []
    assert [bank.last4 for bank in grace.payout_accounts] == ["6789"]
    url = await sellers.open_dashboard(world, grace.id, actor="test")
    assert "/c/express/" in url
    told = await happened(world)
    assert told == [
        "seller.created",
        "seller.account_opened",
        "seller.onboarding_started",
        "seller.onboarded",
        "seller.dashboard_opened",
    ]
    async with world.db.transaction("test") as tx:
        events = await tx.all(lambda row: str(row["data"]), "SELECT data FROM events")
    assert not any("/c/" in data or "http" in data for data in events), "no link is kept"


@pytest.mark.covers("F49")
async def test_many_clicks_and_lost_answers_make_one_account(world: World, account: Account) -> None:
    grace = await told_of(world)
    await account.fail_next("lost_response", "/v1/accounts", times=3)
    with pytest.raises(ProviderUnavailable):
        await sent_to_onboarding(world, grace.id)
    assert (await read(world, grace.id)).provider_account_id is None
    await told_of(world, name="Grace Hopper")
    await asyncio.gather(*(sent_to_onboarding(world, grace.id) for _ in range(4)), return_exceptions=True)
    await sent_to_onboarding(world, grace.id)
    (made,) = await theirs(account)
    assert (await read(world, grace.id)).provider_account_id == made["id"]
    assert (await happened(world)).count("seller.account_opened") == 1
    await asyncio.gather(*(told_of(world, "ada") for _ in range(4)))
    async with world.db.transaction("test") as tx:
        assert len((await sellers.list_page(tx, livemode=False, limit=10)).items) == 2


async def test_after_a_day_an_account_whose_answer_was_lost_is_found_by_our_mark(world: World, account: Account) -> None:
    for name, fault in (("grace", "lost_response"), ("ada", "500_before")):
        seller = await told_of(world, name)
        await account.fail_next(fault, "/v1/accounts", times=3)
        with pytest.raises(ProviderUnavailable):
            await sent_to_onboarding(world, seller.id)
    async with world.db.transaction("test") as tx:
        await tx.connection.execute("UPDATE sellers SET asked_at = asked_at - interval '24 hours'")
    await sellers.look_again(world)
    async with world.db.transaction("test") as tx:
        ada, grace = (await sellers.list_page(tx, livemode=False, limit=10)).items
    by_mark = {each["metadata"]["farthing_seller"]: each["id"] for each in await theirs(account)}
    assert by_mark == {str(ada.id): ada.provider_account_id, str(grace.id): grace.provider_account_id}
    assert (grace.incarnation, ada.incarnation) == (1, 2), "nothing came of the second question: it was asked anew"


async def test_an_event_that_overtakes_the_answer_finds_the_seller_by_our_mark(world: World, account: Account) -> None:
    grace = await told_of(world)
    await account.fail_next("lost_response", "/v1/accounts", times=3)
    with pytest.raises(ProviderUnavailable):
        await sent_to_onboarding(world, grace.id)
    (made,) = await theirs(account)
    event = {"id": "evt_early", "object": "event", "type": "account.updated", "account": made["id"], "livemode": False}
    await hear(world, [event | {"data": {"object": {"id": made["id"], "object": "account"}}}])
    assert (await read(world, grace.id)).provider_account_id == made["id"]
    await sent_to_onboarding(world, grace.id)
    assert len(await theirs(account)) == 1


@pytest.mark.covers("S004-13")
async def test_what_is_missing_restricts_a_seller_until_it_is_given(world: World, account: Account) -> None:
    grace = await begun(world)
    await goes_through(account, grace, outcome="half")
    await hear(world, await news_of(account, grace))
    grace = await read(world, grace.id)
    assert (grace.status, grace.may_sell) == (SellerStatus.ONBOARDING, False)
    assert "A bank account or debit card for your payouts." in {reason.said for reason in reasons_of(grace)}
    await goes_through(account, grace, outcome="document")
    await hear(world, await news_of(account, grace))
    grace = await read(world, grace.id)
    assert (grace.status, grace.charges_enabled) == (SellerStatus.RESTRICTED, False)
    said = [reason.said for reason in reasons_of(grace)]
    assert said == [
        "Something that was asked for is late.",
        "What you gave does not match the records: correct it, or upload a document.",
        "Your identity document.",
    ]
    page = await sent_to_onboarding(world, grace.id)
    visit = (await account.http.get(urlsplit(page.url).path, follow_redirects=False)).headers["location"]
    done = await account.http.post(visit, data={"step": "3", "press": "next"}, follow_redirects=False)
    assert urlsplit(done.headers["location"]).path == "/seller/return"
    await hear(world, await news_of(account, grace))
    grace = await read(world, grace.id)
    assert (grace.status, reasons_of(grace)) == (SellerStatus.ACTIVE, [])
    await act(account, grace, "ask", fields=["individual.id_number"], seconds=86_400)
    await hear(world, await news_of(account, grace))
    grace = await read(world, grace.id)
    (reason,) = reasons_of(grace)
    assert (grace.status, reason.said, reason.urgency) == (SellerStatus.ACTIVE, "Your tax number.", "soon")
    assert reason.until is not None
    await act(account, grace, "ask", fields=["individual.id_number"], blocks="charges")
    await hear(world, await news_of(account, grace))
    grace = await read(world, grace.id)
    assert (grace.status, grace.charges_enabled, grace.may_sell) == (SellerStatus.RESTRICTED, False, False)
    told = [type for type in await happened(world) if type != "seller.onboarding_started"]
    assert told[:2] == ["seller.created", "seller.account_opened"]
    assert [type for type in told if type in ("seller.restricted", "seller.onboarded")] == [
        "seller.restricted",
        "seller.onboarded",
        "seller.restricted",
    ]


async def test_who_is_being_checked_waits_and_is_told_so(world: World, account: Account) -> None:
    grace = await onboarded(world, account, outcome="pending")
    assert grace.status == SellerStatus.VERIFYING
    assert {reason.urgency for reason in reasons_of(grace)} == {"checking"}


@pytest.mark.covers("S004-13", "F100")
async def test_news_of_accounts_are_about_the_account_they_come_from_and_of_no_other(world: World, account: Account) -> None:
    grace, ada = await begun(world), await begun(world, "ada")
    await goes_through(account, grace)
    (await account.http.post("/v1/accounts", data={"country": "US", "type": "custom"})).raise_for_status()
    foreign = next(each["id"] for each in await theirs(account) if not each["metadata"])
    about = {"data": {"object": {"id": grace.provider_account_id, "object": "account", "charges_enabled": True}}}
    event = {"object": "event", "type": "account.updated", "livemode": False}
    sent = [
        {**event, **about, "id": "evt_mixed", "account": ada.provider_account_id},
        {**event, **about, "id": "evt_of_nobody"},
        {**event, "id": "evt_foreign", "account": foreign, "data": {"object": {"id": foreign, "object": "account"}}},
        {**event, "id": "evt_unknown", "account": "acct_x", "data": {"object": {"id": "acct_x", "object": "account"}}},
        {**event, "id": "evt_path", "account": "../balance", "data": {"object": {"id": "../balance", "object": "account"}}},
        {**event, "id": "evt_payout", "type": "balance.available", "account": foreign, "data": {"object": {"id": "po_1"}}},
    ]
    async with unchanged(world):
        await hear(world, sent)
    assert [(status, reason) for _, status, reason in await notices(world)] == [
        ("ignored", "it is about another account than it is from"),
        ("ignored", "nothing follows from this type of event"),
        ("ignored", "not ours: it belongs to none of our sellers"),
        ("ignored", "not ours: it belongs to none of our sellers"),
        ("ignored", "it names no connected account"),
        ("ignored", "nothing follows from this type of event of a connected account"),
    ]


async def test_news_in_any_order_twice_or_never_come_to_the_same(world: World, account: Account) -> None:
    grace, ada = await begun(world), await begun(world, "ada")
    for seller in (grace, ada):
        await goes_through(account, seller)
    news = await news_of(account, grace)
    await hear(world, [*reversed(news), *news])
    assert {status for _, status, _ in await notices(world) if status != "ignored"} == {"processed"}
    assert (await read(world, grace.id)).status == SellerStatus.ACTIVE
    assert (await read(world, ada.id)).status == SellerStatus.ONBOARDING
    async with world.db.transaction("test") as tx:
        await tx.connection.execute("UPDATE sellers SET seen_at = seen_at - interval '2 hours'")
    await sellers.look_again(world)
    assert (await read(world, ada.id)).status == SellerStatus.ACTIVE, "what nobody told is found out"
    assert (await happened(world)).count("seller.onboarded") == 2


async def test_of_two_looks_the_one_that_began_later_is_right(world: World, account: Account) -> None:
    grace = await begun(world)
    late = {"kind": "slow", "path": f"/v1/accounts/{grace.provider_account_id}", "method": "GET", "seconds": 1}
    (await account.http.post("/_sandbox/faults", json=late)).raise_for_status()
    slow = asyncio.create_task(sellers.sync(world, grace.id, actor="slow"))
    await asyncio.sleep(0.2)
    await goes_through(account, grace)
    await sellers.sync(world, grace.id, actor="quick")
    await slow
    assert (await read(world, grace.id)).status == SellerStatus.ACTIVE


@pytest.mark.covers("F169")
async def test_money_that_is_to_go_to_another_account_than_before_is_told(world: World, account: Account) -> None:
    grace = await onboarded(world, account)
    assert "seller.payout_account_changed" not in await happened(world), "the first one is no change"
    await goes_through(account, grace, account_number="000111111113")
    await hear(world, await news_of(account, grace))
    grace = await read(world, grace.id)
    assert [bank.last4 for bank in grace.payout_accounts] == ["1113"]
    assert grace.payout_account_changed_at is not None
    assert (await happened(world)).count("seller.payout_account_changed") == 1


async def test_a_seller_whose_account_is_gone_may_begin_anew(world: World, account: Account) -> None:
    grace = await onboarded(world, account)
    first = grace.provider_account_id
    (await account.http.delete(f"/v1/accounts/{first}")).raise_for_status()
    event = {"id": "evt_1", "object": "event", "type": "account.application.deauthorized", "account": first, "livemode": False}
    await hear(world, [event | {"data": {"object": {"id": "ca_1", "object": "application"}}}])
    grace = await read(world, grace.id)
    assert (grace.status, grace.may_sell, grace.may_be_paid) == (SellerStatus.DEAUTHORIZED, False, False)
    assert (await happened(world))[-1] == "seller.deauthorized"
    with pytest.raises(Conflict):
        await sellers.open_dashboard(world, grace.id, actor="test")
    await sent_to_onboarding(world, grace.id)
    grace = await read(world, grace.id)
    assert (grace.status, grace.former_account_ids) == (SellerStatus.ONBOARDING, (first,))
    assert grace.provider_account_id not in (None, first)
    await hear(world, [event | {"id": "evt_2", "data": {"object": {"id": "ca_1", "object": "application"}}}])
    assert (await read(world, grace.id)).status == SellerStatus.ONBOARDING, "news of the former account are old news"
    async with world.db.transaction("test") as tx:
        for words in (str(first), grace.provider_account_id, "GRACE@example.com", "grac", str(grace.id), "grace"):
            assert [each.id for each in (await sellers.list_page(tx, livemode=False, limit=5, search=words)).items] == [
                grace.id
            ]


async def test_a_seller_with_a_dashboard_of_their_own_may_disconnect(world: World, account: Account) -> None:
    grace = await begun(world)
    own = {"controller[stripe_dashboard][type]": "full", "country": "US"}
    made = (await account.http.post("/v1/accounts", data=own)).raise_for_status().json()
    async with world.db.transaction("test") as tx:
        await tx.run("UPDATE sellers SET provider_account_id = %(id)s", id=made["id"])
    grace = await read(world, grace.id)
    await act(account, grace, "deauthorize")
    await hear(world, [e for e in await account.events() if e["type"] == "account.application.deauthorized"])
    grace = await sellers.sync(world, grace.id, actor="test")
    assert grace.status == SellerStatus.DEAUTHORIZED


async def test_the_shop_suspends_and_reinstates_with_a_reason(world: World, account: Account) -> None:
    grace = await onboarded(world, account)
    with pytest.raises(Invalid):
        await world.db.run("test", lambda tx: sellers.suspend(tx, grace.id, " "))
    await world.db.run("staff:eve", lambda tx: sellers.suspend(tx, grace.id, "Sells what is not theirs."))
    with pytest.raises(Conflict):
        await world.db.run("test", lambda tx: sellers.suspend(tx, grace.id, "Again."))
    found = await sellers.sync(world, grace.id, actor="test")
    assert (found.status, found.may_sell, found.may_be_paid) == (SellerStatus.ACTIVE, False, False)
    assert found.suspension_reason == "Sells what is not theirs."
    found = await world.db.run("staff:eve", lambda tx: sellers.reinstate(tx, grace.id, "It was theirs after all."))
    assert (found.may_sell, found.suspension_reason) == (True, None)
    with pytest.raises(Conflict):
        await world.db.run("test", lambda tx: sellers.reinstate(tx, grace.id, "Again."))
    assert (await happened(world))[-2:] == ["seller.suspended", "seller.reinstated"]


async def test_the_shop_rejects_and_the_provider_is_told_by_a_job(world: World, account: Account) -> None:
    grace = await onboarded(world, account)
    await world.db.run("staff:eve", lambda tx: sellers.request_rejection(tx, grace.id, "fraud", "Stolen goods."))
    found = await read(world, grace.id)
    assert (found.status, found.may_sell, found.may_be_paid) == (SellerStatus.ACTIVE, False, False)
    await account.fail_next("lost_response", f"/v1/accounts/{grace.provider_account_id}/reject", times=3)
    await work(world)
    await work(world)
    found = await read(world, grace.id)
    assert (found.status, found.requirements.disabled_reason) == (SellerStatus.REJECTED, "rejected.platform_fraud")
    assert [reason.said for reason in reasons_of(found)] == ["The shop rejected this account for suspected fraud."]
    async with unchanged(world):
        with pytest.raises(Conflict):
            await sent_to_onboarding(world, grace.id)
        with pytest.raises(Conflict):
            await world.db.run("test", lambda tx: sellers.request_rejection(tx, grace.id, "other", "Again."))
    assert (await happened(world)).count("seller.rejected") == 1
    assert "sellers.reject" in worker.TASKS


async def test_a_seller_whom_the_provider_rejects_is_led_nowhere(world: World, account: Account) -> None:
    grace = await onboarded(world, account, outcome="rejected")
    assert (grace.status, grace.may_be_paid) == (SellerStatus.REJECTED, False)
    with pytest.raises(Conflict):
        await sent_to_onboarding(world, grace.id)


async def test_what_the_provider_does_not_take_is_told_without_its_words(world: World, account: Account) -> None:
    grace = await told_of(world, country="XX")
    with pytest.raises(ProviderError, match="Stripe refused"):
        await sent_to_onboarding(world, grace.id)
    found = await read(world, grace.id)
    assert (found.refusal, found.request, found.incarnation) == ("the provider refused country (no reason given)", None, 2)
    assert (await told_of(world, country="US")).country == "US", "what was wrong can be corrected"
    await sent_to_onboarding(world, grace.id)
    async with unchanged(world):
        with pytest.raises(Conflict, match="cannot be changed"):
            await told_of(world, country="DE")


@pytest.mark.covers("F169")
async def test_the_way_back_is_signed_for_one_purpose_and_one_seller(world: World, account: Account) -> None:
    grace, ada = await begun(world), await begun(world, "ada")
    token = parse_qs(urlsplit(sellers.address(world, grace.id, "return")).query)["visit"][0]
    assert sellers.read(world, token, "return", now=world.clock.now()) == grace.id
    other = parse_qs(urlsplit(sellers.address(world, ada.id, "refresh")).query)["visit"][0]
    for forged in (other, token[:-2] + "AA", "", "x", f"{token}=", str(grace.provider_account_id)):
        with pytest.raises(NotFound):
            sellers.read(world, forged, "return", now=world.clock.now())
    with pytest.raises(NotFound):
        sellers.read(world, token, "return", now=world.clock.now().replace(year=2100))
