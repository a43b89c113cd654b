"""`farthing keys`: API keys of your own servers."""

from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.http import keys
from farthing.http.keys import ApiKey
from farthing.ids import ApiKeyId


async def create(name: str, /) -> int:
    """Make an API key. Its secret is shown once, here; nobody can read it again.

    The key is for live or test mode as STRIPE_SECRET_KEY is.

    For example:

        farthing keys create "the shop's web server"

    Parameters
    ----------
    name
        What it is for, to tell keys apart.
    """
    settings = opening.settings()

    async def work(tx: Transaction) -> tuple[ApiKey, str]:
        return await keys.create(tx, name, livemode=settings.livemode)

    async with opening.database(settings) as db:
        key, secret = await db.run(ACTOR, work)
    terminal().show(_document(key) | {"secret": secret}, secret)
    terminal().say(f"{key.id} is made. Keep the secret above: it is not shown again.")
    return 0


async def list_() -> int:
    """List API keys, newest first; revoked ones, too.

    For example:

        farthing keys list
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = await keys.list_all(tx)
    rows = [(key.id, key.name, key.hint, _state(key), show.at(key.used_at), show.at(key.created_at)) for key in found]
    columns = ("Id", "Name", "Secret", "State", "Used", "Made")
    terminal().show({"data": [_document(key) for key in found]}, show.table(columns, rows))
    return 0


async def revoke(key: str, /) -> int:
    """Let an API key open nothing any more.

    For example:

        farthing keys revoke api_key_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    key
        The key's id; `farthing keys list` shows it.
    """
    id = ApiKeyId.parse(key)
    terminal().confirm(f"Revoke {id}? Whoever uses it is refused from then on.")
    async with opening.database() as db:
        await db.run(ACTOR, lambda tx: keys.revoke(tx, id))
    terminal().show({"revoked": id}, f"{id} is revoked.")
    return 0


def _state(key: ApiKey) -> str:
    return show.Marked("[dim]revoked[/]") if key.revoked_at else "live" if key.livemode else "test"


def _document(key: ApiKey) -> dict[str, object]:
    names = ("id", "name", "hint", "livemode", "created_at", "used_at", "revoked_at")
    return {name: getattr(key, name) for name in names}
