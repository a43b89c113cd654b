"""What a customer may do in the portal, by its controls: each feature, each refusal, and the flows straight to one."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import Events, new_customer, new_price
from tests.sandbox.conftest import Client, Running

Shop = Any
EVERYTHING = ["price", "quantity", "promotion_code"]


class Portal:
    """One customer's portal of one shop, driven by the controls."""

    def __init__(self, client: Client, sandbox: Running, **features: Any) -> None:
        self.client, self.sandbox = client, sandbox
        self.small, self.large = new_price(client, 1000, name="Small"), new_price(client, 5000, name="Large")
        self.customer = new_customer(client).id
        self.plan = client.v1.subscriptions.create({"customer": self.customer, "items": [{"price": self.small.id}]})
        self.configuration = client.v1.billing_portal.configurations.create({"features": features})
        self.session = self.enter()

    def enter(self, **params: Any) -> Any:
        given = {"customer": self.customer, "configuration": self.configuration.id, "return_url": "http://127.0.0.1:9/account"}
        return self.client.v1.billing_portal.sessions.create({**given, **params})

    def flow(self, kind: str, **details: Any) -> Any:
        after = details.pop("after_completion", None)
        data: Any = {"type": kind, kind: {"subscription": self.plan.id, **details}}
        return self.enter(flow_data=data | ({"after_completion": after} if after else {}))

    def act(self, name: str, session: Any = None, /, **fields: Any) -> Any:
        id = (session or self.session).id
        return self.sandbox.post(f"/billing_portal/sessions/{id}/act", act=name, subscription=self.plan.id, **fields)

    def now(self) -> Any:
        return self.client.v1.subscriptions.retrieve(self.plan.id)


def updates(client: Client, *allowed: str) -> Any:
    """Two plans to choose from; the small one in any number up to five."""
    small, large = new_price(client, 1000, name="One"), new_price(client, 5000, name="Ten")
    return {
        "enabled": True,
        "default_allowed_updates": list(allowed or EVERYTHING),
        "products": [
            {"product": small.product, "prices": [small.id], "adjustable_quantity": {"enabled": True, "maximum": 5}},
            {"product": large.product, "prices": [large.id]},
        ],
        "proration_behavior": "always_invoice",
    }


@pytest.fixture
def changing(client: Client, sandbox: Running) -> Portal:
    """A customer who has the first of the two plans on offer."""
    offered = updates(client)
    portal = Portal(client, sandbox, subscription_update=offered, subscription_cancel={"enabled": True})
    item = portal.plan["items"].data[0].id
    first = offered["products"][0]["prices"][0]
    portal.plan = client.v1.subscriptions.update(portal.plan.id, {"items": [{"id": item, "price": first}]})
    portal.large = client.v1.prices.retrieve(offered["products"][1]["prices"][0])
    return portal


def test_the_plan_is_changed_after_its_cost_was_looked_at(changing: Portal) -> None:
    path = f"/billing_portal/sessions/{changing.session.id}/preview"
    preview = changing.sandbox.post(path, subscription=changing.plan.id, price=changing.large.id)
    assert preview.status_code == 200, preview.text
    assert changing.now()["items"].data[0].price.unit_amount == 1000
    assert changing.act("change", price=changing.large.id).json()["said"] == "Your plan has been changed."
    assert changing.now()["items"].data[0].price.id == changing.large.id
    paid = changing.client.v1.invoices.list({"subscription": changing.plan.id}).data[0]
    assert (paid.amount_paid, paid.status) == (preview.json()["amount_due"], "paid")


def test_more_of_the_same_is_taken_within_the_limits(changing: Portal) -> None:
    for wrong in (0, 6, "many"):
        refused = changing.act("change", quantity=wrong)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "quantity")
    assert changing.now()["items"].data[0].quantity == 1
    assert changing.act("change", quantity=5).status_code == 200
    assert changing.now()["items"].data[0].quantity == 5


def test_a_code_takes_its_part_off_what_comes(changing: Portal) -> None:
    coupon = changing.client.v1.coupons.create({"percent_off": 25, "duration": "forever"})
    code = changing.client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "STAY"})
    wrong = changing.act("change", code="NOPE")
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "code")
    assert changing.act("change", code="stay").status_code == 200
    kept = changing.client.v1.subscriptions.retrieve(changing.plan.id, {"expand": ["discounts"]}).discounts
    assert [each.promotion_code for each in kept] == [code.id]


