"""How a written email leaves the house: by SMTP, or into the mailbox page of the development server."""

from email.message import EmailMessage
from email.utils import formataddr, parseaddr
from hashlib import sha256
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from farthing.errors import ConfigError, ProviderUnavailable

TIMEOUT: Final = 20


class MailboxMailer:
    """Keeps every email where it was written: the mailbox page shows them."""

    async def send(self, *, key: str, recipient: str, subject: str, text: str, html: str) -> None:
        """It is in the table already."""


class SmtpMailer:
    """Sends by SMTP: `smtp://user:password@host:587` with STARTTLS, `smtps://…:465` with TLS from the start."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ConfigError("FARTHING_SMTP_URL must look like smtp://user:password@mail.example:587.")
        self.host = parts.hostname
        self.port = parts.port or (465 if parts.scheme == "smtps" else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._tls = parts.scheme == "smtps"
        self._sender = sender

    async def send(self, *, key: str, recipient: str, subject: str, text: str, html: str) -> None:
        """The Message-ID is made of the key, so that a repetition is the same message to whoever receives it."""
        message = EmailMessage()
        domain = parseaddr(self._sender)[1].rpartition("@")[2] or "localhost"
        message["Message-ID"] = f"<{sha256(key.encode()).hexdigest()[:32]}@{domain}>"
        message["From"] = formataddr(parseaddr(self._sender))
        message["To"] = recipient
        message["Subject"] = subject
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        try:
            await aiosmtplib.send(
                message,
                hostname=self.host,
                port=self.port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                timeout=TIMEOUT,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ProviderUnavailable(f"The mail server did not take the message: {type(error).__name__}.") from error
