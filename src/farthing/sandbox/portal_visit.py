"""One visit to the portal: whose it is, what it may show, and what the shop's configuration lets be done."""

from __future__ import annotations

from dataclasses import dataclass

from farthing.sandbox.account import Account
from farthing.sandbox.errors import invalid
from farthing.sandbox.store import Json, Record

MINE = "json_extract(body, '$.customer') = ?"


@dataclass(frozen=True, slots=True)
class Visit:
    """One portal session that is still open, and what it may show."""

    account: Account
    session: Record
    customer: Record
    features: Json

    @property
    def flow(self) -> Json | None:
        """The one thing this session is for, until it is done."""
        found: Json | None = self.session["flow"]
        return None if self.session.inner.get("done") else found

    @property
    def subscriptions(self) -> list[Record]:
        living = f"{MINE} AND json_extract(body, '$.status') NOT IN ('canceled', 'incomplete_expired')"
        return self.account.select("subscription", living, self.customer.id)

    @property
    def methods(self) -> list[Record]:
        return self.account.select("payment_method", MINE, self.customer.id)

    @property
    def invoices(self) -> list[Record]:
        shown = f"{MINE} AND json_extract(body, '$.status') <> 'draft'"
        return self.account.select("invoice", shown, self.customer.id)

    @property
    def tax_ids(self) -> list[Record]:
        return self.account.select("tax_id", MINE, self.customer.id)

    @property
    def prices(self) -> list[Record]:
        products = self.features["subscription_update"]["products"]
        return [self.account.get("price", id) for product in products for id in product["prices"]]

    def subscription(self, id: str) -> Record:
        found = next((each for each in self.subscriptions if each.id == id), None)
        if found is None:
            raise invalid("There is no such subscription any more.", param="subscription")
        return found

    def quantity_range(self, price: str) -> tuple[int, int | None] | None:
        """How many of this price the customer may have; None where that is not theirs to choose."""
        feature = self.features["subscription_update"]
        if "quantity" not in feature["default_allowed_updates"]:
            return None
        for product in feature["products"]:
            if price in product["prices"] and product["adjustable_quantity"]["enabled"]:
                return product["adjustable_quantity"]["minimum"], product["adjustable_quantity"]["maximum"]
        return None


def allowed(seen: Visit, feature: str) -> Json:
    found: Json = seen.features[feature]
    if not found["enabled"]:
        raise invalid("The shop does not offer that here.")
    return found
