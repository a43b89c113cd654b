"""How an email leaves the house: over SMTP, to a server that writes down what it hears."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from farthing.emails import MailboxMailer, SmtpMailer
from farthing.errors import ConfigError, ProviderUnavailable

LETTER = {
    "key": "order_confirmation:event_1",
    "recipient": "ada@example.com",
    "subject": "Your order 1001 – grüß Gott",
    "text": "Thank you.\n.\nA line with a dot alone, and ümlauts.\n",
    "html": "<p>Thank you.</p>",
}


@dataclass
class PostOffice:
    """As much of SMTP (RFC 5321) as a mailer speaks, over a real socket."""

    port: int = 0
    refuses: str = ""
    heard: list[str] = field(default_factory=list)
    letters: list[EmailMessage] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            self.heard.append(line)
            verb = line.partition(" ")[0].upper()
            if verb == self.refuses:
                writer.write(b"451 not now\r\n")
            elif verb == "EHLO":
                writer.write(b"250-here\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n")
            elif verb == "AUTH":
                writer.write(b"235 welcome\r\n")
            elif verb == "DATA":
                await self._take(reader, writer)
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"354 go on\r\n")
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        letter = message_from_bytes(b"".join(lines), policy=policy.default)
        self.letters.append(letter)
        writer.write(b"250 taken\r\n")


@asynccontextmanager
async def post_office(refuses: str = "") -> AsyncIterator[PostOffice]:
    office = PostOffice(refuses=refuses)
    server = await asyncio.start_server(office.serve, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()


async def send(mailer: SmtpMailer, **changes: Any) -> None:
    await mailer.send(**(LETTER | changes))


async def test_a_letter_arrives_whole_in_both_forms() -> None:
    async with post_office() as office:
        await send(SmtpMailer(f"smtp://127.0.0.1:{office.port}", "The shop <shop@example.com>"))
    (letter,) = office.letters
    assert (letter["To"], letter["From"]) == ("ada@example.com", "The shop <shop@example.com>")
    assert letter["Subject"] == LETTER["subject"]
    text, html = letter.get_body(["plain"]), letter.get_body(["html"])
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == LETTER["text"]
    assert html.get_content().strip() == LETTER["html"]
    assert not any(line.startswith("AUTH") for line in office.heard)


@pytest.mark.covers("F73")
async def test_a_repetition_is_the_same_message_and_another_key_is_another() -> None:
    async with post_office() as office:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{office.port}", "shop@example.com")
        await send(mailer)
        await send(mailer)
        await send(mailer, key="order_confirmation:event_2")
    first, second, third = (letter["Message-ID"] for letter in office.letters)
    assert first == second != third
    assert first.endswith("@example.com>")


async def test_it_signs_in_with_what_the_url_says() -> None:
    async with post_office() as office:
        await send(SmtpMailer(f"smtp://shop%40example.com:p%3Aw@127.0.0.1:{office.port}", "shop@example.com"))
    assert any(line.startswith("AUTH") for line in office.heard)
    assert len(office.letters) == 1


@pytest.mark.parametrize("refuses", ["MAIL", "RCPT", "DATA"])
async def test_a_letter_that_is_not_taken_is_tried_again_later(refuses: str) -> None:
    async with post_office(refuses) as office:
        with pytest.raises(ProviderUnavailable, match="mail server did not take the message") as refusal:
            await send(SmtpMailer(f"smtp://127.0.0.1:{office.port}", "shop@example.com"))
    assert office.letters == []
    assert "ada@" not in refusal.value.detail


async def test_a_post_office_that_is_closed_is_tried_again_later() -> None:
    async with post_office() as office:
        port = office.port
    with pytest.raises(ProviderUnavailable, match="did not take the message"):
        await send(SmtpMailer(f"smtp://127.0.0.1:{port}", "shop@example.com"))


@pytest.mark.parametrize("url", ["", "mail.example:587", "http://mail.example", "smtp://", "smtp://user:hunter2@"])
def test_an_address_of_no_post_office_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match="FARTHING_SMTP_URL must look like") as refusal:
        SmtpMailer(url, "shop@example.com")
    assert "hunter2" not in refusal.value.detail


async def test_the_mailbox_of_a_development_server_sends_nothing_anywhere() -> None:
    await MailboxMailer().send(**LETTER)


@pytest.mark.covers("F144")
@pytest.mark.parametrize("field", ["recipient", "subject"])
async def test_a_line_end_in_a_header_makes_no_second_one(field: str) -> None:
    async with post_office() as office:
        with pytest.raises(ValueError, match=r"newline|linefeed|carriage return"):
            await send(
                SmtpMailer(f"smtp://127.0.0.1:{office.port}", "shop@example.com"), **{field: "a@b.example\r\nBcc: c@d.example"}
            )
    assert office.letters == []
    assert not any(line.upper().startswith("RCPT") for line in office.heard)
