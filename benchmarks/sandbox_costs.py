"""What the sandbox costs: a purchase, a mixed load, a year of subscriptions, its start, and its memory after many objects.

Seconds are CPU seconds of the sandbox's own process: what else the machine does does not count. Only the purchase has a floor.
"""

from collections.abc import Iterator
from statistics import median
from typing import Final

from benchmarks.line import Line
from benchmarks.sandbox_server import PURCHASE, Server, bare, listener, sandbox

WARM: Final = 100
YEAR_SECONDS: Final = 365 * 86_400
NONE: Final = "none: the figure is held against the target itself"


def measure(*, rounds: int, requests: int, subscriptions: int, objects: int) -> Iterator[Line]:
    yield _purchase(rounds, requests)
    yield _mixed(rounds, requests)
    yield _start(rounds)
    yield _year(subscriptions)
    yield _memory(objects)


def _alone(what: str, unit: str, ours: list[float], target: float, *, rule: str = "at most", note: str = NONE) -> Line:
    assert rule in ("at most", "at least")
    return Line(
        what=f"Sandbox: {what}",
        unit=unit,
        ours=ours,
        floor=[target] * len(ours),
        rule="at most" if rule == "at most" else "at least",
        target=target,
        of_floor=False,
        note=note,
    )


def _purchase(rounds: int, requests: int) -> Line:
    ours: list[float] = []
    floor: list[float] = []
    with sandbox() as server, bare() as least:
        for number in range(rounds + 1):
            for each, figures in ((server, ours), (least, floor)):
                figures.append(median(_milliseconds(each, f"{number}-{place}") for place in range(requests)))
    # The first round warms up: imports, prepared statements, caches.
    return Line(
        what="Sandbox: CPU of a payment intent created and confirmed, median of a round",
        unit="ms",
        ours=ours[1:],
        floor=floor[1:],
        rule="at most",
        target=3.0,
        of_floor=False,
        note="bare Starlette that inserts as many rows of that size, in one transaction",
    )


def _milliseconds(server: Server, key: str) -> float:
    before = server.cpu_seconds()
    server.ask("POST", "/v1/payment_intents", key, **PURCHASE)
    return (server.cpu_seconds() - before) * 1000


def _mixed(rounds: int, requests: int) -> Line:
    """Of ten requests two are purchases, one makes a customer, one lists, and six look something up."""
    rates = []
    with sandbox() as server:
        paid = [server.ask("POST", "/v1/payment_intents", f"w{number}", **PURCHASE)["id"] for number in range(WARM)]
        for turn in range(rounds):
            before = server.cpu_seconds()
            for number in range(requests):
                match number % 10:
                    case 0 | 5:
                        server.ask("POST", "/v1/payment_intents", f"{turn}-{number}", **PURCHASE)
                    case 1:
                        server.ask("POST", "/v1/customers", f"{turn}-{number}", name="Ada", email="ada@example.com")
                    case 2:
                        server.ask("GET", "/v1/payment_intents?limit=10")
                    case _:
                        server.ask("GET", f"/v1/payment_intents/{paid[number % WARM]}")
            rates.append(requests / (server.cpu_seconds() - before))
    return _alone("a realistic mix, on one core", "requests/s", rates, 500, rule="at least")


def _start(rounds: int) -> Line:
    seconds = []
    for _ in range(rounds + 1):
        with sandbox() as server:
            server.health()
            seconds.append(server.cpu_seconds())
    # The first one compiles.
    return _alone("CPU from nothing to its first answer", "s", seconds[1:], 0.5)


def _year(subscriptions: int) -> Line:
    """The clock moves a year; every renewal happens, and every event of it reaches a listener."""
    with sandbox() as server, listener() as (port, process):
        post = server.ask
        post("POST", "/v1/webhook_endpoints", url=f"http://127.0.0.1:{port}/hook", **{"enabled_events[]": "*"})
        plan = {"recurring[interval]": "month", "product_data[name]": "Tea"}
        price = post("POST", "/v1/prices", currency="usd", unit_amount=1000, **plan)["id"]
        for _ in range(subscriptions):
            customer = post("POST", "/v1/customers", name="Ada")["id"]
            card = post("POST", "/v1/payment_methods/pm_card_visa/attach", customer=customer)["id"]
            post("POST", "/v1/subscriptions", customer=customer, default_payment_method=card, **{"items[0][price]": price})
        before = server.cpu_seconds()
        server.control("/clock/advance", seconds=YEAR_SECONDS)
        while not _is_all_told(server):
            pass
        spent = server.cpu_seconds() - before
        renewals = 11 * subscriptions
        told = process.communicate()[0]
        assert int(told) >= 10 * renewals, "every renewal has ten events and more"
    note = f"{subscriptions} monthly subscriptions, {told.strip()} webhooks taken by a listener; {NONE}"
    return _alone("CPU of a clock advanced by a year, webhooks delivered", "s", [spent], 20 * subscriptions / 200, note=note)


def _is_all_told(server: Server) -> bool:
    return bool(server.control("/webhooks/wait", seconds=60)["delivered"])


def _memory(objects: int) -> Line:
    """What the process grows by between the first tenth and the end of so many customers made and deleted."""
    with sandbox() as server:
        before = 0.0
        for number in range(objects):
            if number == objects // 10:
                before = server.rss_mib()
            customer = server.ask("POST", "/v1/customers", f"k{number}", name="Ada", email=f"ada{number}@example.com")["id"]
            server.ask("DELETE", f"/v1/customers/{customer}")
        grown = server.rss_mib() - before
    return _alone(f"memory grown by, over {objects:,} customers made and deleted", "MiB", [grown], 40)
