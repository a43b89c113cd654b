"""`catalog plan` and `catalog apply`: the provider sells what the file says, and nothing is ever there twice."""

import asyncio
from typing import Any

import psycopg
import pytest
from tests.catalog.conftest import Dashboard, Seller, said

from farthing import catalog
from farthing.config import Settings
from farthing.errors import Conflict, DatabaseUnavailable, ProviderError, ProviderUnavailable
from farthing.providers.stripe import Stripe

GUIDE = """\
currency = "eur"

[products.guide]
name = "Guide"
description = "All of it."
kind = "custom"
prices = ["49.00 EUR", "55.00 USD"]
"""
MUG = """
[products.mug]
name = "Mug"
kind = "custom"
price = "12.50 EUR"
"""
SHOP = GUIDE + MUG


@pytest.mark.covers("S000-3")
@pytest.mark.covers("S000-49")
async def test_the_first_apply_makes_products_and_prices(seller: Seller, dashboard: Dashboard) -> None:
    assert await seller.apply(SHOP) == [
        "create product guide: None -> Guide",
        "create price guide: None -> 49.00 EUR",
        "create price guide: None -> 55.00 USD",
        "create product mug: None -> Mug",
        "create price mug: None -> 12.50 EUR",
    ]
    products = {product.id: product for product in dashboard.products()}
    assert sorted(products) == ["farthing_guide", "farthing_mug"]
    guide = products["farthing_guide"]
    assert (guide.name, guide.description, guide.active) == ("Guide", "All of it.", True)
    assert guide.metadata.to_dict() == {"farthing_product": "guide"}
    assert products["farthing_mug"].description is None
    assert dashboard.selling() == {
        "farthing:guide:eur": "4900 eur",
        "farthing:guide:usd": "5500 usd",
        "farthing:mug:eur": "1250 eur",
    }


async def test_checkout_is_told_the_prices_at_the_provider(seller: Seller, dashboard: Dashboard) -> None:
    assert await seller.known_prices() == {}
    await seller.apply(SHOP)
    ids = {price.lookup_key: price.id for price in dashboard.prices()}
    assert await seller.known_prices() == {
        "farthing:guide:eur": (ids["farthing:guide:eur"], "49.00 EUR"),
        "farthing:guide:usd": (ids["farthing:guide:usd"], "55.00 USD"),
        "farthing:mug:eur": (ids["farthing:mug:eur"], "12.50 EUR"),
    }


