"""Kind "job_posting": the line puts a job of the host's on the board, for days. Its metadata says which: `job`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from farthing import customers, job_postings, orders
from farthing.customers import Customer
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid
from farthing.ids import CustomerId
from farthing.job_postings import JOB_MAX, Bought, PostingLine
from farthing.lifecycles import JobPostingStatus
from farthing.money import Money
from farthing.orders import LineItem, NewLine, Order

CheckJob = Callable[[Transaction, Customer, str], Awaitable[bool]]
"""The host's own answer to whether this customer may buy for this job. It may read its tables with `tx.connection`."""

OVER: Final = frozenset({JobPostingStatus.EXPIRED, JobPostingStatus.UNPUBLISHED, JobPostingStatus.REJECTED})


@dataclass(frozen=True, slots=True)
class JobPostings:
    """Without a `check` of the host's, a job belongs to whoever buys for it first."""

    may_buy: CheckJob | None = None

    async def check(self, tx: Transaction, customer: CustomerId, line: NewLine) -> NewLine:
        job = line.metadata.get("job", "")
        if not 1 <= len(job) <= JOB_MAX or not job.isprintable():
            said = f"{line.product!r} publishes a job: send metadata.job, your own id of it, of 1 to {JOB_MAX} characters."
            raise Invalid(said, param="items")
        if self.may_buy is None:
            await job_postings.check_owner(tx, job, customer)
        elif not await self.may_buy(tx, await customers.get(tx, customer), job):
            raise Forbidden(f"The job {job[:64]!r} is not this customer's to publish.", param="items")
        return replace(line, details={**line.details, "job": job})

    async def refusal(self, tx: Transaction, order: Order, line: LineItem) -> str | None:
        """The job became another customer's meanwhile: the money goes back."""
        if self.may_buy is not None:
            return None
        posting = await job_postings.find(tx, line.details["job"])
        return None if posting is None or posting.customer_id == order.customer_id else "job_taken"

    async def grant(self, tx: Transaction, order: Order, line: LineItem) -> None:
        """Published, or put before whoever approves it, in the transaction of the payment."""
        bought = Bought(
            job=line.details["job"],
            customer_id=order.customer_id,
            line=PostingLine(
                line_id=line.id,
                order_id=order.id,
                length=timedelta(days=line.details["days"]) * line.quantity,
                approval=line.details["approval"],
                paid=line.total,
                granted_at=tx.now,
                revoked_at=None,
                held=None,
            ),
            remind_before=timedelta(days=line.details["remind_days"]) or None,
            addons=[(each.id, each.product, each.quantity) for each in order.lines if each.addon_to == line.id],
        )
        await job_postings.buy(tx, bought, anybody=self.may_buy is not None)

    async def revoke(self, tx: Transaction, order: Order, line: LineItem) -> None:
        left = [other for other, _ in await orders.addons_of(tx, line.id) if other != order.id]
        await job_postings.take_back(tx, line.id, addons_left=left)

    async def restore(self, tx: Transaction, order: Order, line: LineItem) -> None:
        await job_postings.give_again(tx, line.id)

    async def used(self, tx: Transaction, order: Order, line: LineItem) -> Money:
        """The days that are over."""
        id = await job_postings.find_of_line(tx, line.id)
        if id is None:
            return Money.zero(line.total.currency)
        posting = await job_postings.get(tx, id)
        own = next(each for each in posting.lines if each.line_id == line.id)
        return job_postings.used_of(own, posting, tx.now)

    async def check_addon(self, tx: Transaction, order: Order, line: LineItem, addon: NewLine) -> None:
        """Nothing is added to a job that is no longer on the board."""
        id = await job_postings.find_of_line(tx, line.id)
        posting = None if id is None else await job_postings.get(tx, id)
        if posting is None or posting.status in OVER:
            said = "not published" if posting is None else str(posting.status)
            raise Conflict(
                f"The job of {line.id} is {said}: buy {line.product!r} again, with {addon.product!r}.", param="items"
            )

    async def add(self, tx: Transaction, order: Order, line: LineItem, addon: LineItem) -> None:
        await job_postings.add_addon(tx, line.id, addon.id, addon.product, addon.quantity)

    async def remove(self, tx: Transaction, order: Order, line: LineItem, addon: LineItem) -> None:
        await job_postings.remove_addon(tx, line.id, addon.id, addon.product)
