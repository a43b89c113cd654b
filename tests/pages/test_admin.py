"""What staff see and do: orders in every status, refunds, cancellations, the inbox, the books, jobs and health."""

import pytest
from tests.pages.visitor import Visitor
from tests.worlds import DECLINED_CARD, Account, buy, session_of, signed, start

from farthing import checkout, jobs, orders, payments, timeline, webhooks, worker
from farthing.catalog import CartItem
from farthing.ids import OrderId
from farthing.money import Money
from farthing.orders import Order
from farthing.webhooks import Delivery
from farthing.world import World


async def work(world: World) -> None:
    """What a worker would do until nothing is left."""
    await jobs.drain(world.db, world, worker.TASKS)
    while await webhooks.drain(world):
        pass
    await jobs.drain(world.db, world, worker.TASKS)


async def deliver(world: World, account: Account) -> None:
    """Everything that the provider has to report."""
    for event in await account.events():
        body, signature = signed(event)
        notice = world.provider.verify(body, signature, now=world.clock.now().timestamp())
        await webhooks.store(world.db, [Delivery(world.provider.name, notice, body)])
    await work(world)


async def of(world: World, id: OrderId) -> Order:
    async with world.db.transaction("test") as tx:
        return await orders.get(tx, id)


async def test_an_empty_shop_teaches(admin: Visitor) -> None:
    for path, words in {
        "/admin/orders": "Orders appear here when a customer starts a checkout",
        "/admin/events": "What the payment provider reports appears here",
        "/admin/ledger": "The books are empty",
        "/admin/jobs": "No dead jobs",
        "/admin/health": "All rules hold",
        "/mailbox": "No mail yet",
    }.items():
        answer = await admin.get(path)
        assert (answer.status_code, words in answer.text) == (200, True), path


async def test_an_order_is_shown_in_every_status(admin: Visitor, world: World, account: Account) -> None:
    paid = await buy(world, account, CartItem("mug", 2))
    open_ = await start(world)
    declined = await start(world)
    await account.pay(await session_of(world, declined.id), card=DECLINED_CARD)
    await checkout.sync_order(world, declined.order_id, actor="test")
    canceled = await start(world)
    await checkout.cancel_order(world, canceled.order_id, actor="test")
    refunded = await buy(world, account, CartItem("guide"))
    async with world.db.transaction("test") as tx:
        await payments.refund_order(tx, refunded.id, None, reason="requested_by_customer", note=None)
    await work(world)
    wanted = {
        paid.id: ("Paid", "€25.00", "Visa •••• 4242", "provider:stripe"),
        open_.order_id: ("Open", "Cancel order", "Open until"),
        declined.order_id: ("The last attempt was declined", "Your card was declined"),
        canceled.order_id: ("Canceled", "Payment page expired"),
        refunded.id: ("Refunded", "−€49.00", "revoked", "Refund for your order"),
    }
    for id, words in wanted.items():
        text = (await admin.get(f"/admin/orders/{id}")).text
        assert [word for word in words if word not in text] == []


@pytest.mark.covers("S000-47")
async def test_orders_are_found_by_whatever_is_at_hand(admin: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account)
    await start(world, buyer=checkout.Buyer(email="grace@example.com"))
    async with world.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, order.id)
        (session,) = await checkout.of_order(tx, order.id)
    known = ["1001", str(order.id), "ADA@example.com", "ada", payment.provider_payment_id, "4242", str(payment.id)]
    for words in [*known, payment.provider_charge_id, session.provider_checkout_id]:
        answer = await admin.get(f"/admin/orders?q={words}")
        assert (answer.status_code, answer.headers.get("location")) == (303, f"/admin/orders/{order.id}"), words
    for words in ("1003", "nothing", "99999999999999999999", "%00", "'", "%25"):
        answer = await admin.get(f"/admin/orders?q={words}")
        assert answer.status_code == 200, words


async def test_tabs_count_and_filter(admin: Visitor, world: World, account: Account) -> None:
    await buy(world, account)
    await start(world)
    text = (await admin.get("/admin/orders?status=paid")).text
    assert "1001" in text
    assert "1002" not in text
    assert (await admin.get("/admin/orders?status=nonsense")).text.count("row-link") == 2
    assert (await admin.get("/admin/orders?cursor=nonsense")).status_code == 404


