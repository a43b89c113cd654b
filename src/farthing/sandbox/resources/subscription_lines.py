"""What a period of a subscription costs, line by line: whole periods, parts of them, and periods long past."""

from __future__ import annotations

from farthing.sandbox import money
from farthing.sandbox.account import Account
from farthing.sandbox.resources import invoice_lines, invoices, periods
from farthing.sandbox.resources.subscription_anchors import Beginning
from farthing.sandbox.store import Json, Record


def period_of(subscription: Record) -> tuple[int, int]:
    items = subscription["items"]["data"]
    return items[0]["current_period_start"], min(item["current_period_end"] for item in items)


def rhythm_of(subscription: Record) -> tuple[str, int]:
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def start_at(subscription: Record, moment: int) -> int:
    """Where the period that this moment lies in began."""
    interval, count = rhythm_of(subscription)
    return periods.start(moment + 1, subscription["billing_cycle_anchor"], interval, count, day_of(subscription))


def day_of(subscription: Record) -> int | None:
    """The day of the month that is wished for, where the anchor lies in too short a month."""
    day: int | None = subscription.inner.get("anchor_day")
    return day


def lines_for(account: Account, subscription: Record, *, free_part: bool = False) -> tuple[list[Json], list[Record]]:
    """What the period that has just begun costs, after whatever waited for it; and the invoice items among that.

    `free_part`: what lies before an anchor ahead costs nothing instead of its part.
    """
    start, end = period_of(subscription)
    items = invoices.pending_items(account, subscription["customer"], subscription.id)
    items = [each for each in items if each["currency"] == subscription["currency"]]
    lines = [invoice_lines.of_invoice_item(each) for each in items]
    trial = subscription["status"] == "trialing"
    if (ends := subscription["cancel_at"]) and start < ends < end and not trial:
        end = ends
    for item in subscription["items"]["data"]:
        line = invoice_lines.of_item(account, item, start, end, trial=trial)
        if free_part and not trial:
            _cut(line, 0, 1)
        else:
            _shorten(line, subscription, start, end)
        lines.append(line)
    return lines, items


def backdated_lines(account: Account, subscription: Record, begins: Beginning) -> list[Json]:
    """What the time before today costs: a line for each period, or in classic mode one for all of it."""
    past = begins.backdated
    if not past:
        return []
    classic = subscription["billing_mode"]["type"] == "classic"
    spans = [(past[0][0], past[-1][1])] if classic else past
    lines = []
    for item in subscription["items"]["data"]:
        for start, end in spans:
            line = invoice_lines.of_item(account, item, start, end)
            if classic:
                interval, count = rhythm_of(subscription)
                _cut(line, end - start, periods.after(start, interval, count) - start)
            else:
                _shorten(line, subscription, start, end)
            lines.append(line)
    return lines


def _shorten(line: Json, subscription: Record, start: int, end: int) -> None:
    """A part of a period, because it did not begin on the grid of the anchor or ends before, costs its part."""
    if subscription["status"] == "trialing":
        return
    whole_start = start_at(subscription, end - 1)
    interval, count = rhythm_of(subscription)
    whole = periods.end(whole_start, subscription["billing_cycle_anchor"], interval, count, day_of(subscription)) - whole_start
    if end - start < whole:
        _cut(line, end - start, whole)


def _cut(line: Json, length: int, whole: int) -> None:
    amount = money.share(line["amount"], length, whole)
    line |= {"amount": amount, "subtotal": amount}
    line["parent"]["subscription_item_details"]["proration"] = True
