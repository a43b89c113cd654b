"""`farthing emails`: what buyers are written, in every language, and a copy of the words to change."""

from pathlib import Path

from rich.text import Text

from farthing.cli import opening, show
from farthing.cli.terminal import terminal
from farthing.errors import Conflict, Invalid


def list_() -> int:
    """The emails there are, and the languages they are written in.

    For example:

        farthing emails list
    """
    from farthing.emails import EXAMPLES, languages

    settings = opening.settings()
    known = languages(settings.emails)
    documents = [{"kind": kind, "languages": known} for kind in EXAMPLES]
    table = show.table(("Kind", "Languages"), [(kind, ", ".join(known)) for kind in EXAMPLES])
    terminal().show({"data": documents}, table)
    return 0


def preview(kind: str, /, *, locale: str = "en", html: bool = False) -> int:
    """Print an example of an email as a buyer would get it, in your own words where FARTHING_EMAILS names a folder of them.

    For example:

        farthing emails preview order_confirmation --locale de
        farthing emails preview refund_receipt --html > refund.html

    Parameters
    ----------
    kind
        One of those that `farthing emails list` names.
    locale
        The language, such as de or pt-BR.
    html
        Print the HTML instead of the text.
    """
    from farthing.emails import EXAMPLES, check, compose
    from farthing.formats import checked_locale

    if kind not in EXAMPLES:
        raise Invalid(f"There is no email {kind[:40]!r}: choose one of {', '.join(EXAMPLES)}.")
    folder = opening.settings().emails
    check(folder)
    letter = compose(kind, EXAMPLES[kind], locale=checked_locale(locale), folder=folder)
    shown = {"subject": letter.subject, "text": letter.text, "html": letter.html}
    terminal().show(shown, Text(letter.html if html else f"Subject: {letter.subject}\n\n{letter.text}"))
    return 0


def copy(folder: Path, /) -> int:
    """Copy the templates and translations of all emails into a folder, to change them there; nothing is overwritten.

    For example:

        farthing emails copy emails
        FARTHING_EMAILS=emails farthing emails preview receipt

    Parameters
    ----------
    folder
        A folder that is empty, or not there yet.
    """
    from farthing.emails import sources

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is not an empty folder: nothing was copied.")
    folder.mkdir(parents=True, exist_ok=True)
    files = sources()
    for path in files:
        (folder / path.name).write_bytes(path.read_bytes())
    said = f"Copied {len(files)} files to {folder}: change them, and set FARTHING_EMAILS={folder}."
    terminal().show({"folder": str(folder), "files": [path.name for path in files]}, said)
    return 0
