"""What somebody sees who has only the documentation: each thing they stumbled over, as it is now."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Running, charge, error_of
from tests.sandbox.test_process import process_of

AUTHORIZED = {"authorization": "Bearer sk_test_newcomer"}


def _process(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "farthing.sandbox", *words], capture_output=True, text=True, timeout=20)


def test_an_older_sdk_is_told_what_to_set(sandbox: Running) -> None:
    headers = AUTHORIZED | {"stripe-version": "2025-08-27.basil"}
    answer = sandbox.http.get(f"{sandbox.url}/v1/customers", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        "This sandbox speaks Stripe-Version 2026-10-28.endive; you asked for 2025-08-27.basil. Set the client's API version to "
        'it (stripe.api_version = "2026-10-28.endive"), or take an SDK of this version: stripe-python 16.1, stripe-node 23.1.'
    )


def test_a_test_card_named_twice_is_one_payment_method(client: Client) -> None:
    customer = client.v1.customers.create(
        {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    )
    methods = client.v1.customers.payment_methods.list(customer.id).data
    assert [each.id for each in methods] == [customer.invoice_settings.default_payment_method]


def test_a_test_card_that_is_not_attached_is_no_default(client: Client) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="must be attached to the customer") as caught:
        client.v1.customers.create({"invoice_settings": {"default_payment_method": "pm_card_visa"}})
    assert error_of(caught).param == "invoice_settings[default_payment_method]"
    assert client.v1.customers.list().data == []
    alone = client.v1.customers.create({"payment_method": "pm_card_visa"})
    assert alone.invoice_settings.default_payment_method is None
    assert len(client.v1.customers.payment_methods.list(alone.id).data) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("active:'true'", ["Cup", "Tea pot"]),
        ("active:'false'", ["Old pot"]),
        ("shippable:'true' AND name~'pot'", ["Tea pot"]),
        ("url:'https://example.com/cup'", ["Cup"]),
        ("metadata['shelf']:'3'", ["Old pot"]),
        ("description~'brown'", ["Tea pot"]),
    ],
)
def test_products_are_searched(client: Client, query: str, found: list[str]) -> None:
    client.v1.products.create({"name": "Tea pot", "shippable": True, "description": "A brown one"})
    client.v1.products.create({"name": "Old pot", "active": False, "metadata": {"shelf": "3"}})
    client.v1.products.create({"name": "Cup", "url": "https://example.com/cup"})
    assert sorted(each.name for each in client.v1.products.search({"query": query}).data) == found


def test_a_metered_price_is_refused_at_once(client: Client) -> None:
    product = client.v1.products.create({"name": "Water"})
    recurring: Any = {"interval": "month", "usage_type": "metered"}
    with pytest.raises(stripe.APIError, match="metered prices") as caught:
        client.v1.prices.create({"currency": "eur", "unit_amount": 3, "product": product.id, "recurring": recurring})
    assert (caught.value.http_status, error_of(caught).param) == (501, "recurring[usage_type]")
    assert client.v1.prices.list().data == []


def test_a_taken_port_is_told_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = _process("--port", str(port))
    assert (done.returncode, done.stderr) == (
        3,
        f"127.0.0.1:{port} is taken, perhaps by another sandbox: choose another with --port, or 0 for a free one.\n",
    )


def test_a_port_that_cannot_be_is_refused() -> None:
    done = _process("--port", "70000")
    assert (done.returncode, done.stderr) == (2, "--port is a number from 0 to 65535, not 70000; 0 takes a free one.\n")


def test_it_says_which_key_to_begin_with_and_that_it_ends(tmp_path: Path) -> None:
    with process_of(tmp_path / "state.sqlite3") as (process, _):
        assert process.stderr is not None
        told = process.stderr.readline()
        assert told == "Any key that begins with sk_test_ opens an account; the commands use sk_test_farthing.\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr.read() == "Ending: what runs may finish.\n"


def test_curl_is_answered_in_lines_and_others_in_one(sandbox: Running) -> None:
    curl = sandbox.http.get(f"{sandbox.url}/v1/customers", headers=AUTHORIZED | {"user-agent": "curl/8.5.0"})
    other = sandbox.http.get(f"{sandbox.url}/v1/customers", headers=AUTHORIZED)
    assert curl.text.startswith('{\n  "object": "list",\n')
    assert curl.headers["content-length"] == str(len(curl.content))
    assert "\n" not in other.text
    assert curl.json() == other.json()


def test_the_log_address_of_an_error_is_a_page_about_that_request(sandbox: Running, client: Client) -> None:
    with pytest.raises(stripe.CardError) as caught:
        charge(client, card="pm_card_chargeDeclined", capture_method="manual")
    error = error_of(caught)
    page = sandbox.http.get(error.request_log_url)
    assert page.status_code == 200
    assert "POST /v1/payment_intents" in page.text
    assert "Your card was declined." in page.text
    assert "card_declined" in page.text
    assert f'href="/_sandbox/objects/{error.payment_intent.id}"' in page.text
    failed = client.v1.events.list({"type": "payment_intent.payment_failed"}).data[0]
    assert f'href="/_sandbox/objects/{failed.id}"' in page.text
    assert error.payment_intent.client_secret not in page.text
    address = error.request_log_url.rpartition("/")
    assert re.search(rf'href="/_sandbox/requests/{address[2]}"', sandbox.http.get(f"{sandbox.url}/_sandbox/").text)
    older = sandbox.http.get(f"{sandbox.url}/_sandbox/?request={address[2]}")
    assert (older.status_code, older.headers["location"]) == (303, f"/_sandbox/requests/{address[2]}")


def test_a_card_number_sent_in_the_wrong_place_is_not_on_the_page(sandbox: Running, client: Client) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        charge(client, card="4242424242424242")
    page = sandbox.http.get(error_of(caught).request_log_url).text
    assert "…4242" in page
    assert "42424242" not in page
    assert sandbox.http.get(f"{sandbox.url}/_sandbox/requests/req_nothing").status_code == 404


def test_the_page_of_a_request_shows_what_it_answered_and_the_end_of_its_key(sandbox: Running, client: Client) -> None:
    customer = client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "a-long-key-1234"})
    page = sandbox.http.get(f"{sandbox.url}/_sandbox/requests/{customer.last_response.request_id}").text
    assert f'href="/_sandbox/objects/{customer.id}"' in page
    assert "customer.created" in page
    assert "1234" in page
    assert "a-long-key" not in page
