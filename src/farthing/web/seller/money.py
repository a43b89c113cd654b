"""What a seller earned: where it is, until when it is held, and what went to their account."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import payouts, seller_orders
from farthing.ids import PayoutId, SellerOrderId, TransferId
from farthing.web.page import render
from farthing.web.seller.door import Selling, for_seller
from farthing.web.wiring import asked, reading, world_of

SHOWN: Final = 25


async def balance(request: Request, selling: Selling) -> Response:
    cursor = asked(request, "cursor")
    async with reading(request) as tx:
        balances = await payouts.balance(tx, selling.seller.id)
        held = await payouts.holdings(
            tx, selling.seller.id, limit=SHOWN, cursor=SellerOrderId.parse(cursor) if cursor else None
        )
    days = selling.seller.holding_days
    return render(
        request,
        "seller/balance.html",
        balances=balances,
        found=held,
        holding_days=world_of(request).catalog.marketplace.holding_days if days is None else days,
    )


async def payout_list(request: Request, selling: Selling) -> Response:
    """What went to their account, order by order, or with `?to=bank` what went on to their bank."""
    cursor = asked(request, "cursor")
    if asked(request, "to") == "bank":
        async with reading(request) as tx:
            to_bank = await payouts.list_payouts(
                tx,
                livemode=selling.seller.livemode,
                limit=SHOWN,
                cursor=PayoutId.parse(cursor) if cursor else None,
                seller=selling.seller.id,
            )
        return render(request, "seller/bank_payouts.html", found=to_bank)
    async with reading(request) as tx:
        found = await payouts.list_page(
            tx,
            livemode=selling.seller.livemode,
            limit=SHOWN,
            cursor=TransferId.parse(cursor) if cursor else None,
            seller=selling.seller.id,
        )
        parts = {each.seller_order_id: await seller_orders.get(tx, each.seller_order_id) for each in found.items}
    return render(request, "seller/payouts.html", found=found, parts=parts)


ROUTES: Final = (
    Route("/seller/balance", for_seller(balance), name="seller_balance", methods=["GET"]),
    Route("/seller/payouts", for_seller(payout_list), name="seller_payouts", methods=["GET"]),
)
