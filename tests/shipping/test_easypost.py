"""EasyPost's official SDK against the sandbox over HTTP."""

import hashlib
import hmac

import pytest
from tests.shipping.conftest import HOME, ORIGIN, SECRET, WEAK, Depot

from farthing.carriers import Dimensions, Parcel, Place, TrackingStatus
from farthing.errors import CarrierError, CarrierUnavailable, Malformed
from farthing.money import Money

HERE, THERE = Place(**ORIGIN.plain()), Place(**HOME.plain())


@pytest.mark.covers("S004-17")
async def test_a_parcel_is_quoted_bought_once_found_again_and_given_back(depot: Depot) -> None:
    carrier = depot.carrier
    quote = await carrier.quote(HERE, THERE, Parcel(900, Dimensions(300, 200, 100)), reference="label_1")
    assert [(rate.carrier, rate.service, str(rate.money)) for rate in quote.rates] == [
        ("usps", "GroundAdvantage", "4.73 USD"),
        ("usps", "Priority", "8.49 USD"),
        ("ups", "Ground", "10.73 USD"),
        ("usps", "Express", "29.15 USD"),
    ]
    assert (await carrier.find("label_1")) == quote
    assert await carrier.find("label_2") is None
    first = await carrier.buy(quote.id, quote.rates[0].id)
    again = await carrier.buy(quote.id, quote.rates[1].id)
    assert again == first
    assert (first.money, first.carrier, first.service) == (Money(473, "usd"), "usps", "GroundAdvantage")
    found = await carrier.find("label_1")
    assert found is not None
    assert found.label == first
    for path, kind in ((first.label_url, "application/pdf"), (first.label_url.replace(".pdf", ".png"), "image/png")):
        paper = await depot.market.account.http.get(path)
        assert (paper.status_code, paper.headers["content-type"]) == (200, kind)
    assert first.tracker_id is not None
    seen = await carrier.tracking(first.tracker_id)
    assert (seen.status, seen.tracking_number, seen.carrier) == (TrackingStatus.PRE_TRANSIT, first.tracking_number, "usps")
    assert await carrier.refund_state(quote.id) is None
    assert await carrier.refund(quote.id) == "submitted"
    assert await carrier.refund(quote.id) == "submitted"
    await depot.happens(first.tracking_number, "settle_refund")
    assert await carrier.refund_state(quote.id) == "refunded"


async def test_what_the_carrier_refuses_is_told_in_its_words_and_what_it_does_not_answer_is_unknown(depot: Depot) -> None:
    carrier = depot.carrier
    quote = await carrier.quote(HERE, THERE, WEAK, reference="label_3")
    with pytest.raises(CarrierError, match="none of this shipment"):
        await carrier.buy(quote.id, "rate_of_another")
    abroad = Place("DE", "Ada Lovelace", "Marktplatz 1", city="Bonn", postal_code="53111")
    foreign = await carrier.quote(HERE, abroad, WEAK, reference="label_4")
    with pytest.raises(CarrierError, match="Customs info"):
        await carrier.buy(foreign.id, foreign.rates[0].id)
    heavy = await carrier.quote(HERE, THERE, Parcel(60_000), reference="label_5")
    assert list(heavy.rates) == []
    for kind in ("reset_before", "lost_response", "500_before", "500_after", "429", "html_502"):
        await depot.market.account.fail_next(kind, "/easypost/v2/trackers")
        with pytest.raises(CarrierUnavailable):
            await carrier.follow("usps", "EZ1000000001")


async def test_numbers_of_others_are_followed_by_their_carrier(depot: Depot) -> None:
    standing = {
        "EZ1000000001": TrackingStatus.PRE_TRANSIT,
        "EZ2000000002": TrackingStatus.IN_TRANSIT,
        "EZ3000000003": TrackingStatus.OUT_FOR_DELIVERY,
        "EZ4000000004": TrackingStatus.DELIVERED,
        "EZ5000000005": TrackingStatus.RETURN_TO_SENDER,
        "EZ6000000006": TrackingStatus.FAILURE,
        "EZ7000000007": TrackingStatus.UNKNOWN,
    }
    for number, status in standing.items():
        seen = await depot.carrier.follow("ups", number)
        assert (seen.status, seen.carrier) == (status, "ups")
        assert (await depot.carrier.follow("ups", number)).tracker_id == seen.tracker_id
    with pytest.raises(CarrierError, match="not valid"):
        await depot.carrier.follow("ups", "not a number!")


async def test_only_what_easypost_signed_is_believed(depot: Depot) -> None:
    body = b'{"id":"evt_1","mode":"test","description":"tracker.updated","result":{"id":"trk_1","object":"Tracker"}}'

    def signed(text: bytes, secret: str = SECRET) -> dict[str, str]:
        return {"x-hmac-signature": "hmac-sha256-hex=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()}

    notice = depot.carrier.verify(body, signed(body))
    assert (notice.id, notice.tracker_id, notice.livemode) == ("evt_1", "trk_1", False)
    for text, headers in (
        (body, {}),
        (body, {"x-hmac-signature": "é"}),
        (body, signed(body, "another")),
        (body + b" ", signed(body)),
        (b"[]", signed(b"[]")),
        (b"{", signed(b"{")),
        (b"\xff", signed(b"\xff")),
        (b'{"id": 7}', signed(b'{"id": 7}')),
        (b'{"id": "evt/../x"}', signed(b'{"id": "evt/../x"}')),
    ):
        with pytest.raises(Malformed):
            depot.carrier.verify(text, headers)
    other = b'{"id":"evt_2","result":{"id":"shp_1","object":"Shipment"},"created_at":"x"}'
    assert depot.carrier.verify(other, signed(other)).tracker_id is None
