"""The people of the quay, for the sandbox: sellers who went through onboarding, and what they sell. Yours come themselves."""

from functools import partial
from typing import Final

import httpx

from farthing import Farthing, listings, sellers, shipping
from farthing.addresses import Address
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.money import Money
from farthing.sellers import Seller, Wanted

ACTOR: Final = "demo"

SELLERS: Final = {
    "mira": ("Mira's Pottery", "pottery"),
    "olof": ("Olof Weaves", "textiles"),
    "june": ("June & Daughter, Soap", "soap"),
    "tomas": ("Tomas Carves", "wood"),
}
NOT_YET: Final = "tomas"
"""He has an account, and has told nothing yet: buyers see nothing of him, the admin does."""

QUAY: Final = Address("US", "The Quay Market", "417 Montgomery St", city="San Francisco", state="CA", postal_code="94104")
"""Where all of them send from."""

GOODS: Final = {
    "mira": (
        ("blue-bowl", "A blue bowl", "Thrown by hand, glazed with copper. No two are alike.", 2400, 12),
        ("milk-jug", "A jug for milk", "Half a litre, and it does not drip.", 3100, 3),
    ),
    "olof": (
        ("long-scarf", "A long scarf", "Lambswool, two metres, warmer than it looks.", 3900, 20),
        ("small-rug", "A small rug", "Flat weave, for beside the bed. The last one of this winter.", 18000, 1),
    ),
    "june": (
        ("tar-soap", "Tar soap", "For people who work with their hands.", 650, 80),
        ("rose-soap", "Rose soap", "For everybody else.", 650, 0),
    ),
}


async def furnish(pay: Farthing) -> None:
    """Whoever is missing, and what they sell. Nothing where the money is not the sandbox's."""
    if not pay.settings.sandboxed:
        return
    for user, (name, category) in SELLERS.items():
        wanted = Wanted(user, name=name, email=f"{user}@example.com", country="US")
        seller = await sellers.remember(pay.world, wanted, actor=ACTOR)
        if seller.provider_account_id is None:
            seller = await _onboarded(pay, seller, through=user != NOT_YET)
            await pay.world.db.run(ACTOR, partial(shipping.keep_origin, seller=seller.id, address=QUAY))
        for sku, title, description, amount, stock in GOODS.get(user, ()):
            await _listed(
                pay, seller, sku, listings.Wanted(title, description, category, [Money(amount, "usd")], weight_grams=600), stock
            )


async def _onboarded(pay: Farthing, seller: Seller, *, through: bool) -> Seller:
    """An account at the sandbox. What a seller would fill in on its pages, its control does at once."""
    here = [sellers.address(pay.world, seller.id, way) for way in ("refresh", "return")]
    await sellers.onboard(pay.world, seller.id, refresh_url=here[0], return_url=here[1], actor=ACTOR)
    seller = await sellers.sync(pay.world, seller.id, actor=ACTOR)
    if not through:
        return seller
    key = pay.settings.require_stripe()
    async with httpx.AsyncClient(base_url=pay.settings.stripe_api_base or "", auth=httpx.BasicAuth(key, "")) as sandbox:
        (await sandbox.post(f"/_sandbox/accounts/{seller.provider_account_id}/onboard", json={})).raise_for_status()
    return await sellers.sync(pay.world, seller.id, actor=ACTOR)


async def _listed(pay: Farthing, seller: Seller, sku: str, wanted: listings.Wanted, stock: int) -> None:
    """Up for sale, unless it was listed before: then it is as its seller left it."""
    world = pay.world

    async def work(tx: Transaction) -> None:
        made = await listings.create(tx, world.catalog, seller.id, sku, wanted, livemode=world.provider.livemode, stock=stock)
        await listings.publish(tx, made.id)

    try:
        await world.db.run(ACTOR, work)
    except Conflict:
        return
