"""`pay.refunds`: what a host's own code asks about money back."""

from collections.abc import Callable, Mapping, Sequence

from farthing.db import Transaction
from farthing.ids import LineItemId, OrderId, RefundId, RefundRequestId
from farthing.money import Money
from farthing.payments import Refund, RefundReason, WantedLine
from farthing.refunds import actions, flow, previewing
from farthing.refunds.model import Preview, RefundRequest, Wanted
from farthing.world import World

ACTOR = "app"

Lines = Sequence[str | WantedLine] | Mapping[str, int]
"""Line items by id: each whole, or with how many of it go back."""


class Desk:
    """Everything about giving money back. The host's code counts as one person, together with API keys and commands."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    async def preview(self, order: str, amount: Money | None = None, *, lines: Lines = ()) -> Preview:
        """What a refund would do now; give its `figure` to `create` to hold it to that. Raises as `create` would."""
        world, id, wanted = self._world(), OrderId.parse(order), wanted_of(amount, lines)
        async with world.db.transaction(ACTOR) as tx:
            return await previewing.preview(tx, id, wanted, world.catalog.refunds)

    async def create(
        self,
        order: str,
        amount: Money | None = None,
        *,
        lines: Lines = (),
        reason: RefundReason = "requested_by_customer",
        note: str | None = None,
        figure: str | None = None,
    ) -> Refund:
        """Promise a refund: an amount, some lines, or all that is left. Raises Conflict, Forbidden or Invalid."""
        world, id, wanted = self._world(), OrderId.parse(order), wanted_of(amount, lines)

        async def work(tx: Transaction) -> Refund:
            policy = world.catalog.refunds
            return await actions.create(tx, id, wanted, reason=reason, note=note, role="server", policy=policy, figure=figure)

        return await world.db.run(ACTOR, work)

    async def request(
        self,
        order: str,
        amount: Money | None = None,
        *,
        lines: Lines = (),
        customer: str | None = None,
        reason: RefundReason = "requested_by_customer",
        message: str | None = None,
    ) -> RefundRequest:
        """File a request; with `customer`, your own id of the buyer, it is theirs and the policy may approve it at once."""
        world, id, wanted = self._world(), OrderId.parse(order), wanted_of(amount, lines)

        async def work(tx: Transaction) -> RefundRequest:
            return await actions.request(
                tx, id, wanted, reason=reason, message=message, policy=world.catalog.refunds, by_buyer=customer is not None
            )

        return await world.db.run(ACTOR if customer is None else f"customer:{customer}", work)

    async def approve(self, request: str, *, note: str | None = None) -> RefundRequest:
        world, id = self._world(), RefundRequestId.parse(request)
        policy = world.catalog.refunds
        return await world.db.run(ACTOR, lambda tx: actions.approve(tx, id, role="server", policy=policy, note=note))

    async def decline(self, request: str, *, note: str | None = None) -> RefundRequest:
        id = RefundRequestId.parse(request)
        return await self._world().db.run(ACTOR, lambda tx: actions.decline(tx, id, note=note))

    async def retry(self, refund: str) -> Refund:
        world, id = self._world(), RefundId.parse(refund)
        policy = world.catalog.refunds
        return await world.db.run(ACTOR, lambda tx: actions.retry(tx, id, role="server", policy=policy))

    async def cancel(self, refund: str) -> Refund:
        return await flow.cancel(self._world(), RefundId.parse(refund), actor=ACTOR)


def wanted_of(amount: Money | None, lines: Lines) -> Wanted:
    if isinstance(lines, Mapping):
        return Wanted(amount, tuple(WantedLine(LineItemId.parse(id), count) for id, count in lines.items()))
    each = (line if isinstance(line, WantedLine) else WantedLine(LineItemId.parse(line)) for line in lines)
    return Wanted(amount, tuple(each))
