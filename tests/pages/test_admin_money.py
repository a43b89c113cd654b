"""Payments that are kept, differences from the provider, and one search for everything."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.disputes.disputed import disputed
from tests.news import hear
from tests.pages.test_admin import work
from tests.pages.visitor import Visitor
from tests.payments.test_captures import authorized
from tests.reconcile.test_reconcile import tamper
from tests.worlds import Account, buy

from farthing import payments
from farthing.catalog import CartItem
from farthing.web.admin.reconciliation import age_words
from farthing.world import World

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(minutes=5), "less than an hour"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=23), "23 hours"),
        (timedelta(days=1, hours=3), "1 day"),
        (timedelta(days=12), "12 days"),
    ],
)
def test_an_age_says_how_long_it_has_been(ago: timedelta, words: str) -> None:
    assert age_words(NOW - ago, NOW) == words


async def test_money_that_is_kept_is_taken_in_part_or_let_go(admin: Visitor, world: World, account: Account) -> None:
    assert "Payments appear here when a buyer begins to pay" in (await admin.get("/admin/payments")).text
    kept, dropped = await authorized(world, account), await authorized(world, account)
    text = (await admin.get("/admin/payments?status=authorized")).text
    assert (text.count("row-link"), "days left" in text) == (2, True)
    shown = (await admin.get(f"/admin/orders/{kept.order_id}")).text
    assert [word for word in ("not taken yet", "Take the money", "Let it go") if word not in shown] == []
    path = f"/admin/payments/{kept.id}"
    assert 'value="74.00"' in (await admin.get(f"{path}/capture")).text
    for amount, status in {"74.01": 422, "0": 422, "x": 422}.items():
        refused = await admin.post(f"{path}/capture", amount=amount)
        assert (refused.status_code, "field-error" in refused.text) == (status, True), amount
    for _ in range(2):
        assert "Taken: 70.00 EUR" in await admin.follow(await admin.post(f"{path}/capture", amount="70,00"))
    assert "Nothing of €74.00 is taken" in (await admin.get(f"/admin/payments/{dropped.id}/void")).text
    assert "Let go" in await admin.follow(await admin.post(f"/admin/payments/{dropped.id}/void"))
    assert 'data-tone="danger"' in await admin.follow(await admin.post(f"{path}/void"))
    async with world.db.transaction("test") as tx:
        found = {each.id: each.status for each in (await payments.list_page(tx, limit=9)).items}
    assert (found[kept.id], found[dropped.id]) == ("succeeded", "canceled")


async def test_a_difference_is_found_by_a_check_and_accepted_with_a_note(
    admin: Visitor, viewer: Visitor, world: World, account: Account
) -> None:
    assert "Nothing was compared yet" in (await admin.get("/admin/reconciliation")).text
    await buy(world, account)
    await hear(world, account)
    await tamper(world, "UPDATE payments SET currency = 'usd', received_currency = 'usd'")
    assert (await viewer.post("/admin/reconciliation")).status_code == 403
    assert "is being compared" in await admin.follow(await admin.post("/admin/reconciliation"))
    await work(world)
    text = (await admin.get("/admin/reconciliation?status=open")).text
    assert [word for word in ("Payment: currency", "less than an hour", "≠", "See the order") if word not in text] == []
    path = f"/admin/reconciliation/{text.partition('/admin/reconciliation/')[2].partition('/')[0]}/acceptance"
    assert "Live with this difference?" in (await admin.get(path)).text
    assert (await admin.post(path, note="")).status_code == 422
    assert "Accepted" in await admin.follow(await admin.post(path, note="Told them"))
    assert (await admin.post(path, note="Again")).status_code == 409
    assert "Told them" in (await admin.get("/admin/reconciliation?status=accepted")).text


@pytest.mark.covers("S000-47")
async def test_one_search_finds_everything(admin: Visitor, world: World, account: Account) -> None:
    order, dispute = await disputed(world, account)
    other = await buy(world, account, CartItem("mug"))
    await admin.post(f"/admin/orders/{other.id}/refund", amount="5", reason="duplicate", attempt="x")
    await work(world)
    async with world.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, other.id)
        (back,) = await payments.refunds_of_order(tx, other.id)
    for words, kinds in {
        "ada@example.com": {"Customers", "Orders", "Payments", "Refunds", "Disputes"},
        "4242": {"Orders", "Payments", "Refunds"},
    }.items():
        text = (await admin.get(f"/admin/search?q={words}")).text
        assert {kind for kind in kinds if f'<h2 class="found-head">{kind}</h2>' not in text} == set(), words
    for words, place in {
        str(order.number): f"orders/{order.id}",
        str(payment.provider_payment_id): f"orders/{other.id}",
        str(back.id): f"refunds/{back.id}",
        str(back.provider_refund_id): f"refunds/{back.id}",
        str(dispute.id): f"disputes/{dispute.id}",
        dispute.provider_dispute_id: f"disputes/{dispute.id}",
    }.items():
        answer = await admin.get(f"/admin/search?q={words}")
        assert (answer.status_code, answer.headers.get("location")) == (303, f"/admin/{place}"), words
    for words in ("", "nothing", "%00", "'", "refund_request_x"):
        answer = await admin.get(f"/admin/search?q={words}")
        assert (answer.status_code, "empty-state" in answer.text) == (200, True), words
