"""A form changes something only when it comes from our own page. After each refusal, nothing has changed."""

import re
import time

import pytest
from httpx import Client
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from farthing.web.csrf import FormGuard

FORM = "/billing/admin/orders/2026-0142"


def token_in(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.fixture
def token(visitor: Client) -> str:
    return token_in(visitor.get(FORM).text)


def test_a_form_of_our_own_page_is_taken_and_answered_with_a_message_shown_once(
    visitor: Client, host: Starlette, token: str
) -> None:
    own = {"origin": str(visitor.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
    answer = visitor.post(FORM, data={"reason": "mistake", "form_token": token}, headers=own)
    assert (answer.status_code, answer.headers["location"]) == (303, FORM)
    assert host.state.canceled == ["mistake"]
    assert "The order is canceled &amp; &lt;b&gt;done&lt;/b&gt;." in visitor.get(FORM).text
    assert "The order is canceled" not in visitor.get(FORM).text


def test_a_file_may_come_with_the_form(visitor: Client, host: Starlette, token: str) -> None:
    answer = visitor.post(FORM, data={"reason": "mistake", "form_token": token}, files={"proof": b"x" * 9000})
    assert answer.status_code == 303
    assert host.state.canceled == ["mistake"]


def test_a_script_of_our_own_page_may_send_the_token_as_a_header(visitor: Client, host: Starlette, token: str) -> None:
    assert visitor.post(FORM, data={"reason": "mistake"}, headers={"X-Form-Token": token}).status_code == 303
    assert host.state.canceled == ["mistake"]


@pytest.mark.covers("F163")
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "nonsense"},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "http://shop.test.evil.test"},
        {"origin": "http://shop.test:81"},
        {"origin": "http://shop.test", "sec-fetch-site": "cross-site"},
    ],
)
def test_a_form_of_another_site_is_refused(visitor: Client, host: Starlette, token: str, headers: dict[str, str]) -> None:
    answer = visitor.post(FORM, data={"reason": "mistake", "form_token": token}, headers=headers)
    assert answer.status_code == 403
    assert "sent by another site, so nothing was changed" in answer.text
    assert host.state.canceled == []


@pytest.mark.parametrize("wrong", ["", "x", "A" * 43, "ä" * 43, None])
def test_a_form_without_the_token_of_its_browser_is_refused(
    visitor: Client, host: Starlette, token: str, wrong: str | None
) -> None:
    form = {"reason": "mistake"} | ({} if wrong is None else {"form_token": wrong})
    answer = visitor.post(FORM, data=form)
    assert answer.status_code == 403
    assert "This form is out of date, so nothing was changed" in answer.text
    assert host.state.canceled == []


def test_a_form_without_a_cookie_is_refused_even_with_an_empty_token(visitor: Client, host: Starlette) -> None:
    for cookie in ("", "farthing_form=", "farthing_form=x"):
        answer = visitor.post(FORM, data={"reason": "mistake", "form_token": cookie[14:]}, headers={"cookie": cookie})
        assert answer.status_code == 403
    assert host.state.canceled == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x" * 1_000_001, "application/x-www-form-urlencoded", 413),
        (b"--b\r\nbroken", "multipart/form-data; boundary=b", 403),
        (b"--b\r\nbroken", "multipart/form-data", 400),
        (b'{"reason": "mistake"}', "application/json", 403),
        (b"\xff\xfe=%ff&form_token=%ff", "application/x-www-form-urlencoded", 403),
        (b"&".join(b"a=1" for _ in range(2000)), "application/x-www-form-urlencoded", 400),
    ],
)
def test_a_body_that_is_no_form_is_refused(
    visitor: Client, host: Starlette, token: str, content: bytes, kind: str, status: int
) -> None:
    answer = visitor.post(FORM, content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert "nothing was changed" in answer.text
    assert host.state.canceled == []


def test_the_cookie_is_lax_unreadable_by_scripts_and_bound_to_the_mount(visitor: Client) -> None:
    for scheme, secure in (("https", True), ("http", False)):
        visitor.cookies.clear()
        cookie = visitor.get(FORM, headers={"x-forwarded-proto": scheme}).headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/billing" in cookie
        assert ("Secure" in cookie) == secure


def test_a_browser_keeps_one_token_over_many_pages(visitor: Client, token: str) -> None:
    answer = visitor.get("/billing/sign-in")
    assert token_in(answer.text) == token
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "charset", ["punycode", "undefined", "unicode_escape", "utf-8; charset=punycode", "utf-8; charset*=us-ascii''punycode"]
)
def test_a_form_in_an_encoding_that_takes_half_a_minute_to_read_is_not_read(
    visitor: Client, host: Starlette, token: str, charset: str
) -> None:
    letters = b"a" * 400_000
    part = b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + letters + b"-" + letters + b"\r\n--XX--\r\n"
    sent = {"content-type": f"multipart/form-data; boundary=XX; charset={charset}", "origin": str(visitor.base_url).rstrip("/")}
    began = time.monotonic()
    answer = visitor.post(FORM, content=part, headers=sent)
    assert answer.status_code == 400
    assert time.monotonic() - began < 1
    assert host.state.canceled == []


def test_a_form_may_say_that_it_is_in_utf_8(visitor: Client, host: Starlette, token: str) -> None:
    sent = {"content-type": 'application/x-www-form-urlencoded; charset="UTF-8"'}
    assert visitor.post(FORM, content=f"reason=mistake&form_token={token}", headers=sent).status_code == 303
    assert host.state.canceled == ["mistake"]


@pytest.mark.parametrize("origin", ["http://[", "http://]", "//", "http://"])
def test_an_origin_that_is_no_url_is_another_site(visitor: Client, host: Starlette, token: str, origin: str) -> None:
    answer = visitor.post(FORM, data={"reason": "mistake", "form_token": token}, headers={"origin": origin})
    assert answer.status_code == 403
    assert host.state.canceled == []


async def test_a_form_cut_off_on_the_way_is_not_taken_for_a_whole_one() -> None:
    reached = []

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope)

    messages: list[Message] = [{"type": "http.request", "body": b"form_", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    guard = FormGuard(page, lambda request, error: Response(error.detail, error.status))
    await guard({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}, receive, send)
    assert (sent[0]["status"], reached) == (400, [])