def test_a_plan_that_is_not_on_offer_is_refused(changing: Portal) -> None:
    other = new_price(changing.client, 1, name="Secret")
    for price in (other.id, "price_none"):
        refused = changing.act("change", price=price)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "price")
    assert changing.now()["items"].data[0].price.unit_amount == 1000


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("change", {"quantity": 2}),
        ("cancel", {}),
        ("undo", {}),
        ("pause", {}),
        ("resume", {}),
        ("stay", {}),
        ("add_card", {"number": "4242424242424242"}),
        ("customer", {"name": "Eve"}),
        ("add_tax_id", {"tax_id_type": "eu_vat", "tax_id": "DE123456789"}),
        ("fly", {}),
    ],
)
def test_what_is_off_is_absent_and_refused(client: Client, sandbox: Running, name: str, fields: Any) -> None:
    portal = Portal(client, sandbox, invoice_history={"enabled": True})
    seen = Events(client)
    refused = portal.act(name, **fields)
    assert refused.status_code == 400, refused.text
    assert seen.types() == []
    page = sandbox.http.get(portal.session.url).text
    assert [
        word for word in ("Cancel the plan", "Change the plan", "Pause", "Add a card", "Your details") if word in page
    ] == []
    assert "Invoices" in page


def test_a_reason_is_kept_with_the_cancellation(client: Client, sandbox: Running) -> None:
    reasons = {"enabled": True, "options": ["unused", "other"]}
    portal = Portal(client, sandbox, subscription_cancel={"enabled": True, "cancellation_reason": reasons})
    assert portal.act("cancel", feedback="too_expensive").status_code == 400
    assert portal.act("cancel", feedback="unused", comment="I moved").status_code == 200
    details = portal.now().cancellation_details
    assert (details.feedback, details.comment, details.reason) == ("unused", "I moved", "cancellation_requested")
    assert portal.act("undo").status_code == 200
    assert portal.now().cancel_at is None


def test_a_shop_may_let_a_plan_end_at_once(client: Client, sandbox: Running) -> None:
    portal = Portal(client, sandbox, subscription_cancel={"enabled": True, "mode": "immediately"})
    seen = Events(client)
    assert portal.act("cancel").status_code == 200
    assert (portal.now().status, seen.types()[-1]) == ("canceled", "customer.subscription.deleted")


def test_a_plan_is_paused_and_resumed(client: Client, sandbox: Running) -> None:
    portal = Portal(client, sandbox, subscription_pause={"enabled": True})
    assert portal.act("pause").status_code == 200
    assert portal.now().status == "paused"
    assert "Resume the plan" in sandbox.http.get(portal.session.url).text
    assert portal.act("resume").status_code == 200
    assert portal.now().status == "active"


def test_a_card_is_added_by_a_setup_intent_and_may_ask_the_bank(client: Client, sandbox: Running) -> None:
    portal = Portal(client, sandbox, payment_method_update={"enabled": True})
    seen = Events(client)
    assert portal.act("add_card", number="5555555555554444").status_code == 200
    assert [each for each in seen.types() if "setup" in each] == ["setup_intent.created", "setup_intent.succeeded"]
    asked = portal.act("add_card", number="4000002760003184")
    assert (asked.status_code, "/c/3ds/seti_" in asked.json()["redirect_to"]) == (202, True)
    sandbox.http.post(asked.json()["redirect_to"], data={"answer": "complete"})
    assert "ending in 3184 pays from now on" in sandbox.http.get(portal.session.url).text
    customer = client.v1.customers.retrieve(portal.customer, {"expand": ["invoice_settings.default_payment_method"]})
    assert customer.invoice_settings.default_payment_method.card.last4 == "3184"
    declined = portal.act("add_card", number="4000000000000002")
    assert (declined.status_code, declined.json()["error"]["code"]) == (402, "card_declined")
    assert "setup_intent.setup_failed" in seen.types()


def test_customers_change_what_they_may_and_nothing_else(client: Client, sandbox: Running) -> None:
    portal = Portal(client, sandbox, customer_update={"enabled": True, "allowed_updates": ["email", "address", "tax_id"]})
    assert portal.act("customer", email="nobody").json()["error"]["code"] == "email_invalid"
    assert portal.act("customer", name="Eve").json()["error"]["param"] == "name"
    assert portal.act("customer", email="new@example.com", line1="1 Mill Lane", country="DE").status_code == 200
    customer = client.v1.customers.retrieve(portal.customer)
    assert (customer.email, customer.address.line1, customer.address.country) == ("new@example.com", "1 Mill Lane", "DE")
    assert portal.act("add_tax_id", tax_id_type="moon_vat", tax_id="1").status_code == 400
    assert portal.act("add_tax_id", tax_id_type="eu_vat", tax_id="DE123456789").status_code == 200
    kept = client.v1.customers.tax_ids.list(portal.customer).data[0]
    assert (kept.type, kept.value) == ("eu_vat", "DE123456789")
    assert portal.act("remove_tax_id", tax_id=kept.id).status_code == 200
    assert client.v1.customers.tax_ids.list(portal.customer).data == []


