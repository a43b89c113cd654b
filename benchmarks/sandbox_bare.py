"""The least that could answer a purchase: Starlette, uvicorn, and the same rows in SQLite, in one transaction.

    python -m benchmarks.sandbox_bare FILE

`POST /v1/payment_intents` writes what the sandbox writes for a paid payment intent: five objects, four events and the answer
of its idempotency key, of about the same size. It checks nothing and knows nothing.
"""

import asyncio
import sqlite3
import sys
from typing import Final
from uuid import uuid4

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

OBJECTS: Final = 9
BODY: Final = {f"field_{number}": "x" * 24 for number in range(40)}
SCHEMA: Final = """
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE objects (seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT, id TEXT, object TEXT, created INTEGER, body TEXT);
CREATE UNIQUE INDEX objects_by_id ON objects (id, account);
CREATE INDEX objects_newest_first ON objects (account, object, seq);
CREATE TABLE answers (key TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID;
"""


def app(path: str) -> Starlette:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.executescript(SCHEMA)

    async def create(request: Request) -> Response:
        await request.form()
        db.execute("BEGIN")
        answer = b""
        for number in range(OBJECTS):
            answer = orjson.dumps({"id": uuid4().hex, **BODY})
            row = ("acct_1", uuid4().hex, f"kind_{number}", 1, answer.decode())
            db.execute("INSERT INTO objects (account, id, object, created, body) VALUES (?, ?, ?, ?, ?)", row)
        db.execute("INSERT INTO answers VALUES (?, ?)", (request.headers["idempotency-key"], answer))
        db.execute("COMMIT")
        return Response(answer, media_type="application/json")

    return Starlette(routes=[Route("/v1/payment_intents", create, methods=["POST"])])


class _Server(uvicorn.Server):
    async def startup(self, sockets: object = None) -> None:
        await super().startup()
        sys.stderr.write(f"http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}\n")
        sys.stderr.flush()


def main() -> None:
    config = uvicorn.Config(app(sys.argv[1]), port=0, log_level="critical", access_log=False)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_Server(config).serve())


if __name__ == "__main__":
    main()
