"""The load, in a process of its own: distinct signed deliveries over keep-alive connections, each waiting for its answer.

    python -m benchmarks.load ROUNDS COUNT PORT...

In every round each port gets so many requests, one port after the other; all are made and signed before the clock runs.
Prints what each round took.
"""

import json
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final

from benchmarks import event

CONNECTIONS: Final = 16
PATH: Final = "/webhooks/stripe"


def main() -> None:
    rounds, count, *ports = (int(word) for word in sys.argv[1:])
    print(json.dumps([[_round(port, f"{port}x{number}", count) for port in ports] for number in range(rounds)]))


def _round(port: int, tag: str, count: int) -> dict[str, float]:
    requests = [_request(f"evt_{tag}_{n}", f"pi_{tag}_{n}") for n in range(count)]
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(min(CONNECTIONS, count))]
    began = time.perf_counter()
    acknowledged = send_all(connections, iter(requests))[200]
    seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return {"acknowledged": acknowledged, "seconds": seconds}


def send_all(connections: list[socket.socket], requests: Iterator[bytes]) -> Counter[int]:
    """One request on its way on every connection, until all are answered; how many with which status."""
    answered: Counter[int] = Counter()
    with selectors.DefaultSelector() as selector:
        for number, connection in enumerate(connections):
            selector.register(connection, selectors.EVENT_READ, number)
            connection.sendall(next(requests))
        while selector.get_map():
            for key, _ in selector.select():
                answered[_status(connections[key.data])] += 1
                following = next(requests, None)
                if following is None:
                    selector.unregister(key.fileobj)
                else:
                    connections[key.data].sendall(following)
    return answered


def _status(connection: socket.socket) -> int:
    """Read one whole answer: its body is short, with the length in the head."""
    answer = connection.recv(65536)
    while not _is_whole(answer):
        part = connection.recv(65536)
        assert part, "the server hung up"
        answer += part
    return int(answer.split(b" ", 2)[1])


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
    return len(body) >= int(length)


def _request(event_id: str, intent_id: str) -> bytes:
    body = event.succeeded(event_id, intent_id, "payment_of_somebody_else")
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\nAccept: */*\r\n"
        f"Stripe-Signature: {event.signature(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    main()
