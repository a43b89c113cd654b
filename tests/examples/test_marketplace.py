"""The marketplace's journey in a browser: a basket of two sellers, paid, sent, delivered, and the sellers paid."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser import violations
from tests.examples.conftest import pay, running_example, say_hello
from tests.shops import Client, Shop
from tests.worlds import Sandbox

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def quay(dsn: str, sandbox: Sandbox) -> Iterator[Shop]:
    with running_example("marketplace", dsn, sandbox) as running:
        yield running


def fill(page: Page, quay: Shop, postal_code: str) -> None:
    page.goto(quay.url)
    page.get_by_label("How many: A jug for milk").fill("2")
    page.get_by_label("How many: A long scarf").fill("1")
    page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    page.get_by_label("Street and number").fill("1 Navy Way")
    page.get_by_label("Postal code").fill(postal_code)
    page.get_by_label("Town").fill("Arlington")
    page.get_by_label("State or province").fill("VA")
    page.get_by_role("button", name="Go to payment").click()


@pytest.mark.covers("S004-5", "S004-14", "S004-18")
def test_a_basket_of_two_sellers_is_paid_and_each_of_them_reads_what_to_send(page: Page, quay: Shop) -> None:
    say_hello(page, quay, "ada")
    expect(page.get_by_text("Only 3 left")).to_be_visible()
    expect(page.get_by_text("Sold out")).to_be_visible()
    expect(page.get_by_text("Tomas Carves")).not_to_be_visible()
    assert violations(page) == []
    fill(page, quay, "ABC")
    expect(page.get_by_role("alert")).to_contain_text("postal code")
    expect(page.get_by_label("How many: A jug for milk")).to_have_value("2")
    assert violations(page) == []
    fill(page, quay, "22202")
    pay(page, quay, "$107.90")
    post = Client(quay)
    post.wait_for("/mailbox", "mira@example.com")
    post.wait_for("/mailbox", "olof@example.com")
    post.wait_for("/mailbox", "Receipt for your order 1001")
    page.goto(quay.url)
    expect(page.get_by_text("Only 1 left").first).to_be_visible()

    say_hello(page, quay, "mira")
    page.goto(f"{quay.url}/seller/orders")
    expect(page.get_by_text("1001-")).to_be_visible()
    expect(page.get_by_text("A jug for milk")).to_be_visible()
    expect(page.get_by_text("A long scarf")).not_to_be_visible()


def test_the_cart_that_the_frame_names_is_the_markets_own_basket(page: Page, quay: Shop) -> None:
    say_hello(page, quay, "ada")
    page.goto(f"{quay.url}/account/orders")
    page.get_by_role("link", name="Cart").click()
    expect(page.get_by_label("How many: A long scarf")).to_be_visible()
    expect(page.get_by_text("Within the United States: $6.90, and nothing from $150.00 on")).to_be_visible()
