"""The page behind the link of the email."""

from collections.abc import AsyncIterator
from datetime import timedelta
from string import ascii_letters, digits

import httpx
import pytest
from tests.dunning.conftest import Late, link_of
from tests.pages.visitor import Visitor
from tests.worlds import Outbox

from farthing import web


@pytest.fixture
async def visitor(late: Late) -> AsyncIterator[Visitor]:
    pages = web.build(late.world, authenticate=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://testserver") as client:
        yield Visitor(client)


async def test_the_link_shows_what_is_owed_and_nothing_about_who_owes_it(late: Late, outbox: Outbox, visitor: Visitor) -> None:
    seen = await visitor.get(link_of(outbox.messages[0].text))
    for words in ("Pay for Pro", "€20.00", "Try 1: your bank said no", "We try the saved card again", "You can go on using it"):
        assert words in seen.text
    for words in ("ada@example.com", "Lovelace", "0341"):
        assert words not in seen.text


async def test_paying_leads_to_the_providers_page_and_the_link_then_says_thanks(
    late: Late, outbox: Outbox, visitor: Visitor
) -> None:
    link = link_of(outbox.messages[0].text)
    await visitor.get(link)
    away = await visitor.post(link)
    assert away.status_code == 303
    invoice = await late.invoice()
    assert away.headers["location"] == invoice.hosted_url
    paid = await late.account.http.post(f"/i/{invoice.provider_invoice_id}", data={"number": "4242424242424242"})
    assert paid.status_code == 200
    again = await visitor.post(link)
    assert "There is nothing to pay any more." in again.text
    assert "It is paid" in (await visitor.get(link)).text
    assert (await late.subscription()).status == "active"


async def test_another_card_is_saved_and_pays_this_and_what_comes(late: Late, outbox: Outbox, visitor: Visitor) -> None:
    link = link_of(outbox.messages[0].text)
    await visitor.get(link)
    away = await visitor.post(f"{link}/card")
    session = away.headers["location"].rpartition("/")[2].partition("#")[0]
    assert (await late.account.pay(session, "4242424242424242")).status_code == 200
    for _ in range(2):
        back = await visitor.get(f"{link}/card?session_id={session}")
        assert "your new card pays from now on" in await visitor.follow(back)
    assert ((await late.subscription()).status, await late.received()) == ("active", 2000)
    await late.ada.later(days=31)
    assert (await late.subscription()).status == "active"


async def test_leaving_the_page_of_the_card_charges_nothing(late: Late, outbox: Outbox, visitor: Visitor) -> None:
    link = link_of(outbox.messages[0].text)
    await visitor.get(link)
    session = (await visitor.post(f"{link}/card")).headers["location"].rpartition("/")[2].partition("#")[0]
    back = await visitor.get(f"{link}/card?session_id={session}")
    assert "No card was saved" in await visitor.follow(back)
    assert await late.received() == 0


async def test_a_page_that_was_made_for_somebody_else_saves_nothing(late: Late, outbox: Outbox, visitor: Visitor) -> None:
    http = late.account.http
    other = (await http.post("/v1/customers", data={"email": "eve@example.com"})).json()["id"]
    form = {"mode": "setup", "customer": other, "currency": "eur", "success_url": "http://testserver/"}
    session = (await http.post("/v1/checkout/sessions", data=form)).raise_for_status().json()["id"]
    link = link_of(outbox.messages[0].text)
    assert (await visitor.get(f"{link}/card?session_id={session}")).status_code == 404
    assert (await visitor.get(f"{link}/card?session_id=../evil")).status_code == 404


async def test_a_link_that_was_changed_or_is_too_old_opens_nothing(late: Late, outbox: Outbox, visitor: Visitor) -> None:
    link = link_of(outbox.messages[0].text)
    others = set(ascii_letters + digits + "-_") - {link[-1]}
    assert {(await visitor.get(link[:-1] + other)).status_code for other in others} == {404}
    assert (await visitor.get("/renewal/" + "x" * 40)).status_code == 404
    late.ada.clock.advance(timedelta(days=61))
    assert (await visitor.get(link)).status_code == 409


async def test_after_the_end_the_link_says_that_nothing_is_charged_any_more(
    late: Late, outbox: Outbox, visitor: Visitor
) -> None:
    await late.ada.later(days=20)
    seen = await visitor.get(link_of(outbox.messages[0].text))
    assert "There is nothing to pay" in seen.text
    assert "Save another card" not in seen.text
