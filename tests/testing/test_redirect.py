"""While a test has a sandbox, no client of the official library's reaches the real Stripe, whenever and however it was made."""

import os
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
import stripe
from stripe._api_requestor import _APIRequestor

from farthing.testing import LeadsToStripe, Sandbox
from farthing.testing.redirect import led, to_sandbox

EARLY = stripe.StripeClient("sk_test_made_at_import")
LED_NOWHERE = _APIRequestor._args_for_request_with_retries
"""As it was when no test had begun."""
ELSEWHERE = "https://eu.api.stripe.com"


@pytest.fixture
async def wire() -> AsyncIterator[stripe.HTTPXClient]:
    """What async clients send with."""
    found = stripe.HTTPXClient()
    yield found
    await found.close_async()  # type: ignore[no-untyped-call]


def test_a_client_made_as_stripe_recommends_reaches_the_sandbox(sandbox: Sandbox) -> None:
    made = stripe.StripeClient(os.environ["STRIPE_SECRET_KEY"]).v1.customers.create({"email": "ada@example.com"})
    assert sandbox.client.v1.customers.retrieve(made.id).email == "ada@example.com"


async def test_so_does_an_async_one(sandbox: Sandbox, wire: stripe.HTTPXClient) -> None:
    client = stripe.StripeClient(sandbox.key, http_client=wire)
    made = await client.v1.customers.create_async({"email": "ada@example.com"})
    assert [each.id for each in sandbox.client.v1.customers.list().data] == [made.id]


@pytest.mark.parametrize("run", [1, 2])
def test_so_does_a_client_made_at_import_to_an_account_of_its_own_key(sandbox: Sandbox, run: int) -> None:
    made = EARLY.v1.customers.create({"email": f"{run}@example.com"})
    theirs = stripe.StripeClient("sk_test_made_at_import", base_addresses={"api": sandbox.url})
    assert theirs.v1.customers.retrieve(made.id).email == f"{run}@example.com"
    assert sandbox.client.v1.customers.list().data == []


def test_a_live_key_is_refused_by_the_sandbox(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.AuthenticationError, match="This is a sandbox"):
        stripe.StripeClient("sk_live_of_a_shop").v1.customers.create({})


def test_the_other_addresses_of_stripe_lead_to_the_sandbox_too(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.StripeError, match="This sandbox does not do POST /v1/files"):
        stripe.StripeClient(sandbox.key).v1.files.create({"purpose": "dispute_evidence", "file": BytesIO(b"x")})
    with pytest.raises(stripe.StripeError, match="there is no POST /oauth/token in this sandbox"):
        stripe.OAuth.token(grant_type="authorization_code", code="ac_1")


def test_a_client_that_leads_elsewhere_at_stripe_is_stopped_in_a_sentence(sandbox: Sandbox) -> None:
    client = stripe.StripeClient(sandbox.key, base_addresses={"api": ELSEWHERE})
    with pytest.raises(LeadsToStripe, match=rf"real Stripe, {ELSEWHERE}/v1/customers: .*sandbox\.client.*base_addresses"):
        client.v1.customers.list()


async def test_so_is_an_async_one(sandbox: Sandbox, wire: stripe.HTTPXClient) -> None:
    client = stripe.StripeClient(sandbox.key, base_addresses={"api": ELSEWHERE}, http_client=wire)
    with pytest.raises(LeadsToStripe, match=ELSEWHERE):
        await client.v1.customers.list_async()


def test_during_the_test_they_are_led(sandbox: Sandbox) -> None:
    assert _APIRequestor._args_for_request_with_retries is not LED_NOWHERE
    assert sandbox.client.v1.customers.list().data == []


def test_after_the_test_clients_lead_where_they_led() -> None:
    with to_sandbox("http://sandbox", "sk_test_1"):
        assert _APIRequestor._args_for_request_with_retries is not LED_NOWHERE
    assert _APIRequestor._args_for_request_with_retries is LED_NOWHERE


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:12111/v1/a", "https://notstripe.com/v1/a", "https://stripe.com.example/"]
)
def test_other_houses_are_not_stripe(address: str) -> None:
    assert led(address, "http://sandbox") == address


@pytest.mark.parametrize("address", ["https://api.stripe.com:443/v1/a", "http://api.stripe.com/v1/a", "https://STRIPE.com/"])
def test_no_spelling_of_stripe_slips_through(address: str) -> None:
    with pytest.raises(LeadsToStripe):
        led(address, "http://sandbox")
