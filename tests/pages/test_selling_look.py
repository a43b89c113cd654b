"""The pages of sellers, and those about them, in a real browser: accessible, nothing refused by the policy, fit for a phone."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from tests.browser import PHONE
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_paying_sellers import AVAILABLE_AT_ONCE
from tests.markets import SELLS, bought, outside
from tests.pages.test_pages_look import flaws, opened
from tests.shops import Client, Shop, running_shop
from tests.worlds import Sandbox

from farthing import checkout, listings, payouts, returns, seller_orders
from farthing.db import Transaction
from farthing.listings import Listing, Wanted
from farthing.money import Money
from farthing.orders import Order
from farthing.returns import Asked
from farthing.seller_orders import SellerOrder

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # a crowded machine takes its time

SELLER, STAFF = "seller", "staff"


async def happens(market: Market) -> dict[str, str]:
    """Some of everything, and the ids of what has a page of its own."""
    lamp = await market.lists(market.grace, "LAMP-1", 4900)
    await market.lists(market.grace, "A-NAME-THAT-IS-RATHER-LONG-FOR-A-SKU", 1999, stock=0)
    vase = await market.lists(market.linus, "vase", 2500)
    wanted = Wanted(title="A lamp that is not published", prices=[Money(100, "usd")])
    catalog = market.world.catalog
    draft = await market.do(lambda tx: listings.create(tx, catalog, market.grace.id, "DRAFT", wanted, livemode=False))
    orders = [await bought(market, of(lamp, 2), of(vase)), *[await bought(market, of(lamp)) for _ in range(3)]]
    mixed, sent, arrived, held = [await first_part(market, order) for order in orders]

    async def go_out(tx: Transaction) -> str:
        number, url = "JD014600003RU", "https://dhl.example/JD014600003RU"
        one = [(mixed.lines[0].line_id, 1)]
        await seller_orders.ship(tx, mixed.id, one, carrier="dhl", tracking_number=number, tracking_url=url)
        parcels = [
            await seller_orders.ship(tx, part.id, carrier="ups", tracking_number=part.number) for part in (sent, arrived, held)
        ]
        for parcel in parcels[1:]:
            await seller_orders.move_shipment(tx, parcel.id, "deliver")
        await seller_orders.hold(tx, held.id, "The address is a parcel shop that we do not know.")
        return str(parcels[0].id)

    parcel = await market.do(go_out)
    payout = await paid_out(market, lamp)
    asked = [Asked(arrived.lines[0].line_id, 1, "damaged")]
    back = await market.do(lambda tx: returns.request(tx, arrived.id, asked, message="Bent.", policy=catalog.returns))
    return {
        "lamp": str(lamp.id),
        "draft": str(draft.id),
        "order": str(mixed.order_id),
        "part": str(mixed.id),
        "arrived": str(arrived.id),
        "held": str(held.id),
        "seller": str(market.grace.id),
        "parcel": parcel,
        "return": str(back.id),
        "payout": payout,
    }


async def paid_out(market: Market, lamp: Listing) -> str:
    """What was delivered long ago is with the seller's bank, or nearly."""
    part = await first_part(market, await bought(market, of(lamp), card=AVAILABLE_AT_ONCE))

    async def arrive(tx: Transaction) -> None:
        parcel = await seller_orders.ship(tx, part.id, carrier="gls", tracking_number=part.number)
        await seller_orders.move_shipment(tx, parcel.id, "deliver")
        await tx.run("UPDATE seller_orders SET release_at = %(now)s WHERE id = %(id)s", now=tx.now, id=part.id)

    await market.do(arrive)
    await payouts.release_due(market.world, actor="test")
    (transfer,) = (await market.do(lambda tx: payouts.list_page(tx, livemode=False, limit=5))).items
    await payouts.send_transfer(market.world, transfer.id)
    made = await payouts.pay_out(market.world, market.grace.id, actor="test")
    await payouts.send_payout(market.world, made.id)
    return str(made.id)


async def first_part(market: Market, order: Order) -> SellerOrder:
    return (await market.do(lambda tx: seller_orders.of_order(tx, order.id)))[0]


def life_of(shop: Shop) -> tuple[dict[str, Client], list[tuple[str, str]]]:
    """Every page as (who looks, path)."""
    ids = outside(shop, happens)
    seller, staff = Client(shop), Client(shop)
    staff.sign_in("admin@shop.example")
    seller.post("/demo/sign-in")
    pages = {
        SELLER: f"""/seller /seller/orders /seller/orders?show=all /seller/orders/{ids["part"]} /seller/orders/{ids["arrived"]}
            /seller/orders/{ids["part"]}/cancellation
            /seller/orders/returns /seller/orders/returns/{ids["return"]}
            /seller/balance /seller/payouts /seller/payouts?to=bank /seller/payouts/new
            /seller/payouts/{ids["payout"]}
            /seller/products /seller/products?status=archived /seller/products/new /seller/products/{ids["lamp"]}
            /seller/products/{ids["draft"]} /seller/products/{ids["draft"]}/archival""",
        STAFF: f"""/admin/sellers /admin/sellers/{ids["seller"]} /admin/sellers/{ids["seller"]}/hold
            /admin/orders/{ids["order"]}
            /admin/orders/{ids["order"]}/refund?how=rest&reason=duplicate /admin/payouts /admin/payouts?standing=held
            /admin/payouts/run /admin/payouts/transfers /admin/payouts/banks
            /admin/payouts/banks/{ids["payout"]}
            /admin/sellers/{ids["seller"]}/payout /admin/payouts/{ids["held"]}/hold
            /admin/payouts/{ids["held"]}/release
            /admin/shipments /admin/shipments?status=troubled /admin/shipments/{ids["parcel"]}
            /admin/inventory /admin/inventory?low=yes /admin/inventory/item?sku={ids["lamp"]}""",
    }
    return {SELLER: seller, STAFF: staff}, [(name, path) for name, paths in pages.items() for path in paths.split()]


def test_every_page_about_selling_is_accessible_and_fits(browser: Browser, dsn: str, sandbox: Sandbox) -> None:
    with running_shop(dsn, sandbox, SELLS) as shop:
        who, pages = life_of(shop)
        assert {who[name].http.get(path).status_code for name, path in pages} == {200}
        assert flaws(browser, shop, who, pages) == []


def test_on_a_phone_staff_hold_a_share_and_its_buyer_reads_each_step_on_a_line_of_its_own(
    browser: Browser, dsn: str, sandbox: Sandbox
) -> None:
    async def sold(market: Market) -> tuple[str, str]:
        order = await bought(market, of(await market.lists(market.grace, "lamp")))
        link = checkout.progress_url(market.world.settings, order, market.world.clock.now())
        return (await first_part(market, order)).number, urlsplit(link).path

    with running_shop(dsn, sandbox, SELLS) as shop:
        number, progress = outside(shop, sold)
        staff = Client(shop)
        staff.sign_in("admin@shop.example")
        context = opened(browser, staff, shop, PHONE, "light")
        page = context.new_page()
        page.goto(f"{shop.url}/admin/payouts")
        page.get_by_role("link", name=f"Hold {number}").click()
        page.get_by_label("Why").fill("The buyer wrote to us.")
        page.get_by_role("button", name="Hold it").click()
        page.goto(f"{shop.url}/admin/payouts")
        assert page.get_by_role("link", name=f"Let {number} go").is_visible()
        page.goto(f"{shop.url}{progress}")
        boxes = [each.bounding_box() for each in page.locator(".steps li").all()]
        assert len({box["y"] for box in boxes if box}) == len(boxes) == 4
        context.close()