async def test_a_refund_is_looked_over_then_sent_once(admin: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("guide"))
    path = f"/admin/orders/{order.id}/refund"
    assert "All that is left, €49.00" in (await admin.get(path)).text
    shown = (await admin.get(f"{path}?amount=9,50&reason=duplicate&note=twice")).text
    assert "Refund €9.50?" in shown
    assert "€39.50 is left then" in shown
    attempt = shown.partition('name="attempt" value="')[2].partition('"')[0]
    for _ in range(2):
        answer = await admin.post(path, amount="9.50", reason="duplicate", note="twice", attempt=attempt)
        assert "9.50 EUR is on its way back" in await admin.follow(answer)
    await work(world)
    async with world.db.transaction("test") as tx:
        (refund,) = await payments.refunds_of_order(tx, order.id)
    assert (refund.money, refund.status, refund.note) == (Money(950, "eur"), "succeeded", "twice")
    assert "admin@shop.example" in (await admin.get(f"/admin/orders/{order.id}")).text
    assert len((await account.get("/v1/refunds"))["data"]) == 1


async def test_the_last_refund_says_what_is_revoked(admin: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account)
    text = (await admin.get(f"/admin/orders/{order.id}/refund?amount=49&reason=fraudulent")).text
    assert "Nothing is left then" in text


@pytest.mark.parametrize(
    ("amount", "reason", "status"),
    [
        ("50", "duplicate", 409),
        ("0", "duplicate", 422),
        ("-1", "duplicate", 422),
        ("1.001", "duplicate", 422),
        ("x", "duplicate", 422),
        ("", "duplicate", 422),
        ("NaN", "duplicate", 422),
        ("1e999", "duplicate", 422),
        ("5", "because", 422),
        ("5", "surplus", 422),
    ],
)
async def test_a_refund_that_cannot_be_is_refused_with_what_was_typed(
    admin: Visitor, world: World, account: Account, amount: str, reason: str, status: int
) -> None:
    order = await buy(world, account)
    path = f"/admin/orders/{order.id}/refund"
    asked = await admin.get(f"{path}?amount={amount}&reason={reason}")
    sent = await admin.post(path, amount=amount, reason=reason, attempt="x")
    assert (asked.status_code, sent.status_code) == (status, status)
    assert f'name="amount" type="text" value="{amount}"' in sent.text
    async with world.db.transaction("test") as tx:
        assert await payments.refunds_of_order(tx, order.id) == []


async def test_an_order_is_canceled_unless_it_was_paid_a_moment_ago(admin: Visitor, world: World, account: Account) -> None:
    left, paid = await start(world), await start(world)
    await account.pay(await session_of(world, paid.id))
    assert "Its payment page closes first" in (await admin.get(f"/admin/orders/{left.order_id}/cancellation")).text
    done = await admin.follow(await admin.post(f"/admin/orders/{left.order_id}/cancellation"))
    assert "Closed: nobody can pay this order any more." in done
    refused = await admin.follow(await admin.post(f"/admin/orders/{paid.order_id}/cancellation"))
    assert 'data-tone="danger" role="alert"' in refused
    assert [(await of(world, id)).status for id in (left.order_id, paid.order_id)] == ["canceled", "paid"]


async def test_sync_sees_what_no_webhook_told(admin: Visitor, world: World, account: Account) -> None:
    started = await start(world)
    await account.pay(await session_of(world, started.id))
    text = await admin.follow(await admin.post(f"/admin/orders/{started.order_id}/sync"))
    assert "This is how it stands at the provider now" in text
    assert (await of(world, started.order_id)).status == "paid"


async def test_the_inbox_shows_what_came_and_replays_it_harmlessly(admin: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account)
    await deliver(world, account)
    text = (await admin.get("/admin/events?type=payment_intent.succeeded")).text
    assert text.count("row-link") == 1
    path = text.partition('class="row-link" href="')[2].partition('"')[0]
    shown = (await admin.get(path)).text
    assert str(order.id) in shown
    assert "_secret_" not in shown
    assert "It is acted on once more" in await admin.follow(await admin.post(f"{path}/replay"))
    assert "There is nothing to act on" in await admin.follow(await admin.post(f"{path}/replay"))
    await work(world)
    async with world.db.transaction("test") as tx:
        assert len(await payments.of_order(tx, order.id)) == 1
        assert await tx.value("SELECT count(*) FROM ledger_transactions WHERE kind = 'payment'") == 1
        assert await tx.value("SELECT count(*) FROM emails") == 1


async def test_a_filtered_page_is_replayed_together(admin: Visitor, world: World, account: Account) -> None:
    await buy(world, account)
    await deliver(world, account)
    confirm = (await admin.get("/admin/events/replay?status=processed")).text
    ids = confirm.partition('name="ids" value="')[2].partition('"')[0]
    many = len(ids.split())
    assert many >= 2
    assert f"Events acted on once more: {many}." in await admin.follow(await admin.post("/admin/events/replay", ids=ids))
    async with world.db.transaction("test") as tx:
        assert (await webhooks.counts(tx))["received"] == many


