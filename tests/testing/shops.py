"""Shops that use Stripe and nothing of ours: one for ASGI, one for WSGI, which both write down what they were told."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import stripe
from fastapi import FastAPI, Request, Response


@dataclass
class Heard:
    """Event types as they came, of deliveries that were signed for us; `refuses` says how often it answers 500 first."""

    types: list[str] = field(default_factory=list)
    refuses: int = 0

    def hear(self, body: bytes, signature: str) -> int:
        event = stripe.Webhook.construct_event(body, signature, os.environ["STRIPE_WEBHOOK_SECRET"])
        if self.refuses:
            self.refuses -= 1
            return 500
        self.types.append(event.type)
        return 200


def asgi_shop(heard: Heard) -> FastAPI:
    app = FastAPI()

    @app.post("/webhook")
    async def webhook(request: Request) -> Response:
        return Response(status_code=heard.hear(await request.body(), request.headers["stripe-signature"]))

    return app


def wsgi_shop(heard: Heard) -> Callable[..., Iterable[bytes]]:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        status = heard.hear(body, environ["HTTP_STRIPE_SIGNATURE"])
        start_response(f"{status} Said", [("Content-Length", "0")])
        return [b""]

    return app


def session(amount: int = 1200, **params: Any) -> stripe.checkout.Session:
    """A page to pay on, made as most people do: by the library's globals."""
    price: Any = {"currency": "usd", "unit_amount": amount, "product_data": {"name": "Tea"}}
    return stripe.checkout.Session.create(
        mode="payment", line_items=[{"price_data": price, "quantity": 1}], success_url="https://shop.example/thanks", **params
    )
