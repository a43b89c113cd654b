"""Staff send what sellers have on to their banks, and again what came back; the seller sees the same."""

from tests.marketplace.conftest import Market
from tests.marketplace.test_admin_pages import admin, browsing, flat
from tests.marketplace.test_paying_sellers import earned, settle, transfers
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


async def test_a_seller_pays_themselves_out_once(market: Market, browse: Browse) -> None:
    await sold(market, market.grace)
    async with browse("grace") as grace:
        assert "$18.00 on your account can go" in (await grace.get("/seller/payouts/new")).text
        for amount, said in (("18.01", "can go to their bank now"), ("18.00", "is on its way"), ("18.00", "asked for already")):
            answer = await grace.post("/seller/payouts/new", amount=amount, currency="usd")
            assert said in await grace.follow(answer)
    assert [each.requested_by for each in await known(market, market.grace)] == ["customer:grace"]


async def test_what_a_seller_earned_is_held_until_a_day_or_until_somebody_lets_go(market: Market, admin: Visitor) -> None:
    order = await earned(market)
    path = f"/admin/sellers/{market.grace.id}"
    assert (await admin.get(f"{path}/hold")).status_code == 200
    for wrong in ({"why": ""}, {"days": "0"}, {"days": "366"}, {"days": "x"}):
        await admin.post(f"{path}/hold", **{"why": "Strange."} | wrong)
    assert (await market.do(lambda tx: sellers.get(tx, market.grace.id))).held_at is None
    assert "What they earned is held: Strange. Until" in flat(
        await admin.follow(await admin.post(f"{path}/hold", why="Strange.", days="3"))
    )
    await settle(market)
    assert await transfers(market, market.grace) == []
    page = flat((await admin.get("/admin/payouts?standing=held")).text)
    assert ("Strange." in page, str(order.number) in page) == (True, True)
    assert "They are paid again" in await admin.follow(await admin.post(f"{path}/release"))
    await settle(market)
    assert len(await transfers(market, market.grace)) == 1


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
    (sent,) = await known(market, mallory)
    async with browse("mallory") as seller, browse("grace") as grace:
        for path_, who in ((f"/admin/payouts/banks/{sent.id}", admin), (f"/seller/payouts/{sent.id}", seller)):
            page = flat((await who.get(path_)).text)
            for words in ("Sold", "$20.00", "Fee of the shop", "−$2.00", "To the bank", "$18.00"):
                assert words in page, words
            sheet = await who.get(f"{path_}/csv")
            assert (sheet.headers["content-type"], "sale" in sheet.text) == ("text/csv; charset=utf-8", True)
            assert (await who.get(f"{path_}/pdf")).content[:5] == b"%PDF-"
        for end in ("", "/csv", "/pdf"):
            assert (await grace.get(f"/seller/payouts/{sent.id}{end}")).status_code == 404
        assert "waits" in (await seller.get("/seller/payouts/new")).text
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
    # Another bank account is looked at before money goes there.
    assert "is held" in flat(await admin.follow(await admin.post(again)))
    await admin.post(f"/admin/sellers/{mallory.id}/release")
    assert "once more" in await admin.follow(await admin.post(again))
    await work(market.world)
    await admin.post(again)
    assert len(await known(market, mallory)) == 2
    assert "No payout is canceled" in (await admin.get("/admin/payouts/banks?status=canceled")).text
    assert (await happened(market.world)).count("payout.requested") == 2
    assert await sound(market.world)
