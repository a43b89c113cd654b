"""What went on from sellers' accounts to their banks, and what of it did not arrive."""

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import payouts, sellers
from farthing.errors import FarthingError, ProviderError
from farthing.ids import PayoutId, SellerId
from farthing.lifecycles import PayoutStatus
from farthing.money import Money
from farthing.payouts import Statement
from farthing.sellers import Seller
from farthing.web import statements
from farthing.web.admin.links import provider_name, provider_url
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50
FAILED: Final = (PayoutStatus.FAILED, PayoutStatus.REFUSED)


async def payout_list(request: Request) -> Response:
    typed, cursor = asked(request, "status") or "", asked(request, "cursor")
    status = PayoutStatus(typed) if typed in set(PayoutStatus) else None
    async with reading(request) as tx:
        found = await payouts.list_payouts(
            tx,
            livemode=world_of(request).provider.livemode,
            limit=SHOWN,
            cursor=PayoutId.parse(cursor) if cursor else None,
            status=status,
        )
        whose = {id: await sellers.get(tx, id) for id in {payout.seller_id for payout in found.items}}
    return render(
        request,
        "admin/bank_payouts.html",
        found=found,
        sellers=whose,
        statuses=list(PayoutStatus),
        chosen=status,
        failed=FAILED,
    )


async def payout_detail(request: Request) -> Response:
    """What it is made of, line by line."""
    async with reading(request) as tx:
        payout = await payouts.get_payout(tx, _payout(request))
        seller = await sellers.get(tx, payout.seller_id)
        statement = await payouts.statement(tx, payout.id) if payout.sent_at else None
    return render(
        request,
        "admin/bank_payout.html",
        payout=payout,
        seller=seller,
        statement=statement,
        words=payouts.WORDS,
        failed=FAILED,
        printable=payouts.can_print(),
        provider_url=partial(provider_url, world_of(request).settings),
        provider_name=provider_name(world_of(request).settings),
    )


async def on_paper(request: Request) -> Response:
    statement, seller = await _stated(request)
    return await statements.on_paper(statement, seller, shop=world_of(request).catalog.shop.name)


async def as_sheet(request: Request) -> Response:
    return statements.as_sheet((await _stated(request))[0])


async def _stated(request: Request) -> tuple[Statement, Seller]:
    async with reading(request) as tx:
        statement = await payouts.statement(tx, _payout(request))
        return statement, await sellers.get(tx, statement.payout.seller_id)


async def retry(request: Request) -> Response:
    """Send once more what the bank sent back."""
    try:
        payout = await payouts.retry(world_of(request), _payout(request), actor=staff_of(request).actor)
    except FarthingError as error:
        return redirect(request, "admin_bank_payouts", flash=("danger", error.detail))
    return redirect(request, "admin_bank_payouts", flash=("success", f"{payout.money} is on its way to their bank once more."))


async def ask_pay_out(request: Request) -> Response:
    """How much could go: the provider is asked."""
    error, found = "", list[Money]()
    async with reading(request) as tx:
        seller = await sellers.get(tx, _seller(request))
    try:
        payouts.check_able(seller, world_of(request).clock.now())
        found = [
            each
            for each in await payouts.available(world_of(request), seller.id, actor=staff_of(request).actor)
            if each.amount > 0
        ]
    except (FarthingError, ProviderError) as problem:
        error = problem.detail
    return render(request, "admin/pay_out_confirm.html", seller=seller, available=found, error=error)


async def pay_out(request: Request) -> Response:
    form = await form_of(request)
    try:
        money = Money.parse(form.get("amount", ""), form.get("currency", ""))
        await payouts.pay_out(world_of(request), _seller(request), money, actor=staff_of(request).actor)
    except FarthingError as error:
        return redirect(request, "admin_seller", id=_seller(request), flash=("danger", error.detail))
    return redirect(request, "admin_seller", id=_seller(request), flash=("success", f"{money} is on its way to their bank."))


def _payout(request: Request) -> PayoutId:
    return PayoutId.parse(request.path_params["id"])


def _seller(request: Request) -> SellerId:
    return SellerId.parse(request.path_params["id"])
