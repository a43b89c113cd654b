"""The board from the command line: approval, rejection and credits."""

from tests.boards import ADA, board, posting
from tests.cli.conftest import Farthing
from tests.worlds import Account, buy

from farthing.world import World


async def test_support_decides_about_jobs_and_gives_credits(farthing: Farthing, world: World, account: Account) -> None:
    await buy(board(world), account, posting("job-1", "checked-posting"), buyer=ADA)
    shown = farthing("job-postings", "list", "--status", "pending_approval", "--json").json["data"]
    assert [(each["job"], each["status"]) for each in shown] == [("job-1", "pending_approval")]
    assert farthing("job-postings", "reject", "job-1", "--reason", "no").code == 8
    assert farthing("job-postings", "approve", "job-1", "--json").json["status"] == "published"
    assert farthing("job-postings", "approve", "job-1").code == 5
    assert farthing("job-postings", "approve", "job-9").code == 4
    given = farthing("credits", "grant", "ada", "5", "--reference", "sorry", "--yes", "--json").json
    assert (given["amount"], given["remaining"]) == (5, 5)
    assert farthing("credits", "spend", "ada", "2", "--reference", "job-2", "--yes").code == 0
    refused = farthing("credits", "spend", "ada", "9", "--reference", "job-3", "--yes")
    assert (refused.code, refused.out) == (5, "")
    assert "There are 3 credits" in refused.err
    assert farthing("credits", "show", "ada", "--json").json["balance"] == 3
    assert "ada has 3 credits" in farthing("credits", "show", "ada").out
