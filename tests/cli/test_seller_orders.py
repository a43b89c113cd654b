"""What sellers send, from the command line: look, ask what it costs, buy, follow, decide."""

import json
import uuid
from pathlib import Path

import pytest
from tests.cli.conftest import Farthing
from tests.marketplace.conftest import MARKET, Market, market, of
from tests.shipping.conftest import HOME, ORIGIN
from tests.worlds import Account, Sandbox, buy

from farthing import addresses, seller_orders
from farthing.seller_orders import SellerOrder

__all__ = ["market"]


@pytest.fixture
def shop(shop: dict[str, str], sandbox: Sandbox) -> dict[str, str]:
    return shop | {
        "EASYPOST_API_KEY": f"EZTK{uuid.uuid4().hex}",
        "EASYPOST_API_BASE": f"{sandbox.url}/easypost/v2",
        "EASYPOST_WEBHOOK_SECRET": "a secret of the tests",
    }


@pytest.fixture
async def part(market: Market, account: Account, folder: Path) -> SellerOrder:
    (folder / "farthing.toml").write_text(MARKET)
    order = await buy(market.world, account, of(await market.lists(market.grace, "lamp")))
    await market.do(lambda tx: addresses.keep(tx, order.id, HOME))
    (found,) = await market.do(lambda tx: seller_orders.of_order(tx, order.id))
    return found


@pytest.mark.covers("S004-17")
async def test_a_label_is_bought_from_the_command_line_and_its_parcel_is_followed(
    farthing: Farthing, part: SellerOrder, folder: Path, account: Account
) -> None:
    assert [each["number"] for each in farthing("seller-orders", "list", "--to-ship", "--json").json["data"]] == [part.number]
    for words in ("grace", "grace@example.com", str(part.seller_id)):
        (row,) = farthing("seller-orders", "list", "--seller", words, "--json").json["data"]
        assert row["number"] == part.number
    unknown = farthing("seller-orders", "rates", part.number, "--weight", "450")
    assert (unknown.code, "sent from" in unknown.err) == (5, True)
    (folder / "here.json").write_text(json.dumps({name: value for name, value in ORIGIN.plain().items() if value}))
    rates = farthing("seller-orders", "rates", part.number, "--weight", "450", "--origin", "here.json", "--json").json
    assert rates["data"][0]["service"] == "GroundAdvantage"
    line = ("seller-orders", "label", part.number, "--weight", "450", "--carrier", "usps", "--service", "GroundAdvantage")
    assert farthing(*line, "--max", "5.00 USD").code == 8
    assert "4.12 USD" in farthing(*line, "--max", "5.00 USD", "--dry-run").out
    dear = farthing(*line, "--max", "4.00 USD", "--yes")
    assert (dear.code, dear.out, "at most was agreed" in dear.err) == (5, "", True)
    bought = farthing(*line, "--max", "5.00 USD", "--output", "label.pdf", "--yes", "--json").json
    assert (folder / "label.pdf").read_bytes()[:5] == b"%PDF-"
    number = bought["tracking_number"]
    assert farthing("seller-orders", "slip", str(part.id), "--shipment", bought["shipment_id"], "--output", "s.pdf").code == 0
    (await account.http.post(f"/_sandbox/parcels/{number}/lose")).raise_for_status()
    (parcel,) = farthing("seller-orders", "track", part.number, "--json").json["data"]
    assert parcel["status"] == "lost"
    assert [each["id"] for each in farthing("seller-orders", "list", "--troubled", "--json").json["data"]] == [parcel["id"]]
    assert farthing("seller-orders", "settle", parcel["id"], "resend", "--yes").code == 0
    assert "1 × lamp" in farthing("seller-orders", "ship", part.number, "--carrier", "dhl", "--dry-run").out
    sent = farthing("seller-orders", "ship", part.number, "--carrier", "dhl", "--tracking-number", "JD0146", "--yes", "--json")
    assert sent.json["data"][0]["tracking_url"].endswith("JD0146")
    assert len(farthing("seller-orders", "show", part.number, "--json").json["shipments"]) == 2
    assert farthing("seller-orders", "show", "9999-9").code == 4
    checks = {each["name"]: each["state"] for each in farthing("doctor", "--json").json["checks"]}
    assert checks["EasyPost"] == "ok"
