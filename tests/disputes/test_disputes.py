"""What a dispute does to the books, to refunds and to the buyer's access, and how it ends."""

from dataclasses import replace
from itertools import permutations

import pytest
from tests.disputes.disputed import complain, dispute_of, disputed, payment_of
from tests.news import happened, hear, paid_beside, sound, tell, work
from tests.worlds import Account, buy, session_of, start, unchanged

from farthing import disputes, entitlements, ledger, payments, webhooks
from farthing.catalog import DisputePolicy
from farthing.errors import Conflict
from farthing.lifecycles import DisputeStatus, OrderStatus
from farthing.money import Money
from farthing.world import World


async def books(world: World) -> dict[str, int]:
    async with world.db.transaction("test") as tx:
        return {each.account: each.money.amount for each in await ledger.trial_balance(tx) if each.money}


async def may_read(world: World) -> bool:
    return await entitlements.check(world.db, "ada", "guide:pro")


def with_policy(world: World, access: str) -> World:
    return replace(world, catalog=replace(world.catalog, disputes=DisputePolicy(access)))  # type: ignore[arg-type]


@pytest.mark.covers("S003-31")
async def test_a_dispute_is_seen_booked_and_takes_the_access_until_it_is_won(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account, reason="product_not_received")
    assert (dispute.status, dispute.money, dispute.reason) == ("needs_response", Money(4900, "eur"), "product_not_received")
    assert (dispute.network_reason_code, dispute.inquiry, dispute.access) == ("13.1", False, "suspended")
    assert dispute.evidence_due_by is not None
    assert (dispute.withheld_amount, dispute.fee) == (4900, Money(1500, "eur"))
    assert not await may_read(world)
    held = await books(world)
    assert (held["disputed"], held["dispute_fees"], "dispute_losses" in held) == (4900, 1500, False)
    await account.decide(dispute.provider_dispute_id, "won")
    await hear(world, account)
    won = await dispute_of(world, order)
    assert (won.status, won.withheld_amount, won.access) == ("won", 0, "kept")
    assert won.closed_at is not None
    assert await may_read(world)
    after = await books(world)
    assert ("disputed" in after, after["dispute_fees"], after["provider:stripe"]) == (
        False,
        1500,
        held["provider:stripe"] + 4900,
    )
    assert (await payment_of(world, order)).refundable == Money(4900, "eur")
    told = [name for name in await happened(world, order.id) if name.startswith(("dispute.", "entitlement."))]
    assert told == [
        "entitlement.granted",
        "entitlement.revoked",
        "dispute.opened",
        "dispute.funds_withdrawn",
        "entitlement.granted",
        "dispute.funds_reinstated",
        "dispute.won",
    ]
    assert await sound(world)


async def test_a_lost_dispute_is_a_loss_and_no_refund(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account)
    await account.decide(dispute.provider_dispute_id, "lost")
    await hear(world, account)
    lost = await dispute_of(world, order)
    assert (lost.status, lost.lost_amount, lost.access) == ("lost", 4900, "revoked")
    held = await books(world)
    assert (held["dispute_losses"], held["dispute_fees"]) == (4900, 1500)
    assert {"disputed", "refunds"} & held.keys() == set()
    assert not await may_read(world)
    assert (await payment_of(world, order)).refunded_amount == 0
    assert await sound(world)


async def test_a_contested_decision_takes_the_loss_back_and_ends_as_the_bank_says(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account)
    for outcome, status, lost, withheld in (
        ("lost", "lost", 4900, 4900),
        ("appealed", "appeal_needs_response", 0, 4900),
        ("won", "won", 0, 0),
        ("appealed", "appeal_needs_response", 0, 4900),
        ("lost", "lost", 4900, 4900),
    ):
        await account.decide(dispute.provider_dispute_id, outcome)
        await hear(world, account)
        found = await dispute_of(world, order)
        assert (found.status, found.lost_amount, found.withheld_amount) == (status, lost, withheld)
        assert await sound(world)
    assert (await books(world))["dispute_losses"] == 4900


@pytest.mark.parametrize(
    ("access", "while_open", "won", "lost"),
    [("keep", True, True, True), ("suspend", False, True, False), ("revoke", False, False, False)],
)
async def test_the_policy_says_what_the_buyer_may_use(
    world: World, account: Account, access: str, while_open: bool, won: bool, lost: bool
) -> None:
    shop = with_policy(world, access)
    for outcome, afterwards in (("won", won), ("lost", lost)):
        order = await buy(shop, account)
        dispute = await complain(shop, account, order)
        await hear(shop, account)
        assert await may_read(shop) == while_open
        await account.decide(dispute["id"], outcome)
        await hear(shop, account)
        assert await may_read(shop) == afterwards
        assert await sound(shop)
        async with shop.db.transaction("test") as tx:
            await tx.run("UPDATE entitlements SET revoked_at = coalesce(revoked_at, now())")
            await tx.run("UPDATE orders SET access_held_at = now() WHERE id = %(id)s", id=order.id)
            await tx.run("UPDATE disputes SET access = 'revoked'")


