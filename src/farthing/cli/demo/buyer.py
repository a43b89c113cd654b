"""The scripted buyer and the shopkeeper beside: both come over HTTP, as a browser and a shop's own server would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx

from farthing.errors import FarthingError
from farthing.ids import OrderId
from farthing.money import Money

CARD: Final = "4242424242424242"
DECLINED_CARD: Final = "4000000000000002"
BANK_ASKS_CARD: Final = "4000002760003184"
TIMEOUT_SECONDS: Final = 20


class Surprised(FarthingError):
    """Somebody answered otherwise than the script says."""

    code, title = "demo_surprised", "The demo did not go as it should"


@dataclass(frozen=True, slots=True)
class Visit:
    """A payment page that waits for a card."""

    order: OrderId
    number: int
    session: str


class Buyer:
    def __init__(self, shop: str, sandbox: str, secret: str) -> None:
        self._shop, self._sandbox = shop, sandbox
        self._secret = secret
        # No proxy has any business between two processes of one machine.
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def order(self, cart: Mapping[str, int], *, email: str, currency: str | None = None) -> Visit:
        """Put things into a cart and go to the payment page."""
        body = {
            "items": [{"product": product, "quantity": quantity} for product, quantity in cart.items()],
            "success_url": f"{self._shop}/checkout/success?session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{self._shop}/checkout/canceled",
            "customer": {"email": email},
            **({"currency": currency} if currency else {}),
        }
        started = await self._post(f"{self._shop}/v1/checkout/sessions", body, expected=201)
        page = await self._http.get(started["url"])
        _expect(page, 200)
        return Visit(OrderId.parse(started["order"]), started["order_number"], session_of(started["url"]))

    async def pay(self, visit: Visit, card: str, *, expected: int = 200, **fields: str) -> None:
        """Fill in the card and press the button; whoever has paid comes back to the shop, and sees that it knows."""
        url = f"{self._sandbox}/_sandbox/checkout/sessions/{visit.session}/pay"
        paid = await self._post(url, {"card": card, "email": "buyer@example.com", **fields}, expected=expected)
        if expected == 200:
            page = await self._http.get(paid["redirect_to"], follow_redirects=True)
            _expect(page, 200)

    async def refund(self, order: OrderId, amount: Money) -> None:
        """As the shop's own server does, with its API key."""
        body = {"amount": {"amount": amount.amount, "currency": amount.currency}, "note": "one bottle arrived empty"}
        headers = {"Authorization": f"Bearer {self._secret}", "Idempotency-Key": f"demo-{order}"}
        # Twice, as somebody who is not sure of the first time: it is one refund.
        first = await self._post(f"{self._shop}/v1/orders/{order}/refunds", body, expected=201, headers=headers)
        again = await self._post(f"{self._shop}/v1/orders/{order}/refunds", body, expected=201, headers=headers)
        if first["id"] != again["id"]:
            raise Surprised("The same refund asked for twice, with one idempotency key, became two refunds.")

    async def wait_there(self, seconds: int) -> None:
        """Let time pass at the sandbox: what falls due there has happened when this returns."""
        await self._post(f"{self._sandbox}/_sandbox/clock/advance", {"seconds": seconds}, expected=200)

    async def _post(
        self, url: str, body: Mapping[str, object], *, expected: int, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        answer = await self._http.post(url, json=body, headers=dict(headers or {}))
        _expect(answer, expected)
        found: dict[str, Any] = answer.json()
        return found


def session_of(url: str) -> str:
    """The provider's name for the payment page: the last part of its address."""
    return httpx.URL(url).path.rpartition("/")[2]


def _expect(answer: httpx.Response, status: int) -> None:
    if answer.status_code != status:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise Surprised(f"{asked} was answered with {answer.status_code} instead of {status}: {answer.text[:300]}")
