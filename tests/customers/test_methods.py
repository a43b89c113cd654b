"""Saved ways to pay follow the provider: saved, changed, made the default, removed. No card number is ever ours."""

import pytest
from tests.customers.test_push import ADA, known, theirs
from tests.news import happened, hear
from tests.worlds import BASE_URL, Account, buy

from farthing import checkout, customers
from farthing.checkout import Buyer
from farthing.customers import PaymentMethod
from farthing.errors import Conflict, Invalid, NotFound
from farthing.ids import PaymentMethodId
from farthing.world import World


async def methods(world: World, external_id: str = "ada") -> list[PaymentMethod]:
    person = await known(world, external_id)
    async with world.db.transaction("test") as tx:
        return await customers.methods_of(tx, person.id, detached=True)


async def attach(account: Account, customer: str, token: str = "pm_card_mastercard") -> str:
    answer = await account.http.post(f"/v1/payment_methods/{token}/attach", data={"customer": customer})
    return str(answer.raise_for_status().json()["id"])


async def test_what_paid_is_kept_where_the_buyer_asked_and_the_first_pays_by_default(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA)
    await hear(world, account)
    assert await methods(world) == []
    await buy(world, account, buyer=ADA, save_method=True)
    await hear(world, account)
    (card,) = await methods(world)
    assert (card.kind, card.brand, card.last4, card.is_default, card.described) == (
        "card",
        "visa",
        "4242",
        True,
        "visa •••• 4242",
    )
    assert not card.expired(world.clock.now())
    (there,) = await theirs(account)
    await attach(account, there["id"])
    await hear(world, account)
    await hear(world, account)
    assert [(each.brand, each.is_default) for each in await methods(world)] == [("visa", True), ("mastercard", False)]
    assert (await happened(world)).count("payment_method.saved") == 2
    async with world.db.transaction("test") as tx:
        rows = await (await tx.connection.execute("SELECT payment_methods::text AS row FROM payment_methods")).fetchall()
    assert not any("4242424242424242" in row["row"] for row in rows)


async def test_one_is_made_the_default_and_one_is_removed_here_and_there(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA, save_method=True)
    (there,) = await theirs(account)
    await attach(account, there["id"])
    await hear(world, account)
    visa, mastercard = await methods(world)
    made = await customers.make_default(world, visa.customer_id, mastercard.id, actor="test")
    assert made.is_default
    (there,) = await theirs(account)
    assert there["invoice_settings"]["default_payment_method"] == mastercard.provider_method_id
    gone = await customers.detach(world, visa.customer_id, mastercard.id, actor="test")
    assert (gone.status, gone.is_default) == ("detached", False)
    await customers.detach(world, visa.customer_id, mastercard.id, actor="test")
    with pytest.raises(Conflict, match="was removed"):
        await customers.make_default(world, visa.customer_id, mastercard.id, actor="test")
    await hear(world, account)
    assert [each.status for each in await methods(world)] == ["attached", "detached"], "old news of it changes nothing"
    with pytest.raises(NotFound):
        await customers.detach(world, visa.customer_id, PaymentMethodId.new(), actor="test")


async def test_nobody_reaches_the_method_of_somebody_else(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA, save_method=True)
    await buy(world, account, buyer=Buyer("eve", "eve@example.com"))
    await hear(world, account)
    (card,) = await methods(world)
    eve = await known(world, "eve")
    for act in (customers.make_default, customers.detach):
        with pytest.raises(NotFound):
            await act(world, eve.id, card.id, actor="test")
    assert (await methods(world))[0].status == "attached"


async def test_a_deletion_over_there_takes_the_methods_along(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA, save_method=True)
    await hear(world, account)
    (there,) = await theirs(account)
    (await account.http.delete(f"/v1/customers/{there['id']}")).raise_for_status()
    await hear(world, account)
    assert [each.status for each in await methods(world)] == ["detached"]


async def test_what_was_never_told_is_found_by_a_look(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA)
    (there,) = await theirs(account)
    theirs_id = await attach(account, there["id"])
    person = await known(world)
    await customers.sync_methods(world, person.id, actor="test")
    (card,) = await methods(world)
    assert (card.provider_method_id, card.is_default) == (theirs_id, True)
    (await account.http.post(f"/v1/payment_methods/{theirs_id}/detach")).raise_for_status()
    await customers.sync_methods(world, person.id, actor="test")
    assert (await methods(world))[0].status == "detached"


async def test_a_setup_session_saves_a_method_without_a_payment(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA)
    saved, back = f"{BASE_URL}/saved", f"{BASE_URL}/account"
    url = await checkout.setup_page(world, "ada", success_url=saved, cancel_url=back, actor="test")
    assert (await account.pay(url.rsplit("/", 1)[-1])).status_code == 200
    await hear(world, account)
    (card,) = await methods(world)
    assert card.is_default
    with pytest.raises(NotFound):
        await checkout.setup_page(world, "nobody", success_url=saved, cancel_url=back, actor="test")


@pytest.mark.covers("S003-16", "F159", "F168")
async def test_the_portal_is_for_the_caller_alone_and_leads_back_to_the_shop_alone(world: World, account: Account) -> None:
    await buy(world, account, buyer=ADA)
    url = await checkout.portal_page(world, "ada", return_url=f"{BASE_URL}/account", actor="test")
    assert url.startswith("http")
    for evil in ("//evil.example", "https://evil.example/", "javascript:alert(1)", "https://testserver@evil.example"):
        with pytest.raises(Invalid):
            await checkout.portal_page(world, "ada", return_url=evil, actor="test")