async def test_while_a_bank_only_asks_nothing_is_taken_and_a_refund_settles_it(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account, kind="inquiry")
    assert (dispute.status, dispute.inquiry, dispute.withheld_amount, dispute.access) == (
        "warning_needs_response",
        True,
        0,
        "kept",
    )
    assert await may_read(world)
    async with world.db.transaction("clerk") as tx:
        await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None)
    await work(world)
    await hear(world, account)
    await disputes.sync_dispute(world, dispute.provider_dispute_id, actor="test")
    closed = await dispute_of(world, order)
    assert (closed.status, closed.fee) == ("warning_closed", None)
    assert "dispute.closed" in await happened(world, order.id)
    assert await sound(world)


async def test_an_inquiry_that_becomes_a_dispute_takes_money_and_access_then(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account, kind="inquiry")
    await account.decide(dispute.provider_dispute_id, "escalated")
    await hear(world, account)
    found = await dispute_of(world, order)
    assert (found.status, found.withheld_amount, found.access) == ("needs_response", 4900, "suspended")
    assert [name for name in await happened(world, order.id) if name.startswith("dispute")] == [
        "dispute.opened",
        "dispute.funds_withdrawn",
        "dispute.escalated",
    ]
    assert await sound(world)


async def test_a_prevented_dispute_is_a_refund(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account, kind="prevented")
    assert (dispute.status, dispute.withheld_amount, dispute.access) == ("prevented", 0, "kept")
    assert (await payment_of(world, order)).refunded_amount == 4900
    assert not await may_read(world)
    assert await sound(world)


@pytest.mark.covers("F17")
async def test_what_a_bank_holds_cannot_be_refunded_as_well(world: World, account: Account) -> None:
    order, _ = await disputed(world, account, amount=3000)
    payment = await payment_of(world, order)
    assert (payment.refundable, payment.withheld_amount) == (Money(1900, "eur"), 3000)
    async with unchanged(world):
        with pytest.raises(Conflict, match=r"has 19\.00 EUR left to refund, not 19\.01 EUR"):
            async with world.db.transaction("clerk") as tx:
                await payments.refund_order(tx, order.id, Money(1901, "eur"), reason="duplicate", note=None)


@pytest.mark.covers("F17")
async def test_a_refund_on_its_way_when_the_dispute_comes_is_refused_and_taken_back(world: World, account: Account) -> None:
    order = await buy(world, account)
    async with world.db.transaction("clerk") as tx:
        await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None)
    await complain(world, account, order)
    await hear(world, account)
    assert (await payment_of(world, order)).paid_twice_amount == 4900
    await work(world)
    await hear(world, account)
    await disputes.watch(world)
    payment = await payment_of(world, order)
    assert (payment.refunding_amount, payment.refunded_amount, payment.withheld_amount) == (0, 0, 4900)
    assert payment.paid_twice_amount == 0
    assert "dispute.paid_twice" not in await happened(world, order.id)
    assert await sound(world)


async def test_a_refund_before_the_dispute_leaves_less_to_dispute(world: World, account: Account) -> None:
    order = await buy(world, account)
    async with world.db.transaction("clerk") as tx:
        await payments.refund_order(tx, order.id, Money(1000, "eur"), reason="requested_by_customer", note=None)
    await work(world)
    await complain(world, account, order)
    await hear(world, account)
    assert (await dispute_of(world, order)).money == Money(3900, "eur")
    assert (await payment_of(world, order)).refundable == Money(0, "eur")
    assert await sound(world)


async def test_a_dispute_of_what_was_refunded_already_is_told_once_for_somebody_to_decide(
    world: World, account: Account
) -> None:
    order = await buy(world, account)
    async with world.db.transaction("clerk") as tx:
        await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None)
    await work(world)
    await complain(world, account, order, although_refunded=True)
    for _ in range(2):
        await hear(world, account)
        await disputes.watch(world)
    dispute, payment = await dispute_of(world, order), await payment_of(world, order)
    assert (dispute.withheld_amount, payment.paid_twice_amount, payment.refundable) == (4900, 4900, Money(0, "eur"))
    assert dispute.paid_twice_told_at is not None
    assert (await happened(world, order.id)).count("dispute.paid_twice") == 1
    async with world.db.transaction("test") as tx:
        pack = await disputes.evidence_of(tx, world.catalog, dispute.id)
    assert "49.00 EUR was refunded on" in pack.evidence["refund_refusal_explanation"]
    assert await sound(world)
    await account.decide(dispute.provider_dispute_id, "won")
    await hear(world, account)
    async with world.db.transaction("test") as tx:
        assert (await payments.of_order(tx, order.id))[0].paid_twice_amount == 0
    assert not await may_read(world)
    assert await sound(world)


