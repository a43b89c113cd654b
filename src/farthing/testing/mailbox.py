"""The `mailbox` of a test: every email that Farthing sends in it, in the order they were sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    recipient: str
    subject: str
    text: str
    html: str
    key: str
    """The same on every repetition of the same message."""


class Mailbox:
    """What was sent, first to last. Iterate over it, or ask for `last`."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self.mailer = _Mailer(self._messages)
        """What Farthing sends with in this test."""

    @property
    def last(self) -> Message:
        if not self._messages:
            raise AssertionError("No email was sent.")
        return self._messages[-1]

    def to(self, recipient: str) -> list[Message]:
        return [each for each in self._messages if each.recipient == recipient]

    def __iter__(self) -> Iterator[Message]:
        return iter(list(self._messages))

    def __len__(self) -> int:
        return len(self._messages)

    def __getitem__(self, place: int) -> Message:
        return self._messages[place]


class _Mailer:
    def __init__(self, messages: list[Message]) -> None:
        self._messages = messages

    async def send(self, *, key: str, recipient: str, subject: str, text: str, html: str) -> None:
        self._messages.append(Message(recipient, subject, text, html, key))
