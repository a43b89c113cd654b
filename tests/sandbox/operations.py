"""A realistic call of every operation an application of Farthing's size makes: how the SDK names it, and with what."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WANTED = [line.split() for line in (Path(__file__).parent / "operations.txt").read_text("utf-8").splitlines()]


@dataclass(frozen=True)
class Case:
    """`$name` stands for something of the prepared world, in ids and in parameters alike."""

    operation: str
    service: str
    """On a client: `customers.create` of `client.v1`."""
    verb: str
    """On the module: `Customer.create` of `stripe`."""
    ids: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    on: str = ""
    """The connected account that is acted for."""
    refused: str = ""
    """What it says when nothing in the sandbox ever is as it would have to be."""

    @property
    def method(self) -> str:
        return self.operation.split()[0]

    @property
    def path(self) -> str:
        return self.operation.split()[1]


LINE = {"price_data": {"currency": "usd", "unit_amount": 2500, "product_data": {"name": "Tea pot"}}, "quantity": 1}
SAFE = "http://127.0.0.1:9/"
COUPON = {"type": "coupon", "coupon": "$coupon"}

CATALOG = [
    Case("GET /v1/products", "products.list", "Product.list", params={"active": True, "limit": 3}),
    Case("POST /v1/products", "products.create", "Product.create", params={"name": "Tea", "metadata": {"a": "1"}}),
    Case("DELETE /v1/products/{id}", "products.delete", "Product.delete", "$bare_product"),
    Case("GET /v1/products/{id}", "products.retrieve", "Product.retrieve", "$product"),
    Case("POST /v1/products/{id}", "products.update", "Product.modify", "$product", {"name": "Green tea", "active": True}),
    Case("GET /v1/prices", "prices.list", "Price.list", params={"lookup_keys": ["monthly"], "type": "recurring"}),
    Case(
        "POST /v1/prices",
        "prices.create",
        "Price.create",
        params={"product": "$product", "currency": "usd", "unit_amount": 700, "recurring": {"interval": "week"}},
    ),
    Case("GET /v1/prices/{price}", "prices.retrieve", "Price.retrieve", "$price", {"expand": ["product"]}),
    Case("POST /v1/prices/{price}", "prices.update", "Price.modify", "$price", {"nickname": "Plain", "active": True}),
    Case("GET /v1/coupons", "coupons.list", "Coupon.list", params={"limit": 2}),
    Case("POST /v1/coupons", "coupons.create", "Coupon.create", params={"percent_off": 12.5, "duration": "once"}),
    Case("DELETE /v1/coupons/{coupon}", "coupons.delete", "Coupon.delete", "$coupon"),
    Case("GET /v1/coupons/{coupon}", "coupons.retrieve", "Coupon.retrieve", "$coupon"),
    Case("POST /v1/coupons/{coupon}", "coupons.update", "Coupon.modify", "$coupon", {"name": "Spring"}),
    Case("GET /v1/promotion_codes", "promotion_codes.list", "PromotionCode.list", params={"code": "SPRING"}),
    Case(
        "POST /v1/promotion_codes",
        "promotion_codes.create",
        "PromotionCode.create",
        params={"promotion": COUPON, "code": "SUMMER", "restrictions": {"first_time_transaction": True}},
    ),
    Case("GET /v1/promotion_codes/{promotion_code}", "promotion_codes.retrieve", "PromotionCode.retrieve", "$promotion_code"),
    Case(
        "POST /v1/promotion_codes/{promotion_code}",
        "promotion_codes.update",
        "PromotionCode.modify",
        "$promotion_code",
        {"active": False},
    ),
    Case("GET /v1/tax_rates", "tax_rates.list", "TaxRate.list", params={"active": True}),
    Case(
        "POST /v1/tax_rates",
        "tax_rates.create",
        "TaxRate.create",
        params={"display_name": "VAT", "percentage": 19, "inclusive": False, "country": "DE"},
    ),
    Case("GET /v1/tax_rates/{tax_rate}", "tax_rates.retrieve", "TaxRate.retrieve", "$tax_rate"),
    Case("POST /v1/tax_rates/{tax_rate}", "tax_rates.update", "TaxRate.modify", "$tax_rate", {"description": "MwSt"}),
]

CUSTOMERS = [
    Case("GET /v1/customers", "customers.list", "Customer.list", params={"email": "ada@example.com"}),
    Case(
        "POST /v1/customers",
        "customers.create",
        "Customer.create",
        params={"email": "a@example.com", "shipping": {"name": "A", "address": {"line1": "1"}}, "metadata": {"user": "7"}},
    ),
    Case("GET /v1/customers/search", "customers.search", "Customer.search", params={"query": "email:'ada@example.com'"}),
    Case("DELETE /v1/customers/{customer}", "customers.delete", "Customer.delete", "$customer"),
    Case("GET /v1/customers/{customer}", "customers.retrieve", "Customer.retrieve", "$customer"),
    Case("POST /v1/customers/{customer}", "customers.update", "Customer.modify", "$customer", {"name": "Ada", "balance": -50}),
    Case(
        "GET /v1/customers/{customer}/balance_transactions",
        "customers.balance_transactions.list",
        "Customer.list_balance_transactions",
        "$customer",
    ),
    Case(
        "POST /v1/customers/{customer}/balance_transactions",
        "customers.balance_transactions.create",
        "Customer.create_balance_transaction",
        "$customer",
        {"amount": -500, "currency": "usd", "description": "Sorry"},
    ),
    Case(
        "GET /v1/customers/{customer}/payment_methods",
        "customers.payment_methods.list",
        "Customer.list_payment_methods",
        "$customer",
        {"type": "card"},
    ),
    Case(
        "GET /v1/customers/{customer}/payment_methods/{payment_method}",
        "customers.payment_methods.retrieve",
        "Customer.retrieve_payment_method",
        "$customer $card",
    ),
    Case("GET /v1/customers/{customer}/tax_ids", "customers.tax_ids.list", "Customer.list_tax_ids", "$customer"),
    Case(
        "POST /v1/customers/{customer}/tax_ids",
        "customers.tax_ids.create",
        "Customer.create_tax_id",
        "$customer",
        {"type": "eu_vat", "value": "DE123456789"},
    ),
    Case("GET /v1/payment_methods", "payment_methods.list", "PaymentMethod.list", params={"customer": "$customer"}),
    Case(
        "POST /v1/payment_methods",
        "payment_methods.create",
        "PaymentMethod.create",
        params={"type": "card", "card": {"token": "tok_visa"}, "billing_details": {"name": "Ada"}},
    ),
    Case("GET /v1/payment_methods/{payment_method}", "payment_methods.retrieve", "PaymentMethod.retrieve", "$card"),
    Case(
        "POST /v1/payment_methods/{payment_method}",
        "payment_methods.update",
        "PaymentMethod.modify",
        "$card",
        {"billing_details": {"email": "b@example.com"}},
    ),
    Case(
        "POST /v1/payment_methods/{payment_method}/attach",
        "payment_methods.attach",
        "PaymentMethod.attach",
        "$loose_card",
        {"customer": "$customer"},
    ),
    Case("POST /v1/payment_methods/{payment_method}/detach", "payment_methods.detach", "PaymentMethod.detach", "$card"),
    Case("GET /v1/setup_intents", "setup_intents.list", "SetupIntent.list", params={"customer": "$customer"}),
    Case("POST /v1/setup_intents", "setup_intents.create", "SetupIntent.create", params={"customer": "$customer"}),
    Case("GET /v1/setup_intents/{intent}", "setup_intents.retrieve", "SetupIntent.retrieve", "$setup_intent"),
    Case(
        "POST /v1/setup_intents/{intent}", "setup_intents.update", "SetupIntent.modify", "$setup_intent", {"description": "x"}
    ),
    Case(
        "POST /v1/setup_intents/{intent}/cancel",
        "setup_intents.cancel",
        "SetupIntent.cancel",
        "$setup_intent",
        {"cancellation_reason": "abandoned"},
    ),
    Case(
        "POST /v1/setup_intents/{intent}/confirm",
        "setup_intents.confirm",
        "SetupIntent.confirm",
        "$setup_intent",
        {"payment_method": "pm_card_visa", "return_url": SAFE},
    ),
]

PAYMENTS = [
    Case("GET /v1/checkout/sessions", "checkout.sessions.list", "checkout.Session.list", params={"status": "open"}),
    Case(
        "POST /v1/checkout/sessions",
        "checkout.sessions.create",
        "checkout.Session.create",
        params={
            "mode": "payment",
            "line_items": [LINE],
            "success_url": SAFE + "?s={CHECKOUT_SESSION_ID}",
            "client_reference_id": "order_1",
            "payment_intent_data": {"transfer_group": "order_1", "metadata": {"order": "1"}},
        },
    ),
    Case("GET /v1/checkout/sessions/{session}", "checkout.sessions.retrieve", "checkout.Session.retrieve", "$paid_session"),
    Case(
        "POST /v1/checkout/sessions/{session}",
        "checkout.sessions.update",
        "checkout.Session.modify",
        "$session",
        {"metadata": {"order": "2"}},
    ),
    Case("POST /v1/checkout/sessions/{session}/expire", "checkout.sessions.expire", "checkout.Session.expire", "$session"),
    Case(
        "GET /v1/checkout/sessions/{session}/line_items",
        "checkout.sessions.line_items.list",
        "checkout.Session.list_line_items",
        "$paid_session",
        {"limit": 5},
    ),
    Case("GET /v1/payment_intents", "payment_intents.list", "PaymentIntent.list", params={"customer": "$customer"}),
    Case(
        "POST /v1/payment_intents",
        "payment_intents.create",
        "PaymentIntent.create",
        params={
            "amount": 1200,
            "currency": "usd",
            "customer": "$customer",
            "payment_method": "$card",
            "confirm": True,
            "off_session": True,
            "return_url": SAFE,
            "expand": ["latest_charge"],
        },
    ),
    Case(
        "GET /v1/payment_intents/search",
        "payment_intents.search",
        "PaymentIntent.search",
        params={"query": "status:'succeeded'"},
    ),
    Case("GET /v1/payment_intents/{intent}", "payment_intents.retrieve", "PaymentIntent.retrieve", "$paid"),
    Case("POST /v1/payment_intents/{intent}", "payment_intents.update", "PaymentIntent.modify", "$intent", {"amount": 900}),
    Case(
        "POST /v1/payment_intents/{intent}/cancel",
        "payment_intents.cancel",
        "PaymentIntent.cancel",
        "$intent",
        {"cancellation_reason": "abandoned"},
    ),
    Case(
        "POST /v1/payment_intents/{intent}/capture",
        "payment_intents.capture",
        "PaymentIntent.capture",
        "$held",
        {"amount_to_capture": 1000},
    ),
    Case(
        "POST /v1/payment_intents/{intent}/confirm",
        "payment_intents.confirm",
        "PaymentIntent.confirm",
        "$intent",
        {"payment_method": "pm_card_visa", "return_url": SAFE},
    ),
    Case("GET /v1/charges", "charges.list", "Charge.list", params={"customer": "$customer"}),
    Case("GET /v1/charges/search", "charges.search", "Charge.search", params={"query": "currency:'usd'"}),
    Case("GET /v1/charges/{charge}", "charges.retrieve", "Charge.retrieve", "$charge", {"expand": ["balance_transaction"]}),
    Case("POST /v1/charges/{charge}", "charges.update", "Charge.modify", "$charge", {"description": "Tea"}),
    Case("POST /v1/charges/{charge}/capture", "charges.capture", "Charge.capture", "$held_charge", {"amount": 1000}),
    Case("GET /v1/refunds", "refunds.list", "Refund.list", params={"payment_intent": "$paid"}),
    Case(
        "POST /v1/refunds",
        "refunds.create",
        "Refund.create",
        params={"payment_intent": "$paid", "amount": 100, "reason": "requested_by_customer"},
    ),
    Case("GET /v1/refunds/{refund}", "refunds.retrieve", "Refund.retrieve", "$refund"),
    Case("POST /v1/refunds/{refund}", "refunds.update", "Refund.modify", "$refund", {"metadata": {"why": "late"}}),
    Case("POST /v1/refunds/{refund}/cancel", "refunds.cancel", "Refund.cancel", "$refund", refused="cannot be canceled"),
    Case("GET /v1/disputes", "disputes.list", "Dispute.list", params={"limit": 1}),
    Case("GET /v1/disputes/{dispute}", "disputes.retrieve", "Dispute.retrieve", "$dispute"),
    Case(
        "POST /v1/disputes/{dispute}",
        "disputes.update",
        "Dispute.modify",
        "$dispute",
        {"evidence": {"product_description": "Tea"}, "submit": False},
    ),
    Case("POST /v1/disputes/{dispute}/close", "disputes.close", "Dispute.close", "$dispute"),
]
