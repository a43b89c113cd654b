"""The demo shop: from the catalog to the payment page, with nothing that a browser sends taken for a price."""

import asyncio
import re
from dataclasses import replace

import httpx
import pytest
from starlette.types import ASGIApp
from tests.pages.visitor import Visitor
from tests.worlds import Account

from farthing import catalog, web
from farthing.db import Database
from farthing.world import World

HOPPER = "grace@example.com"


async def attempt_of(visitor: Visitor) -> str:
    found = re.search(r'name="attempt" value="([^"]+)"', (await visitor.get("/cart")).text)
    assert found
    return found[1]


async def fill_cart(visitor: Visitor, product: str = "mug", quantity: str = "2") -> str:
    """Returns the attempt that the cart's form carries."""
    await visitor.get("/")
    assert (await visitor.post("/cart", product=product, quantity=quantity)).status_code == 303
    return await attempt_of(visitor)


async def count(db: Database, table: str) -> int:
    async with db.connection() as connection:
        row = await (await connection.execute(f"SELECT count(*) AS n FROM {table}")).fetchone()
    assert row
    return int(row["n"])


async def test_what_the_catalog_sells_is_shown_with_its_price(visitor: Visitor) -> None:
    text = (await visitor.get("/")).text
    assert all(words in text for words in ("The guide", "€49.00", "A mug", "€12.50", "Access for 365 days"))
    assert "No longer for sale" not in text


async def test_a_cart_leads_to_the_payment_page_of_its_order(visitor: Visitor, world: World) -> None:
    attempt = await fill_cart(visitor)
    answer = await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{world.settings.stripe_api_base}/c/pay/cs_test_")
    async with world.db.connection() as connection:
        row = await (await connection.execute("SELECT email, total_amount, currency, status FROM orders")).fetchone()
    assert row == {"email": HOPPER, "total_amount": 2500, "currency": "eur", "status": "open"}


@pytest.mark.covers("F33")
async def test_paying_twice_from_one_page_places_one_order(visitor: Visitor, db: Database) -> None:
    attempt = await fill_cart(visitor)
    clicks = [visitor.post("/cart/checkout", attempt=attempt, email=HOPPER) for _ in range(3)]
    answers = await asyncio.gather(*clicks)
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await count(db, "orders") == 1


async def test_another_cart_from_the_same_page_is_another_order(visitor: Visitor, db: Database) -> None:
    attempt = await fill_cart(visitor)
    await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER)
    await visitor.post("/cart", product="guide", quantity="1")
    assert (await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER)).status_code == 303
    assert await count(db, "orders") == 2


@pytest.mark.parametrize("email", ["", "ada", "ada@", "a b@c.d", "ada@example", "x" * 250 + "@a.bc"])
async def test_a_guest_without_a_usable_address_is_asked_again(visitor: Visitor, db: Database, email: str) -> None:
    attempt = await fill_cart(visitor)
    answer = await visitor.post("/cart/checkout", attempt=attempt, email=email)
    assert answer.status_code == 422
    assert "Write an address like ada@example.com." in answer.text
    assert f'value="{email}"' in answer.text
    assert await count(db, "orders") == 0


@pytest.mark.parametrize("quantity", ["0", "-1", "101", "1.5", "1e3", "٣", "", "99999999999", "true"])
async def test_a_quantity_that_cannot_be_bought_changes_nothing(visitor: Visitor, quantity: str) -> None:
    await visitor.get("/")
    text = await visitor.follow(await visitor.post("/cart", product="mug", quantity=quantity))
    assert "choose a whole number from 1 to 100" in text
    assert "Your cart is empty" in (await visitor.get("/cart")).text


@pytest.mark.parametrize("product", ["retired", "nothing", "", "../guide"])
async def test_what_is_not_for_sale_is_not_added(visitor: Visitor, product: str) -> None:
    await visitor.get("/")
    text = await visitor.follow(await visitor.post("/cart", product=product, quantity="1"))
    assert "not for sale at the moment" in text
    assert "Your cart is empty" in (await visitor.get("/cart")).text


