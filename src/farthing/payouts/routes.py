"""Payouts over HTTP: a seller sees their own and asks for one, a server does so for anybody."""

import asyncio
from typing import Annotated

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field

from farthing import sellers
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, NotFound, ProviderError, ProviderUnavailable, TooMany, Unauthenticated
from farthing.http.bodies import Body, Line, ListShown, PageQuery, listed, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known, OnlyServer
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.ids import PayoutId
from farthing.lifecycles import PayoutStatus
from farthing.money import Money
from farthing.payouts import balances, bank_flow, banks, printing, statements
from farthing.payouts.model import Payout, Statement
from farthing.payouts.present import BalanceShown, PayoutShown, StatementShown
from farthing.sellers import Seller
from farthing.world import World

router = APIRouter(prefix="/v1", tags=["payouts"])

ASKED = (Unauthenticated, Forbidden, NotFound, Conflict, Invalid, TooMany, ProviderError, ProviderUnavailable)


class PayoutQuery(PageQuery):
    status: PayoutStatus | None = None
    seller: Line | None = Field(None, description="For servers: your own id of a user who sells.")


class NewPayout(Body):
    """Without an amount: all that can go."""

    seller: Line | None = Field(None, description="For servers: your own id of a user who sells. A seller leaves it out.")
    amount: int | None = Field(None, ge=1, le=10**12)
    currency: Annotated[str, Field(pattern="^[a-z]{3}$", examples=["usd"])] | None = None


@router.get("/payouts", operation_id="payouts_list", responses=refuses(Unauthenticated, Forbidden, NotFound, Invalid))
async def list_payouts(
    world: TheWorld, caller: Known, query: Annotated[PayoutQuery, fastapi.Query()]
) -> ListShown[PayoutShown]:
    """To sellers' banks, newest first. A seller sees their own."""
    async with world.db.transaction(caller.actor) as tx:
        seller = None
        if query.seller is not None or isinstance(caller, CustomerCaller):
            seller = await _seller(tx, world, caller, query.seller)
        page = await banks.list_page(
            tx,
            livemode=world.provider.livemode,
            limit=query.limit,
            cursor=query.after(PayoutId),
            seller=seller.id if seller else None,
            status=query.status,
        )
        names = {each.seller_id: (await sellers.get(tx, each.seller_id)).external_id for each in page.items}
    return listed(page, lambda each: PayoutShown.of(each, names[each.seller_id]))


@router.post("/payouts", operation_id="payouts_create", status_code=201, dependencies=[LIMITED], responses=refuses(*ASKED))
async def create(world: TheWorld, caller: Known, wanted: NewPayout) -> PayoutShown:
    """Send what a seller has on to their bank. It is asked for in the background: follow its status."""
    if (wanted.amount is None) != (wanted.currency is None):
        raise Invalid("Name the amount and its currency, or neither.", param="currency")
    money = None if wanted.amount is None or wanted.currency is None else Money(wanted.amount, wanted.currency)
    async with world.db.transaction(caller.actor) as tx:
        seller = await _seller(tx, world, caller, wanted.seller)
    made = await bank_flow.pay_out(world, seller.id, money, actor=caller.actor)
    return PayoutShown.of(made, seller.external_id)


@router.get("/payouts/{id}", operation_id="payouts_get", responses=refuses(Unauthenticated, NotFound))
async def get_payout(world: TheWorld, caller: Known, id: str) -> PayoutShown:
    """One of them. Somebody else's does not exist for a seller."""
    async with world.db.transaction(caller.actor) as tx:
        payout, seller = await _own(tx, caller, PayoutId.parse(id))
    return PayoutShown.of(payout, seller.external_id)


