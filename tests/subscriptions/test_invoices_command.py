"""Tax documents, and what differs from the provider, on the command line."""

from dataclasses import replace
from pathlib import Path

from tests.cli.conftest import Farthing, farthing, folder, shop
from tests.subscriptions.conftest import Ada, subscribe
from tests.subscriptions.test_tax_documents import LEGAL
from tests.worlds import Account

from farthing import invoices
from farthing.world import World

__all__ = ["farthing", "folder", "shop"]


async def test_a_tax_invoice_is_listed_shown_and_printed_and_a_tampered_invoice_is_named(
    farthing: Farthing, folder: Path, world: World, account: Account, ada: Ada
) -> None:
    selling = replace(world, catalog=replace(world.catalog, legal=LEGAL))
    bought = await subscribe(selling, account)
    (listed,) = farthing("invoices", "list", "--json").json["data"]
    assert (listed["kind"], listed["seller"], listed["buyer"]) == ("invoice", "Plans GmbH", "Ada Lovelace")
    number = f"TEST-INV-{bought.started_at.year}-000001"
    assert number in farthing("invoices", "show", number).out
    assert farthing("invoices", "pdf", number).code == 0
    assert (folder / f"{number}.pdf").read_bytes()[:5] == b"%PDF-"
    assert farthing("invoices", "show", "INV-1900-000001").code == 4
    await invoices.look_for_fees(world)
    assert farthing("reconcile", "--check").code == 0
    async with world.db.transaction("test") as tx:
        await tx.run("UPDATE invoices SET total_amount = 1900")
    found = farthing("reconcile", "--check")
    assert (found.code != 0, "19.00 EUR" in found.out) == (True, True)
    assert farthing("reconcile", "--apply").code == 0
    assert farthing("reconcile", "--check").code == 0