@pytest.mark.covers("F55")
async def test_the_second_apply_changes_nothing(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    rows, events, seen = await seller.rows(), await seller.events(), dashboard.stripe.events.list().data
    assert await seller.apply(SHOP) == []
    assert await seller.plan(SHOP) == catalog.Plan()
    assert await seller.rows() == rows
    assert await seller.events() == events
    assert [event.id for event in dashboard.stripe.events.list().data] == [event.id for event in seen]


async def test_a_plan_changes_nothing(seller: Seller, dashboard: Dashboard) -> None:
    plan = await seller.plan(SHOP)
    assert len(plan.lines) == 5
    assert dashboard.products() == []
    assert await seller.rows() == []
    assert await seller.events() == []


async def test_a_price_edit_makes_exactly_one_new_price_and_archives_the_old(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    old = {price.lookup_key: price.id for price in dashboard.prices()}
    assert await seller.apply(SHOP.replace("49.00 EUR", "59.00 EUR")) == [
        "create price guide: 49.00 EUR -> 59.00 EUR",
        "archive price guide: 49.00 EUR -> None",
    ]
    assert dashboard.selling() == {
        "farthing:guide:eur": "5900 eur",
        "farthing:guide:usd": "5500 usd",
        "farthing:mug:eur": "1250 eur",
    }
    assert [(price.id, price.lookup_key) for price in dashboard.prices(active=False)] == [(old["farthing:guide:eur"], None)]
    assert (await seller.known_prices())["farthing:guide:eur"][1] == "59.00 EUR"
    assert await seller.apply(SHOP.replace("49.00 EUR", "59.00 EUR")) == []


async def test_a_price_changed_there_and_back_is_right_each_time(seller: Seller, dashboard: Dashboard) -> None:
    for amount in ("49.00 EUR", "59.00 EUR", "49.00 EUR", "59.00 EUR"):
        await seller.apply(SHOP.replace("49.00 EUR", amount))
        assert (await seller.known_prices())["farthing:guide:eur"][1] == amount
    assert dashboard.selling()["farthing:guide:eur"] == "5900 eur"
    assert len(dashboard.prices(active=False)) == 3


async def test_other_words_update_the_product_and_touch_no_price(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    prices = [price.id for price in dashboard.prices()]
    new = SHOP.replace('"Guide"', '"The Guide"').replace('description = "All of it."\n', "")
    assert await seller.apply(new) == [
        "update product guide: Guide -> The Guide",
        "update product guide: All of it. -> none",
    ]
    guide = dashboard.stripe.products.retrieve("farthing_guide")
    assert (guide.name, guide.description) == ("The Guide", None)
    assert [price.id for price in dashboard.prices()] == prices


async def test_a_product_taken_out_of_the_file_is_archived_and_comes_back_as_itself(
    seller: Seller, dashboard: Dashboard
) -> None:
    await seller.apply(SHOP)
    prices = [price.id for price in dashboard.prices()]
    assert await seller.apply(GUIDE) == ["archive product mug: Mug -> None"]
    assert [product.id for product in dashboard.products(active=False)] == ["farthing_mug"]
    assert await seller.apply(GUIDE) == []
    assert await seller.apply(SHOP) == ["update product mug: no -> yes"]
    assert len(dashboard.products(active=True)) == 2
    assert [price.id for price in dashboard.prices()] == prices
    assert await seller.apply(SHOP) == []


async def test_a_product_may_come_back_with_another_price(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    await seller.apply(GUIDE)
    assert await seller.apply(SHOP.replace("12.50 EUR", "14.00 EUR")) == [
        "update product mug: no -> yes",
        "create price mug: 12.50 EUR -> 14.00 EUR",
        "archive price mug: 12.50 EUR -> None",
    ]
    assert dashboard.selling()["farthing:mug:eur"] == "1400 eur"


async def test_a_product_that_is_not_for_sale_is_not_made_and_archived_if_it_was(seller: Seller, dashboard: Dashboard) -> None:
    hidden = SHOP + "active = false\n"
    await seller.apply(hidden)
    assert [product.id for product in dashboard.products()] == ["farthing_guide"]
    await seller.apply(SHOP)
    assert await seller.apply(hidden) == ["archive product mug: Mug -> None"]
    assert await seller.apply(hidden) == []


async def test_a_currency_taken_out_archives_its_price(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    euros = SHOP.replace(', "55.00 USD"', "")
    assert await seller.apply(euros) == ["archive price guide: 55.00 USD -> None"]
    assert sorted(dashboard.selling()) == ["farthing:guide:eur", "farthing:mug:eur"]
    assert sorted(await seller.known_prices()) == ["farthing:guide:eur", "farthing:mug:eur"]
    assert await seller.apply(euros) == []
    assert await seller.apply(SHOP) == ["create price guide: None -> 55.00 USD"]
    assert dashboard.selling()["farthing:guide:usd"] == "5500 usd"


async def test_edits_in_the_dashboard_are_shown_as_drift_and_put_right(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    dashboard.stripe.products.update("farthing_guide", {"name": "CHEAP!!", "description": "", "active": False})
    plan = await seller.plan(SHOP)
    assert [(drift.product, drift.what, drift.applied, drift.found) for drift in plan.drift] == [
        ("guide", "name", "Guide", "CHEAP!!"),
        ("guide", "description", "All of it.", "none"),
        ("guide", "active", "yes", "no"),
    ]
    assert await seller.apply(SHOP) == [
        "update product guide: CHEAP!! -> Guide",
        "update product guide: none -> All of it.",
        "update product guide: no -> yes",
    ]
    assert await seller.plan(SHOP) == catalog.Plan()


async def test_the_same_edit_by_hand_is_put_right_again_and_again(seller: Seller, dashboard: Dashboard) -> None:
    """A provider that is asked twice with one key would answer from memory and change nothing."""
    await seller.apply(SHOP)
    for _ in range(3):
        dashboard.stripe.products.update("farthing_guide", {"name": "CHEAP!!"})
        await seller.apply(SHOP)
        assert dashboard.stripe.products.retrieve("farthing_guide").name == "Guide"


async def test_a_change_of_the_file_is_no_drift(seller: Seller) -> None:
    await seller.apply(SHOP)
    plan = await seller.plan(SHOP.replace("49.00 EUR", "59.00 EUR").replace('"Mug"', '"Cup"'))
    assert plan.drift == ()
    assert len(plan.lines) == 3


async def test_a_price_archived_by_hand_is_drift_and_replaced(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    dashboard.stripe.prices.update((await seller.known_prices())["farthing:mug:eur"][0], {"active": False})
    drift = (await seller.plan(SHOP)).drift
    assert [(each.product, each.what, each.applied, each.found) for each in drift] == [
        ("mug", "price in eur", "12.50 EUR", "archived")
    ]
    assert await seller.apply(SHOP) == ["create price mug: None -> 12.50 EUR"]
    assert dashboard.selling()["farthing:mug:eur"] == "1250 eur"
    assert await seller.plan(SHOP) == catalog.Plan()


@pytest.mark.parametrize(("amount", "shown"), [(100, "1.00 EUR"), (0, "0.00 EUR")])
async def test_a_cheaper_price_slipped_in_by_hand_is_drift_and_goes(
    seller: Seller, dashboard: Dashboard, amount: int, shown: str
) -> None:
    await seller.apply(SHOP)
    slipped: dict[str, Any] = {"product": "farthing_mug", "currency": "eur", "unit_amount": amount}
    dashboard.stripe.prices.create(slipped | {"lookup_key": "farthing:mug:eur", "transfer_lookup_key": True})
    drift = (await seller.plan(SHOP)).drift
    assert [(each.product, each.applied, each.found) for each in drift] == [("mug", "12.50 EUR", shown)]
    assert await seller.apply(SHOP) == [
        f"create price mug: {shown} -> 12.50 EUR",
        f"archive price mug: {shown} -> None",
        "archive price mug: 12.50 EUR -> None",
    ]
    assert dashboard.selling()["farthing:mug:eur"] == "1250 eur"
    assert await seller.plan(SHOP) == catalog.Plan()


async def test_a_monthly_price_with_our_lookup_key_is_no_price_of_ours(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    monthly: dict[str, Any] = {"product": "farthing_mug", "currency": "eur", "unit_amount": 1250}
    monthly |= {"recurring": {"interval": "month"}, "lookup_key": "farthing:mug:eur", "transfer_lookup_key": True}
    made = dashboard.stripe.prices.create(monthly)
    assert [each.found for each in (await seller.plan(SHOP)).drift] == ["12.50 EUR every month"]
    await seller.apply(SHOP)
    assert dashboard.stripe.prices.retrieve(made.id).active is False
    assert await seller.plan(SHOP) == catalog.Plan()


async def test_a_price_that_lost_its_lookup_key_is_replaced(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    dashboard.stripe.prices.update((await seller.known_prices())["farthing:mug:eur"][0], {"lookup_key": ""})
    assert [each.found for each in (await seller.plan(SHOP)).drift] == ["without its lookup key"]
    await seller.apply(SHOP)
    assert dashboard.selling()["farthing:mug:eur"] == "1250 eur"
    assert await seller.plan(SHOP) == catalog.Plan()


async def test_a_product_whose_mark_was_removed_is_still_ours(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    dashboard.stripe.products.update("farthing_mug", {"metadata": {"farthing_product": ""}, "name": "Not a mug"})
    assert await seller.apply(SHOP) == ["update product mug: Not a mug -> Mug"]
    assert dashboard.stripe.products.retrieve("farthing_mug").metadata.to_dict() == {"farthing_product": "mug"}
    assert len(dashboard.products()) == 2


async def test_a_product_made_by_hand_is_left_alone(seller: Seller, dashboard: Dashboard) -> None:
    """Identity is the mark, never the name."""
    other = dashboard.stripe.products.create({"name": "Mug"})
    dashboard.stripe.prices.create({"product": other.id, "currency": "eur", "unit_amount": 1})
    await seller.apply(SHOP)
    assert len(dashboard.products()) == 3
    assert dashboard.stripe.products.retrieve(other.id).active is True
    assert (await seller.plan(SHOP)) == catalog.Plan()


async def test_a_price_made_by_hand_on_our_product_is_left_alone(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    extra = dashboard.stripe.prices.create({"product": "farthing_mug", "currency": "eur", "unit_amount": 1000})
    assert await seller.plan(SHOP) == catalog.Plan()
    await seller.apply(SHOP.replace("12.50", "13.50"))
    assert dashboard.stripe.prices.retrieve(extra.id).active is True


async def test_products_of_another_shop_on_the_account_are_shown_and_left_alone(seller: Seller, dashboard: Dashboard) -> None:
    dashboard.stripe.products.create({"name": "Hat", "metadata": {"farthing_product": "hat"}})
    plan = await seller.plan(SHOP)
    assert [stranger.key for stranger in plan.strangers] == ["hat"]
    await seller.apply(SHOP)
    assert sorted(product.name for product in dashboard.products(active=True)) == ["Guide", "Hat", "Mug"]


async def test_a_copy_made_in_the_dashboard_is_not_mistaken_for_ours(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    copy = dashboard.stripe.products.create({"id": "a_copy", "name": "Copy", "metadata": {"farthing_product": "mug"}})
    plan = await seller.plan(SHOP)
    assert (plan.steps, [stranger.id for stranger in plan.strangers]) == ((), [copy.id])


async def test_a_new_database_adopts_what_is_there(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    rows = await seller.known_prices()
    async with seller.db.transaction("test") as tx:
        await tx.run("DELETE FROM provider_prices")
        await tx.run("DELETE FROM provider_products")
    assert await seller.apply(SHOP) == [
        "adopt product guide: Guide -> Guide",
        "adopt price guide: 49.00 EUR -> 49.00 EUR",
        "adopt price guide: 55.00 USD -> 55.00 USD",
        "adopt product mug: Mug -> Mug",
        "adopt price mug: 12.50 EUR -> 12.50 EUR",
    ]
    assert await seller.known_prices() == rows
    assert len(dashboard.products()) == 2
    assert len(dashboard.prices()) == 3
    assert await seller.apply(SHOP) == []


async def test_a_product_deleted_by_hand_is_made_again(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(SHOP)
    async with seller.db.transaction("test") as tx:
        sql = "INSERT INTO provider_products SELECT provider, livemode, 'cap', 'prod_gone', applied, applied_at FROM"
        await tx.run(sql + " provider_products WHERE product = 'mug'")
    shop = SHOP + MUG.replace("mug", "cap").replace("Mug", "Cap")
    assert [(each.product, each.found) for each in (await seller.plan(shop)).drift] == [("cap", "deleted")]
    assert (await seller.apply(shop))[0] == "create product cap: None -> Cap"
    assert await seller.plan(shop) == catalog.Plan()


async def test_every_step_is_in_the_audit_trail(seller: Seller) -> None:
    await seller.apply(SHOP)
    events = await seller.events()
    assert [(event["type"], event["actor"], event["data"]["product"]) for event in events] == [
        ("catalog.applied", "catalog", product) for product in ("guide", "guide", "guide", "mug", "mug")
    ]
    assert events[1]["data"] == {
        "product": "guide",
        "changes": [{"verb": "create price", "what": "price in eur", "before": None, "after": "49.00 EUR"}],
        "provider": "stripe",
        "livemode": False,
    }


async def test_a_plan_that_was_seen_is_done_only_as_seen(seller: Seller, dashboard: Dashboard) -> None:
    plan = await seller.plan(SHOP)
    assert said(plan.lines) == await seller.apply(SHOP, plan)
    plan = await seller.plan(SHOP.replace("12.50", "13.50"))
    dashboard.stripe.products.update("farthing_mug", {"name": "Changed meanwhile"})
    rows = await seller.rows()
    with pytest.raises(Conflict, match="changed after this plan was made"):
        await seller.apply(SHOP.replace("12.50", "13.50"), plan)
    assert await seller.rows() == rows
    assert dashboard.selling()["farthing:mug:eur"] == "1250 eur"


async def test_while_one_apply_runs_another_is_refused(seller: Seller, dashboard: Dashboard) -> None:
    with psycopg.connect(seller.db.dsn, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('farthing.catalog stripe False', 0))")
        with pytest.raises(Conflict, match="Another `farthing catalog apply` is running"):
            await seller.apply(SHOP)
        assert dashboard.products() == []
        assert await seller.rows() == []
    assert len(await seller.apply(SHOP)) == 5


@pytest.mark.covers("F55")
async def test_five_applies_at_once_make_everything_once(seller: Seller, dashboard: Dashboard) -> None:
    outcomes = await asyncio.gather(*(seller.apply(SHOP) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(outcome, list | Conflict) for outcome in outcomes)
    assert await seller.apply(SHOP) == []
    assert len(dashboard.products()) == 2
    assert len(dashboard.prices()) == 3
    assert dashboard.prices(active=False) == []


async def test_more_products_than_one_page_are_all_seen(seller: Seller, dashboard: Dashboard) -> None:
    for n in range(101):
        dashboard.stripe.products.create({"name": f"Other {n}"})
    await seller.apply(SHOP)
    for n in range(101):
        dashboard.stripe.prices.create({"product": "farthing_mug", "currency": "eur", "unit_amount": 1000 + n})
    assert await seller.plan(SHOP) == catalog.Plan()


@pytest.mark.parametrize("kind", ["lost_response", "500_after", "500_before", "reset_before", "429"])
@pytest.mark.parametrize("path", ["/v1/products", "/v1/prices", "/v1/prices/*"])
async def test_a_call_that_fails_for_good_stops_the_apply_and_the_next_one_finishes_it(
    seller: Seller, dashboard: Dashboard, kind: str, path: str
) -> None:
    await seller.apply(GUIDE)
    new = SHOP.replace("49.00 EUR", "59.00 EUR")
    dashboard.fail(kind, path, times=1 if kind == "429" else 3)  # the provider's library tries three times, or once
    with pytest.raises(ProviderUnavailable, match="run `farthing catalog apply` again"):
        await seller.apply(new)
    await seller.apply(new)
    assert await seller.apply(new) == []
    assert dashboard.selling() == {
        "farthing:guide:eur": "5900 eur",
        "farthing:guide:usd": "5500 usd",
        "farthing:mug:eur": "1250 eur",
    }
    assert len(dashboard.products()) == 2
    assert len(dashboard.prices(active=False)) == 1


async def test_one_lost_answer_is_not_even_noticed(seller: Seller, dashboard: Dashboard) -> None:
    dashboard.fail("lost_response", "/v1/products")
    dashboard.fail("lost_response", "/v1/prices")
    await seller.apply(SHOP)
    assert len(dashboard.products()) == 2
    assert len(dashboard.prices()) == 3


async def test_a_refusal_names_the_step(seller: Seller, dashboard: Dashboard) -> None:
    await seller.apply(GUIDE)
    dashboard.stripe.products.create({"id": "farthing_mug", "name": "in the way"})
    await seller.apply(SHOP)  # the product with our id is brought into our state
    assert dashboard.stripe.products.retrieve("farthing_mug").name == "Mug"
    world = seller.world(SHOP.replace("12.50 EUR", "999999.99 EUR"))
    dashboard.fail("500_sticky", "/v1/prices", times=3)
    with pytest.raises(ProviderError, match=r"^create price mug: Stripe did not answer for certain: .* again\.$"):
        await catalog.apply(world)


async def test_the_turn_is_taken_at_the_direct_address_of_the_database(seller: Seller, dashboard: Dashboard) -> None:
    direct = Settings.model_validate({"database_direct_url": seller.db.dsn})
    assert len((await catalog.apply(seller.world(SHOP, settings=direct))).lines) == 5
    nobody = Settings.model_validate({"database_direct_url": "postgresql://nobody@127.0.0.1:1/none"})
    with pytest.raises(DatabaseUnavailable):
        await catalog.apply(seller.world(GUIDE, settings=nobody))
    assert len(dashboard.products(active=True)) == 2


async def test_a_wrong_api_key_changes_nothing(seller: Seller, dashboard: Dashboard) -> None:
    wrong = Stripe("sk_live_wrong", livemode=False, base=dashboard.url)
    with pytest.raises(ProviderError, match="check STRIPE_SECRET_KEY") as refused:
        await catalog.apply(seller.world(SHOP, provider=wrong))
    await wrong.close()
    assert "sk_live" not in refused.value.detail
    assert await seller.rows() == []