async def test_the_cart_changes_and_empties(visitor: Visitor) -> None:
    await fill_cart(visitor)
    assert "€87.50" in await visitor.follow(await visitor.post("/cart/changes", **{"quantity:mug": "7"}))
    bad = await visitor.follow(await visitor.post("/cart/changes", **{"quantity:mug": "101"}))
    assert "choose a whole number from 1 to 100" in bad
    assert "€87.50" in bad
    assert "Your cart is empty" in await visitor.follow(await visitor.post("/cart/changes", remove="mug"))


@pytest.mark.parametrize("cookie", ["x", "e30=", "W10=", "eyJpdGVtcyI6MX0=", "eyJpdGVtcyI6eyJtdWciOi0xfX0=", "ÿ"])
async def test_a_cookie_that_is_not_ours_is_an_empty_cart(visitor: Visitor, cookie: str) -> None:
    answer = await visitor.http.get("/cart", headers=[(b"cookie", b"farthing_cart=" + cookie.encode("latin-1"))])
    assert answer.status_code == 200
    assert "Your cart is empty" in answer.text


async def test_when_the_provider_does_not_answer_the_same_form_goes_on(
    visitor: Visitor, account: Account, db: Database
) -> None:
    attempt = await fill_cart(visitor)
    await account.fail_next("500_before", "/v1/checkout/sessions", times=6)
    answer = await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER)
    assert answer.status_code == 503
    assert f'value="{attempt}"' in answer.text
    await account.http.delete("/_sandbox/faults")
    assert (await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER)).status_code == 303
    assert await count(db, "orders") == 1


async def test_a_form_without_its_token_buys_nothing(visitor: Visitor, db: Database) -> None:
    attempt = await fill_cart(visitor)
    visitor.token = "x" * 43
    assert (await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER)).status_code == 403
    assert await count(db, "orders") == 0


@pytest.mark.covers("F184")
@pytest.mark.covers("F183")
async def test_production_has_no_demo_shop_no_demo_customer_and_no_mailbox(production: ASGIApp) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(production), base_url="http://testserver") as http:
        assert "Orders and payments of this shop" in (await http.get("/")).text
        for path in ("/cart", "/mailbox"):
            assert (await http.get(path)).status_code == 404
        for path in ("/cart", "/cart/checkout", "/demo/sign-in"):
            assert (await http.post(path)).status_code in (403, 404)
        http.cookies.set("farthing_demo_customer", "on")
        known = await http.get("/account/orders")
        assert known.status_code == 401
        assert "demo" not in known.text


async def test_a_code_takes_off_what_it_says_and_is_refused_beside_its_field(visitor: Visitor, db: Database) -> None:
    attempt = await fill_cart(visitor)
    answer = await visitor.post("/cart/code", code="NOTHING")
    assert (answer.status_code, 'id="error-code"' in answer.text, 'value="NOTHING"' in answer.text) == (404, True, True)
    assert "€25.00" in answer.text
    text = await visitor.follow(await visitor.post("/cart/code", code="welcome10"))
    assert "−€2.50" in text
    assert "Pay €22.50" in text
    answer = await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER, code="welcome10")
    assert answer.status_code == 303
    async with db.connection() as connection:
        row = await (await connection.execute("SELECT total_amount, discount_amount FROM orders")).fetchone()
    assert row == {"total_amount": 2250, "discount_amount": 250}
    text = await visitor.follow(await visitor.post("/cart/code", remove="code"))
    assert "Pay €25.00" in text


async def test_who_pays_what_they_want_says_it_within_the_bounds(world: World) -> None:
    gift = '[products.gift]\nname = "A gift"\nkind = "custom"\nprice = { min = "2.00 EUR", max = "50.00 EUR" }\n'
    sold = catalog.parse(f'currency = "eur"\n[shop]\nname = "The test shop"\n{gift}')
    transport = httpx.ASGITransport(web.build(replace(world, catalog=sold), authenticate=None))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        visitor = Visitor(http)
        assert "€2.00 to €50.00" in (await visitor.get("/")).text
        for wrong in ("1.99", "50.01", "", "x", "-3", "1e1"):
            await visitor.post("/cart", product="gift", price=wrong)
            assert "Your cart is empty" in (await visitor.get("/cart")).text
        await visitor.post("/cart", product="gift", quantity="2", price="7,50")
        assert "Pay €15.00" in (await visitor.get("/cart")).text
        answer = await visitor.post("/cart/checkout", attempt=await attempt_of(visitor), email=HOPPER)
        assert answer.status_code == 303
