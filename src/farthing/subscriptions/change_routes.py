"""Changes of a subscription over HTTP: a quote, committing to it, what is planned, a pause."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from farthing.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    QuoteChanged,
    TooMany,
    Unauthenticated,
)
from farthing.http.bodies import Body, Currency, Line, ListShown, read_id, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.ids import SubscriptionChangeId, SubscriptionId
from farthing.subscriptions import changes, changing, ending, quoting, sight
from farthing.subscriptions.change_present import ChangeShown, CommittedShown
from farthing.subscriptions.present import SubscriptionShown
from farthing.subscriptions.targets import Wish
from farthing.world import World

router = APIRouter(prefix="/{id}")

QUANTITY_MAX = 100_000
ASKS = refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid, TooMany, ProviderError, ProviderUnavailable)
COMMITS = refuses(
    Malformed, Unauthenticated, NotFound, Conflict, QuoteChanged, Invalid, TooMany, ProviderError, ProviderUnavailable
)


class WantedChange(Body):
    """What is to change; what is left out stays."""

    plan: Line | None = Field(None, examples=["team"])
    price: Line | None = Field(None, description="Its price, where the plan has several.", examples=["yearly"])
    quantity: int | None = Field(None, ge=0, le=QUANTITY_MAX, description="How many seats.")
    currency: Currency | None = Field(None, description="Only to make sure: another one than it has is refused.")
    current_price: bool = Field(
        False, description="Move to what new buyers pay, instead of the price once bought. For servers."
    )
    when: Literal["now", "period_end"] | None = Field(
        None, description="By default what costs more at once, and what costs less with the period that is paid."
    )
    coupon: str | None = Field(
        None, max_length=200, description='One of the provider, by itself; "" takes off what is on. For servers.'
    )
    promotion_code: Line | None = Field(None, description="One of the shop's codes, by itself, instead of what is on.")


class NewChange(Body):
    quote: Line = Field(examples=["subscription_change_01k9h4w3q8fvtb7m2x5c6d0e1f"])


class NewPause(Body):
    until: datetime | None = Field(None, description="When it goes on by itself, within a year; left out: when it is resumed.")
    reason: Line | None = Field(None, description="Why, in your words.")


@router.post("/changes/preview", operation_id="subscriptions_preview_change", dependencies=[LIMITED], responses=ASKS)
async def preview(world: TheWorld, caller: Known, id: str, wanted: WantedChange) -> ChangeShown:
    """What a change would cost, now and with each period: a quote, good for some minutes. Nothing is changed."""
    subscription = await _own(world, caller, id)
    if isinstance(caller, CustomerCaller):
        for name in ("coupon", "current_price"):
            if getattr(wanted, name) not in (None, False):
                raise Forbidden(f"Only the shop's own servers may say so: leave {name} out.", param=name)
    wish = Wish(
        plan=wanted.plan,
        price=wanted.price,
        quantity=wanted.quantity,
        currency=wanted.currency,
        current_price=wanted.current_price,
        effective=wanted.when,
        coupon=wanted.coupon,
        promotion_code=wanted.promotion_code,
    )
    return ChangeShown.of(await quoting.preview(world, subscription, wish, actor=caller.actor))


@router.post("/changes", operation_id="subscriptions_change", dependencies=[LIMITED], responses=COMMITS)
async def change(world: TheWorld, caller: Known, id: str, wanted: NewChange) -> CommittedShown:
    """Do what was quoted, and charge exactly that. Where it costs something else by now: 409 with the new quote, and nothing
    is changed. Sending it twice is one change. `waiting`: pay with the client secret or at the url; until then all stays."""
    subscription = await _own(world, caller, id)
    quote = read_id(SubscriptionChangeId, wanted.quote, param="quote")
    done = await changing.commit(world, subscription, quote, actor=caller.actor)
    shown = ChangeShown.of(done.change).model_dump()
    return CommittedShown(**shown, client_secret=done.client_secret, url=done.url)


@router.get("/changes", operation_id="subscriptions_changes", responses=refuses(Unauthenticated, NotFound))
async def list_changes(world: TheWorld, caller: Known, id: str) -> ListShown[ChangeShown]:
    """The newest hundred, newest first: done, waiting for their payment, planned, failed or called off."""
    subscription = await _own(world, caller, id)
    async with world.db.transaction(caller.actor) as tx:
        found = await changes.of_subscription(tx, subscription)
    return ListShown(data=[ChangeShown.of(each) for each in found], has_more=False, next_cursor=None)


@router.delete("/changes/{change}", operation_id="subscriptions_drop_change", dependencies=[LIMITED], responses=ASKS)
async def drop(world: TheWorld, caller: Known, id: str, change: str) -> ChangeShown:
    """Call off what is planned for the end of the period."""
    subscription = await _own(world, caller, id)
    return ChangeShown.of(await changing.drop(world, subscription, SubscriptionChangeId.parse(change), actor=caller.actor))


@router.post("/pause", operation_id="subscriptions_pause", dependencies=[LIMITED], responses=ASKS)
async def pause(world: TheWorld, caller: Known, id: str, wanted: NewPause | None = None) -> SubscriptionShown:
    """Ask for no money until it is resumed. What is paid can be used until its end; nothing is given back."""
    subscription = await _own(world, caller, id)
    until, reason = (None, None) if wanted is None else (wanted.until, wanted.reason)
    if until is not None and until.tzinfo is None:
        raise Invalid("Say the time zone of until, such as 2026-12-01T00:00:00Z.", param="until")
    return SubscriptionShown.of(await ending.pause(world, subscription, until=until, comment=reason, actor=caller.actor))


async def _own(world: World, caller: Server | CustomerCaller, id: str) -> SubscriptionId:
    """Raises NotFound for that of somebody else."""
    async with world.db.transaction(caller.actor) as tx:
        return (await sight.find_for(tx, caller, SubscriptionId.parse(id))).id