# Flows


def test_a_flow_shows_one_thing_and_leads_back(client: Client, sandbox: Running) -> None:
    portal = Portal(
        client,
        sandbox,
        subscription_cancel={"enabled": True},
        invoice_history={"enabled": True},
        payment_method_update={"enabled": True},
    )
    session = portal.flow(
        "subscription_cancel", after_completion={"type": "redirect", "redirect": {"return_url": "http://127.0.0.1:9/bye"}}
    )
    assert session.flow.subscription_cancel.subscription == portal.plan.id
    page = sandbox.http.get(session.url).text
    assert ("Cancel the plan" in page, "Ways to pay" in page, "Invoices" in page) == (True, False, False)
    done = sandbox.http.post(session.url, data={"act": "cancel", "subscription": portal.plan.id})
    assert (done.status_code, done.headers["location"]) == (303, "http://127.0.0.1:9/bye")
    assert portal.now().cancel_at is not None
    with pytest.raises(stripe.InvalidRequestError, match="already set to be canceled"):
        portal.flow("subscription_cancel")


def test_a_flow_may_end_with_a_word_of_the_shop(client: Client, sandbox: Running) -> None:
    portal = Portal(client, sandbox, payment_method_update={"enabled": True})
    after = {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Thank you, dear customer."}}
    session = portal.enter(flow_data={"type": "payment_method_update", "after_completion": after})
    done = sandbox.http.post(session.url, data={"act": "add_card", "number": "4242424242424242"})
    assert (done.status_code, "Thank you, dear customer." in done.text) == (200, True)
    assert "Your plan and payments" in sandbox.http.get(session.url).text


def test_staying_is_rewarded(client: Client, sandbox: Running) -> None:
    portal = Portal(client, sandbox, subscription_cancel={"enabled": True})
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once"})
    offer = {"type": "coupon_offer", "coupon_offer": {"coupon": coupon.id}}
    session = portal.flow("subscription_cancel", retention=offer)
    assert "Stay, with 50% off" in sandbox.http.get(session.url).text
    assert portal.act("stay", session).status_code == 200
    kept = client.v1.subscriptions.retrieve(portal.plan.id, {"expand": ["discounts"]})
    assert (kept.cancel_at, kept.discounts[0].source.coupon) == (None, coupon.id)
    assert portal.act("stay", session).status_code == 400


def test_a_change_is_confirmed_as_it_was_asked_for(changing: Portal) -> None:
    item = changing.plan["items"].data[0].id
    session = changing.flow("subscription_update_confirm", items=[{"id": item, "price": changing.large.id}])
    assert session.flow.subscription_update_confirm["items"][0].price == changing.large.id
    assert "Confirm the change" in changing.sandbox.http.get(session.url).text
    assert changing.act("change", session, price=changing.large.id).status_code == 200
    assert changing.now()["items"].data[0].price.id == changing.large.id


FLOWS: list[tuple[Any, str]] = [
    ({"type": "subscription_cancel"}, "flow_data[subscription_cancel][subscription]"),
    (
        {"type": "subscription_cancel", "subscription_cancel": {"subscription": "sub_none"}},
        "flow_data[subscription_cancel][subscription]",
    ),
    ({"type": "payment_method_update", "after_completion": {"type": "redirect"}}, "flow_data[after_completion][redirect]"),
]


@pytest.mark.parametrize(("flow", "param"), FLOWS)
def test_a_flow_to_nowhere_is_refused(client: Client, sandbox: Running, flow: Any, param: str) -> None:
    portal = Portal(client, sandbox, subscription_cancel={"enabled": True}, payment_method_update={"enabled": True})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        portal.enter(flow_data=flow)
    assert refused.value.param == param


def test_a_flow_needs_its_feature(client: Client, sandbox: Running) -> None:
    portal = Portal(client, sandbox, invoice_history={"enabled": True})
    for kind in (
        "payment_method_update",
        "subscription_cancel",
        "subscription_update",
        "subscription_pause",
        "customer_update",
    ):
        with pytest.raises(stripe.InvalidRequestError, match="feature in the portal configuration is disabled"):
            portal.enter(flow_data={"type": kind})
