"""Whatever is sent to Connect's operations, pages and controls, the answer is a refusal and never an accident."""

from __future__ import annotations

import random
import re
from typing import Any
from urllib.parse import quote

from tests.sandbox.conftest import Client, Running, charge, eventually
from tests.sandbox.connect import CAPABILITIES, balance_of, new_seller, on

from farthing.sandbox.resources import OPERATIONS

OURS = re.compile(r"/v1/(accounts|account_links|account_sessions|transfers|application_fees|payouts|balance)")
FIELDS = (
    "type", "country", "email", "business_type", "controller[losses][payments]", "controller[fees][payer]", "amount",
    "controller[stripe_dashboard][type]", "capabilities[transfers][requested]", "capabilities[treasury][requested]",
    "settings[payouts][schedule][interval]", "settings[payouts][schedule][delay_days]", "currency", "destination",
    "settings[payouts][schedule][weekly_anchor]", "settings[payouts][schedule][monthly_anchor]", "source_transaction",
    "settings[payouts][schedule][weekly_payout_days][0]", "settings[payouts][schedule][monthly_payout_days][0]",
    "external_account", "external_account[object]", "external_account[country]", "external_account[account_number]",
    "external_account[routing_number]", "individual[dob][day]", "individual[address]", "individual[ssn_last_4]",
    "business_profile[url]", "company[name]", "tos_acceptance[date]", "metadata[a]", "metadata", "transfer_group",
    "return_url", "refresh_url", "account", "components[payouts][enabled]", "payments[payouts][schedule][interval]",
    "payments[payouts][schedule][monthly_payout_days][0]", "payments[settlement_timing][delay_days_override]", "payout",
    "payments[debit_negative_balances]", "default_for_currency", "requested", "reason", "limit", "expand[0]", "status",
    "arrival_date[gt]", "settings[branding][icon]", "settings[dashboard][display_name]", "refund_application_fee",
)  # fmt: skip
VALUES = (
    "", "0", "-1", "1", "31", "99999999999999999999", "true", "usd", "eur", "US", "XX", "express", "individual", "company",
    "daily", "weekly", "monthly", "friday", "sunday", "minimum", "application", "none", "bank_account", "card", "é", "\x00",
    "btok_us_verified", "000123456789", "110000000", "http://[", "http://127.0.0.1:9/", "acct_none", "account_onboarding",
    "x" * 6000, "data.destination", "destination", "' OR 1=1; --",
)  # fmt: skip


def test_nothing_asked_of_connect_makes_an_accident(sandbox: Running, client: Client) -> None:
    seller, chance = new_seller(client), random.Random(11)
    paid = charge(client, 9000, "pm_card_bypassPending", transfer_data={"destination": seller}, application_fee_amount=900)
    eventually(lambda: balance_of(client, seller) == (8100, 0))
    made = client.v1.charges.retrieve(paid.latest_charge)
    payout = client.v1.payouts.create({"amount": 50, "currency": "usd"}, on(seller)).id
    real = {"accounts": seller, "transfers": made.transfer, "application_fees": made.application_fee, "payouts": payout}
    fixed = [seller, made.transfer, made.id, payout]
    headers = {"authorization": f"Bearer {client._requestor.api_key}", "content-type": "application/x-www-form-urlencoded"}
    for _ in range(25):
        for operation in (each for each in OPERATIONS if OURS.match(each.path) and each.method != "DELETE"):
            room = operation.path.split("/")[2]
            path = re.sub(r"\{\w+\}", real.get(room, "x_none"), operation.path, count=1)
            path = re.sub(r"\{\w+\}", "transfers", path)
            wanted = chance.sample(FIELDS, chance.randrange(6))
            content = "&".join(f"{each}={quote(chance.choice([*VALUES, *fixed]))}" for each in wanted)
            acting = {"stripe-account": seller} if room in ("payouts", "balance_settings") else {}
            inside: Any = {"content": content} if operation.method == "POST" else {"params": content}
            answer = sandbox.http.request(operation.method, sandbox.url + path, headers=headers | acting, **inside)
            assert answer.status_code in (200, 400, 403, 404, 501), (operation.method, path, content, answer.text)


def test_the_sellers_pages_survive_anything_typed(sandbox: Running, client: Client) -> None:
    seller = client.v1.accounts.create({"type": "express", "capabilities": CAPABILITIES}).id
    urls = {"refresh_url": "http://127.0.0.1:9/again", "return_url": "http://127.0.0.1:9/back"}
    link = client.v1.account_links.create({"account": seller, "type": "account_onboarding", **urls}).url
    page = sandbox.url + sandbox.http.get(link).headers["location"]
    chance = random.Random(5)
    names = ("first_name", "email", "dob", "url", "line1", "routing_number", "account_number", "ssn_last_4")
    for step in ("1", "2", "3", "9", ""):
        for press in ("next", "fill", "leave", "document", "x"):
            typed = {name: chance.choice(VALUES) for name in names}
            answer = sandbox.http.post(page, data={"step": step, "press": press, **typed})
            assert answer.status_code in (200, 303, 400), (step, press, typed, answer.text)
            assert sandbox.http.get(page, params={"step": step}).status_code == 200
    assert sandbox.http.get(f"{sandbox.url}/c/seller/visit_none").status_code == 410
    assert sandbox.http.get(f"{sandbox.url}/c/onboarding/{seller}").status_code == 404


def test_the_control_refuses_what_it_does_not_understand(sandbox: Running, client: Client) -> None:
    seller = client.v1.accounts.create({"type": "express", "capabilities": CAPABILITIES}).id
    before = client.v1.accounts.retrieve(seller)
    for body in (b"[]", b"{", b'{"outcome": "x"}', b'{"outcome": []}', b'{"account_number": 5}', b'{"account_number": "-"}'):
        answer = sandbox.http.post(f"{sandbox.url}/_sandbox/accounts/{seller}/onboard", content=body)
        assert answer.status_code == 400, (body, answer.text)
    own = client.v1.accounts.retrieve_current().id
    assert sandbox.post(f"/accounts/{own}/onboard").status_code == 400
    assert sandbox.post("/accounts/acct_none/onboard").status_code == 404
    assert client.v1.accounts.retrieve(seller) == before