@router.post(
    "/payouts/{id}/retries", operation_id="payouts_retry", status_code=201, dependencies=[LIMITED], responses=refuses(*ASKED)
)
async def retry(world: TheWorld, caller: OnlyServer, id: str) -> PayoutShown:
    """Send what a bank did not take once more, as another payout."""
    made = await bank_flow.retry(world, PayoutId.parse(id), actor=caller.actor)
    async with world.db.transaction(caller.actor) as tx:
        seller = await sellers.get(tx, made.seller_id)
    return PayoutShown.of(made, seller.external_id)


@router.get("/payouts/{id}/statement", operation_id="payouts_statement", responses=refuses(Unauthenticated, NotFound, Conflict))
async def statement(world: TheWorld, caller: Known, id: str) -> StatementShown:
    """What it is made of, line by line."""
    found, seller = await _stated(world, caller, id)
    return StatementShown.of(found, seller.external_id)


@router.get(
    "/payouts/{id}/statement/csv",
    operation_id="payouts_statement_csv",
    response_class=Response,
    responses=refuses(Unauthenticated, NotFound, Conflict),
)
async def statement_csv(world: TheWorld, caller: Known, id: str) -> Response:
    """The same as a sheet, whose amounts add up to what went to the bank."""
    found, _ = await _stated(world, caller, id)
    return Response(printing.sheet(found), media_type="text/csv; charset=utf-8", headers=_named(found, "csv"))


@router.get(
    "/payouts/{id}/statement/pdf",
    operation_id="payouts_statement_pdf",
    response_class=Response,
    dependencies=[LIMITED],
    responses=refuses(Unauthenticated, NotFound, Conflict, TooMany),
)
async def statement_pdf(world: TheWorld, caller: Known, id: str) -> Response:
    """The same as PDF."""
    found, seller = await _stated(world, caller, id)
    made = await asyncio.to_thread(printing.pdf, found, shop=world.catalog.shop.name, seller=seller.described)
    return Response(made, media_type="application/pdf", headers=_named(found, "pdf"))


@router.get("/balances", operation_id="balances_list", responses=refuses(Unauthenticated, Forbidden, NotFound, Invalid))
async def list_balances(world: TheWorld, caller: Known, seller: Line | None = None) -> ListShown[BalanceShown]:
    """Where a seller's money is, in each currency: due, on hold, on its way, with them, owed. A seller sees their own."""
    async with world.db.transaction(caller.actor) as tx:
        found = await _seller(tx, world, caller, seller)
        data = [BalanceShown.of(each) for each in await balances.balance(tx, found.id)]
    return ListShown[BalanceShown](data=data, has_more=False, next_cursor=None)


async def _stated(world: World, caller: Server | CustomerCaller, id: str) -> tuple[Statement, Seller]:
    async with world.db.transaction(caller.actor) as tx:
        payout, seller = await _own(tx, caller, PayoutId.parse(id))
        return await statements.statement(tx, payout.id), seller


async def _seller(tx: Transaction, world: World, caller: Server | CustomerCaller, named: str | None) -> Seller:
    if isinstance(caller, CustomerCaller):
        if named not in (None, caller.identity.external_id):
            raise Forbidden("You see what is yours: leave seller out.", param="seller")
        named = caller.identity.external_id
    if named is None:
        raise Invalid("Name the seller.", param="seller")
    found = await sellers.find_by_external_id(tx, named, livemode=world.provider.livemode)
    if found is None:
        raise NotFound(f"There is no seller {named[:64]!r}.", param="seller")
    return found


async def _own(tx: Transaction, caller: Server | CustomerCaller, id: PayoutId) -> tuple[Payout, Seller]:
    payout = await banks.get(tx, id)
    seller = await sellers.get(tx, payout.seller_id)
    if isinstance(caller, CustomerCaller) and seller.external_id != caller.identity.external_id:
        raise NotFound(f"There is no payout {id}.")
    return payout, seller


def _named(found: Statement, suffix: str) -> dict[str, str]:
    name = f"{found.payout.id}.{suffix}"
    return {"content-disposition": f'inline; filename="{name}"', "cache-control": "private, no-cache"}
