"""All that decides what a customer may do now, in one answer and one look at the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from farthing import credits, customers, entitlements, invoices
from farthing.db import Transaction
from farthing.ids import CustomerId
from farthing.invoices import Invoice
from farthing.lifecycles import InvoiceStatus
from farthing.subscriptions import store
from farthing.subscriptions.model import Subscription

OPEN_MAX = 100


@dataclass(frozen=True, slots=True)
class Right:
    """A feature that may be used now, until then; `limit` None: as much as they want."""

    feature: str
    limit: int | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerState:
    """Of somebody whom we do not know, nothing."""

    external_id: str
    customer: CustomerId | None = None
    subscriptions: tuple[Subscription, ...] = ()
    """Those that live, newest first."""
    features: Mapping[str, Right] = field(default_factory=dict)
    credits: int = 0
    open_invoices: tuple[Invoice, ...] = ()

    def entitled(self, feature: str) -> bool:
        return feature in self.features


async def state_of(tx: Transaction, external_id: str) -> CustomerState:
    person = await customers.find_by_external_id(tx, external_id)
    if person is None:
        return CustomerState(external_id)
    rights: dict[str, Right] = {}
    for held in await entitlements.of_customer(tx, person.id):
        if held.revoked_at is None and (held.expires_at is None or held.expires_at > tx.now):
            right = Right(held.feature, held.limit, held.expires_at)
            rights[held.feature] = _better(rights[held.feature], right) if held.feature in rights else right
    unpaid = await invoices.list_page(tx, limit=OPEN_MAX, customer=person.id, status=InvoiceStatus.OPEN)
    return CustomerState(
        external_id=external_id,
        customer=person.id,
        subscriptions=tuple(each for each in await store.of_customer(tx, person.id) if each.is_live),
        features=dict(sorted(rights.items())),
        credits=(await credits.show(tx, person.id)).balance,
        open_invoices=tuple(unpaid.items),
    )


def _better(one: Right, other: Right) -> Right:
    """Of two grants of a feature the longer time and the larger limit."""
    limit = None if one.limit is None or other.limit is None else max(one.limit, other.limit)
    until = None if one.until is None or other.until is None else max(one.until, other.until)
    return Right(one.feature, limit, until)
