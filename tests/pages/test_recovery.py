"""A payment that the bank wants the buyer for: an email with a link, a page that needs no sign-in, and a payment page."""

import asyncio
import re
from datetime import timedelta

import pytest
from tests.customers.test_off_session import charge, saved
from tests.news import hear, read, work
from tests.pages.visitor import Visitor
from tests.worlds import Account, Outbox, start

from farthing import checkout
from farthing.world import World


def path_of(world: World, text: str) -> str:
    """The path of the link in an email."""
    return text.split(f"{world.settings.base_url}")[1].split()[0]


@pytest.mark.covers("S003-25")
async def test_the_email_leads_to_a_page_that_pays_without_signing_in(
    visitor: Visitor, world: World, account: Account, outbox: Outbox
) -> None:
    await saved(world, account, "pm_card_authenticationRequired")
    charged = await charge(world)
    await work(world)
    (mail,) = outbox.messages
    assert "Please confirm your payment" in mail.subject
    path = path_of(world, mail.text)
    answer = await visitor.get(path)
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "Pay €25.00" in answer.text
    assert "ada@example.com" not in answer.text
    attempt = re.findall(r'name="attempt" value="([^"]+)"', answer.text)[0]
    first, second = await asyncio.gather(*(visitor.post(path, attempt=attempt) for _ in range(2)))
    assert first.headers["location"].startswith(f"{world.settings.stripe_api_base}/c/pay/cs_test_")
    assert second.headers["location"] == first.headers["location"]
    assert (await account.pay(first.headers["location"].rsplit("/", 1)[-1])).status_code == 200
    await hear(world, account)
    assert (await read(world, charged.order_id)).status == "paid"
    assert "is paid. There is nothing left to do" in (await visitor.get(path)).text
    again = await visitor.post(path)
    assert (again.status_code, "there is nothing to pay" in again.text) == (409, True)
    await work(world)
    assert len([sent for sent in outbox.messages if "confirm your payment" in sent.subject]) == 1


async def test_who_was_declined_while_away_gets_the_same_link(
    visitor: Visitor, world: World, account: Account, outbox: Outbox
) -> None:
    await saved(world, account, "pm_card_chargeCustomerFail")
    await charge(world)
    await work(world)
    (mail,) = outbox.messages
    assert "did not go through" in mail.subject
    assert "Pay €25.00" in (await visitor.get(path_of(world, mail.text))).text


async def test_a_link_that_is_not_ours_or_too_old_opens_nothing(visitor: Visitor, world: World, account: Account) -> None:
    order = await read(world, (await start(world)).order_id)
    path = path_of(world, checkout.recovery_url(world.settings, order))
    for wrong in ("/pay/x", f"{path}AAAA", f"{path[:-2]}", "/pay/%00", "/pay/é"):
        assert (await visitor.get(wrong)).status_code == 404
        assert (await visitor.post(wrong)).status_code == 404
    visitor.token = "x" * 43
    assert (await visitor.post(path)).status_code == 403
    async with world.db.transaction("test") as tx:
        past = {"id": order.id, "at": order.placed_at - timedelta(days=1), "end": order.placed_at}
        await tx.run("UPDATE orders SET placed_at = %(at)s, expires_at = %(end)s WHERE id = %(id)s", **past)
    old = path_of(world, checkout.recovery_url(world.settings, await read(world, order.id)))
    assert (await visitor.get(old)).status_code == 409


async def test_when_the_provider_does_not_answer_the_page_stays(visitor: Visitor, world: World, account: Account) -> None:
    await saved(world, account, "pm_card_authenticationRequired")
    order = await read(world, (await charge(world)).order_id)
    path = path_of(world, checkout.recovery_url(world.settings, order))
    await visitor.get(path)
    await account.fail_next("500_before", "/v1/checkout/sessions", times=6)
    answer = await visitor.post(path)
    assert (answer.status_code, "Pay €25.00" in answer.text) == (503, True)
    await account.http.delete("/_sandbox/faults")
    assert (await visitor.post(path)).status_code == 303
