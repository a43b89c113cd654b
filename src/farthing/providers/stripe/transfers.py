"""Stripe's transfers and their reversals: https://docs.stripe.com/api/transfers."""

from collections.abc import Mapping
from typing import Any, Final

import stripe

from farthing.money import Money
from farthing.providers.stripe import seen
from farthing.providers.stripe.client import as_json, translated
from farthing.providers.transfers import SeenReversal, SeenTransfer, TransferWanted

TRANSFER_MARK: Final = "farthing_transfer"
"""Metadata of a transfer we made: our id of it."""

REVERSAL_MARK: Final = "farthing_transfer_reversal"
PAGE: Final = 100


class StripeTransfers:
    """What `TransferProvider` asks."""

    _stripe: stripe.StripeClient

    async def create_transfer(self, wanted: TransferWanted, *, key: str) -> SeenTransfer:
        params: Any = {
            "amount": wanted.money.amount,
            "currency": wanted.money.currency,
            "destination": wanted.account_id,
            "transfer_group": wanted.group,
            "metadata": {TRANSFER_MARK: wanted.reference},
        }
        if wanted.charge_id is not None:
            params["source_transaction"] = wanted.charge_id
        with translated():
            made = await self._stripe.v1.transfers.create_async(params, {"idempotency_key": f"transfer:{key}"})
        return transfer(as_json(made))

    async def transfer(self, id: str) -> SeenTransfer:
        with translated():
            return transfer(as_json(await self._stripe.v1.transfers.retrieve_async(id)))

    async def find_transfer(self, reference: str, *, group: str) -> SeenTransfer | None:
        with translated():
            page = await self._stripe.v1.transfers.list_async({"transfer_group": group, "limit": PAGE})
            async for each in page.auto_paging_iter():
                found = transfer(as_json(each))
                if found.reference == reference:
                    return found
        return None

    async def reverse_transfer(self, transfer_id: str, money: Money, *, reference: str, key: str) -> SeenReversal:
        params: Any = {"amount": money.amount, "metadata": {REVERSAL_MARK: reference}}
        with translated():
            made = await self._stripe.v1.transfers.reversals.create_async(
                transfer_id, params, {"idempotency_key": f"transfer_reversal:{key}"}
            )
        return _reversal(as_json(made))

    async def find_reversal(self, transfer_id: str, reference: str) -> SeenReversal | None:
        with translated():
            page = await self._stripe.v1.transfers.reversals.list_async(transfer_id, {"limit": PAGE})
            async for each in page.auto_paging_iter():
                found = _reversal(as_json(each))
                if found.reference == reference:
                    return found
        return None


def transfer(found: Mapping[str, Any]) -> SeenTransfer:
    return SeenTransfer(
        id=found["id"],
        money=Money(found["amount"], found["currency"]),
        reversed_amount=found["amount_reversed"],
        account_id=seen.id_of(found["destination"]) or "",
        reference=(found.get("metadata") or {}).get(TRANSFER_MARK),
    )


def _reversal(found: Mapping[str, Any]) -> SeenReversal:
    return SeenReversal(
        found["id"], Money(found["amount"], found["currency"]), (found.get("metadata") or {}).get(REVERSAL_MARK)
    )
