"""Subscriptions on the pages of the customer and of staff: whoever may, and nobody else."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from tests.dunning.conftest import Late
from tests.pages.conftest import hashed, staff
from tests.pages.visitor import Visitor

from farthing import customers, web
from farthing.http.callers import CustomerIdentity
from farthing.web.staff import Role

__all__ = ["hashed", "staff"]


@pytest.fixture
async def visit(late: Late) -> AsyncIterator[Callable[[str], Visitor]]:
    """Somebody who is signed in at the host by this id."""
    clients = []

    def arrive(name: str = "") -> Visitor:
        async def authenticate(request: object) -> CustomerIdentity | None:
            return CustomerIdentity(name) if name else None

        pages = web.build(late.world, authenticate=authenticate)
        clients.append(httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://testserver"))
        return Visitor(clients[-1])

    yield arrive
    for client in clients:
        await client.aclose()


async def test_a_customer_sees_what_is_not_paid_and_how_to_pay_it(late: Late, visit: Callable[[str], Visitor]) -> None:
    ada = visit("ada")
    assert "The last payment failed" in (await ada.get("/account/subscriptions")).text
    seen = (await ada.get(f"/account/subscriptions/{late.id}")).text
    assert "€20.00 is not paid" in seen
    assert "/renewal/" in seen


@pytest.mark.covers("F168")
async def test_the_plan_of_somebody_else_does_not_exist(late: Late, visit: Callable[[str], Visitor]) -> None:
    async with late.world.db.transaction("test") as tx:
        await customers.remember(tx, external_id="eve", email="eve@example.com")
    eve = visit("eve")
    path = f"/account/subscriptions/{late.id}"
    assert (await eve.get(path)).status_code == 404
    assert (await eve.post(f"{path}/cancellation", when="now")).status_code == 404
    assert (await eve.post(f"{path}/resumption")).status_code == 404
    assert (await late.subscription()).is_live


async def test_staff_retry_a_payment_and_see_what_came_of_it(late: Late, staff: None, visit: Callable[[str], Visitor]) -> None:
    support, path = visit(""), f"/admin/subscriptions/{late.id}"
    await support.sign_in(Role.SUPPORT)
    assert "€20.00" in (await support.get("/admin/subscriptions?status=past_due")).text
    assert "Charge €20.00 now?" in (await support.get(f"{path}/retry")).text
    answer = await support.post(f"{path}/retry")
    assert "The bank said no: generic decline." in await support.follow(answer)
    await late.ada.card("pm_card_visa")
    assert "It is paid." in await support.follow(await support.post(f"{path}/retry"))
    assert "It owes nothing any more." in await support.follow(await support.get(f"{path}/retry"))


async def test_staff_end_a_plan_and_let_it_go_on_and_a_viewer_only_looks(
    late: Late, staff: None, visit: Callable[[str], Visitor]
) -> None:
    support, viewer, path = visit(""), visit(""), f"/admin/subscriptions/{late.id}"
    await support.sign_in(Role.SUPPORT)
    await viewer.sign_in(Role.VIEWER)
    assert (await viewer.get(path)).status_code == 200
    for act in ("cancellation", "resumption", "retry", "sync"):
        assert (await viewer.post(f"{path}/{act}")).status_code == 403
    said = await support.follow(await support.post(f"{path}/cancellation", when="period_end", reason="moved away"))
    assert "It ends with the time that is paid." in said
    assert "moved away" in said
    assert "It goes on." in await support.follow(await support.post(f"{path}/resumption"))
    assert (await late.subscription()).ends_at is None
