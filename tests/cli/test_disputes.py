"""Disputes from the command line: looking, writing evidence, submitting and accepting."""

from tests.cli.conftest import Farthing
from tests.disputes.disputed import dispute_of, disputed
from tests.news import work
from tests.worlds import Account

from farthing.world import World


async def test_a_dispute_is_listed_shown_answered_and_asked_about(farthing: Farthing, world: World, account: Account) -> None:
    order, dispute = await disputed(world, account)
    id = str(dispute.id)
    listed = farthing("disputes", "list", "--unanswered", "--json").json["data"]
    assert [(each["id"], each["status"], each["order_number"]) for each in listed] == [(id, "needs_response", order.number)]
    assert "8 d 23 h left" in farthing("disputes", "show", id).out
    edited = farthing("disputes", "evidence", id, "--set", "service_date=2026-11-01", "--json").json
    assert (edited["status"], edited["evidence"]["service_date"]) == ("draft", "2026-11-01")
    wrong = farthing("disputes", "evidence", id, "--set", "nonsense=x")
    assert (wrong.code, "is no field of evidence" in wrong.err) == (2, True)
    assert farthing("disputes", "submit", id).code == 8
    assert "is promised" in farthing("disputes", "submit", id, "--yes").out
    assert farthing("disputes", "accept", id, "--yes").code == 5
    await work(world)
    await account.decide(dispute.provider_dispute_id, "won")
    assert farthing("disputes", "sync", id, "--json").json["status"] == "won"
    assert (await dispute_of(world, order)).access == "kept"
