"""Invoices and tax details over HTTP: the customer sees their own, and nobody else's."""

from dataclasses import replace

import httpx
from starlette.requests import Request
from tests.subscriptions.conftest import Ada, subscribe
from tests.subscriptions.test_tax_documents import LEGAL
from tests.worlds import Account

from farthing import invoices
from farthing.api import build
from farthing.http.callers import CustomerIdentity
from farthing.world import World


async def signed_in(request: Request) -> CustomerIdentity | None:
    user = request.headers.get("x-user")
    return None if user is None else CustomerIdentity(user)


async def test_a_customer_says_who_they_are_and_downloads_their_invoice(world: World, account: Account, ada: Ada) -> None:
    selling = replace(world, catalog=replace(world.catalog, legal=LEGAL))
    api = build()
    api.state.world, api.state.authenticate = selling, signed_in
    transport = httpx.ASGITransport(api, client=("192.0.2.7", 4321))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers={"X-User": "ada"}) as client:
        refused = await client.put("/v1/customers/ada/tax_details", json={"name": "Ada", "country": "DE", "tax_id": "DE1"})
        assert (refused.status_code, refused.json()["param"]) == (422, "tax_id")
        details = {"name": "Engines GmbH", "country": "DE", "address": ["Am Kai 3"], "tax_id": "de 136695976"}
        assert (await client.put("/v1/customers/ada/tax_details", json=details)).json()["tax_id"] == "DE136695976"
        assert (await client.get("/v1/customers/ada/tax_details")).json()["name"] == "Engines GmbH"
        bought = await subscribe(selling, account)
        async with world.db.transaction("test") as tx:
            (invoice,) = await invoices.of_subscription(tx, bought.id)
        shown = (await client.get(f"/v1/invoices/{invoice.id}")).json()
        (document,) = shown["documents"]
        assert (document["buyer"]["tax_id"], document["total"]["amount"]) == ("DE136695976", 2000)
        pdf = await client.get(f"/v1/invoices/{invoice.id}/pdf")
        assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
        assert (await client.get(f"/v1/tax_documents/{document['id']}/pdf")).content == pdf.content
        assert "Engines GmbH" in (await client.get(f"/v1/invoices/{invoice.id}/html")).text
        for path in (f"invoices/{invoice.id}", f"invoices/{invoice.id}/pdf", f"tax_documents/{document['id']}"):
            assert (await client.get(f"/v1/{path}", headers={"X-User": "eve"})).status_code == 404
        assert (await client.put("/v1/customers/ada/tax_details", json=details, headers={"X-User": "eve"})).status_code == 404