async def test_several_disputes_of_one_payment_hold_the_access_until_the_last_is_won(world: World, account: Account) -> None:
    order = await buy(world, account)
    first = await complain(world, account, order, amount=2000)
    await account.decide(first["id"], "won")
    second = await complain(world, account, order, amount=1000)
    await hear(world, account)
    assert not await may_read(world)
    await account.decide(second["id"], "won")
    await hear(world, account)
    assert await may_read(world)
    async with world.db.transaction("test") as tx:
        found = await disputes.of_order(tx, order.id)
    assert sorted((each.status, each.money.amount) for each in found) == [("won", 1000), ("won", 2000)]
    assert await sound(world)


@pytest.mark.covers("F91", "F92")
async def test_its_events_in_every_order_end_the_same(world: World, account: Account) -> None:
    """Created and closed half a second apart, or the other way round: an event only says where to look."""
    made = []
    for _ in permutations(range(3)):
        order = await buy(world, account)
        dispute = await complain(world, account, order)
        await account.decide(dispute["id"], "lost")
        made.append((order, dispute["id"]))
    everything = await account.events()
    for (order, id), turn in zip(made, permutations(range(3)), strict=True):
        mine = [event for event in everything if event["data"]["object"]["id"] == id]
        assert [event["type"] for event in mine] == [
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.closed",
        ]
        for index in turn:
            await tell(world, [mine[index]])
            while await webhooks.drain(world):
                pass
        found = await dispute_of(world, order)
        assert (found.status, found.lost_amount, found.access) == ("lost", 4900, "revoked"), turn
    assert (await books(world))["dispute_losses"] == 4900 * 6
    assert await sound(world)


@pytest.mark.covers("F48")
async def test_what_an_older_look_saw_never_overwrites_what_a_newer_one_did(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account)
    provider = world.provider
    async with world.db.transaction("test") as tx:
        number = await tx.value("SELECT nextval('dispute_looks')")
    stale = await provider.dispute(dispute.provider_dispute_id)
    await account.decide(dispute.provider_dispute_id, "won")
    await hear(world, account)
    async with unchanged(world), world.db.transaction("test") as tx:
        await disputes.record_dispute(tx, provider.name, provider.livemode, stale, disputes.Look(number, "suspend"))
    assert (await dispute_of(world, order)).status == DisputeStatus.WON


async def test_a_dispute_that_comes_before_its_payment_finds_it(world: World, account: Account) -> None:
    started = await start(world)
    assert (await account.pay(await session_of(world, started.id))).status_code == 200
    (charge,) = (await account.get("/v1/charges"))["data"]
    await account.complain(charge["payment_intent"])
    await hear(world, account, "charge.dispute.created")
    async with world.db.transaction("test") as tx:
        (found,) = await disputes.of_order(tx, started.order_id)
        (payment,) = await payments.of_order(tx, started.order_id)
    assert (found.status, payment.status, payment.withheld_amount) == ("needs_response", "succeeded", 4900)
    assert await sound(world)


async def test_a_dispute_of_a_payment_that_is_not_ours_is_left_alone(world: World, account: Account) -> None:
    form = {"amount": "700", "currency": "eur", "payment_method": "pm_card_visa", "confirm": "true"}
    form |= {"automatic_payment_methods[enabled]": "true", "automatic_payment_methods[allow_redirects]": "never"}
    made = (await account.http.post("/v1/payment_intents", data=form)).raise_for_status().json()
    await account.complain(made["id"])
    await hear(world, account)
    async with world.db.transaction("test") as tx:
        assert (await disputes.list_page(tx, limit=10)).items == []
        assert await tx.value("SELECT count(*) FROM provider_events WHERE status NOT IN ('ignored')") == 0


async def test_a_banks_suspicion_is_told_once(world: World, account: Account) -> None:
    order = await buy(world, account)
    await complain(world, account, order, kind="fraud_warning")
    await hear(world, account)
    (warning,) = (await account.get("/v1/radar/early_fraud_warnings"))["data"]
    await disputes.sync_fraud_warning(world, warning["id"], actor="test")
    assert (await happened(world, order.id)).count("payment.fraud_warning") == 1
    async with world.db.transaction("test") as tx:
        assert await disputes.warnings_of_order(tx, order.id) == ["made_with_stolen_card"]
    assert order.status == OrderStatus.PAID


async def test_money_that_paid_for_nothing_and_is_disputed_is_nobodys_loss_but_its_fee(world: World, account: Account) -> None:
    order = await buy(world, account)
    payment = await payment_of(world, order)
    await account.complain(await paid_beside(account, payment.id))
    await hear(world, account)
    await work(world)
    await hear(world, account)
    async with world.db.transaction("test") as tx:
        (dispute,) = await disputes.of_order(tx, order.id)
    assert dispute.access == "kept"
    assert await may_read(world)
    await account.decide(dispute.provider_dispute_id, "lost")
    await hear(world, account)
    held = await books(world)
    assert {"surplus", "disputed", "dispute_losses"} & held.keys() == set()
    assert held["dispute_fees"] == 1500
    assert await sound(world)
