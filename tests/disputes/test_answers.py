"""Answering the bank: the evidence pack, its draft, one submission, acceptance, and the reminders before the deadline."""

from datetime import timedelta

import httpx
import pytest
from tests.disputes.disputed import dispute_of, disputed
from tests.news import happened, hear, sound, work
from tests.worlds import Account, unchanged

from farthing import Farthing, api, disputes, timeline
from farthing.clock import TravelClock
from farthing.config import Settings
from farthing.disputes import Answer
from farthing.disputes.model import FIELDS, check_evidence
from farthing.errors import Conflict, Invalid
from farthing.http import keys
from farthing.ids import DisputeId
from farthing.lifecycles import AnswerStatus
from farthing.world import World


async def save(world: World, id: DisputeId, **changes: str | None) -> disputes.Pack:
    return await world.db.run("clerk", lambda tx: disputes.save_evidence(tx, world.catalog, id, changes))


async def submit(world: World, id: DisputeId) -> Answer:
    return await world.db.run("clerk", lambda tx: disputes.submit(tx, world.catalog, id))


async def answers(world: World, id: DisputeId) -> list[Answer]:
    async with world.db.transaction("test") as tx:
        return await disputes.answers_of(tx, id)


@pytest.mark.covers("S003-31")
async def test_the_pack_says_what_our_records_say_and_reaches_the_bank_once(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account)
    await work(world)
    async with world.db.transaction("test") as tx:
        pack = await disputes.evidence_of(tx, world.catalog, dispute.id)
    assert pack.answer is None
    assert pack.evidence["customer_name"] == "Ada Lovelace"
    assert pack.evidence["customer_email_address"] == "ada@example.com"
    assert pack.evidence["product_description"] == "1 × The guide, 49.00 EUR"
    assert "Access to guide:pro was granted, without end." in pack.evidence["access_activity_log"]
    assert "Access to guide:pro was taken away." in pack.evidence["access_activity_log"]
    story = pack.evidence["uncategorized_text"]
    assert f"Order {order.number} at The test shop." in story
    assert "visa card ending in 4242" in story
    assert "We wrote to ada@example.com" in story
    await save(world, dispute.id, uncategorized_text="winning_evidence", service_date="2026-11-01", customer_name=None)
    promised = await submit(world, dispute.id)
    assert promised.status == AnswerStatus.PROMISED
    async with unchanged(world):
        with pytest.raises(Conflict, match="evidence was promised, and is on its way"):
            await submit(world, dispute.id)
        with pytest.raises(Conflict, match="is being answered"):
            await save(world, dispute.id, service_date="2026-11-02")
    await work(world)
    there = await account.get(f"/v1/disputes/{dispute.provider_dispute_id}")
    assert (there["status"], there["evidence_details"]["submission_count"]) == ("under_review", 1)
    assert there["evidence"]["service_date"] == "2026-11-01"
    assert there["evidence"]["uncategorized_text"] == "winning_evidence"
    (sent,) = await answers(world, dispute.id)
    assert (sent.status, sent.kind, "customer_name" in sent.evidence) == ("sent", "evidence", False)
    assert (await dispute_of(world, order)).status == "under_review"
    async with unchanged(world):
        with pytest.raises(Conflict, match="is under_review: the bank takes no answer now"):
            await submit(world, dispute.id)
    told = [name for name in await happened(world, order.id) if name.startswith("dispute.")][2:]
    assert told == [
        "dispute.evidence_saved",
        "dispute.answer_promised",
        "dispute.under_review",
        "dispute.answered",
    ]
    async with world.db.transaction("test") as tx:
        titles = [entry.title for entry in await timeline.of_order(tx, order.id)]
    assert {"Dispute opened", "Bank took the money back", "Posted: dispute withdrawn", "Answer to the bank sent"} <= set(titles)
    assert await sound(world)


async def test_accepting_loses_the_money_at_once(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account)
    await world.db.run("clerk", lambda tx: disputes.accept(tx, dispute.id))
    await work(world)
    found = await dispute_of(world, order)
    assert (found.status, found.lost_amount, found.access) == ("lost", 4900, "revoked")
    assert [(each.kind, each.status) for each in await answers(world, dispute.id)] == [("acceptance", "sent")]
    assert await sound(world)


async def test_a_lost_answer_of_the_provider_is_asked_for_again_with_the_same_key(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account)
    await submit(world, dispute.id)
    # The library repeats it twice by itself, the job once more.
    await account.fail_next("lost_response", "/v1/disputes/*", times=3)
    await work(world)
    there = await account.get(f"/v1/disputes/{dispute.provider_dispute_id}")
    assert there["evidence_details"]["submission_count"] == 1
    assert [each.status for each in await answers(world, dispute.id)] == ["sent"]
    assert (await happened(world, order.id)).count("dispute.answered") == 1
    assert await sound(world)


async def test_what_the_provider_refuses_is_told_and_the_draft_goes_on_from_there(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account)
    await save(world, dispute.id, uncategorized_text="Look at the log.")
    await submit(world, dispute.id)
    await account.decide(dispute.provider_dispute_id, "lost")
    await work(world)
    (refused,) = await answers(world, dispute.id)
    assert refused.status == "refused"
    assert "status of lost" in str(refused.refusal)
    assert "dispute.answer_refused" in await happened(world, order.id)
    await hear(world, account)
    await account.decide(dispute.provider_dispute_id, "appealed")
    await hear(world, account)
    pack = await save(world, dispute.id, service_date="2026-11-01")
    assert pack.evidence["uncategorized_text"] == "Look at the log."
    await submit(world, dispute.id)
    await work(world)
    there = await account.get(f"/v1/disputes/{dispute.provider_dispute_id}")
    assert there["status"] == "appeal_under_review"
    assert there["evidence"]["appeal"]["card"]["reason_for_filing"] == "Look at the log."
    assert [(each.kind, each.status) for each in await answers(world, dispute.id)] == [
        ("evidence", "refused"),
        ("appeal", "sent"),
    ]
    assert await sound(world)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nonsense": "x"}, "'nonsense' is no field of evidence: choose one of product_description,"),
        ({"access_activity_log": "x" * 20_001}, "access_activity_log has 20001 characters: at most 20000 are taken."),
        ({"service_date": "a\0b"}, "service_date holds a NUL character"),
    ],
)
async def test_evidence_that_no_bank_takes_is_refused_before_it_is_kept(
    world: World, account: Account, changes: dict[str, str], said: str
) -> None:
    _, dispute = await disputed(world, account)
    async with unchanged(world):
        with pytest.raises(Invalid, match=said):
            await save(world, dispute.id, **changes)


