"""Users who were there before Farthing become customers from a file: a few at a time, once each, as often as one likes."""

from pathlib import Path

import pytest
from tests.customers.test_push import theirs
from tests.news import count
from tests.worlds import Account

from farthing import customers
from farthing.customers import Tally
from farthing.errors import Invalid
from farthing.world import World

CSV = """\ufeffexternal_id,email,name,metadata
u1,one@example.com,One,"{""school"": ""North""}"
u2,two@example.com,,
u3,not an address,Three,
,nobody@example.com,,
u4,,,
"""
JSONL = """{"external_id": "u1", "email": "one@new.example", "metadata": {"school": "South"}}

{"external_id": "u5"}
{"external_id": 6}
not json
{"external_id": "u7", "card": "x"}
"""


async def fill(world: World, path: Path, *, dry_run: bool = False) -> Tally:
    return await customers.backfill(world, path, at_once=4, dry_run=dry_run, actor="test")


@pytest.mark.covers("S003-8")
async def test_each_user_is_made_once_and_a_second_run_only_looks(world: World, account: Account, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text(CSV)
    tally = await fill(world, path, dry_run=True)
    assert (tally.new, tally.known, tally.pushed, tally.failed) == (3, 0, 0, 2)
    assert await count(world, "customers") == 0
    tally = await fill(world, path)
    assert (tally.new, tally.pushed, [line for line, _ in tally.wrong]) == (3, 3, [4, 5])
    assert not any("@" in reason for _, reason in tally.wrong), "what stood there is not told"
    assert sorted(each["metadata"]["farthing_external_id"] for each in await theirs(account)) == ["u1", "u2", "u4"]
    events = len(await account.events())
    tally = await fill(world, path)
    assert (tally.new, tally.known, tally.pushed) == (0, 3, 0)
    assert len(await account.events()) == events


async def test_a_stopped_run_is_taken_up_and_changes_are_pushed(world: World, account: Account, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text(CSV)
    await account.fail_next("500_before", "/v1/customers", times=3)
    tally = await fill(world, tmp_path / "users.csv")
    assert tally.failed >= 2
    await fill(world, tmp_path / "users.csv")
    assert len(await theirs(account)) == 3
    (tmp_path / "users.jsonl").write_text(JSONL)
    tally = await fill(world, tmp_path / "users.jsonl")
    assert (tally.new, tally.known, tally.pushed, [line for line, _ in tally.wrong]) == (1, 1, 2, [4, 5, 6])
    there = {each["metadata"]["farthing_external_id"]: each for each in await theirs(account)}
    assert there["u1"]["email"] == "one@new.example"
    assert there["u1"]["metadata"]["school"] == "South"


@pytest.mark.parametrize(
    ("name", "text"), [("users.txt", ""), ("users.csv", "email\nx"), ("users.csv", ""), ("none.csv", None)]
)
async def test_what_is_no_such_file_is_refused(world: World, tmp_path: Path, name: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(Invalid):
        await fill(world, tmp_path / name)