@pytest.mark.parametrize(("ids", "status"), [("", 422), ("x", 404), ("notice_x", 404), ("order_01jd " * 101, 404)])
async def test_a_replay_of_nothing_is_refused(admin: Visitor, ids: str, status: int) -> None:
    assert (await admin.post("/admin/events/replay", ids=ids)).status_code == status


async def test_an_event_is_found_by_the_provider_s_id(admin: Visitor, world: World, account: Account) -> None:
    await buy(world, account)
    await deliver(world, account)
    event = (await account.events("payment_intent.succeeded"))[0]["id"]
    answer = await admin.get(f"/admin/events?q={event}")
    assert answer.headers["location"].startswith("/admin/events/notice_")
    assert "There is no event evt_nothing here" in (await admin.get("/admin/events?q=evt_nothing")).text


async def test_the_books_say_that_they_balance(admin: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account)
    text = (await admin.get("/admin/ledger")).text
    assert "Balanced: debits of €49.00 equal credits of €49.00." in text
    assert "Entries of order 1001" in (await admin.get(f"/admin/ledger?order={order.id}")).text


async def test_a_dead_job_is_shown_retried_or_discarded_with_a_reason(admin: Visitor, world: World) -> None:
    async with world.db.transaction("test") as tx:
        for _ in range(2):
            await tx.run(
                """
                INSERT INTO jobs (priority, status, entrypoint, payload, attempts)
                VALUES (0, 'failed', 'events.react', '{"to": "hook:shop.ship"}', 7)
                """
            )
        first, second = await tx.all(lambda row: row["id"], "SELECT id FROM jobs ORDER BY id")
    assert "hook:shop.ship" in (await admin.get("/admin/jobs")).text
    assert f"Job {first} runs again" in await admin.follow(await admin.post(f"/admin/jobs/{first}/retry"))
    assert "waiting for its turn" in await admin.follow(await admin.post(f"/admin/jobs/{first}/retry"))
    assert "will not be done" in (await admin.get(f"/admin/jobs/{second}/discard")).text
    assert "Say why" in await admin.follow(await admin.post(f"/admin/jobs/{second}/discard"))
    said = await admin.follow(await admin.post(f"/admin/jobs/{second}/discard", reason="by hand"))
    assert f"Job {second} is discarded" in said
    async with world.db.transaction("test") as tx:
        assert await tx.value("SELECT array_agg(id ORDER BY id) FROM jobs") == [first]


async def test_a_broken_rule_is_named_with_its_rows(admin: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account)
    async with world.db.transaction("test") as tx:
        await tx.run("UPDATE entitlements SET revoked_at = %(now)s", now=tx.now)
    text = (await admin.get("/admin/health")).text
    assert "1 rule broken" in text
    assert order.id.hex[:8] in text


async def test_the_trail_says_who_did_what(admin: Visitor, world: World, account: Account) -> None:
    await buy(world, account)
    text = (await admin.get("/admin/audit?type=order.paid")).text
    assert text.count("row-link") == 1
    path = text.partition('class="row-link" href="')[2].partition('"')[0]
    assert "4900" in (await admin.get(path)).text
    assert "admin@shop.example" in (await admin.get("/admin/audit?type=staff.signed_in")).text
    assert (await admin.get("/admin/audit/event_x")).status_code == 404


async def test_the_timeline_merges_all_records_in_the_order_of_their_time(world: World, account: Account) -> None:
    order = await buy(world, account)
    await deliver(world, account)
    async with world.db.transaction("test") as tx:
        found = await timeline.of_order(tx, order.id)
    assert [entry.at for entry in found] == sorted(entry.at for entry in found)
    assert {"event", "ledger", "notice"} <= {entry.kind for entry in found}
    names = [entry.name for entry in found if entry.kind == "event"]
    assert names[:3] == ["order.placed", "checkout.started", "checkout.opened"]
    assert names.index("payment.succeeded") < names.index("order.paid") < names.index("email.sent")
    posted = next(entry for entry in found if entry.kind == "ledger")
    assert (posted.detail, posted.money) == ("from sales to provider:stripe", Money(4900, "eur"))


