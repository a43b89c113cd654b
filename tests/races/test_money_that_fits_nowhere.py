"""Money that pays for nothing: a second payment, a wrong amount, a wrong currency, an order that is closed.

It is never lost and never kept: recorded, in the books, on its way back by itself, and there to be seen.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import stripe
from tests.races.conftest import Harness
from tests.races.facts import truth
from tests.races.shop import CART, Shop, events_at, look, opened

from farthing import checkout, jobs, ledger
from farthing.ids import OrderId
from farthing.invariants import check_all
from farthing.providers.stripe.webhook import WATCHED


@dataclass(frozen=True)
class Buyer:
    """Somebody with an open page, and with a second way to pay that nobody offered them."""

    shop: Shop
    order: str
    session: str

    async def pay_page(self) -> None:
        assert (await self.shop.pay(self.session)).status_code == 200

    async def pay_otherwise(self, amount: int = 4900, currency: str = "eur") -> str:
        """A payment that carries the mark of ours, as one from an older page or another program would."""
        place = self.shop.place
        client = stripe.StripeClient(place.key, base_addresses={"api": place.url})
        made = client.v1.payment_intents.create(
            {
                "amount": amount,
                "currency": currency,
                "payment_method": "pm_card_visa",
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                "confirm": True,
                "metadata": {"farthing_payment": (await self.shown())["payments"][0]["id"]},
            }
        )
        assert made.status == "succeeded"
        return made.id

    async def hear(self) -> None:
        """Until nothing new comes of it."""
        for _ in range(3):
            told = [event for event in events_at(self.shop.place) if event["type"] in WATCHED]
            await self.shop.deliver_all(told)
            await self.shop.work()

    async def shown(self) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.shop.place.secret}"}
        answer = await self.shop.client.get(f"/v1/orders/{self.order}", headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def end(self) -> dict[str, Any]:
        """Once all is over: the order as it is shown, after a look at what must always hold."""
        async with self.shop.world.db.transaction("test") as tx:
            assert await check_all(tx) == []
            assert (await jobs.counts(tx)).dead == 0
            balances = {(each.account, each.money.currency): each.money.amount for each in await ledger.trial_balance(tx)}
        assert {amount for (account, _), amount in balances.items() if account in ("surplus", "refunds:owed")} <= {0}
        return await self.shown()

    def refunds(self) -> dict[str, list[str]]:
        """What went back at the provider, by payment."""
        found: dict[str, list[str]] = {}
        for refund in look(self.shop.place, "/v1/refunds?limit=100")["data"]:
            found.setdefault(refund["payment_intent"], []).append(f"{refund['status']} {refund['amount']} {refund['currency']}")
        return found

    async def surplus(self) -> list[tuple[str, int]]:
        headers = {"Authorization": f"Bearer {self.shop.place.secret}"}
        answer = await self.shop.client.get("/v1/events", params={"type": "payment.surplus"}, headers=headers)
        return [(event["data"]["reason"], event["data"]["received"]["amount"]) for event in answer.json()["data"]]


@pytest.fixture
async def buyer(harness: Harness) -> AsyncIterator[Buyer]:
    place, _ = await harness.prepare("check_out")
    async with opened(place) as shop:
        answer = (await shop.post("/v1/checkout/sessions", CART, "the one purchase")).json()
        yield Buyer(shop, answer["order"], answer["url"].rsplit("/", 1)[-1])


async def test_a_second_payment_for_the_same_order_goes_back(buyer: Buyer) -> None:
    await buyer.pay_page()
    await buyer.hear()
    second = await buyer.pay_otherwise()
    await buyer.hear()
    shown = await buyer.end()
    assert shown["status"] == "paid"
    assert sorted(payment["status"] for payment in shown["payments"]) == ["succeeded", "surplus"]
    assert buyer.refunds() == {second: ["succeeded 4900 eur"]}
    assert await buyer.surplus() == [("already_paid", 4900)]


@pytest.mark.covers("F34", "F35")
async def test_of_two_payments_nobody_was_told_of_one_goes_back(buyer: Buyer) -> None:
    """Whichever is heard of first pays for the order."""
    second = await buyer.pay_otherwise()
    await buyer.pay_page()
    await buyer.hear()
    assert (await buyer.end())["status"] == "paid"
    charges = truth(buyer.shop.place)["charges"]
    assert charges == ["succeeded 4900 eur"] * 2
    assert list(buyer.refunds().values()) == [["succeeded 4900 eur"]]
    assert await buyer.surplus() == [("already_paid", 4900)]
    assert second in {item["id"] for item in look(buyer.shop.place, "/v1/payment_intents")["data"]}


@pytest.mark.covers("F9", "F20")
@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [(4899, "eur", "wrong_amount"), (4901, "eur", "wrong_amount"), (4900, "usd", "wrong_currency")],
)
async def test_money_that_is_not_the_price_goes_back_and_the_order_can_still_be_paid(
    buyer: Buyer, amount: int, currency: str, reason: str
) -> None:
    wrong = await buyer.pay_otherwise(amount, currency)
    await buyer.hear()
    assert (await buyer.end())["status"] == "open"
    assert buyer.refunds() == {wrong: [f"succeeded {amount} {currency}"]}
    await buyer.pay_page()
    await buyer.hear()
    shown = await buyer.end()
    assert shown["status"] == "paid"
    assert buyer.refunds() == {wrong: [f"succeeded {amount} {currency}"]}
    assert await buyer.surplus() == [(reason, amount)]


async def test_money_for_a_canceled_order_goes_back(buyer: Buyer) -> None:
    await checkout.cancel_order(buyer.shop.world, OrderId.parse(buyer.order), actor="clerk")
    late = await buyer.pay_otherwise()
    await buyer.hear()
    shown = await buyer.end()
    assert shown["status"] == "canceled"
    assert buyer.refunds() == {late: ["succeeded 4900 eur"]}
    assert await buyer.surplus() == [("order_canceled", 4900)]
    async with buyer.shop.world.db.transaction("test") as tx:
        assert await tx.value("SELECT count(*) FROM entitlements") == 0


async def test_a_whole_refund_does_not_make_room_for_another_payment(buyer: Buyer) -> None:
    await buyer.pay_page()
    await buyer.hear()
    answer = await buyer.shop.post(f"/v1/orders/{buyer.order}/refunds", {}, "the one refund")
    assert answer.status_code == 201
    await buyer.hear()
    late = await buyer.pay_otherwise()
    await buyer.hear()
    shown = await buyer.end()
    assert shown["status"] == "refunded"
    assert buyer.refunds()[late] == ["succeeded 4900 eur"]
    assert len(buyer.refunds()) == 2
