"""Who may open which page of the admin, and what signing in leaves behind."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import get_args

import httpx
import pytest
from limits import parse
from starlette.types import ASGIApp
from tests.pages.visitor import PASSWORD, Visitor
from tests.worlds import Account, buy

from farthing import payments
from farthing.clock import TravelClock
from farthing.db import Database
from farthing.errors import Conflict, Invalid
from farthing.web.admin import ROUTES
from farthing.web.staff import Permission, Role, create_staff, signing_in
from farthing.world import World

LOOKS = ["/admin/orders", "/admin/events", "/admin/jobs", "/admin/health", "/admin/ledger", "/admin/audit"]


@pytest.mark.covers("F171", "F170")
async def test_without_a_session_every_page_leads_to_signing_in(visitor: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account)
    for path in [*LOOKS, "/admin", f"/admin/orders/{order.id}", f"/admin/orders/{order.id}/refund", "/admin/events/replay"]:
        answer = await visitor.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/admin/sign-in?next=")
        assert answer.text == ""


@pytest.mark.covers("F170")
async def test_without_a_session_no_form_changes_anything(visitor: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account)
    await visitor.get("/admin/sign-in")
    for path in (f"/admin/orders/{order.id}/refund", f"/admin/orders/{order.id}/sync", "/admin/events/replay"):
        answer = await visitor.post(path, amount="5", reason="duplicate", attempt="x", ids="")
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/sign-in")
    async with world.db.transaction("test") as tx:
        assert await payments.refunds_of_order(tx, order.id) == []


@pytest.mark.parametrize("role", list(Role))
async def test_every_role_may_look(visit: Callable[[], Visitor], staff: None, role: Role) -> None:
    visitor = visit()
    await visitor.sign_in(role)
    assert {(await visitor.get(path)).status_code for path in LOOKS} == {200}


async def test_a_viewer_sees_what_they_may_not_do_and_cannot_do_it(viewer: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account)
    text = (await viewer.get(f"/admin/orders/{order.id}")).text
    assert "Your role, viewer, may look but not change anything" in text
    assert f"/admin/orders/{order.id}/refund" not in text
    for path in ("refund", "cancellation", "sync"):
        answer = await viewer.post(f"/admin/orders/{order.id}/{path}", amount="5", reason="duplicate", attempt="x")
        assert answer.status_code == 403
        assert "Your role, viewer, may look but not change anything" in answer.text
    assert (await viewer.get(f"/admin/orders/{order.id}/refund")).status_code == 403
    assert (await viewer.post("/admin/events/replay", ids="x")).status_code == 403
    assert (await viewer.post("/admin/jobs/1/retry")).status_code == 403
    async with world.db.transaction("test") as tx:
        assert await payments.refunds_of_order(tx, order.id) == []


@pytest.mark.covers("F170")
def test_every_page_of_the_admin_says_who_may_open_it() -> None:
    """Deny by default: a page that names no permission is not served, and looking changes nothing."""
    for route in ROUTES:
        permission = vars(route.endpoint).get("permission")
        assert permission in get_args(Permission), route.path
        assert ("POST" in (route.methods or ())) <= (permission != "look"), route.path


@pytest.mark.covers("F170")
@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.VIEWER, "look"),
        (Role.SUPPORT, "look orders refund evidence"),
        (Role.FINANCE, "look orders refund evidence concede sellers payouts books"),
        (Role.DEVELOPER, "look orders refund catalog operate"),
        (Role.ADMIN, "look orders refund evidence concede sellers payouts catalog books operate"),
    ],
)
def test_each_role_may_do_this_and_nothing_else(role: Role, may: str) -> None:
    assert " ".join(each for each in get_args(Permission) if role.may(each)) == may
    for each in get_args(Permission):
        assert str(role) in role.why_not(each)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.DEVELOPER, Role.ADMIN])
async def test_the_other_roles_may_refund(
    visit: Callable[[], Visitor], staff: None, world: World, account: Account, role: Role
) -> None:
    order, visitor = await buy(world, account), visit()
    await visitor.sign_in(role)
    answer = await visitor.post(f"/admin/orders/{order.id}/refund", amount="5", reason="duplicate", attempt="x")
    assert answer.status_code == 303
    async with world.db.transaction("test") as tx:
        assert len(await payments.refunds_of_order(tx, order.id)) == 1


async def test_a_form_without_its_token_is_refused_even_to_an_admin(admin: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account)
    admin.token = "x" * 43
    assert (await admin.post(f"/admin/orders/{order.id}/refund", amount="5", reason="duplicate")).status_code == 403
    async with world.db.transaction("test") as tx:
        assert await payments.refunds_of_order(tx, order.id) == []


async def test_signing_in_leads_on_keeps_a_hash_and_is_written_down(visitor: Visitor, staff: None, db: Database) -> None:
    await visitor.get("/admin/sign-in?next=/admin/ledger")
    answer = await visitor.post("/admin/sign-in", email="Admin@Shop.example", password=PASSWORD, next="/admin/ledger?x=1")
    assert answer.headers["location"] == "/admin/ledger?x=1"
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("farthing_staff="))
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"))
    token = visitor.http.cookies["farthing_staff"]
    async with db.transaction("test") as tx:
        assert bytes(await tx.value("SELECT token_hash FROM staff_sessions")) == sha256(token.encode()).digest()
        actor = await tx.value("SELECT actor FROM events WHERE type = 'staff.signed_in'")
    assert actor.startswith("staff:staff_")


@pytest.mark.covers("F159")
@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "/admin/..\\x",
        "javascript:x",
        "/cart",
        "/admins",
        "/admin/\nx",
    ],
)
async def test_signing_in_leads_nowhere_else(visitor: Visitor, staff: None, wanted: str) -> None:
    answer = await visitor.post("/admin/sign-in", email="admin@shop.example", password=PASSWORD, next=wanted)
    assert answer.headers["location"] == "/admin/orders"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("admin@shop.example", "a guess"),
        ("nobody@shop.example", PASSWORD),
        ("", ""),
        ("admin@shop.example", PASSWORD + " "),
    ],
)
async def test_a_wrong_guess_says_one_thing_and_opens_nothing(
    visitor: Visitor, staff: None, db: Database, email: str, password: str
) -> None:
    answer = await visitor.post("/admin/sign-in", email=email, password=password)
    assert answer.status_code == 401
    assert "The email or the password is wrong." in answer.text
    assert password not in answer.text or not password
    async with db.transaction("test") as tx:
        assert await tx.value("SELECT count(*) FROM staff_sessions") == 0


@pytest.mark.covers("F171")
async def test_guessing_is_slowed_down(visitor: Visitor, staff: None) -> None:
    for _ in range(10):
        assert (await visitor.post("/admin/sign-in", email="admin@shop.example", password="x")).status_code == 401
    answer = await visitor.post("/admin/sign-in", email="admin@shop.example", password=PASSWORD)
    assert answer.status_code == 429
    assert "Too many attempts" in answer.text
    assert (await visitor.post("/admin/sign-in", email="viewer@shop.example", password=PASSWORD)).status_code == 303


@pytest.mark.covers("F177")
async def test_guesses_from_many_addresses_are_counted_together(
    pages: ASGIApp, staff: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "FROM_ANYWHERE", parse("3/5minute"))
    answers = []
    for number in range(5):
        transport = httpx.ASGITransport(pages, client=(f"192.0.2.{number}", 4321))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            password = PASSWORD if number == 4 else "x"
            answers.append(await Visitor(http).post("/admin/sign-in", email="admin@shop.example", password=password))
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]


@pytest.mark.covers("F174")
async def test_a_session_ends_by_signing_out_by_time_and_with_the_account(
    visit: Callable[[], Visitor], staff: None, db: Database, clock: TravelClock
) -> None:
    left, late, gone = visit(), visit(), visit()
    for visitor in (left, late):
        await visitor.sign_in(Role.ADMIN)
    await gone.sign_in(Role.SUPPORT)
    token = left.http.cookies["farthing_staff"]
    assert "You are signed out" in await left.follow(await left.post("/admin/sign-out"))
    left.http.cookies.set("farthing_staff", token)
    assert (await left.get("/admin/orders")).status_code == 303
    async with db.transaction("test") as tx:
        await tx.run("UPDATE staff SET disabled_at = %(now)s WHERE role = 'support'", now=tx.now)
    assert (await gone.get("/admin/orders")).status_code == 303
    assert (await late.get("/admin/orders")).status_code == 200
    clock.advance(timedelta(hours=12, seconds=1))
    assert (await late.get("/admin/orders")).status_code == 303


@pytest.mark.parametrize("cookie", ["x", "A" * 43, "A" * 5000, ""])
async def test_a_token_of_nobody_opens_nothing(visitor: Visitor, staff: None, cookie: str) -> None:
    answer = await visitor.http.get("/admin/orders", headers={"cookie": f"farthing_staff={cookie}"})
    assert answer.status_code == 303


async def test_an_account_is_made_once_with_a_role_and_a_password_that_is_long_enough(db: Database) -> None:
    async with db.transaction("test") as tx:
        await create_staff(tx, "ada@shop.example", PASSWORD, "support")
        with pytest.raises(Conflict):
            await create_staff(tx, "ADA@shop.example", PASSWORD, "admin")
        for email, password, role in (
            ("grace@shop.example", "too short", "admin"),
            ("grace@shop.example", PASSWORD, "owner"),
            ("grace", PASSWORD, "admin"),
        ):
            with pytest.raises(Invalid):
                await create_staff(tx, email, password, role)
        rows = await tx.all(lambda row: (row["email"], row["role"], row["password_hash"][:9]), "SELECT * FROM staff")
    assert rows == [("ada@shop.example", "support", "$argon2id")]


@pytest.mark.parametrize("path", ["/", "/cart", "/mailbox", "/mailbox/email_x/body"])
@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "127.0.0.1.evil.example:4242", "[::1", ""])
async def test_a_site_that_points_its_name_at_this_machine_sees_no_page_that_needs_no_sign_in(
    visitor: Visitor, path: str, host: str
) -> None:
    answer = await visitor.http.get(path, headers={"host": host})
    assert answer.status_code == 403
    assert "FARTHING_ALLOWED_HOSTS" in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:4242", "localhost", "shop.localhost:4242", "[::1]:4242"])
async def test_this_machine_s_own_names_open_them(visitor: Visitor, host: str) -> None:
    assert (await visitor.http.get("/mailbox", headers={"host": host})).status_code == 200


async def test_the_demo_customer_is_not_signed_in_under_another_name(visitor: Visitor) -> None:
    await visitor.get("/admin/sign-in")
    answer = await visitor.http.post("/demo/sign-in", data={"form_token": visitor.token}, headers={"host": "evil.example"})
    assert answer.status_code == 403
    assert "farthing_demo_customer" not in answer.headers.get("set-cookie", "")


@pytest.mark.covers("F182")
async def test_no_redirect_leads_to_the_host_that_a_request_names(visitor: Visitor) -> None:
    for path in ("/admin/", "/admin/orders/", "/account/orders/", "/checkout/success/", "//evil.example/"):
        answer = await visitor.http.get(path, headers={"host": "evil.example"})
        assert not answer.headers.get("location", "/").startswith(("http", "//")), path
    assert (await visitor.get("/admin/")).headers["location"] == "/admin/sign-in?next=%2Fadmin%2F"


@pytest.mark.parametrize("number", ["0" * 5_000, "9" * 5_000, str(2**63), "-1", "x", "\u0661"])
async def test_the_number_of_no_job_is_not_found(visitor: Visitor, admin: Visitor, number: str) -> None:
    assert (await visitor.get(f"/admin/jobs/{number}/discard")).status_code == 303
    assert (await admin.get(f"/admin/jobs/{number}/discard")).status_code == 404
    assert (await admin.post(f"/admin/jobs/{number}/retry")).status_code == 404
