"""What the supervisor tells its users over their connection: one line of JSON for each change of state.

The connection itself is the membership: the kernel closes it when a user dies, however it dies.
"""

import json
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    # It will fail the same way until somebody changes something: the sentence says what.
    REFUSED = "refused"
    # Another supervisor has this home: ask that one.
    OCCUPIED = "occupied"


@dataclass(frozen=True, slots=True)
class Report:
    state: State
    sentence: str

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> "Report":
        read = json.loads(line)
        return cls(State(read["state"]), str(read["sentence"]))


def reports(line: socket.socket) -> Iterator[Report]:
    """Reports as they come, until the supervisor closes the connection or dies."""
    unread = b""
    while chunk := _receive(line):
        *whole, unread = (unread + chunk).split(b"\n")
        yield from map(Report.decode, whole)


def _receive(line: socket.socket) -> bytes:
    try:
        return line.recv(65536)
    except ConnectionError:
        return b""