async def test_the_mailbox_shows_a_message_and_lets_it_do_nothing(visitor: Visitor, world: World, account: Account) -> None:
    await buy(world, account)
    await work(world)
    text = (await visitor.get("/mailbox")).text
    path = text.partition('class="row-link" href="')[2].partition('"')[0]
    for view in ("rendered", "text", "source"):
        assert (await visitor.get(f"{path}?view={view}")).status_code == 200
    body = await visitor.get(f"{path}/body")
    assert "sandbox allow-popups" in body.headers["content-security-policy"]
    assert "default-src 'none'" in body.headers["content-security-policy"]
    assert "Thank you for your order 1001" in body.text
    assert (await visitor.get(f"{path}/text")).headers["content-type"].startswith("text/plain")
    assert (await visitor.get("/mailbox/email_x")).status_code == 404


async def test_customers_are_found_and_shown_with_what_they_have(admin: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("guide"))
    await buy(world, account, CartItem("mug"), buyer=checkout.Buyer(email="grace@example.com"))
    assert "ada@example.com" in (await admin.get("/admin/customers")).text
    for words in ("ada@", "ada", str(order.customer_id)):
        found = await admin.get(f"/admin/customers?q={words}")
        assert (found.status_code, found.headers["location"]) == (303, f"/admin/customers/{order.customer_id}")
    assert "Nobody found" in (await admin.get("/admin/customers?q=nobody")).text
    shown = (await admin.get(f"/admin/customers/{order.customer_id}")).text
    assert [word for word in ("Ada Lovelace", str(order.number), "guide:pro", "cus_", "Up to date") if word not in shown] == []
    assert (await admin.get("/admin/customers/customer_00000000000000000000000000")).status_code == 404


async def test_products_say_whether_the_provider_has_them_and_are_brought_there(admin: Visitor) -> None:
    assert "Not there yet" in (await admin.get("/admin/products")).text
    planned = (await admin.get("/admin/products/plan")).text
    assert "Create product" in planned
    assert "Changes made at the provider" in await admin.follow(await admin.post("/admin/products/apply"))
    after = (await admin.get("/admin/products")).text
    assert ("Not there yet" in after, "At the provider" in after) == (False, True)
    assert "exactly what farthing.toml says" in (await admin.get("/admin/products/plan")).text


async def test_a_coupon_is_made_given_a_code_and_ended(admin: Visitor) -> None:
    refused = await admin.post("/admin/coupons/new", key="spring", name="Spring", percent="", amount="")
    assert (refused.status_code, "either how many percent" in refused.text) == (422, True)
    made = await admin.post("/admin/coupons/new", key="spring", name="Spring sale", percent="12.5", redemptions_max="3")
    assert "Give it a code" in await admin.follow(made)
    assert "12.50 %" in (await admin.get("/admin/coupons")).text
    assert "from now on" in await admin.follow(await admin.post("/admin/coupons/spring/codes", code="spring-26"))
    again = await admin.post("/admin/coupons/spring/codes", code="SPRING-26")
    assert (again.status_code, "already" in again.text) == (409, True)
    assert "SPRING-26" in (await admin.get("/admin/coupons/spring")).text
    assert "any more" in await admin.follow(await admin.post("/admin/coupons/spring/end", code="SPRING-26"))
    assert "any more" in await admin.follow(await admin.post("/admin/coupons/spring/end"))
    assert "Ended" in (await admin.get("/admin/coupons/spring")).text
    for field, value in {"key": "No Key", "name": "", "percent": "12.345", "redemptions_max": "0"}.items():
        typed = {"key": "other", "name": "Other", "percent": "10"} | {field: value}
        assert (await admin.post("/admin/coupons/new", **typed)).status_code == 422, field
    assert (await admin.get("/admin/coupons/other")).status_code == 404


async def test_the_uses_of_a_coupon_say_of_which_orders(admin: Visitor, world: World) -> None:
    started = await start(world, code="WELCOME10")
    async with world.db.transaction("test") as tx:
        order = await orders.get(tx, started.order_id)
    text = (await admin.get("/admin/coupons/welcome")).text
    assert (f"Order {order.number}</a>" in text, "Reserved" in text) == (True, True)


async def test_a_mistyped_address_of_a_coupon_is_no_fault_of_ours(admin: Visitor) -> None:
    for key in ("nothing", "%00", "a%0Ab", "%E2%80%AE"):
        assert (await admin.get(f"/admin/coupons/{key}")).status_code == 404, key
        assert (await admin.post(f"/admin/coupons/{key}/codes", code="SPRING-26")).status_code == 404, key
        assert "There is no coupon" in await admin.follow(await admin.post(f"/admin/coupons/{key}/end")), key
