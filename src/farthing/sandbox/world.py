"""Everything one running sandbox is made of, and the steps every door shares: whose account, what is due, one commit."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from farthing.sandbox import billing_settings, ids, placing, snapshots
from farthing.sandbox.account import Account, Request
from farthing.sandbox.chaos import Chaos
from farthing.sandbox.clock import Clock
from farthing.sandbox.conformance import Nonconforming
from farthing.sandbox.easypost.trackers import JOBS as PARCEL_JOBS
from farthing.sandbox.errors import Gone, malformed
from farthing.sandbox.faults import Faults
from farthing.sandbox.ids import account_of_key
from farthing.sandbox.resources import JOBS as STRIPE_JOBS
from farthing.sandbox.resources import accounts
from farthing.sandbox.settings import DEFAULT_KEY, Settings
from farthing.sandbox.store import Json, StateUnwritable, Store

LOG = logging.getLogger("farthing.sandbox")
REQUESTS_KEPT = 200
ADVANCE_MAX_SECONDS = 2 * 366 * 86_400
DUE_AT_ONCE_MAX = 10_000
# So long an advance works before others get their turn.
SLICE_SECONDS = 0.03
PREVIEWED_MAX = 1_000
JOBS = STRIPE_JOBS | PARCEL_JOBS
"""What falls due later, of both companies that live here."""


PREVIEWED = """
    SELECT account, created, json_extract(body, '$.type'), json_extract(body, '$.data.object.id')
    FROM objects
    WHERE object = 'event' AND seq > ?
    ORDER BY seq
    LIMIT ?
"""


class _TakenBackError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A line of the request log: never a body, never a key."""

    id: str
    at: float
    account: str | None
    method: str
    path: str
    status: int | None
    """None when the connection was broken on purpose."""
    took_ms: int
    note: str = ""
    message: str = ""
    param: str | None = None
    key: str = ""
    """The last characters of the idempotency key."""
    object: str | None = None
    """What was answered, by its id."""


