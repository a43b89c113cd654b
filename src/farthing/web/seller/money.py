"""What a seller earned: where it is, until when it is held, and what went to their account."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import payouts, seller_orders
from farthing.db import Transaction
from farthing.errors import FarthingError, NotFound
from farthing.ids import PayoutId, SellerOrderId, TransferId
from farthing.money import Money
from farthing.payouts import Payout, Statement
from farthing.web import statements
from farthing.web.page import redirect, render
from farthing.web.seller.door import Selling, for_seller
from farthing.web.wiring import asked, form_of, reading, world_of

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


async def payout_detail(request: Request, selling: Selling) -> Response:
    """What went to the bank, line by line."""
    async with reading(request) as tx:
        payout = await _own(tx, selling, request.path_params["id"])
        statement = await payouts.statement(tx, payout.id) if payout.sent_at else None
    return render(
        request,
        "seller/bank_payout.html",
        payout=payout,
        statement=statement,
        words=payouts.WORDS,
        printable=payouts.can_print(),
    )


async def on_paper(request: Request, selling: Selling) -> Response:
    shop = world_of(request).catalog.shop.name
    return await statements.on_paper(await _stated(request, selling), selling.seller, shop=shop)


async def as_sheet(request: Request, selling: Selling) -> Response:
    return statements.as_sheet(await _stated(request, selling))


async def ask_pay_out(request: Request, selling: Selling) -> Response:
    """How much could go to their bank: the provider is asked."""
    error, found = "", list[Money]()
    try:
        payouts.check_able(selling.seller, world_of(request).clock.now())
        available = await payouts.available(world_of(request), selling.seller.id, actor=selling.actor)
        found = [each for each in available if each.amount > 0]
    except FarthingError as problem:
        error = problem.detail
    return render(request, "seller/pay_out.html", available=found, error=error)


async def pay_out(request: Request, selling: Selling) -> Response:
    form = await form_of(request)
    try:
        money = Money.parse(form.get("amount", ""), form.get("currency", ""))
        await payouts.pay_out(world_of(request), selling.seller.id, money, actor=selling.actor)
    except FarthingError as error:
        return redirect(request, "seller_payouts", flash=("danger", error.detail))
    return redirect(request, "seller_payouts", flash=("success", f"{money} is on its way to your bank."))


async def _stated(request: Request, selling: Selling) -> Statement:
    async with reading(request) as tx:
        return await payouts.statement(tx, (await _own(tx, selling, request.path_params["id"])).id)


async def _own(tx: Transaction, selling: Selling, id: str) -> Payout:
    """Another seller's does not exist, in the words of one that does not."""
    found = await payouts.get_payout(tx, PayoutId.parse(id))
    if found.seller_id != selling.seller.id:
        raise NotFound(f"There is no payout {found.id}.")
    return found


ROUTES: Final = (
    Route("/seller/balance", for_seller(balance), name="seller_balance", methods=["GET"]),
    Route("/seller/payouts", for_seller(payout_list), name="seller_payouts", methods=["GET"]),
    Route("/seller/payouts/new", for_seller(ask_pay_out), name="seller_ask_pay_out", methods=["GET"]),
    Route("/seller/payouts/new", for_seller(pay_out), name="seller_pay_out", methods=["POST"]),
    Route("/seller/payouts/{id}", for_seller(payout_detail), name="seller_payout", methods=["GET"]),
    Route("/seller/payouts/{id}/pdf", for_seller(on_paper), name="seller_payout_pdf", methods=["GET"]),
    Route("/seller/payouts/{id}/csv", for_seller(as_sheet), name="seller_payout_csv", methods=["GET"]),
)
