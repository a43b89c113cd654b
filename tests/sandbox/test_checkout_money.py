"""What a checkout session comes to: discounts, promotion codes, taxes, shipping and quantities, line by line."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Running, error_of, events, new_session

CARD = "4242424242424242"


def _line(amount: int, quantity: int = 1, name: str = "Tea", **more: Any) -> Any:
    data = {"currency": "usd", "unit_amount": amount, "product_data": {"name": name}}
    return {"price_data": data, "quantity": quantity, **more}


def _coupon(client: Client, **params: Any) -> Any:
    return client.v1.coupons.create({"duration": "once", **params})


def _code(client: Client, coupon: Any, **params: Any) -> Any:
    return client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, **params})


def _rate(client: Client, percentage: float, *, inclusive: bool = False) -> Any:
    return client.v1.tax_rates.create({"display_name": "VAT", "percentage": percentage, "inclusive": inclusive})


def _lines(client: Client, session: Any, *expand: str) -> list[Any]:
    found = client.v1.checkout.sessions.line_items.list(session.id, {"expand": [f"data.{name}" for name in expand]})
    return list(found.data)


def _sums_are_right(client: Client, session: Any) -> None:
    """The lines add up to the session, whatever was taken off or put on."""
    lines, details = _lines(client, session), session.total_details
    assert session.amount_subtotal == sum(line.amount_subtotal for line in lines)
    assert details.amount_discount == sum(line.amount_discount for line in lines)
    assert details.amount_tax == sum(line.amount_tax for line in lines)
    assert session.amount_total == sum(line.amount_total for line in lines) + details.amount_shipping


def test_a_coupon_is_spread_over_the_lines_and_the_payment_asks_for_the_rest(client: Client, sandbox: Running) -> None:
    coupon = _coupon(client, percent_off=15, max_redemptions=1)
    session = new_session(client, line_items=[_line(999, 3), _line(501)], discounts=[{"coupon": coupon.id}])
    assert (session.amount_subtotal, session.amount_total, session.total_details.amount_discount) == (3498, 2973, 525)
    assert [each.amount_discount for each in _lines(client, session)] == [450, 75]
    assert [each.to_dict() for each in session.discounts] == [{"coupon": coupon.id, "promotion_code": None}]
    assert client.v1.coupons.retrieve(coupon.id).times_redeemed == 0
    _sums_are_right(client, session)
    paid = sandbox.pay(session.id, card=CARD).json()
    assert (paid["payment_intent"]["amount"], paid["session"]["status"]) == (2973, "complete")
    used = client.v1.coupons.retrieve(coupon.id)
    assert (used.times_redeemed, used.valid) == (1, False)
    shown = _lines(client, session, "discounts")[0].discounts[0]
    assert (shown.amount, shown.discount.source.coupon, shown.discount.checkout_session) == (450, coupon.id, session.id)


def test_an_amount_off_leaves_nothing_below_zero_and_a_free_order_needs_no_card(client: Client, sandbox: Running) -> None:
    coupon = _coupon(client, amount_off=10_000, currency="usd")
    session = new_session(client, discounts=[{"coupon": coupon.id}], customer_creation="always")
    assert (session.amount_total, session.total_details.amount_discount) == (0, 2500)
    done = sandbox.pay(session.id).json()["session"]
    assert (done["status"], done["payment_status"], done["payment_intent"]) == ("complete", "no_payment_required", None)
    assert client.v1.customers.retrieve(done["customer"]).email == "ada@example.com"
    assert client.v1.charges.list().data == []
    assert events(client)[-1] == "checkout.session.completed"


def test_a_coupon_for_one_product_leaves_the_others_alone(client: Client) -> None:
    product = client.v1.products.create({"name": "Pot"})
    price = client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 4000})
    coupon = _coupon(client, percent_off=50, applies_to={"products": [product.id]})
    session = new_session(
        client, line_items=[_line(1000), {"price": price.id, "quantity": 1}], discounts=[{"coupon": coupon.id}]
    )
    assert [each.amount_discount for each in _lines(client, session)] == [0, 2000]
    _sums_are_right(client, session)


WRONG: list[tuple[dict[str, Any], str, str | None]] = [
    ({"coupon": "none"}, "discounts[0][coupon]", "resource_missing"),
    ({"promotion_code": "promo_none"}, "discounts[0][promotion_code]", "resource_missing"),
    ({}, "discounts[0]", None),
]


@pytest.mark.parametrize(("given", "param", "code"), WRONG)
def test_a_discount_that_is_not_there_is_refused(client: Client, given: Any, param: str, code: str | None) -> None:
    given = given or {"coupon": "", "promotion_code": ""}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_session(client, discounts=[given])
    assert refused.value.param is not None
    assert refused.value.param.startswith(param)
    if code:
        assert refused.value.code == code
    assert client.v1.checkout.sessions.list().data == []


def test_discounts_have_their_limits(client: Client) -> None:
    euros = _coupon(client, amount_off=100, currency="eur")
    half = _coupon(client, percent_off=50)
    with pytest.raises(stripe.InvalidRequestError, match="is in eur"):
        new_session(client, discounts=[{"coupon": euros.id}])
    with pytest.raises(stripe.InvalidRequestError, match="one discount"):
        new_session(client, discounts=[{"coupon": half.id}, {"coupon": half.id}])
    with pytest.raises(stripe.InvalidRequestError) as both:
        new_session(client, discounts=[{"coupon": half.id}], allow_promotion_codes=True)
    assert both.value.code == "parameters_exclusive"
    with pytest.raises(stripe.InvalidRequestError) as small:
        new_session(client, amount=98, discounts=[{"coupon": half.id}])
    assert small.value.code == "amount_too_small"


def test_a_code_is_applied_taken_off_and_counted_only_when_paid(client: Client, sandbox: Running) -> None:
    code = _code(client, _coupon(client, percent_off=20), code="TWENTY", max_redemptions=1)
    session = new_session(client, allow_promotion_codes=True)
    applied = sandbox.post(f"/checkout/sessions/{session.id}/change", promotion_code="twenty").json()
    assert (applied["amount_total"], applied["discounts"]) == (2000, [{"coupon": None, "promotion_code": code.id}])
    off = sandbox.post(f"/checkout/sessions/{session.id}/change", promotion_code="").json()
    assert (off["amount_total"], off["discounts"]) == (2500, [])
    assert client.v1.promotion_codes.retrieve(code.id).times_redeemed == 0
    assert sandbox.pay(session.id, card=CARD, promotion_code="TWENTY").json()["payment_intent"]["amount"] == 2000
    used = client.v1.promotion_codes.retrieve(code.id)
    assert (used.times_redeemed, used.active) == (1, False)
    assert "promotion_code.updated" in events(client)


def test_a_code_applied_after_a_decline_lowers_the_same_payment(client: Client, sandbox: Running) -> None:
    _code(client, _coupon(client, percent_off=20), code="LATE")
    session = new_session(client, allow_promotion_codes=True)
    assert sandbox.pay(session.id, card="4000000000000002").status_code == 402
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    paid = sandbox.pay(session.id, card=CARD, promotion_code="late").json()
    assert (paid["payment_intent"]["id"], paid["payment_intent"]["amount_received"]) == (intent, 2000)


def test_the_last_use_of_a_code_goes_to_whoever_pays_first(client: Client, sandbox: Running) -> None:
    code = _code(client, _coupon(client, percent_off=20), code="LAST", max_redemptions=1)
    first, second = (new_session(client, allow_promotion_codes=True) for _ in range(2))
    for each in (first, second):
        assert sandbox.post(f"/checkout/sessions/{each.id}/change", promotion_code="LAST").status_code == 200
    assert sandbox.pay(first.id, card=CARD).status_code == 200
    late = sandbox.pay(second.id, card=CARD)
    assert (late.status_code, late.json()["error"]["code"]) == (400, "promotion_code_expired")
    assert client.v1.promotion_codes.retrieve(code.id).times_redeemed == 1
    assert len(client.v1.charges.list().data) == 1


CODES: list[tuple[dict[str, Any], str]] = [
    ({"restrictions": {"minimum_amount": 2501, "minimum_amount_currency": "usd"}}, "below its minimum"),
    ({"active": False}, "This code is invalid."),
]


@pytest.mark.parametrize(("params", "message"), CODES)
def test_a_code_that_may_not_be_used_says_why(client: Client, sandbox: Running, params: Any, message: str) -> None:
    _code(client, _coupon(client, percent_off=20), code="NOTYOU", **params)
    session = new_session(client, allow_promotion_codes=True)
    answer = sandbox.post(f"/checkout/sessions/{session.id}/change", promotion_code="NOTYOU")
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
    assert client.v1.checkout.sessions.retrieve(session.id).amount_total == 2500
    closed = sandbox.post(f"/checkout/sessions/{new_session(client).id}/change", promotion_code="NOTYOU")
    assert (closed.status_code, closed.json()["error"]["param"]) == (400, "promotion_code")


def test_taxes_come_on_top_or_are_inside(client: Client, sandbox: Running) -> None:
    on_top, inside = _rate(client, 19), _rate(client, 7, inclusive=True)
    half = _coupon(client, percent_off=50)
    lines = [_line(1000, 2, tax_rates=[on_top.id]), _line(1070, tax_rates=[inside.id]), _line(300)]
    session = new_session(client, line_items=lines, discounts=[{"coupon": half.id}])
    # 2000 - 1000 + 190; 1070 - 535, of which 35 is tax; 300 - 150
    assert [each.amount_total for each in _lines(client, session)] == [1190, 535, 150]
    assert [each.amount_tax for each in _lines(client, session)] == [190, 35, 0]
    assert (session.amount_subtotal, session.amount_total, session.total_details.amount_tax) == (3370, 1875, 225)
    _sums_are_right(client, session)
    taxed = _lines(client, session, "taxes")[0].taxes[0]
    assert (taxed.amount, taxed.rate.id, taxed.taxable_amount, taxed.taxability_reason) == (
        190,
        on_top.id,
        1000,
        "standard_rated",
    )
    whole = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["total_details.breakdown"]})
    broken = whole.total_details.breakdown
    assert [(each.rate.id, each.amount) for each in broken.taxes] == [(on_top.id, 190), (inside.id, 35)]
    assert [each.amount for each in broken.discounts] == [1685]
    assert sandbox.pay(session.id, card=CARD).json()["payment_intent"]["amount"] == 1875


def test_an_exempt_customer_pays_no_tax(client: Client) -> None:
    customer = client.v1.customers.create({"email": "a@example.com", "tax_exempt": "exempt"})
    line = _line(1000, tax_rates=[_rate(client, 19).id])
    session = new_session(client, line_items=[line], customer=customer.id)
    assert (session.amount_total, session.total_details.amount_tax) == (1000, 0)
    assert session.customer_details.tax_exempt == "exempt"
    assert _lines(client, session, "taxes")[0].taxes[0].taxability_reason == "customer_exempt"


def test_tax_rates_that_cannot_be_used_are_refused(client: Client) -> None:
    archived = client.v1.tax_rates.update(_rate(client, 19).id, {"active": False})
    for id in ("txr_none", archived.id):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            new_session(client, line_items=[_line(1000, tax_rates=[id])])
        assert refused.value.param == "line_items[0][tax_rates]"
    with pytest.raises(stripe.InvalidRequestError) as gone:
        new_session(client, line_items=[_line(1000, dynamic_tax_rates=["txr_x"])])
    assert gone.value.code == "parameter_unknown"


def test_the_first_way_to_ship_is_chosen_until_the_buyer_takes_another(client: Client, sandbox: Running) -> None:
    slow = client.v1.shipping_rates.create(
        {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "usd"}}
    )
    fast: Any = {
        "shipping_rate_data": {
            "display_name": "Courier",
            "fixed_amount": {"amount": 1500, "currency": "usd"},
            "delivery_estimate": {"minimum": {"unit": "business_day", "value": 1}},
        }
    }
    session = new_session(
        client,
        shipping_address_collection={"allowed_countries": ["US", "DE"]},
        shipping_options=[{"shipping_rate": slow.id}, fast],
    )
    assert (session.amount_subtotal, session.amount_total, session.total_details.amount_shipping) == (2500, 3000, 500)
    assert session.shipping_cost.shipping_rate == slow.id
    _sums_are_right(client, session)
    to = {"name": "Ada", "address": {"line1": "1 Mill Lane", "city": "Berlin", "country": "DE", "postal_code": "10115"}}
    courier = session.shipping_options[1].shipping_rate
    paid = sandbox.pay(session.id, card=CARD, shipping=to, shipping_rate=courier)
    assert paid.status_code == 200, paid.text
    intent = paid.json()["payment_intent"]
    assert (intent["amount"], intent["shipping"]["name"], intent["shipping"]["address"]["city"]) == (4000, "Ada", "Berlin")
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["shipping_cost.shipping_rate"]})
    assert (done.shipping_cost.amount_total, done.shipping_cost.shipping_rate.display_name) == (1500, "Courier")
    assert done.collected_information.shipping_details.address.country == "DE"


def test_shipping_that_does_not_fit_is_refused(client: Client, sandbox: Running) -> None:
    euros = client.v1.shipping_rates.create(
        {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "eur"}}
    )
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_session(client, shipping_options=[{"shipping_rate": euros.id}])
    assert refused.value.param == "shipping_options[0]"
    client.v1.shipping_rates.update(euros.id, {"active": False})
    assert client.v1.shipping_rates.list({"active": True}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        new_session(client, shipping_options=[{"shipping_rate": euros.id}])
    session = new_session(client, shipping_address_collection={"allowed_countries": ["US"]})
    for to, param in (
        (None, "shipping[address][country]"),
        ({"line1": "1", "country": "DE"}, "shipping[address][country]"),
        ({"country": "US"}, "shipping[address][line1]"),
    ):
        answer = sandbox.pay(session.id, card=CARD, name="Ada", shipping={"address": to})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert client.v1.payment_intents.list().data == []


def test_the_buyer_chooses_how_many_within_limits(client: Client, sandbox: Running) -> None:
    lines = [_line(1000, 2, adjustable_quantity={"enabled": True, "minimum": 1, "maximum": 5}), _line(400)]
    session = new_session(client, line_items=lines)
    adjustable, fixed = _lines(client, session)
    assert adjustable.adjustable_quantity.to_dict() == {"enabled": True, "minimum": 1, "maximum": 5}
    path = f"/checkout/sessions/{session.id}/change"
    for wanted, words in (({adjustable.id: 6}, "from 1 to 5"), ({fixed.id: 2}, "cannot be changed"), ({"li_x": 1}, "li_x")):
        answer = sandbox.post(path, quantities=wanted)
        assert answer.status_code == 400
        assert words in answer.json()["error"]["message"]
    assert client.v1.checkout.sessions.retrieve(session.id).amount_total == 2400
    changed = sandbox.post(path, quantities={adjustable.id: 5}).json()
    assert (changed["amount_total"], _lines(client, session)[0].quantity) == (5400, 5)
    assert sandbox.pay(session.id, card=CARD).json()["payment_intent"]["amount"] == 5400


def test_an_invoice_is_written_for_a_one_off_purchase(client: Client, sandbox: Running) -> None:
    coupon, rate = _coupon(client, percent_off=10), _rate(client, 20)
    session = new_session(
        client,
        line_items=[_line(1000, 2, tax_rates=[rate.id])],
        discounts=[{"coupon": coupon.id}],
        invoice_creation={"enabled": True, "invoice_data": {"description": "Thanks", "metadata": {"a": "1"}}},
    )
    paid = sandbox.pay(session.id, card=CARD, name="Ada").json()
    invoice = client.v1.invoices.retrieve(paid["session"]["invoice"], {"expand": ["payments"]})
    assert (invoice.status, invoice.total, invoice.amount_paid, invoice.description) == ("paid", 2160, 2160, "Thanks")
    assert (invoice.customer_name, invoice.metadata.to_dict(), invoice.billing_reason) == ("Ada", {"a": "1"}, "manual")
    assert invoice.payments.data[0].payment.payment_intent == paid["payment_intent"]["id"]
    told = events(client)
    expected = ["invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid"]
    start = told.index("invoice.created")
    assert told[start : start + 6] == [*expected, "checkout.session.completed"]


def test_an_email_must_look_like_one(client: Client, sandbox: Running) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_session(client, customer_email="ada@nowhere")
    assert (refused.value.code, refused.value.param) == ("email_invalid", "customer_email")
    assert error_of(refused).message == "Invalid email address: ada@nowhere"
    typed = sandbox.pay(new_session(client).id, card=CARD, email="ada")
    assert (typed.status_code, typed.json()["error"]["code"]) == (400, "email_invalid")


def test_a_price_is_paid_in_the_currency_that_was_asked_for(client: Client, sandbox: Running) -> None:
    product = client.v1.products.create({"name": "Tea"})
    price = client.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 1000, "currency_options": {"eur": {"unit_amount": 900}}}
    )
    session = new_session(client, line_items=[{"price": price.id, "quantity": 2}], currency="eur")
    assert (session.currency, session.amount_total, _lines(client, session)[0].currency) == ("eur", 1800, "eur")
    assert sandbox.pay(session.id, card=CARD).json()["payment_intent"]["currency"] == "eur"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_session(client, line_items=[{"price": price.id, "quantity": 1}], currency="gbp")
    assert refused.value.param == "currency"


def test_a_price_in_tiers_costs_what_they_say(client: Client, sandbox: Running) -> None:
    tiers: Any = [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 50}]
    price = client.v1.prices.create(
        {
            "product_data": {"name": "Seats"},
            "currency": "usd",
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "tiers": tiers,
            "recurring": {"interval": "month"},
        }
    )
    session = client.v1.checkout.sessions.create(
        {"mode": "subscription", "line_items": [{"price": price.id, "quantity": 12}], "success_url": "http://127.0.0.1:9/x"}
    )
    assert session.amount_total == 1100
    assert "$11.00 per month until you cancel." in sandbox.http.get(session.url).text
    assert sandbox.pay(session.id, card=CARD).status_code == 200
