"""One trial for each customer, by whatever mark they are known again: themselves, their mailbox, their card."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.news import count, happened, hear, sound
from tests.subscriptions.conftest import Ada, begin, page_of, subscribe, the_one, wanted
from tests.worlds import Account

from farthing import entitlements, subscriptions
from farthing.errors import TrialUsed
from farthing.subscriptions.model import mailbox
from farthing.world import World


def with_policy(world: World, **policy: Any) -> World:
    sells = replace(world.catalog, subscriptions=replace(world.catalog.subscriptions, **policy))
    return replace(world, catalog=sells)


async def heard(world: World) -> list[tuple[str, str]]:
    """By which mark a trial was refused, and what became of it."""
    async with world.db.transaction("test") as tx:
        return await tx.all(
            lambda row: (row["mark"], row["outcome"]),
            """
            SELECT data ->> 'mark' AS mark, data ->> 'outcome' AS outcome FROM events WHERE type = 'trial.refused'
            ORDER BY sequence
            """,
        )


@pytest.mark.parametrize(
    ("address", "arrives"),
    [
        ("Ada@Example.com", "ada@example.com"),
        ("ada+trial7@example.com", "ada@example.com"),
        ("a.d.a+x@gmail.com", "ada@gmail.com"),
        ("ada@googlemail.com", "ada@gmail.com"),
        ("a.da@example.com", "a.da@example.com"),
        ("+@example.com", "+@example.com"),
    ],
)
def test_an_address_is_known_by_where_its_mail_arrives(address: str, arrives: str) -> None:
    assert mailbox(address) == arrives


async def test_an_alias_of_the_same_mailbox_begins_without_a_second_trial(world: World, account: Account, ada: Ada) -> None:
    tried = await subscribe(world, account, "team")
    other = {"external_id": "eve", "email": "Ada+again@example.com"}
    shown = await subscriptions.preview_start(world, wanted("team", **other), actor="test")
    begun = await begin(world, "team", **other)
    assert (tried.status, shown.trial_days, begun.trial_days, begun.first_amount.amount) == ("trialing", None, None, 5000)
    assert await heard(world) == [("email", "without")]
    assert (await begin(world, "easy", **other)).trial_days == 7
    strict = with_policy(world, second_trial="refused")
    before = await count(world, "subscription_starts")
    with pytest.raises(TrialUsed, match="somebody with this email address"):
        await subscriptions.start(strict, wanted("team", external_id="bob", email="ADA@example.com"), actor="test")
    given = await subscriptions.start(
        strict, wanted("team", external_id="bob", email="ADA@example.com", trial=True), actor="test"
    )
    assert (given.trial_days, await count(world, "subscription_starts")) == (14, before + 1)
    assert await heard(world) == [("email", "without"), ("email", "refused")]


async def test_of_two_aliases_at_once_one_gets_the_trial_and_a_page_that_nobody_pays_gives_it_back(
    world: World, account: Account
) -> None:
    aliases = [("bea", "b.e.a@gmail.com"), ("eve", "bea+1@googlemail.com"), ("zoe", "bea@gmail.com")]
    for _ in range(2):
        all_of_them = await asyncio.gather(*(begin(world, "team", external_id=id, email=email) for id, email in aliases))
        assert sorted(each.trial_days or 0 for each in all_of_them) == [0, 0, 14]
        for begun in all_of_them:
            await account.http.post(f"/v1/checkout/sessions/{await page_of(world, begun)}/expire")
        await hear(world, account)
    assert await count(world, "trial_claims") == 0


async def test_a_card_that_has_tried_before_ends_the_second_trial_and_nothing_is_charged(
    world: World, account: Account, ada: Ada
) -> None:
    strict = with_policy(world, trial_marks=frozenset({"customer", "email", "card"}))
    first = await subscribe(strict, account, "team")
    fresh = await subscribe(strict, account, "team", card="5555555555554444", external_id="bob", email="bob@example.com")
    second = await subscribe(strict, account, "team", external_id="eve", email="eve@example.com")
    assert (first.status, fresh.status, second.status, second.trial_refused_at is not None) == (
        "trialing",
        "trialing",
        "canceled",
        True,
    )
    features = [await entitlements.check(world.db, name, "team") for name in ("ada", "bob", "eve")]
    assert features == [True, True, False]
    assert await heard(world) == [("card", "ended")]
    async with world.db.transaction("test") as tx:
        assert await tx.value("SELECT count(*) AS rows FROM invoice_payments") == 0
    given = await subscribe(strict, account, "team", external_id="fay", email="fay@example.com", trial=True)
    assert given.status == "trialing"
    assert "subscription.canceled" in await happened(world)
    assert (await the_one(world, "team")).id == given.id
    assert await sound(world)
