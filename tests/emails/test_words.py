"""Emails in the language of their reader, in words that the host may replace, once for each fact."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from tests.news import happened, work
from tests.worlds import CATALOG, Account, Outbox, buy, session_of

from farthing import catalog, checkout, emails, worker
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.clock import TravelClock
from farthing.emails.words import TEMPLATES, TRANSLATIONS
from farthing.errors import ConfigError, Invalid
from farthing.formats import checked_locale
from farthing.world import World

ADA = Buyer("ada", "ada@example.com", "Ada Lovelace")
LANGUAGES = ["de", "es", "fr"]


async def bought_in(world: World, account: Account, locale: str | None, *items: CartItem) -> None:
    started = await checkout.start(
        world,
        items=items or [CartItem("guide")],
        buyer=ADA,
        success_url="http://testserver/thanks",
        cancel_url="http://testserver/cart",
        actor="test",
        locale=locale,
    )
    session = await session_of(world, started.id)
    assert (await account.pay(session)).status_code == 200
    await checkout.sync(world, session, actor="test")
    await work(world)


SAID = {
    "de-AT": ("Ihre Bestellung", "Bezahlt insgesamt: 49,00\N{NO-BREAK SPACE}€", '<html lang="de">'),
    "fr": ("Votre commande", "Total payé: 49,00\N{NO-BREAK SPACE}€", '<html lang="fr">'),
    "es": ("Tu pedido", "Total pagado: 49,00\N{NO-BREAK SPACE}€", '<html lang="es">'),
    "ja": ("Your order", "Total paid: €49.00", '<html lang="en">'),
}


@pytest.mark.parametrize("locale", SAID)
async def test_a_buyer_is_written_to_in_the_language_they_read(
    world: World, account: Account, outbox: Outbox, locale: str
) -> None:
    await bought_in(world, account, locale)
    (message,) = outbox.messages
    subject, total, html = SAID[locale]
    assert message.subject.startswith(subject)
    assert total in message.text
    assert html in message.html


async def test_who_names_no_language_reads_that_of_the_shop(world: World, account: Account, outbox: Outbox) -> None:
    world = _in(world, 'name = "The test shop"', 'name = "Der Laden"\nlocale = "de"')
    await bought_in(world, account, None)
    assert outbox.messages[0].subject.startswith("Ihre Bestellung")


def _in(world: World, before: str, after: str, **changes: object) -> World:
    settings = world.settings.model_copy(update=changes)
    return replace(world, catalog=catalog.parse(CATALOG.replace(before, after)), settings=settings)


@pytest.mark.parametrize("locale", ["", "english", "d", "../de", "de\n", "x" * 50])
async def test_what_is_no_locale_is_refused(world: World, locale: str) -> None:
    with pytest.raises(Invalid, match="is not a locale"):
        checked_locale(locale)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(language: str) -> None:
    wanted = {str(message) for message in _sentences()}
    translated = read_po(BytesIO((TRANSLATIONS / f"{language}.po").read_bytes()), abort_invalid=True)
    found = {str(message.id): message for message in translated if message.id}
    assert sorted(wanted - found.keys()) == []
    assert sorted(found.keys() - wanted) == [], "nobody says this any more"
    assert [id for id, message in found.items() if not message.string or message.fuzzy or list(message.check(translated))] == []


def _sentences() -> Iterator[object]:
    how = [("**", "jinja2.ext:babel_extract")]
    for found in extract_from_dir(TEMPLATES, method_map=how, options_map={"**": {"newstyle_gettext": "true"}}):
        yield found[2]


def test_an_email_of_each_kind_can_be_written_in_each_language() -> None:
    for kind, context in emails.EXAMPLES.items():
        for language in ["en", *LANGUAGES]:
            letter = emails.compose(kind, context, locale=language, folder=None)
            assert letter.subject
            assert "\n" not in letter.subject
            assert "{" not in letter.subject + letter.text + letter.html
            assert f'<html lang="{language}">' in letter.html


async def test_the_host_s_own_words_are_used_instead_of_ours(
    world: World, account: Account, outbox: Outbox, tmp_path: Path
) -> None:
    (tmp_path / "order_confirmation.subject").write_text("Hooray, {{ order.number }}!\n")
    (tmp_path / "order_confirmation.de.txt").write_text("Hurra, {{ order.total|money }}\n")
    world = _in(world, "", "", emails=tmp_path)
    emails.check(tmp_path)
    await bought_in(world, account, "de")
    await bought_in(world, account, "en")
    german, english = outbox.messages
    assert german.text == "Hurra, 49,00\N{NO-BREAK SPACE}€\n"
    assert german.subject.startswith("Hooray, ")
    assert "Total paid" in english.text


async def test_a_language_is_added_by_a_file(world: World, account: Account, outbox: Outbox, tmp_path: Path) -> None:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (tmp_path / "nl.po").write_text(head + 'msgid "Total paid"\nmsgstr "Totaal"\n')
    world = _in(world, "", "", emails=tmp_path)
    await bought_in(world, account, "nl")
    assert "Totaal: €\N{NO-BREAK SPACE}49,00" in outbox.messages[0].text
    assert "Your order" in outbox.messages[0].subject


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("order_confirmation.html", "{% if %}", r"order_confirmation\.html:1: "),
        ("receipt.txt", "one\n{{ order.number", r"receipt\.txt:2: "),
        ("de.po", 'msgid "unfinished', r"de\.po"),
    ],
)
def test_words_that_cannot_be_read_stop_the_start_with_their_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=said):
        emails.check(tmp_path)


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a folder"):
        emails.check(tmp_path / "none")


async def test_a_receipt_is_sent_where_the_shop_wants_one(world: World, account: Account, outbox: Outbox) -> None:
    world = _in(world, "[shop]", "[emails]\nreceipt = true\n\n[shop]")
    await bought_in(world, account, None)
    confirmation, receipt = sorted(outbox.messages, key=lambda message: message.key)
    assert confirmation.key.startswith("order_confirmation:")
    assert "We received €49.00" in receipt.text
    assert "•••• 4242" in receipt.text
    assert "4242 4242" not in receipt.text


async def test_what_the_host_sends_itself_is_not_sent_by_us(world: World, account: Account, outbox: Outbox) -> None:
    world = _in(world, "[shop]", '[emails]\noff = ["order_confirmation"]\n\n[shop]')
    await bought_in(world, account, None)
    assert outbox.messages == []


async def test_who_has_paid_for_a_time_is_reminded_of_its_end_once(
    world: World, account: Account, outbox: Outbox, clock: TravelClock
) -> None:
    order = await buy(world, account, CartItem("club"), CartItem("guide"))
    await work(world)
    clock.advance(timedelta(days=357))
    assert await worker.remind_of_ends(world) == 0
    clock.advance(timedelta(days=2))
    assert await worker.remind_of_ends(world) == 1, "two features of one line are one reminder"
    assert await worker.remind_of_ends(world) == 0
    await work(world)
    reminder = outbox.messages[-1]
    assert reminder.subject.startswith("Your access ends on ")
    assert "The club, one year" in reminder.text
    assert (await happened(world, order.id)).count("entitlement.ending") == 1
    clock.advance(timedelta(days=30))
    assert await worker.remind_of_ends(world) == 0
