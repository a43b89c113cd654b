"""Recipes of the catalog: products, prices, coupons, promotion codes, tax rates."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.triggers import steps
from farthing.sandbox.triggers.hand import Hand
from farthing.sandbox.triggers.recipe import Recipe


def _change_product(hand: Hand) -> None:
    hand.post(f"/v1/products/{steps.product(hand)}", {"description": "A new tea every month."})


def _delete_product(hand: Hand) -> None:
    hand.delete(f"/v1/products/{steps.product(hand)}")


def _change_price(hand: Hand) -> None:
    hand.post(f"/v1/prices/{steps.price(hand)}", {"nickname": "Monthly"})


def coupon(hand: Hand, **more: Any) -> str:
    return str(hand.post("/v1/coupons", {"percent_off": 25, "duration": "once", "name": "A quarter off", **more})["id"])


def _change_coupon(hand: Hand) -> None:
    hand.post(f"/v1/coupons/{coupon(hand)}", {"name": "25 % off"})


def _delete_coupon(hand: Hand) -> None:
    hand.delete(f"/v1/coupons/{coupon(hand)}")


def _promotion_code(hand: Hand) -> str:
    rule = {"type": "coupon", "coupon": coupon(hand)}
    return str(hand.post("/v1/promotion_codes", {"promotion": rule})["id"])


def _change_promotion_code(hand: Hand) -> None:
    hand.post(f"/v1/promotion_codes/{_promotion_code(hand)}", {"active": False})


def _tax_rate(hand: Hand) -> str:
    return str(hand.post("/v1/tax_rates", {"display_name": "VAT", "percentage": 19, "inclusive": True})["id"])


def _change_tax_rate(hand: Hand) -> None:
    hand.post(f"/v1/tax_rates/{_tax_rate(hand)}", {"active": False})


RECIPES = (
    Recipe("product.created", "A product is made.", steps.product),
    Recipe("product.updated", "A product gets a description.", _change_product),
    Recipe("product.deleted", "A product without prices is deleted.", _delete_product),
    Recipe("price.created", "A monthly price is made.", steps.price),
    Recipe("price.updated", "A price gets a nickname.", _change_price),
    Recipe("coupon.created", "A coupon of 25 % is made.", coupon),
    Recipe("coupon.updated", "A coupon gets another name.", _change_coupon),
    Recipe("coupon.deleted", "A coupon is deleted.", _delete_coupon),
    Recipe("promotion_code.created", "A promotion code for a coupon is made.", _promotion_code),
    Recipe("promotion_code.updated", "A promotion code is switched off.", _change_promotion_code),
    Recipe("tax_rate.created", "A tax rate of 19 % is made.", _tax_rate),
    Recipe("tax_rate.updated", "A tax rate is switched off.", _change_tax_rate),
)
