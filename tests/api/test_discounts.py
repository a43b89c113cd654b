"""Coupons, codes, priced carts and the catalog's words over HTTP."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.api.conftest import cart
from tests.worlds import unchanged

from farthing import catalog
from farthing.world import World

ITEMS = [{"product": "mug", "quantity": 3}]
SPRING = {"id": "spring", "name": "Spring", "basis_points": 1250, "max_redemptions": 1}


def eur(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "eur"}


@pytest.mark.covers("S000-57", "S000-13")
async def test_a_cart_is_priced_with_a_code_and_nothing_is_written(guest: httpx.AsyncClient, world: World) -> None:
    async with unchanged(world):
        answer = await guest.post("/v1/carts", json={"items": ITEMS, "promotion_code": "welcome10"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["subtotal"], found["discount"], found["total"]) == (eur(3750), eur(375), eur(3375))
    assert found["discounts"] == [
        {"kind": "coupon", "id": "welcome", "name": "Welcome", "code": "WELCOME10", "amount": eur(375)}
    ]
    (line,) = found["line_items"]
    assert (line["unit"], line["amount"], line["discount"], line["total"]) == (eur(1250), eur(3750), eur(375), eur(3375))


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"items": ITEMS, "promotion_code": "NOSUCH"}, 404, "promotion_code"),
        ({"items": ITEMS, "promotion_code": ""}, 422, "promotion_code"),
        ({"items": [{"product": "mug", "price": eur(1)}]}, 422, "items[0].price"),
        ({"items": [{"product": "mug", "price": {"amount": 1.0, "currency": "eur"}}]}, 422, "items[0].price.amount"),
        ({"items": ITEMS, "customer": "ada"}, 403, "customer"),
    ],
)
async def test_a_cart_that_cannot_be_priced_says_what_is_wrong(
    body: dict[str, Any], status: int, param: str, guest: httpx.AsyncClient
) -> None:
    answer = await guest.post("/v1/carts", json=body)
    problem = answer.json()
    named = problem.get("param") or problem["errors"][0]["param"]
    assert (answer.status_code, named) == (status, param), problem


async def test_a_coupon_is_made_used_and_ended(server: httpx.AsyncClient, ada: httpx.AsyncClient, world: World) -> None:
    made = await server.post("/v1/coupons", json=SPRING)
    assert (made.status_code, made.json()["source"], made.json()["redeemed"]) == (201, "staff", 0)
    assert (await server.post("/v1/coupons", json=SPRING)).status_code == 409
    code = await server.post("/v1/promotion-codes", json={"code": "spring24", "coupon": "spring"})
    assert (code.status_code, code.json()["id"]) == (201, "SPRING24")
    started = await ada.post("/v1/checkout/sessions", json=cart(items=ITEMS, promotion_code="Spring24"))
    assert started.json()["total"] == eur(3281)  # 12.5 % of 37.50 are 4.6875
    refused = await ada.post("/v1/checkout/sessions", json=cart(items=ITEMS, promotion_code="Spring24"))
    assert (refused.status_code, refused.json()["param"]) == (409, "promotion_code")
    listed = (await server.get("/v1/coupons")).json()["data"]
    assert [(each["id"], each["source"], each["reserved"]) for each in listed] == [
        ("once", "catalog", 0),
        ("spring", "staff", 1),
        ("welcome", "catalog", 0),
    ]
    first = (await server.get("/v1/promotion-codes", params={"limit": 2})).json()
    rest = (await server.get("/v1/promotion-codes", params={"cursor": first["next_cursor"]})).json()
    assert [each["id"] for each in (*first["data"], *rest["data"])] == ["ONLY1", "SPRING24", "WELCOME10"]
    ended = await server.post("/v1/promotion-codes/spring24/deactivation")
    assert (ended.status_code, ended.json()["active"]) == (200, False)
    assert (await server.post("/v1/coupons/spring/deactivation")).json()["active"] is False
    assert (await server.post("/v1/coupons/welcome/deactivation")).status_code == 409


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/coupons", SPRING | {"amounts": [eur(100)]}, 422),
        ("/v1/coupons", {"id": "x", "name": "X"}, 422),
        ("/v1/coupons", SPRING | {"basis_points": 10_001}, 422),
        ("/v1/coupons", SPRING | {"products": ["nothing"]}, 422),
        ("/v1/coupons", SPRING | {"id": "welcome"}, 409),
        ("/v1/promotion-codes", {"code": "WELCOME10", "coupon": "once"}, 409),
        ("/v1/promotion-codes", {"code": "NEW", "coupon": "nothing"}, 404),
        ("/v1/promotion-codes/NOSUCH/deactivation", None, 404),
        ("/v1/coupons/nothing/deactivation", None, 404),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    path: str, body: Any, status: int, server: httpx.AsyncClient, ada: httpx.AsyncClient, world: World
) -> None:
    async with unchanged(world):
        assert (await server.post(path, json=body)).status_code == status
        assert (await ada.post(path, json=body)).status_code == 403


@pytest.mark.covers("S000-9")
async def test_products_are_shown_in_the_words_of_a_language(api: FastAPI, guest: httpx.AsyncClient, world: World) -> None:
    object.__setattr__(
        world,
        "catalog",
        catalog.parse(
            """\
            currency = "eur"
            [products.last]
            name = "Last"
            kind = "custom"
            price = "9.00 EUR"
            [products.first]
            name = "First"
            description = "Comes first."
            kind = "custom"
            price = {min = "5.00 EUR", max = "50.00 EUR", suggested = ["10.00 EUR"]}
            display = {badge = "New", features = ["a", "b"], icon = "rocket", order = -1, highlighted = true}
            [products.first.translations.de]
            name = "Erstes"
            features = ["eins"]
            [products.first.translations.de-AT]
            name = "Erschtes"
            """
        ),
    )
    shown: dict[str, dict[str, Any]] = {}
    for locale in ("", "de", "de-at", "de_CH", "fr"):
        data = (await guest.get("/v1/products", params={"locale": locale})).json()["data"]
        assert [product["id"] for product in data] == ["first", "last"]
        shown[locale] = data[0]
    assert [shown[locale]["name"] for locale in shown] == ["First", "Erstes", "Erschtes", "Erstes", "First"]
    assert shown["de"]["display"] == {"badge": "New", "features": ["eins"], "icon": "rocket", "order": -1, "highlighted": True}
    assert shown["de"]["description"] == "Comes first."
    assert shown[""]["price_ranges"] == [{"min": eur(500), "max": eur(5000), "suggested": [eur(1000)]}]
    assert (await guest.get("/v1/products", params={"locale": "d/e"})).status_code == 422