async def test_the_hosts_own_code_asks_for_the_same(settings: Settings, world: World, account: Account) -> None:
    order, dispute = await disputed(world, account)
    async with Farthing(settings, run_worker=False, catalog=world.catalog) as pay:
        assert [each.id for each in (await pay.disputes.list(unanswered=True)).items] == [dispute.id]
        assert (await pay.disputes.get(str(dispute.id))).order_id == order.id
        evidence = await pay.disputes.evidence(str(dispute.id), {"service_date": "2026-11-01"})
        assert evidence["service_date"] == "2026-11-01"
        assert (await pay.disputes.submit(str(dispute.id))).evidence == evidence
        with pytest.raises(Conflict):
            await pay.disputes.accept(str(dispute.id))


def test_all_evidence_together_has_a_limit() -> None:
    names = list(FIELDS)[:8]
    with pytest.raises(Invalid, match="The evidence has 160000 characters: at most 150000 are taken"):
        check_evidence(dict.fromkeys(names, "x" * 20_000))
    check_evidence(dict.fromkeys(names[:7], "x" * 20_000))


async def test_somebody_is_reminded_7_3_and_1_days_before_and_afterwards_nothing_is_taken(
    world: World, account: Account, clock: TravelClock
) -> None:
    order, dispute = await disputed(world, account)
    assert dispute.evidence_due_by is not None
    reminded = []
    for hours_left in (8 * 24, 7 * 24 - 1, 6 * 24, 3 * 24 - 1, 30, 23, 2):
        clock.advance(dispute.evidence_due_by - timedelta(hours=hours_left) - clock.now())
        for _ in range(2):
            await disputes.watch(world)
        reminded.append((await dispute_of(world, order)).reminded_days)
    assert reminded == [None, 7, 7, 3, 3, 1, 1]
    assert (await happened(world, order.id)).count("dispute.evidence_due") == 3
    assert await sound(world)
    clock.advance(timedelta(hours=3))
    async with unchanged(world):
        for attempt in (submit(world, dispute.id), save(world, dispute.id, service_date="2026-11-01")):
            with pytest.raises(Conflict, match=r"The bank took evidence for .* until"):
                await attempt
    await disputes.watch(world)
    assert (await happened(world, order.id)).count("dispute.evidence_due") == 3


async def test_a_decision_that_no_event_told_of_is_found(world: World, account: Account, clock: TravelClock) -> None:
    order, dispute = await disputed(world, account)
    await account.decide(dispute.provider_dispute_id, "won")
    await disputes.watch(world)
    assert (await dispute_of(world, order)).status == "needs_response"
    clock.advance(timedelta(hours=25))
    await disputes.watch(world)
    assert (await dispute_of(world, order)).status == "won"


async def test_the_doors_show_and_answer_disputes(world: World, account: Account) -> None:
    order, dispute = await disputed(world, account)
    app = api.build()
    app.state.world = world
    async with world.db.transaction("test") as tx:
        _, secret = await keys.create(tx, "the shop's server", livemode=False)
    headers = {"Authorization": f"Bearer {secret}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as http:
        listed = (await http.get("/v1/disputes", params={"unanswered": "true", "order": str(order.id)})).json()
        assert [each["id"] for each in listed["data"]] == [str(dispute.id)]
        shown = (await http.get(f"/v1/disputes/{dispute.id}")).json()
        assert shown["withheld"] == {"amount": 4900, "currency": "eur"}
        assert (shown["status"], shown["needs_answer"], shown["order_number"]) == ("needs_response", True, order.number)
        place = f"/v1/disputes/{dispute.id}/evidence"
        assert (await http.get(place)).json()["status"] == "collected"
        bad = await http.patch(place, json={"evidence": {"nonsense": "x"}})
        assert (bad.status_code, bad.json()["param"]) == (422, "evidence.nonsense")
        saved = (await http.patch(place, json={"evidence": {"service_date": "2026-11-01"}})).json()
        assert (saved["status"], saved["evidence"]["service_date"]) == ("draft", "2026-11-01")
        assert saved["characters"] == sum(len(text) for text in saved["evidence"].values())
        sent = [await http.post(f"/v1/disputes/{dispute.id}/submission", headers={"Idempotency-Key": "k"}) for _ in range(2)]
        assert [answer.status_code for answer in sent] == [201, 201]
        assert sent[0].json() == sent[1].json()
        assert sent[1].headers["Idempotency-Replayed"] == "true"
        assert (await http.post(f"/v1/disputes/{dispute.id}/acceptance")).status_code == 409
        await work(world)
        assert (await http.get(place)).json()["status"] == "sent"
        missing = await http.get("/v1/disputes/dispute_01k9h4w3q8fvtb7m2x5c6d0e1f")
        assert missing.status_code == 404
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as nobody:
        assert (await nobody.get("/v1/disputes")).status_code == 401
