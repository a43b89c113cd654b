"""Buyers who all order at once, in a process of their own, over keep-alive connections to every server.

    python -m benchmarks.flash_load BUYERS FIRST SKUS PORT...

Buyer number FIRST + n wants one of the n-th of the skus, round and round. All requests are made before the clock runs. Prints
how many were answered with which status, and what it took.
"""

import json
import socket
import sys
import time
from typing import Final

from benchmarks.load import send_all

CONNECTIONS: Final = 16


def main() -> None:
    buyers, first = int(sys.argv[1]), int(sys.argv[2])
    skus, ports = sys.argv[3].split(","), [int(word) for word in sys.argv[4:]]
    requests = [_request(f"buyer-{first + n}", skus[n % len(skus)]) for n in range(buyers)]
    connections = [socket.create_connection(("127.0.0.1", ports[n % len(ports)])) for n in range(CONNECTIONS)]
    began = time.perf_counter()
    answered = send_all(connections, iter(requests))
    seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    print(json.dumps({"answered": answered, "seconds": seconds}))


def _request(buyer: str, sku: str) -> bytes:
    body = json.dumps({"items": [{"product": sku, "quantity": 1}]})
    return (
        f"POST /v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: */*\r\n"
        f"X-User: {buyer}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


if __name__ == "__main__":
    main()
