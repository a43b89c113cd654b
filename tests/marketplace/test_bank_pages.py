"""Staff send what sellers have on to their banks, and again what came back; the seller sees the same."""

from tests.marketplace.conftest import Market
from tests.marketplace.test_admin_pages import admin, browsing, flat
from tests.marketplace.test_payouts_to_banks import ARRIVES, DAY, NO_ACCOUNT, hear_of, known, sandbox, sold
from tests.marketplace.test_seller_pages import Browse, browse
from tests.news import happened, sound, work
from tests.pages.conftest import hashed, staff
from tests.pages.visitor import Visitor
from tests.sellers.selling import act, onboarded

from farthing import sellers
from farthing.lifecycles import PayoutStatus
from farthing.web.staff import Role

__all__ = ["admin", "browse", "hashed", "sandbox", "staff"]


async def test_what_a_seller_has_is_paid_out_comes_back_and_goes_again(market: Market, admin: Visitor, browse: Browse) -> None:
    mallory = await onboarded(market.world, market.account, "mallory", account_number=NO_ACCOUNT)
    path = f"/admin/sellers/{mallory.id}/payout"
    assert "Nothing on their account can go" in (await admin.get(path)).text
    await sold(market, mallory)
    assert "$18.00 on their account can go" in (await admin.get(path)).text
    async with browsing(market, Role.SUPPORT) as support:
        assert (await support.post(path, amount="18.00", currency="usd")).status_code == 403
    for wrong in ({"amount": "18.01"}, {"amount": "-1"}, {"amount": "x"}, {"currency": "moon"}, {"currency": "eur"}):
        await admin.post(path, **{"amount": "18.00", "currency": "usd"} | wrong)
    assert await known(market, mallory) == []
    for said in ("is on its way to their bank", "asked for already"):
        assert said in await admin.follow(await admin.post(path, amount="18.00", currency="usd"))
    await work(market.world)
    async with browse("mallory") as seller, browse("grace") as grace:
        assert "On its way" in (await seller.get("/seller/payouts?to=bank")).text
        assert "Nothing went to your bank yet" in (await grace.get("/seller/payouts?to=bank")).text
        for _ in range(2):
            await market.account.advance(ARRIVES + DAY)
            await hear_of(market, mallory)
        page = (await seller.get("/seller/payouts?to=bank")).text
        assert ("Came back" in page, "$18.00" in page) == (True, True)
    (failed,) = await known(market, mallory)
    assert failed.status == PayoutStatus.FAILED
    listed = flat((await admin.get("/admin/payouts/banks")).text)
    assert ("Mallory" in listed, "Failed" in listed, "Again" in listed) == (True, True, True)
    again = f"/admin/payouts/banks/{failed.id}/retry"
    assert "Nothing can go to the bank" in await admin.follow(await admin.post(again))
    await act(market.account, mallory, "onboard")
    await sellers.sync(market.world, mallory.id, actor="test")
    assert "once more" in await admin.follow(await admin.post(again))
    await work(market.world)
    await admin.post(again)
    assert len(await known(market, mallory)) == 2
    assert "No payout is canceled" in (await admin.get("/admin/payouts/banks?status=canceled")).text
    assert (await happened(market.world)).count("payout.requested") == 2
    assert await sound(market.world)
