"""Disputes as staff see them: by deadline, drafted, looked over, sent once or given up."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.disputes.disputed import dispute_of, disputed
from tests.news import hear
from tests.pages.test_admin import work
from tests.pages.visitor import Visitor
from tests.worlds import Account

from farthing import disputes
from farthing.web.admin.disputes import left_words
from farthing.web.staff import Role
from farthing.world import World

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=3, hours=5), "3 days left"),
        (timedelta(days=1), "1 day left"),
        (timedelta(hours=5), "5 hours left"),
        (timedelta(hours=1, minutes=59), "1 hour left"),
        (timedelta(minutes=59), "less than an hour left"),
        (timedelta(), "too late"),
        (timedelta(days=-1), "too late"),
    ],
)
def test_a_countdown_says_how_long_there_is(left: timedelta, words: str) -> None:
    assert left_words(NOW + left, NOW) == words


async def test_evidence_is_drafted_looked_over_and_sent_once(admin: Visitor, world: World, account: Account) -> None:
    assert "4000 0000 0000 0259" in (await admin.get("/admin/disputes")).text
    order, dispute = await disputed(world, account, reason="product_not_received")
    for path in ("/admin/disputes", "/admin/disputes?status=waiting", "/admin/disputes?status=needs_response"):
        text = (await admin.get(path)).text
        listed = (str(order.number), "The buyer says that nothing arrived", "days left")
        assert [word for word in listed if word not in text] == [], path
    assert "No dispute is won" in (await admin.get("/admin/disputes?status=won")).text
    path = f"/admin/disputes/{dispute.id}"
    shown = (await admin.get(path)).text
    wanted = ("Evidence, as our records have it", "Taken by the bank", "Fee for the dispute", "Suspended", "To be answered by")
    assert [word for word in wanted if word not in shown] == []
    assert "What was sold" in (await admin.get(f"{path}/evidence")).text
    seen_before = (await admin.get(f"{path}/submission")).text.partition('name="seen" value="')[2].partition('"')[0]
    kept = await admin.post(f"{path}/evidence", uncategorized_text="They read it.\r\nTwice.", customer_name="Ada L.")
    assert "Kept as a draft" in await admin.follow(kept)
    too_long = await admin.post(f"{path}/evidence", customer_name="x" * 20_001)
    assert (too_long.status_code, "at most 20000" in too_long.text) == (422, True)
    confirm = (await admin.get(f"{path}/submission")).text
    assert [word for word in ("They read it.\nTwice.", "cannot be changed afterwards") if word not in confirm] == []
    seen = confirm.partition('name="seen" value="')[2].partition('"')[0]
    assert "Somebody changed the evidence" in await admin.follow(await admin.post(f"{path}/submission", seen=seen_before))
    assert "On its way to the bank" in await admin.follow(await admin.post(f"{path}/submission", seen=seen))
    assert "is being answered" in await admin.follow(await admin.post(f"{path}/submission", seen=seen))
    await work(world)
    await hear(world, account)
    assert "Under review" in (await admin.get(path)).text
    async with world.db.transaction("test") as tx:
        (answer,) = await disputes.answers_of(tx, dispute.id)
    assert (answer.evidence["customer_name"], answer.status) == ("Ada L.", "sent")


async def test_giving_up_takes_a_role_and_a_second_look(
    visit: Callable[[], Visitor], admin: Visitor, world: World, account: Account
) -> None:
    order, dispute = await disputed(world, account)
    path, support = f"/admin/disputes/{dispute.id}", visit()
    await support.sign_in(Role.SUPPORT)
    assert "Your role, support, may not give a dispute up: finance and admin may." in (await support.get(path)).text
    assert (await support.get(f"{path}/acceptance")).status_code == 403
    assert (await support.post(f"{path}/acceptance")).status_code == 403
    assert "cannot be taken back" in (await admin.get(f"{path}/acceptance")).text
    assert "Given up" in await admin.follow(await admin.post(f"{path}/acceptance"))
    await work(world)
    await hear(world, account)
    assert (await dispute_of(world, order)).status == "lost"
    text = (await admin.get(path)).text
    assert ("Lost" in text, "Look it over and send" in text) == (True, False)
