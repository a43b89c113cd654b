"""Stripe's payouts, which belong to the accounts of sellers: https://docs.stripe.com/api/payouts."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import stripe

from farthing.money import Money
from farthing.providers.payouts import Funds, PayoutWanted, SeenPayout
from farthing.providers.stripe.client import as_json, translated
from farthing.providers.stripe.customers import CLOCKS_APART

PAYOUT_MARK: Final = "farthing_payout"
"""Metadata of a payout we asked for: our id of it."""

PAGE: Final = 100


class StripePayouts:
    """What `PayoutProvider` asks."""

    _stripe: stripe.StripeClient

    async def create_payout(self, wanted: PayoutWanted, *, key: str) -> SeenPayout:
        params: Any = {
            "amount": wanted.money.amount,
            "currency": wanted.money.currency,
            "metadata": {PAYOUT_MARK: wanted.reference},
            "expand": ["destination"],
        }
        options: Any = {"idempotency_key": f"payout:{key}", "stripe_account": wanted.account_id}
        with translated():
            made = await self._stripe.v1.payouts.create_async(params, options)
        return payout(wanted.account_id, as_json(made))

    async def payout(self, id: str) -> SeenPayout:
        account, _, payout_id = id.partition("/")
        with translated():
            found = await self._stripe.v1.payouts.retrieve_async(
                payout_id, {"expand": ["destination"]}, {"stripe_account": account}
            )
        return payout(account, as_json(found))

    async def find_payout_by_mark(self, account_id: str, reference: str, *, since: datetime) -> SeenPayout | None:
        async for page in self.payouts_of(account_id, since=since - CLOCKS_APART):
            for found in page:
                if found.reference == reference:
                    return found
        return None

    async def payouts_of(self, account_id: str, *, since: datetime | None = None) -> AsyncIterator[Sequence[SeenPayout]]:
        params: Any = {"limit": PAGE, "expand": ["data.destination"]}
        if since is not None:
            params["created"] = {"gte": int(since.timestamp())}
        while True:
            with translated():
                page = as_json(await self._stripe.v1.payouts.list_async(params, {"stripe_account": account_id}))
            found = [payout(account_id, each) for each in page["data"]]
            if found:
                yield found
            if not found or not page["has_more"]:
                return
            params["starting_after"] = found[-1].payout_id

    async def funds(self, account_id: str) -> Sequence[Funds]:
        with translated():
            found = as_json(await self._stripe.v1.balance.retrieve_async({}, {"stripe_account": account_id}))
        sums = [{each["currency"]: each["amount"] for each in found.get(name) or []} for name in ("available", "pending")]
        return [
            Funds(Money(sums[0].get(currency, 0), currency), Money(sums[1].get(currency, 0), currency))
            for currency in sorted({*sums[0], *sums[1]})
        ]


def payout(account_id: str, found: Mapping[str, Any]) -> SeenPayout:
    bank, arrives = found.get("destination"), found.get("arrival_date")
    return SeenPayout(
        account_id=account_id,
        payout_id=found["id"],
        money=Money(found["amount"], found["currency"]),
        status=found["status"],
        automatic=found.get("automatic") is True,
        arrives_at=None if arrives is None else datetime.fromtimestamp(arrives, UTC),
        created_at=datetime.fromtimestamp(found["created"], UTC),
        last4=bank.get("last4") if isinstance(bank, Mapping) else None,
        failure_code=found.get("failure_code"),
        failure_message=found.get("failure_message"),
        reference=(found.get("metadata") or {}).get(PAYOUT_MARK),
    )
