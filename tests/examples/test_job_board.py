"""The job board's journeys in a browser: posted, published, refunded, approved, over."""

import re
from collections.abc import Iterator
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.browser import violations
from tests.examples.conftest import pay, running_example, say_hello
from tests.shops import PASSWORD, Shop
from tests.worlds import Sandbox

pytestmark = pytest.mark.browser
SOON = 20_000
"""Milliseconds that a worker's sweep may take."""


@pytest.fixture(scope="module")
def board(dsn: str, sandbox: Sandbox) -> Iterator[Shop]:
    with running_example("job_board", dsn, sandbox) as running:
        yield running


def fill(page: Page, board: Shop, title: str, *chosen: str) -> None:
    page.goto(f"{board.url}/post-a-job")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Company").fill("Analytical Engines")
    for label in chosen:
        page.get_by_label(label).check()


def run(board: Shop, statement: LiteralString, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(board.dsn) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def see(page: Page, board: Shop, text: str, *, on: str = "Your jobs") -> None:
    """Look again until the board says it: what a worker does takes a moment."""

    listed = page.get_by_role("list", name=on, exact=True)
    for _ in range(SOON // 250):
        page.goto(board.url)
        if text in listed.inner_text():
            return
        page.wait_for_timeout(250)
    expect(listed).to_contain_text(text)


@pytest.mark.covers("S000-46", "S000-54", "S000-42", "S000-33", "S000-34", "S000-35")
def test_a_job_with_an_add_on_is_published_and_a_refund_takes_it_off(page: Page, board: Shop) -> None:
    say_hello(page, board, "ada")
    fill(page, board, "Engine driver", "Stays on top of the list")
    assert violations(page) == []

    page.evaluate("post.addEventListener('submit', () => sessionStorage.setItem('go', `${go.disabled} ${go.textContent}`))")
    page.get_by_role("button", name="Go to payment").click()
    pay(page, board, "$128.00")
    published = page.get_by_role("list", name="Jobs", exact=True)
    expect(published).to_contain_text("Engine driver at Analytical Engines")
    expect(published).to_contain_text("on top")
    assert page.evaluate("sessionStorage.getItem('go')") == "true One moment…"
    assert violations(page) == []
    order = page.url.rpartition("=")[2]
    rows = run(board, "SELECT status, addons, expires_at - published_at = '30 days' FROM job_board.jobs")
    assert rows == [("published", ["priority-listing"], True)]
    assert run(board, "SELECT status, paid_at IS NOT NULL FROM farthing.orders") == [("paid", True)]
    assert run(board, "SELECT status, provider_checkout_id LIKE 'cs_%%' FROM farthing.checkouts") == [("complete", True)]

    page.goto(f"{board.url}/admin/orders/{order}")
    page.get_by_label("Email").fill("admin@shop.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Refund", exact=True).click()
    page.get_by_role("button", name="Look it over").click()
    page.get_by_role("button", name="Refund $128.00").click()
    see(page, board, "Engine driver: draft")
    expect(published).not_to_contain_text("Engine driver")
    assert run(board, "SELECT status, published_at, expires_at FROM job_board.jobs") == [("draft", None, None)]


@pytest.mark.covers("S000-46")
def test_what_is_wrong_is_said_beside_what_was_filled_in(page: Page, board: Shop) -> None:
    say_hello(page, board, "bob")
    fill(page, board, "", "Email to all subscribers")
    page.get_by_role("button", name="Go to payment").click()
    expect(page.get_by_role("alert")).to_have_text("Give the job a title and a company.")
    expect(page.get_by_label("Company")).to_have_value("Analytical Engines")
    expect(page.get_by_label("Email to all subscribers")).to_be_checked()
    assert violations(page) == []
    page.get_by_label("Title").fill("Boiler cleaner")
    page.locator("[name=base]").first.evaluate("each => each.value = 'letter-set'")
    page.get_by_role("button", name="Go to payment").click()
    expect(page.get_by_role("alert")).to_contain_text("letter-set")
    assert run(
        board,
        "SELECT count(*) FROM farthing.orders JOIN farthing.customers c ON c.id = customer_id WHERE c.external_id = 'bob'",
    ) == [(0,)]


@pytest.mark.covers("S000-43", "S000-42")
def test_a_job_that_needs_approval_waits_for_the_editor_and_leaves_when_its_time_is_over(page: Page, board: Shop) -> None:
    say_hello(page, board, "cy")
    fill(page, board, "Stoker", "looked over by our editor")
    page.get_by_role("button", name="Go to payment").click()
    pay(page, board, "$149.00")
    expect(page.get_by_role("list", name="Your jobs")).to_contain_text("Stoker: pending approval")
    page.goto(f"{board.url}/desk")
    expect(page.get_by_text("Only the editor decides")).to_be_visible()
    say_hello(page, board, "editor")
    page.goto(f"{board.url}/desk")
    assert violations(page) == []
    page.get_by_role("button", name="Publish Stoker").click()
    expect(page.get_by_text("Nobody waits.")).to_be_visible()
    see(page, board, "Stoker at Analytical Engines", on="Jobs")
    # Its sixty days pass.
    run(
        board,
        """UPDATE farthing.job_postings SET published_at = published_at - '60 days'::interval,
            expires_at = expires_at - '60 days'::interval, remind_at = NULL WHERE status = 'published'""",
    )
    say_hello(page, board, "cy")
    see(page, board, "Stoker: expired")
    expect(page.get_by_role("list", name="Jobs", exact=True)).not_to_contain_text("Stoker")


@pytest.mark.covers("S000-43")
def test_a_kind_of_the_boards_own_features_a_company(page: Page, board: Shop) -> None:
    say_hello(page, board, "dot")
    page.get_by_label("Company to feature").fill("Difference & Sons")
    page.get_by_role("button", name="Feature it").click()
    pay(page, board, "$299.00")
    expect(page.get_by_text(re.compile("Featured: .*Difference & Sons"))).to_be_visible()


def test_nobody_pays_for_another_ones_job(page: Page, board: Shop) -> None:
    say_hello(page, board, "flo")
    fill(page, board, "Flo's own job")
    page.get_by_role("button", name="Go to payment").click()
    page.wait_for_url(lambda url: not url.startswith(board.url))
    say_hello(page, board, "eve")
    fill(page, board, "Not hers", "Stays on top of the list")
    job = run(board, "SELECT id FROM job_board.jobs WHERE title = %s", "Flo's own job")
    page.locator("[name=job]").evaluate("(each, job) => each.value = job", str(job[0][0]))
    page.get_by_role("button", name="Go to payment").click()
    expect(page.get_by_role("alert")).to_contain_text("not this customer's to publish")


def test_what_no_board_can_keep_and_no_editor_can_decide_is_refused_in_a_sentence(page: Page, board: Shop) -> None:
    say_hello(page, board, "editor")
    asked: list[tuple[str, dict[str, str | float | bool], int, str]] = [
        ("/post-a-job", {"job": str(uuid4()), "title": "Cook\0", "company": "Ada"}, 422, "Give the job a title"),
        ("/feature", {"company": "Ada\0"}, 422, "cannot be stored"),
        (f"/desk/{uuid4()}/approve", {}, 404, "Nobody bought"),
    ]
    for path, form, status, words in asked:
        answer = page.request.post(f"{board.url}{path}", form=form)
        assert (answer.status, words in answer.text()) == (status, True), (path, answer.text())
