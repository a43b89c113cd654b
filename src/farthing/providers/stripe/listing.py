"""Stripe's lists, page by page: https://docs.stripe.com/api/pagination.

Asked for as plain JSON: making the library's objects of ten thousand payments would cost as much again as the answers.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

import orjson
import stamina
import stripe

from farthing.errors import ProviderError
from farthing.money import Money
from farthing.providers.disputes import SeenDispute
from farthing.providers.listing import Listed, ListedEvent, Movement
from farthing.providers.payouts import SeenPayout
from farthing.providers.protocol import SeenCheckout, SeenPayment, SeenRefund
from farthing.providers.stripe import invoices, seen, webhook
from farthing.providers.stripe.accounts import NO_ACCESS
from farthing.providers.stripe.client import translated
from farthing.providers.stripe.disputes import seen_dispute
from farthing.providers.stripe.payouts import payout
from farthing.providers.stripe.subscription_seen import EXPAND, LISTED, subscription
from farthing.providers.stripe.transfers import transfer
from farthing.providers.subscriptions import SeenInvoice, SeenSubscription
from farthing.providers.transfers import SeenTransfer

PAGE: Final = 100
"""The most that Stripe gives at once."""

PATIENCE: Final = 120.0
"""Seconds for which one page is asked for again while Stripe says we ask too often."""

FEE: Final = "latest_charge.balance_transaction"

Plain = Mapping[str, Any]


class StripeListing:
    """The lists of one account."""

    livemode: bool
    _stripe: stripe.StripeClient

    async def events(self, *, since: datetime, before: datetime | None = None) -> AsyncIterator[Sequence[ListedEvent]]:
        async for page in self._pages("/v1/events", _made(since, before)):
            yield [self._event(orjson.dumps(found)) for found in page]

    async def list_payments(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenPayment]]]:
        wanted = _made(since) | {"expand": [f"data.{FEE}"]}
        async for page in self._pages("/v1/payment_intents", wanted):
            yield [_payment(found) for found in page]

    async def list_refunds(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenRefund]]]:
        async for page in self._pages("/v1/refunds", _made(since)):
            yield [self._refund(found) for found in page]

    async def list_checkouts(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenCheckout]]]:
        async for page in self._pages("/v1/checkout/sessions", _made(since)):
            yield [_checkout(found) for found in page]

    async def list_disputes(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenDispute]]]:
        async for page in self._pages("/v1/disputes", _made(since)):
            yield [_dispute(found) for found in page]

    async def list_subscriptions(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenSubscription]]]:
        wanted = _made(since) | {"status": "all", "expand": LISTED}
        async for page in self._pages("/v1/subscriptions", wanted):
            yield [_subscription(found) for found in page]

    async def list_invoices(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenInvoice]]]:
        async for page in self._pages("/v1/invoices", _made(since) | {"expand": ["data.payments"]}):
            yield [_invoice(found) for found in page]

    async def list_transfers(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenTransfer]]]:
        async for page in self._pages("/v1/transfers", _made(since)):
            yield [self._transfer(found) for found in page]

    async def list_payouts(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Listed[SeenPayout]]]:
        async for accounts in self._pages("/v1/accounts", {}):
            for account in accounts:
                wanted = _made(since) | {"expand": ["data.destination"]}
                async for page in self._pages("/v1/payouts", wanted, account=account["id"]):
                    yield [self._payout(account["id"], found) for found in page]

    async def list_movements(self) -> AsyncIterator[Sequence[Movement]]:
        async for page in self._pages("/v1/balance_transactions", {"expand": ["data.source"]}):
            yield [_movement(found) for found in page]

    async def find_payment(self, id: str) -> Listed[SeenPayment] | None:
        found = await self._find(f"/v1/payment_intents/{id}", {"expand": [FEE]})
        return None if found is None else _payment(found)

    async def find_refund(self, id: str) -> Listed[SeenRefund] | None:
        found = await self._find(f"/v1/refunds/{id}", {})
        return None if found is None else self._refund(found)

    async def find_checkout(self, id: str) -> Listed[SeenCheckout] | None:
        found = await self._find(f"/v1/checkout/sessions/{id}", {})
        return None if found is None else _checkout(found)

    async def find_dispute(self, id: str) -> Listed[SeenDispute] | None:
        found = await self._find(f"/v1/disputes/{id}", {})
        return None if found is None else _dispute(found)

    async def find_subscription(self, id: str) -> Listed[SeenSubscription] | None:
        found = await self._find(f"/v1/subscriptions/{id}", {"expand": EXPAND})
        return None if found is None else _subscription(found)

    async def find_invoice(self, id: str) -> Listed[SeenInvoice] | None:
        found = await self._find(f"/v1/invoices/{id}", {"expand": ["payments"]})
        return None if found is None else _invoice(found)

    async def find_listed_transfer(self, id: str) -> Listed[SeenTransfer] | None:
        found = await self._find(f"/v1/transfers/{id}", {})
        return None if found is None else self._transfer(found)

    async def find_payout(self, id: str) -> Listed[SeenPayout] | None:
        account, _, payout_id = id.partition("/")
        try:
            found = await self._find(f"/v1/payouts/{payout_id}", {"expand": ["destination"]}, account=account)
        except ProviderError as error:
            if error.extra.get("provider_code") == NO_ACCESS:
                return None
            raise
        return None if found is None else self._payout(account, found)

    def _transfer(self, found: Plain) -> Listed[SeenTransfer]:
        return Listed(transfer(found), self.livemode, _at(found["created"]))

    def _payout(self, account: str, found: Plain) -> Listed[SeenPayout]:
        return Listed(payout(account, found), self.livemode, _at(found["created"]))

    def _event(self, body: bytes) -> ListedEvent:
        return ListedEvent(webhook.read(body, livemode=self.livemode), body)

    def _refund(self, found: Plain) -> Listed[SeenRefund]:
        """A refund does not say its mode: it is that of the key that asked."""
        return Listed(seen.refund(found), self.livemode, _at(found["created"]))

    async def _pages(self, path: str, wanted: Plain, *, account: str | None = None) -> AsyncIterator[list[dict[str, Any]]]:
        after: dict[str, str] = {}
        while True:
            page = await self._ask(path, {**wanted, "limit": PAGE, **after}, account)
            data: list[dict[str, Any]] = page["data"]
            if data:
                yield data
            if not data or not page["has_more"]:
                return
            after = {"starting_after": data[-1]["id"]}

    async def _find(self, path: str, wanted: Plain, *, account: str | None = None) -> dict[str, Any] | None:
        try:
            return await self._ask(path, wanted, account)
        except ProviderError as error:
            if error.extra.get("provider_code") == "resource_missing":
                return None
            raise

    async def _ask(self, path: str, wanted: Plain, account: str | None = None) -> dict[str, Any]:
        """Raises ProviderError or ProviderUnavailable. "Too many requests" is no answer yet: it is asked again, later."""
        with translated():
            answer = await self._patiently(path, wanted if account is None else {**wanted, "stripe_account": account})
        return cast("dict[str, Any]", answer.data)

    @stamina.retry(on=stripe.RateLimitError, attempts=None, timeout=PATIENCE, wait_initial=0.2, wait_jitter=0.2)
    async def _patiently(self, path: str, wanted: Plain) -> Any:
        return await self._stripe.raw_request_async("get", path, **wanted)


def _made(since: datetime | None, before: datetime | None = None) -> dict[str, Any]:
    """The filter on when something was made, in whole seconds: a moment belongs to the second it is in."""
    bounds = {"gte": since, "lt": before}
    created = {name: int(moment.timestamp()) for name, moment in bounds.items() if moment is not None}
    return {"created": created} if created else {}


def _payment(found: Plain) -> Listed[SeenPayment]:
    charge = found.get("latest_charge")
    return Listed(
        seen.payment(found),
        found["livemode"],
        _at(found["created"]),
        asked=Money(found["amount"], found["currency"]),
        refunded=charge["amount_refunded"] if isinstance(charge, Mapping) else 0,
    )


def _checkout(found: Plain) -> Listed[SeenCheckout]:
    listed = seen.checkout(found)
    return Listed(listed, found["livemode"], _at(found["created"]), asked=listed.total)


def _dispute(found: Plain) -> Listed[SeenDispute]:
    return Listed(seen_dispute(found), found["livemode"], _at(found["created"]))


def _subscription(found: Plain) -> Listed[SeenSubscription]:
    return Listed(subscription(found), found["livemode"], _at(found["created"]))


def _invoice(found: Plain) -> Listed[SeenInvoice]:
    return Listed(invoices.invoice(found), found["livemode"], _at(found["created"]))


def _movement(found: Plain) -> Movement:
    """In the currency of what was charged or given back, which may be another than that of the balance."""
    source = found.get("source")
    about: Plain = source if isinstance(source, Mapping) else {}
    kind = about.get("object")
    money = Money(found["amount"], found["currency"])
    if kind in ("charge", "refund", "dispute") and about["currency"] != found["currency"]:
        money = Money(about["amount"] if money.amount > 0 else -about["amount"], about["currency"])
    return Movement(
        id=found["id"],
        money=money,
        fee=Money(found["fee"], found["currency"]),
        payment_id=seen.id_of(about.get("payment_intent")) if kind == "charge" else None,
        refund_id=about["id"] if kind == "refund" else None,
        dispute_id=about["id"] if kind == "dispute" else None,
        transfer_id=about["id"] if kind == "transfer" else None,
        reversal_id=about["id"] if kind == "transfer_reversal" else None,
        returned=kind == "refund" and found["amount"] > 0,
    )


def _at(created: int) -> datetime:
    return datetime.fromtimestamp(created, UTC)
