"""Making customers of a host's users who were there before Farthing: from a file, a few at a time, as often as one likes."""

import asyncio
import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from farthing.customers import actions, attachments, flow, store
from farthing.customers.model import checked_identity, checked_metadata
from farthing.db import Transaction
from farthing.errors import FarthingError, Invalid, ProviderUnavailable
from farthing.http.callers import CustomerIdentity
from farthing.ids import CustomerId
from farthing.world import World

COLUMNS: Final = ("external_id", "email", "name", "metadata")
SHOWN_MAX: Final = 20
"""Lines that are wrong and shown; the others are counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One user of the host."""

    line: int
    external_id: str
    email: str | None
    name: str | None
    metadata: Mapping[str, str] | None


@dataclass(slots=True)
class Tally:
    """What came of a file. `wrong` holds the first lines that could not be taken, by number, without what stood in them."""

    new: int = 0
    known: int = 0
    pushed: int = 0
    failed: int = 0
    wrong: list[tuple[int, str]] = field(default_factory=list)

    def note(self, line: int, reason: str) -> None:
        self.failed += 1
        if len(self.wrong) < SHOWN_MAX:
            self.wrong.append((line, reason))


def read(path: Path) -> Iterator[Entry | tuple[int, str]]:
    """The entries of a .csv or .jsonl file, one after the other; for a line that is none, its number and why."""
    if path.suffix not in (".csv", ".jsonl"):
        raise Invalid("A backfill reads a file that ends in .csv or .jsonl.", param="file")
    try:
        # A spreadsheet puts a mark before the first column.
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = _of_csv(csv.DictReader(file)) if path.suffix == ".csv" else _of_jsonl(file)
            for line, row in rows:
                yield _entry(line, row)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.", param="file") from None
    except (UnicodeDecodeError, csv.Error):
        raise Invalid(f"{path} is not a text file in UTF-8, or no CSV.", param="file") from None


async def backfill(world: World, path: Path, *, at_once: int, dry_run: bool, actor: str) -> Tally:
    """Make a customer of each entry, here and at the provider. Who is there already costs one look; so it can be stopped, and
    started anew, at any moment. Holds no more than `at_once` entries in memory.
    """
    tally, gate, running = Tally(), asyncio.Semaphore(at_once), set[asyncio.Task[None]]()

    async def one(entry: Entry) -> None:
        try:
            await _take(world, entry, tally, actor, dry_run=dry_run)
        except ProviderUnavailable:
            tally.note(entry.line, "the provider did not answer: run the same again")
        except FarthingError as error:
            tally.note(entry.line, error.code)
        finally:
            gate.release()

    for entry in read(path):
        if isinstance(entry, tuple):
            tally.note(*entry)
            continue
        await gate.acquire()
        task = asyncio.create_task(one(entry))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    return tally


async def _take(world: World, entry: Entry, tally: Tally, actor: str, *, dry_run: bool) -> None:
    provider = world.provider

    async def work(tx: Transaction) -> tuple[CustomerId, bool]:
        before = await store.find_by_external_id(tx, entry.external_id)
        known = before is not None
        if dry_run:
            return CustomerId.new() if before is None else before.id, known
        found = await actions.remember(
            tx, external_id=entry.external_id, email=entry.email, name=entry.name, metadata=entry.metadata
        )
        await actions.want(tx, found, provider.name, livemode=provider.livemode, soon=False)
        return found.id, known

    id, known = await world.db.run(actor, work)
    tally.known += known
    tally.new += not known
    if dry_run:
        return
    async with world.db.transaction(actor) as tx:
        link = await attachments.get(tx, id, provider.name, livemode=provider.livemode)
    if link is not None and link.push_due_at is not None:
        await flow.push(world, id, actor=actor)
        async with world.db.transaction(actor) as tx:
            link = await attachments.get(tx, id, provider.name, livemode=provider.livemode)
        if link is not None and link.push_error is not None:
            tally.note(entry.line, link.push_error)
        else:
            tally.pushed += 1


def _of_csv(rows: "csv.DictReader[str]") -> Iterator[tuple[int, Any]]:
    unknown = {*(rows.fieldnames or ())} - {*COLUMNS}
    if unknown or "external_id" not in (rows.fieldnames or ()):
        raise Invalid(f"The first line names the columns: external_id, and perhaps {', '.join(COLUMNS[1:])}.", param="file")
    for row in rows:
        yield rows.line_num, row


def _of_jsonl(lines: Iterator[str] | Any) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line


def _entry(line: int, row: Any) -> Entry | tuple[int, str]:
    try:
        found = orjson.loads(row) if isinstance(row, str) else {name: value for name, value in row.items() if value}
        if not isinstance(found, dict) or {*found} - {*COLUMNS}:
            return line, "not an object with external_id, email, name and metadata"
        metadata = found.get("metadata")
        metadata = orjson.loads(metadata) if isinstance(metadata, str) else metadata
        if metadata is not None:
            if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
                return line, "metadata is not a flat object of texts"
            metadata = checked_metadata(metadata)
        person = CustomerIdentity(found.get("external_id") or "", found.get("email"), found.get("name"))
        checked_identity(person.external_id, person.email, person.name)
    except orjson.JSONDecodeError:
        return line, "not JSON"
    except Invalid as error:
        return line, f"{error.param} cannot be taken"
    except (ValueError, TypeError) as error:
        return line, str(error) if isinstance(error, ValueError) else "a field is not a text"
    return Entry(line, person.external_id, person.email, person.name, metadata)
