"""`farthing config show`: which settings are in force, and where each comes from."""

from pydantic import SecretStr

from farthing.cli import opening, show
from farthing.cli.logs import redact
from farthing.cli.terminal import terminal
from farthing.config import NAMES, Settings


def show_() -> int:
    """Show every setting, the variable that sets it, and where its value comes from. Secrets are masked.

    For example:

        farthing config show
        farthing config show --json
    """
    settings, sources = opening.settings(), opening.sources()
    rows = [(field, NAMES[field], masked(settings, field), sources[field]) for field in NAMES]
    names = ("setting", "variable", "value", "source")
    document = [dict(zip(names, row, strict=True)) for row in rows]
    terminal().show(document, show.table([name.capitalize() for name in names], rows))
    return 0


def masked(settings: Settings, field: str) -> str | None:
    """The value for people: of a secret, how it begins and ends."""
    value = getattr(settings, field)
    if value in (None, ()):
        return None
    if isinstance(value, tuple):
        return ", ".join(_hint(each) for each in value)
    return _hint(value)


def _hint(value: object) -> str:
    if not isinstance(value, SecretStr):
        return redact(str(value))
    secret = value.get_secret_value()
    if "://" in secret:
        return redact(secret)
    head = secret[:8] if secret.startswith(("sk_", "rk_", "whsec_")) else ""
    return f"{head}…{secret[-4:]}" if len(secret) > 16 else "…"
