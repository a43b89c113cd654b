"""`farthing users`: staff who may sign in to the admin."""

import getpass
import secrets
import sys
from typing import Literal

from farthing.cli import opening
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.errors import Invalid
from farthing.web.staff import Staff, create_staff

Role = Literal["viewer", "support", "finance", "developer", "admin"]
GENERATED_BYTES = 15


async def create(email: str, /, *, role: Role = "support", generate: bool = False) -> int:
    """Let somebody sign in to the admin. The password is asked for, or read from stdin; it never stands on a command line.

    For example:

        farthing users create ada@shop.example --role admin
        farthing users create ada@shop.example --generate

    Parameters
    ----------
    email
        The address to sign in with.
    role
        A viewer only looks; the others may refund, cancel and replay.
    generate
        Make up a password and print it.
    """
    password = secrets.token_urlsafe(GENERATED_BYTES) if generate else _asked()

    async def work(tx: Transaction) -> Staff:
        return await create_staff(tx, email, password, role)

    async with opening.database() as db:
        staff = await db.run(ACTOR, work)
    shown = {"id": staff.id, "email": staff.email, "role": staff.role, **({"password": password} if generate else {})}
    terminal().show(shown, password if generate else f"{staff.id} may sign in at /admin as {staff.role}.")
    return 0


def _asked() -> str:
    if not terminal().interactive:
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise Invalid("The two passwords differ: nobody was added.")
    return password
