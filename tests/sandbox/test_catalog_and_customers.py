"""Products, prices, customers and their cards."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, charge, events


def test_a_product_keeps_what_it_is_given(client: Client) -> None:
    product = client.v1.products.create(
        {
            "id": "tea-pot",
            "name": "Tea pot",
            "description": "Round",
            "metadata": {"sku": "T1", "0": "zero"},
            "default_price_data": {"currency": "usd", "unit_amount": 900},
        }
    )
    assert (product.id, product.active, product.metadata.to_dict()) == ("tea-pot", True, {"sku": "T1", "0": "zero"})
    again = client.v1.products.retrieve("tea-pot", {"expand": ["default_price"]})
    assert again.default_price.unit_amount == 900
    changed = client.v1.products.update("tea-pot", {"description": "", "active": False, "metadata": {"sku": ""}})
    assert (changed.description, changed.active, changed.metadata.to_dict()) == (None, False, {"0": "zero"})
    event = client.v1.events.list({"type": "product.updated"}).data[0]
    assert event.data.previous_attributes["description"] == "Round"
    assert event.data.previous_attributes["metadata"].to_dict() == {"sku": "T1"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.products.create({"id": "tea-pot", "name": "Other"})
    assert refused.value.code == "resource_already_exists"
    assert client.v1.products.retrieve("tea-pot").name == "Tea pot"


def test_only_a_product_without_prices_can_be_deleted(client: Client) -> None:
    sold, unsold = (client.v1.products.create({"name": name}) for name in ("Sold", "Unsold"))
    client.v1.prices.create({"product": sold.id, "currency": "usd", "unit_amount": 100})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.products.delete(sold.id)
    assert client.v1.products.retrieve(sold.id).name == "Sold"
    assert client.v1.products.delete(unsold.id).deleted
    with pytest.raises(stripe.InvalidRequestError) as gone:
        client.v1.products.retrieve(unsold.id)
    assert (gone.value.http_status, gone.value.code) == (404, "resource_missing")


def test_a_lookup_key_moves_only_when_told_to(client: Client) -> None:
    product = client.v1.products.create({"name": "Tea"})
    given: Any = {"product": product.id, "currency": "usd", "unit_amount": 500, "lookup_key": "tea"}
    old = client.v1.prices.create(given)
    with pytest.raises(stripe.InvalidRequestError, match="already uses"):
        client.v1.prices.create(given | {"unit_amount": 600})
    new = client.v1.prices.create(given | {"unit_amount": 600, "transfer_lookup_key": True})
    client.v1.prices.update(old.id, {"active": False})
    assert [each.id for each in client.v1.prices.list({"lookup_keys": ["tea"]}).data] == [new.id]
    assert [each.id for each in client.v1.prices.list({"active": False}).data] == [old.id]
    assert client.v1.prices.retrieve(old.id).lookup_key is None


def test_the_amount_of_a_price_never_changes(client: Client) -> None:
    price = client.v1.prices.create({"currency": "usd", "unit_amount": 100, "product_data": {"name": "Cup"}})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.prices.update(price.id, {"unit_amount": 200})
    assert refused.value.code == "parameter_unknown"
    again = client.v1.prices.retrieve(price.id)
    assert (again.unit_amount, str(again.unit_amount_decimal)) == (100, "100")


def test_a_recurring_price_is_kept_for_subscriptions(client: Client) -> None:
    price = client.v1.prices.create(
        {"currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"}, "product_data": {"name": "Club"}}
    )
    assert (price.type, price.recurring.interval_count) == ("recurring", 1)
    with pytest.raises(stripe.InvalidRequestError, match="recurring price"):
        client.v1.checkout.sessions.create(
            {"mode": "payment", "line_items": [{"price": price.id, "quantity": 1}], "success_url": "http://127.0.0.1:9/"}
        )


def test_a_deleted_customer_answers_to_its_id_and_nothing_else(client: Client) -> None:
    customer = client.v1.customers.create(
        {"email": "a@example.com", "address": {"city": "Bath"}, "payment_method": "pm_card_visa"}
    )
    assert customer.address.to_dict()["city"] == "Bath"
    client.v1.customers.delete(customer.id)
    assert client.v1.customers.retrieve(customer.id).deleted
    assert client.v1.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.customers.update(customer.id, {"name": "B"})
    assert events(client) == [
        "customer.created",
        "payment_method.attached",
        "payment_method.detached",
        "customer.deleted",
    ]


def test_a_card_is_attached_made_the_default_and_detached_for_good(client: Client) -> None:
    customer = client.v1.customers.create({"name": "Ada"})
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    assert (method.card.last4, method.customer) == ("4242", customer.id)
    changed = client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    assert changed.invoice_settings.default_payment_method == method.id
    assert client.v1.customers.payment_methods.retrieve(customer.id, method.id).id == method.id
    with pytest.raises(stripe.InvalidRequestError, match="Please include the Customer"):
        charge(client, card=method.id)
    client.v1.payment_methods.detach(method.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_methods.attach(method.id, {"customer": customer.id})
    assert client.v1.payment_methods.list({"customer": customer.id}).data == []


def test_a_declining_card_cannot_be_attached_but_0341_can(client: Client) -> None:
    customer = client.v1.customers.create({})
    with pytest.raises(stripe.CardError):
        client.v1.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer.id})
    assert client.v1.payment_methods.list({"customer": customer.id}).data == []
    kept = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    with pytest.raises(stripe.CardError):
        charge(client, card=kept.id, customer=customer.id)


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"number": "4111111111111111"}, "card_declined"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"exp_year": 2020}, "invalid_expiry_year"),
        ({"cvc": "12"}, "invalid_cvc"),
    ],
)
def test_a_card_typed_wrong_is_refused(client: Client, card: Any, code: str) -> None:
    given: Any = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    assert client.v1.payment_methods.create({"type": "card", "card": given}).card.brand == "visa"
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.create({"type": "card", "card": given | card})
    assert refused.value.code == code


def test_the_account_is_there_before_anything_else(client: Client) -> None:
    account = client.v1.accounts.retrieve_current()
    assert account.charges_enabled
    assert client.v1.accounts.retrieve_current().id == account.id


def test_restricted_and_secret_keys_of_one_name_share_an_account_and_others_see_nothing(sandbox: Any) -> None:
    secret, restricted = sandbox.client("sk_test_pair1"), sandbox.client("rk_test_pair1")
    customer = secret.v1.customers.create({})
    assert restricted.v1.customers.retrieve(customer.id).id == customer.id
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        sandbox.client().v1.customers.retrieve(customer.id)