@dataclass(slots=True)
class Sandbox:
    store: Store
    clock: Clock
    settings: Settings
    faults: Faults = field(default_factory=Faults)
    chaos: Chaos = field(default_factory=Chaos)
    requests: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))
    url: str = ""
    nonconforming: dict[str, str] = field(default_factory=dict)
    """What a job was about to tell wrongly, by account: the next answer there says so. Only when strict."""
    snapshots: snapshots.Kept = field(init=False)
    """Kept under a name, with the state."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set after every commit, so that deliveries and timers look again."""

    sent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set after every webhook that was tried."""

    _advancing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _life: int = 0
    """Counted up when everything is replaced: an advance that was under way has nowhere to arrive any more."""

    def __post_init__(self) -> None:
        self.snapshots = snapshots.Kept(self.store)

    def account(self, id: str, url: str, request: Request | None = None) -> Account:
        settings = billing_settings.of(self.store, id, self.settings)
        return Account(id, self.store, self.clock, settings, self._known_url(url), request or Request())

    def _known_url(self, url: str) -> str:
        """Where it was reached last, for the links of what happens by itself."""
        if self.settings.url:
            return self.settings.url
        if url and url != self.url:
            self.url = url
        return url or self.url

    def account_of(self, key: str, url: str, request: Request | None = None) -> Account:
        return self.account(account_of_key(key), url, request)

    def account_of_nobody(self, url: str) -> Account:
        """Where no key was named: the only account there is, or that of the key commands use then."""
        there = [id for (id,) in self.store.rows("SELECT id FROM objects WHERE object = 'account' AND id = account")]
        usual = account_of_key(DEFAULT_KEY)
        if len(there) > 1 and usual not in there:
            raise malformed("Pass the `key` whose account it is for: there are several here.", param="key")
        return self.account(there[0] if len(there) == 1 else usual, url)

    @contextmanager
    def commit(self) -> Iterator[None]:
        """One transaction. What fell due before it happens first, so nobody sees a session that should have expired.

        While the clock is being moved, that is left to whoever moves it: others see how far it got.
        """
        with self.store.transaction():
            if not self._advancing.locked():
                self._do_what_is_due()
            yield
        self.news.set()

    def do_what_is_due(self) -> None:
        with self.commit():
            pass

    async def advance(self, seconds: float) -> None:
        """Move the clock, stopping wherever something falls due, so that it happens at its own time.

        In slices of a moment each: meanwhile others are answered, and webhooks are on their way.
        """
        async with self._advancing:
            life, target = self._life, self.clock.now() + seconds
            while (moment := self.store.next_due()) is not None and moment <= target:
                self.clock.move_to(moment)
                await self._do_in_slices()
                if life != self._life:
                    return
            self.clock.move_to(target)
            await self._do_in_slices()

    async def _do_in_slices(self) -> None:
        done = False
        while not done:
            with self.store.transaction():
                done = self._do_what_is_due(time.monotonic() + SLICE_SECONDS)
            self.news.set()
            await asyncio.sleep(0)

    def preview(self, seconds: float, most: int = PREVIEWED_MAX) -> list[Json]:
        """What an advance would cause, the first of it: it is done, looked at, and taken back."""
        ahead, target, found = self.clock.ahead, self.clock.now() + seconds, list[Json]()
        try:
            with self.store.transaction():
                last = self.store.rows("SELECT coalesce(max(seq), 0) FROM objects")[0][0]
                while (moment := self.store.next_due()) is not None and moment <= target and len(found) < most:
                    self.clock.move_to(moment)
                    self._do_what_is_due(time.monotonic() + SLICE_SECONDS)
                    rows = self.store.rows(PREVIEWED, last, most)
                    found = [dict(zip(("account", "at", "type", "object"), row, strict=True)) for row in rows]
                raise _TakenBackError
        except _TakenBackError:
            return found
        finally:
            self.clock.return_to(ahead)

    def restore(self, snapshot: Json) -> None:
        """Everything as it was then, the clock's lead over the wall included. Ordered faults and mischief stay."""
        snapshots.restore(self.store, snapshot)
        self._life += 1
        self.clock.reload()
        self.news.set()

    @contextmanager
    def ids_of(self, account: str, seed: str) -> Iterator[None]:
        """With a seed, the ids made inside are the same in every run that asks for the same things in the same order."""
        if not seed:
            yield
            return
        name = f"ids.{account}.{seed}"
        count = int(self.store.setting(name) or 0) + 1
        self.store.set_setting(name, str(count))
        with ids.seeded(f"{seed}/{account}/{count}"):
            yield

    def hurry(self, account_id: str, subject: str) -> None:
        """What waits for one object happens now, and the clock stays where it is. Inside a commit."""
        whose = (account_id, subject)
        jobs = self.store.rows("SELECT job FROM due WHERE account = ? AND subject = ? ORDER BY at, seq", *whose)
        self.store.run("DELETE FROM due WHERE account = ? AND subject = ?", *whose)
        for (job,) in jobs:
            self._do(account_id, job, subject)

    def _do_what_is_due(self, until: float = float("inf")) -> bool:
        """Whether that was all of it. `until` is when others should have their turn, by the process's own clock."""
        for _ in range(DUE_AT_ONCE_MAX):
            due = self.store.take_due(self.clock.now())
            if due is None:
                return True
            self._do(*due)
            if time.monotonic() > until:
                break
        return False

    def _do(self, account_id: str, job: str, subject: str) -> None:
        """A job that breaks is dropped and told to the log: it must not stand in the way of every request after it."""
        if job not in JOBS:
            LOG.warning("%s of %s came to nothing: it was planned by another version of the sandbox", job, subject)
            return
        kind, act = JOBS[job]
        account = placing.of_subject(self.account(account_id, ""), subject)
        # A seed of its own: what falls due by the clock must not shift the ids of what is asked for meanwhile.
        seed = self.settings.id_seed and f"{self.settings.id_seed}/{job}/{subject}"
        try:
            with self.store.attempt(), self.ids_of(account_id, seed):
                if record := account.find(kind, subject):
                    act(account, record)
        except StateUnwritable:
            raise
        except Gone:
            LOG.info("%s of %s came to nothing: what it is about was deleted", job, subject)
        except Exception as problem:
            LOG.exception("%s of %s failed", job, subject)
            if isinstance(problem, Nonconforming):
                self.nonconforming[account_id] = f"{job} of {subject}: {problem}"

    def reset(self) -> None:
        """Forget everything: the next key that comes opens a new, empty account."""
        with self.store.transaction():
            self.store.clear()
        self._life += 1
        self.clock.reset()
        self.faults.clear()
        self.chaos.clear()
        self.requests.clear()
        self.nonconforming.clear()

    def open_account(self, account: Account) -> None:
        accounts.retrieve_own(account, {})
