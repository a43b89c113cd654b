"""The content platform's journeys in a browser: bought once, heard with a token, by nobody else; paid on a page of its own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser import violations
from tests.examples.conftest import pay, running_example, say_hello
from tests.shops import Shop
from tests.worlds import Sandbox

pytestmark = pytest.mark.browser
LAST_SOUND = "and then it is quiet."


@pytest.fixture(scope="module")
def room(dsn: str, sandbox: Sandbox) -> Iterator[Shop]:
    with running_example("content_platform", dsn, sandbox) as running:
        yield running


def open_recording(page: Page, room: Shop, title: str) -> None:
    page.goto(room.url)
    page.get_by_role("link", name=title).click()


def play(page: Page) -> None:
    page.get_by_role("button", name="Play").click()


def token_for(page: Page, room: Shop, **wanted: str) -> str:
    """What the page's script asks for, asked by the test."""
    answer = page.request.post(f"{room.url}/v1/access-tokens", data=wanted)
    assert answer.status == 201, answer.text()
    token: str = answer.json()["token"]
    return token


def listen(page: Page, room: Shop, reference: str, token: str) -> int:
    answer = page.request.get(f"{room.url}/streams/{reference}", headers={"Authorization": f"Bearer {token}"})
    return answer.status


@pytest.mark.covers("S002-22", "S002-16")
def test_a_recording_is_bought_heard_never_bought_again_and_heard_by_nobody_else(page: Page, room: Shop) -> None:
    say_hello(page, room, "grace")
    open_recording(page, room, "Rain on a tin roof")
    assert violations(page) == []
    other_tabs = [page.context.new_page() for _ in range(2)]
    for tab in other_tabs:
        tab.goto(page.url)
    page.get_by_role("button", name="Buy it", exact=True).click()
    pay(page, room, "€3.90")
    expect(page.get_by_text("It is yours.")).to_be_visible()
    play(page)
    expect(page.get_by_label("What you hear")).to_contain_text(LAST_SOUND)
    token = token_for(page, room, content="rain-on-tin")
    assert listen(page, room, "rain-on-tin", token) == 200
    assert listen(page, room, "night-train", token) == 403
    assert listen(page, room, "rain-on-tin", token[:-4] + "AAAA") == 401

    for tab, button in zip(other_tabs, ("Buy it", "Buy it without leaving"), strict=True):
        with tab.expect_response("**/recordings/rain-on-tin/p*") as refused:
            tab.get_by_role("button", name=button, exact=True).click()
        assert refused.value.status == 409
        expect(tab.get_by_role("heading", name="It is yours already")).to_be_visible()
    assert violations(tab) == []

    say_hello(page, room, "eve")
    open_recording(page, room, "Rain on a tin roof")
    with page.expect_response("**/v1/access-tokens") as stranger:
        play(page)
    assert stranger.value.status == 403
    expect(page.get_by_role("alert")).to_have_text("The customer does not own this content.")
    expect(page.get_by_label("What you hear")).to_be_empty()


@pytest.mark.covers("S003-13", "S003-25")
def test_who_pays_without_leaving_is_declined_and_then_seen_by_the_bank(page: Page, room: Shop) -> None:
    say_hello(page, room, "hedy")
    open_recording(page, room, "Night train to Narvik")
    page.get_by_role("button", name="Buy it without leaving").click()
    assert violations(page) == [], page.content()
    expect(page.get_by_role("heading", name="Pay for Night train")).to_be_visible()
    page.get_by_label("Card").select_option("A card without money")
    page.get_by_role("button", name="Pay €5.90").click()
    expect(page.get_by_role("alert")).to_contain_text("insufficient funds")
    page.get_by_label("Card").select_option("A card whose bank wants to see you")
    page.get_by_role("button", name="Pay €5.90").click()
    page.wait_for_url(f"{room.sandbox.url}/**")
    page.get_by_role("button", name="Complete").click()
    page.wait_for_url(f"{room.url}/recordings/night-train")
    expect(page.get_by_text("It is yours.")).to_be_visible()
    play(page)
    expect(page.get_by_label("What you hear")).to_contain_text(LAST_SOUND)
