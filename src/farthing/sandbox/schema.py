"""The tables of the state file, the indexes that lists and links are found by, and whether a file is one of ours."""

from __future__ import annotations

import sqlite3
import zlib

SCHEMA = """
CREATE TABLE objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    object TEXT NOT NULL,
    created INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL,
    inner TEXT NOT NULL
);
CREATE TABLE due (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    at REAL NOT NULL,
    job TEXT NOT NULL,
    subject TEXT NOT NULL
);
CREATE TABLE clock_due (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    clock TEXT NOT NULL,
    at REAL NOT NULL,
    job TEXT NOT NULL,
    subject TEXT NOT NULL
);
CREATE TABLE answers (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at REAL
);
CREATE TABLE attempts (
    delivery INTEGER NOT NULL,
    at REAL NOT NULL,
    status INTEGER,
    problem TEXT,
    took_ms INTEGER NOT NULL
);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE snapshots (name TEXT PRIMARY KEY, taken_at REAL NOT NULL, document BLOB NOT NULL) WITHOUT ROWID;
"""
TABLES = ("objects", "due", "clock_due", "answers", "deliveries", "attempts", "settings")
"""What a snapshot holds, and a reset forgets."""

VERSION = zlib.crc32(SCHEMA.encode()) & 0x7FFFFFFF
"""Follows from the tables, so that nobody can forget to count it up."""

INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS objects_by_id ON objects (id, account);
CREATE INDEX IF NOT EXISTS objects_newest_first ON objects (account, object, seq);
CREATE INDEX IF NOT EXISTS due_next ON due (at, seq);
CREATE INDEX IF NOT EXISTS clock_due_next ON clock_due (clock, at, seq);
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (at);
CREATE INDEX IF NOT EXISTS deliveries_next ON deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS deliveries_next_to ON deliveries (endpoint, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
CREATE INDEX IF NOT EXISTS deliveries_held ON deliveries (endpoint) WHERE status = 'held';
CREATE INDEX IF NOT EXISTS attempts_by_delivery ON attempts (delivery);
CREATE INDEX IF NOT EXISTS attempts_by_age ON attempts (at);
"""
_MOVED = """
        INSERT INTO balances VALUES (NEW.account, json_extract(NEW.body, '$.currency'), json_extract(NEW.body, '$.status'),
            json_extract(NEW.body, '$.type'), json_extract(NEW.body, '$.net'), 1)
        ON CONFLICT DO UPDATE SET net = net + excluded.net, movements = movements + 1;
"""
_UNMOVED = """
        UPDATE balances SET net = net - json_extract(OLD.body, '$.net'), movements = movements - 1
            WHERE account = OLD.account AND currency = json_extract(OLD.body, '$.currency')
                AND status = json_extract(OLD.body, '$.status') AND type = json_extract(OLD.body, '$.type');
        DELETE FROM balances WHERE account = OLD.account AND movements = 0;
"""
BALANCES = (
    """
    CREATE TABLE balances (
        account TEXT NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL, type TEXT NOT NULL, net INTEGER NOT NULL,
        movements INTEGER NOT NULL, PRIMARY KEY (account, currency, status, type)
    ) WITHOUT ROWID
    """,
    """
    INSERT INTO balances SELECT account, json_extract(body, '$.currency'), json_extract(body, '$.status'),
        json_extract(body, '$.type'), sum(json_extract(body, '$.net')), count(*)
    FROM objects WHERE object = 'balance_transaction' GROUP BY 1, 2, 3, 4
    """,
    f"""
    CREATE TRIGGER balances_of_new AFTER INSERT ON objects WHEN NEW.object = 'balance_transaction' BEGIN {_MOVED} END
    """,
    f"""
    CREATE TRIGGER balances_of_changed AFTER UPDATE OF body ON objects WHEN NEW.object = 'balance_transaction'
    BEGIN {_UNMOVED} {_MOVED} END
    """,
    f"""
    CREATE TRIGGER balances_of_gone AFTER DELETE ON objects WHEN OLD.object = 'balance_transaction' BEGIN {_UNMOVED} END
    """,
)
"""What all balance transactions of an account come to: each transfer asks for it, and nobody reads tens of thousands for that.
It follows from them; a state that was written without it gets it when it is opened.
"""
LINKS = {
    "application_fee": ("charge",),
    "balance_transaction": ("source", "status"),
    "charge": ("customer", "payment_intent", "transfer_group"),
    "checkout.session": ("customer", "payment_intent", "subscription"),
    "credit_note": ("customer", "invoice"),
    "customer": ("email", "test_clock"),
    "customer_balance_transaction": ("customer",),
    "dispute": ("charge", "payment_intent"),
    "event": ("type",),
    "fee_refund": ("fee",),
    "invoice": ("customer", "parent.subscription_details.subscription"),
    "invoice_payment": ("invoice", "payment.payment_intent"),
    "invoiceitem": ("customer", "invoice"),
    "payment_intent": ("customer",),
    "payment_method": ("customer",),
    "price": ("lookup_key", "product"),
    "refund": ("charge", "payment_intent"),
    "setup_attempt": ("setup_intent",),
    "setup_intent": ("customer",),
    "subscription": ("customer", "test_clock"),
    "subscription_item": ("subscription",),
    "tax_id": ("customer",),
    "transfer": ("source_transaction", "transfer_group"),
    "transfer_reversal": ("transfer",),
    "Shipment": ("reference",),
    "Tracker": ("tracking_code",),
}
"""By which fields the objects of a kind are looked for. Each is an index of that kind alone: others pay nothing for it."""


class StateUnusable(Exception):
    """The state file cannot be used: its message says why, and what to do."""


def create(db: sqlite3.Connection) -> None:
    """All of it or nothing, so that whoever is killed meanwhile leaves an empty file behind."""
    db.execute("BEGIN IMMEDIATE")
    if not db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall():
        _run_all(db, SCHEMA)
        db.execute(f"PRAGMA user_version = {VERSION}")
    elif db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        db.execute("ROLLBACK")
        raise StateUnusable("was written by another version of the sandbox or by another program: choose another file")
    _run_all(db, INDEXES)
    for object, names in LINKS.items():
        for name in names:
            index = f"{object}_by_{name}".replace(".", "_")
            db.execute(
                f"CREATE INDEX IF NOT EXISTS {index} ON objects (account, json_extract(body, '$.{name}'), seq) "
                f"WHERE object = '{object}' AND json_extract(body, '$.{name}') IS NOT NULL"
            )
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'balances'").fetchall():
        for statement in BALANCES:
            db.execute(statement)
    db.execute("COMMIT")


def _run_all(db: sqlite3.Connection, script: str) -> None:
    for statement in script.split(";"):
        db.execute(statement)
