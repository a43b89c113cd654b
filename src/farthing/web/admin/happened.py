"""The timeline of an order as the admin shows it: an icon, a tone and a link for each entry."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request

from farthing import timeline
from farthing.web.admin.actors import words_of
from farthing.web.admin.links import page_of
from farthing.web.statuses import Tone
from farthing.web.timeline import Entry

_LOOKS: Final[dict[str, tuple[str, Tone]]] = {
    "order.placed": ("receipt", "neutral"),
    "order.paid": ("circle-check", "success"),
    "order.expired": ("hourglass", "warning"),
    "order.canceled": ("ban", "warning"),
    "order.refunded": ("undo-2", "warning"),
    "checkout.started": ("shopping-cart", "neutral"),
    "checkout.opened": ("credit-card", "progress"),
    "checkout.completed": ("check", "success"),
    "checkout.expired": ("hourglass", "warning"),
    "checkout.failed": ("circle-x", "danger"),
    "payment.processing": ("clock", "progress"),
    "payment.succeeded": ("banknote", "success"),
    "payment.failed": ("circle-x", "danger"),
    "payment.canceled": ("ban", "neutral"),
    "payment.surplus": ("triangle-alert", "warning"),
    "payment.fee_known": ("receipt-text", "neutral"),
    "refund.promised": ("undo-2", "progress"),
    "refund.pending": ("send", "progress"),
    "refund.succeeded": ("undo-2", "success"),
    "refund.failed": ("circle-x", "danger"),
    "refund.canceled": ("ban", "neutral"),
    "entitlement.granted": ("key-round", "success"),
    "entitlement.revoked": ("lock", "warning"),
    "seller.onboarded": ("circle-check", "success"),
    "seller.restricted": ("triangle-alert", "warning"),
    "seller.rejected": ("circle-x", "danger"),
    "seller.deauthorized": ("ban", "warning"),
    "seller.suspended": ("ban", "warning"),
    "seller.payout_account_changed": ("landmark", "warning"),
    "earning.recorded": ("banknote", "neutral"),
    "earning.reversed": ("undo-2", "warning"),
    "seller_order.confirmed": ("package", "neutral"),
    "seller_order.shipped": ("truck", "progress"),
    "seller_order.delivered": ("circle-check", "success"),
    "seller_order.canceled": ("ban", "warning"),
    "seller_order.held": ("hourglass", "warning"),
    "seller_order.let_go": ("hourglass", "neutral"),
    "transfer.requested": ("landmark", "progress"),
    "transfer.sent": ("landmark", "success"),
    "transfer.refused": ("circle-x", "danger"),
    "transfer.reversed": ("undo-2", "warning"),
    "transfer.reversal_refused": ("triangle-alert", "danger"),
    "shipment.delivered": ("circle-check", "success"),
    "shipment.lost": ("circle-x", "danger"),
    "shipment.returned": ("undo-2", "warning"),
    "stock.short": ("triangle-alert", "danger"),
    "subscription.started": ("circle-check", "success"),
    "subscription.renewed": ("repeat", "success"),
    "subscription.past_due": ("triangle-alert", "warning"),
    "subscription.canceled": ("ban", "warning"),
    "subscription.charged_otherwise": ("triangle-alert", "danger"),
    "subscription.lapsed": ("lock", "danger"),
    "invoice.paid": ("banknote", "success"),
    "invoice.recovered": ("circle-check", "success"),
    "invoice.payment_failed": ("circle-x", "danger"),
    "email.sent": ("mail", "neutral"),
    "notice.parked": ("triangle-alert", "danger"),
    "hook.failed": ("circle-x", "danger"),
    "hook.done": ("zap", "neutral"),
    "hook.waiting": ("clock", "progress"),
}
_KINDS: Final[dict[timeline.EntryKind, tuple[str, Tone]]] = {
    "notice": ("webhook", "neutral"),
    "event": ("circle-dot", "neutral"),
    "ledger": ("book-open", "neutral"),
    "hook": ("zap", "neutral"),
    "email": ("mail", "progress"),
}


def shown(request: Request, entries: Sequence[timeline.Entry], staff: Mapping[str, str]) -> list[Entry]:
    """Newest first; what has one time stays in its order, turned round with the rest."""
    return [_shown(request, entry, staff) for entry in reversed(entries)]


def _shown(request: Request, entry: timeline.Entry, staff: Mapping[str, str]) -> Entry:
    icon, tone = _LOOKS.get(entry.name, _KINDS[entry.kind])
    return Entry(
        at=entry.at,
        title=entry.title,
        actor=words_of(entry.actor, staff),
        icon=icon,
        tone=tone,
        detail=entry.detail,
        url=page_of(request, entry.ref),
        money=entry.money,
    )
