"""The disputes' half of Stripe: https://docs.stripe.com/api/disputes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import stripe

from farthing.money import Money
from farthing.providers.disputes import SeenDispute, SeenFraudWarning, SeenMovement
from farthing.providers.stripe import seen
from farthing.providers.stripe.client import as_json, translated


class StripeDisputes:
    """What `PaymentProvider` asks about disputes."""

    _stripe: stripe.StripeClient

    async def dispute(self, id: str) -> SeenDispute:
        with translated():
            return seen_dispute(as_json(await self._stripe.v1.disputes.retrieve_async(id)))

    async def disputes(self, payment_id: str) -> list[SeenDispute]:
        with translated():
            page = await self._stripe.v1.disputes.list_async({"payment_intent": payment_id, "limit": 100})
            return [seen_dispute(as_json(found)) async for found in page.auto_paging_iter()]

    async def submit_evidence(self, id: str, evidence: Mapping[str, str], *, appeal: bool, key: str) -> None:
        """What an appeal holds is one text: why it is filed."""
        given: Any = evidence
        if appeal:
            given = {
                "appeal": {"card": {"reason_for_filing": evidence.get("uncategorized_text") or "\n".join(evidence.values())}}
            }
        with translated():
            params: stripe.params.DisputeUpdateParams = {"evidence": given, "submit": True}
            await self._stripe.v1.disputes.update_async(id, params, {"idempotency_key": f"dispute:{key}"})

    async def accept_dispute(self, id: str, *, key: str) -> None:
        with translated():
            await self._stripe.v1.disputes.close_async(id, {}, {"idempotency_key": f"dispute:{key}"})

    async def fraud_warning(self, id: str) -> SeenFraudWarning:
        with translated():
            found = as_json(await self._stripe.v1.radar.early_fraud_warnings.retrieve_async(id))
        return SeenFraudWarning(
            id=found["id"],
            payment_id=seen.id_of(found.get("payment_intent")),
            fraud_type=found["fraud_type"],
            actionable=found["actionable"],
        )


def seen_dispute(found: Mapping[str, Any]) -> SeenDispute:
    money = Money(found["amount"], found["currency"])
    details = found["evidence_details"]
    card = (found.get("payment_method_details") or {}).get("card") or {}
    due_by = details.get("due_by")
    return SeenDispute(
        id=found["id"],
        payment_id=seen.id_of(found.get("payment_intent")),
        status=found["status"],
        money=money,
        reason=found["reason"],
        network_reason_code=card.get("network_reason_code"),
        evidence_due_by=None if due_by is None else datetime.fromtimestamp(due_by, UTC),
        submission_count=details["submission_count"],
        movements=tuple(_movement(each, money) for each in found["balance_transactions"]),
        opened_at=datetime.fromtimestamp(found["created"], UTC),
    )


def _movement(moved: Mapping[str, Any], disputed: Money) -> SeenMovement:
    """In the currency of the payment, as the payment is in our books: the balance may be kept in another one."""
    money, currency = Money(moved["amount"], moved["currency"]), moved["currency"]
    if currency != disputed.currency:
        money = -disputed if moved["amount"] < 0 else disputed
    return SeenMovement(moved["id"], money, Money(moved["fee"], currency))
