"""A payout run: what a thousand sellers earned with tens of thousands of orders is due at once, and goes to their accounts.

Against the calls alone that it needs: the same client asks for as many transfers, as many at once, and writes nothing down.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator
from typing import Final

import psycopg

from benchmarks import shop
from benchmarks.line import Line
from benchmarks.sandbox_server import KEY, Server, sandbox
from farthing import payouts
from farthing.db import Database
from farthing.db.database import SESSION
from farthing.emails import MailboxMailer
from farthing.money import Money
from farthing.payouts.flow import AT_ONCE
from farthing.providers import TransferWanted
from farthing.providers.stripe import Stripe
from farthing.world import World

TARGET: Final = 2.0
SHARE: Final = 900
"""Of each sale, in cents."""

CALLS_PART: Final = 10
"""The calls alone are timed with a tenth of the transfers, before and after: they take the same time each."""

AVAILABLE_AT_ONCE: Final = "pm_card_bypassPending"
PLANTED: Final = """
    WITH buyer AS (
        INSERT INTO customers (id, external_id, created_at) VALUES (gen_random_uuid(), 'buyer', now()) RETURNING id
    ), seller AS (
        INSERT INTO sellers (id, external_id, livemode, country, status, provider, provider_account_id, charges_enabled,
            capabilities, payouts_enabled, details_submitted, created_at, updated_at)
        SELECT gen_random_uuid(), 'seller-' || place, false, 'US', 'active', 'stripe', account, true,
            '{"transfers": "active"}', true, true, now(), now()
        FROM unnest(%(accounts)s::text[]) WITH ORDINALITY AS given (account, place) RETURNING id, external_id
    ), numbered AS (
        SELECT id, external_id, row_number() OVER (ORDER BY external_id) AS place FROM seller
    ), bought AS (
        INSERT INTO orders (id, customer_id, livemode, status, currency, subtotal_amount, total_amount, placed_at, expires_at,
            paid_at)
        SELECT gen_random_uuid(), buyer.id, false, 'paid', 'usd', 1000, 1000, now() - interval '9 days', now(),
            now() - interval '9 days'
        FROM buyer, generate_series(1, %(count)s) RETURNING id, number
    ), line AS (
        INSERT INTO line_items (id, order_id, position, product, kind, name, quantity, unit_amount, amount, currency)
        SELECT gen_random_uuid(), id, 0, 'thing', 'goods', 'A thing', 1, 1000, 1000, 'usd' FROM bought RETURNING id, order_id
    ), sold AS (
        SELECT line.id AS line, line.order_id, bought.number, numbered.id AS seller, numbered.external_id,
            gen_random_uuid() AS part
        FROM line JOIN bought ON bought.id = line.order_id
            JOIN numbered ON numbered.place = 1 + bought.number %% (SELECT count(*) FROM numbered)
    ), part AS (
        INSERT INTO seller_orders (id, order_id, seller_id, position, number, livemode, status, fulfillment_status,
            confirmed_at, completed_at, holding_days, release_at)
        SELECT part, order_id, seller, 1, number || '-1', false, 'completed', 'delivered', now() - interval '9 days',
            now() - interval '8 days', 7, now() - interval '1 day'
        FROM sold
    ), parts AS (
        INSERT INTO seller_order_lines (line_item_id, seller_order_id, quantity, shipped, delivered)
        SELECT line, part, 1, 1, 1 FROM sold
    )
    INSERT INTO earnings (id, line_item_id, order_id, seller_id, seller, livemode, currency, amount, platform_fee_amount,
        organization_fee_amount, seller_share_amount, earned_at)
    SELECT gen_random_uuid(), line, order_id, seller, external_id, false, 'usd', 1000, 100, 0, 900, now() - interval '9 days'
    FROM sold
"""


def measure(dsn: str, *, sellers: int, earnings: int) -> Iterator[Line]:
    with sandbox() as server:
        accounts = _accounts(server, sellers)
        _fund(server, 2 * earnings * SHARE)
        with psycopg.connect(dsn, options=SESSION) as connection:
            connection.execute("SET statement_timeout = 0")
            connection.execute(PLANTED, {"accounts": accounts, "count": earnings})
        with psycopg.connect(dsn, autocommit=True, options=SESSION) as connection:
            connection.execute("ANALYZE")
        run, calls = asyncio.run(_run(dsn, server, accounts, earnings))
        with psycopg.connect(dsn, options=SESSION) as connection:
            row = connection.execute("SELECT count(*), sum(amount) FROM transfers WHERE status = 'sent'").fetchone()
    assert row == (earnings, earnings * SHARE), row
    yield Line(
        what=f"Payout run: {earnings:,} due earnings of {sellers:,} sellers, a transfer each, one worker",
        unit="s",
        ours=[run],
        floor=[calls],
        rule="at most",
        target=TARGET,
        note=f"as many calls for transfers by the same client, {AT_ONCE} at once, nothing written down",
    )


async def _run(dsn: str, server: Server, accounts: list[str], count: int) -> tuple[float, float]:
    base = f"http://127.0.0.1:{server.port}"
    settings = shop.settings(dsn).model_copy(update={"stripe_api_base": base})
    provider = Stripe(KEY, livemode=False, webhook_secrets=["whsec_never_asked"], base=base)
    db = Database(dsn)
    await db.open()
    world = World(settings, db, provider, shop.GOODS, MailboxMailer())
    try:
        before = await _calls(provider, accounts, count // CALLS_PART, "before")
        began = time.perf_counter()
        while await payouts.release_due(world):
            pass
        run = time.perf_counter() - began
        after = await _calls(provider, accounts, count // CALLS_PART, "after")
    finally:
        await db.close()
        await provider.close()
    return run, (before + after) / 2 * count / (count // CALLS_PART)


async def _calls(provider: Stripe, accounts: list[str], count: int, tag: str) -> float:
    left, account = iter(range(count)), itertools.cycle(accounts)

    async def ask() -> None:
        for n in left:
            id = f"{tag}-{n}"
            wanted = TransferWanted(next(account), Money(SHARE, "usd"), reference=id, group=id, charge_id=None)
            await provider.create_transfer(wanted, key=id)

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    return time.perf_counter() - began


def _accounts(server: Server, count: int) -> list[str]:
    """So many connected accounts that money can go to."""
    return [_account(server, n) for n in range(count)]


def _account(server: Server, number: int) -> str:
    fields = {
        "type": "custom",
        "country": "US",
        "email": f"seller-{number}@example.com",
        "capabilities[transfers][requested]": "true",
        "capabilities[card_payments][requested]": "true",
    }
    id = str(server.ask("POST", "/v1/accounts", **fields)["id"])
    server.control(f"/accounts/{id}/onboard")
    return id


def _fund(server: Server, amount: int) -> None:
    """The platform has so much in its balance, and more: a charge may be of some hundred thousand dollars."""
    most = 99_999_999
    form = {
        "currency": "usd",
        "payment_method": AVAILABLE_AT_ONCE,
        "confirm": "true",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
    }
    for _ in range(amount // most + 2):
        server.ask("POST", "/v1/payment_intents", amount=most, **form)
