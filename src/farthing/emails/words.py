"""The words of emails: templates in English, translated by gettext catalogs, each template replaceable by the host's own.

`FARTHING_EMAILS` names a folder. A file in it called as one of ours (`order_confirmation.html`) is used instead, one with a
language in its name (`order_confirmation.de.html`) for that language alone, and `nl.po` adds a language or corrects ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError, select_autoescape

from farthing.errors import ConfigError
from farthing.formats import carrier_text, day_text, money_text

SOURCE: Final = "en"
"""The language the templates are written in."""

TEMPLATES: Final = Path(__file__).parent / "templates"
TRANSLATIONS: Final = Path(__file__).parent / "translations"
SUFFIXES: Final = ("subject", "txt", "html")


@dataclass(frozen=True, slots=True)
class Letter:
    """An email in words, ready to be sent. `subject` is one line."""

    subject: str
    text: str
    html: str


def compose(kind: str, context: Mapping[str, Any], *, locale: str | None, folder: Path | None) -> Letter:
    """Write one email. A language that nobody translated is written in English."""
    language = chosen(locale, folder)
    environment = _environment(language, folder)
    subject, text, html = (_find(environment, kind, language, suffix).render(context) for suffix in SUFFIXES)
    return Letter(" ".join(subject.split()), text, html)


def chosen(locale: str | None, folder: Path | None) -> str:
    """The language to write in for somebody who reads this locale, such as `de` for `de-AT`."""
    if locale is None:
        return SOURCE
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in languages(folder) else SOURCE


def languages(folder: Path | None) -> list[str]:
    """All that emails can be written in."""
    own = folder.glob("*.po") if folder else ()
    return sorted({SOURCE, *(path.stem for path in (*TRANSLATIONS.glob("*.po"), *own))})


def sources() -> list[Path]:
    """The files of our own words."""
    return sorted([*(path for suffix in SUFFIXES for path in TEMPLATES.glob(f"*.{suffix}")), *TRANSLATIONS.glob("*.po")])


def check(folder: Path | None) -> None:
    """Read all of the host's own templates and translations. Raises ConfigError naming file and line."""
    if folder is None:
        return
    if not folder.is_dir():
        raise ConfigError(f"FARTHING_EMAILS: {folder} is not a folder.")
    for language in languages(folder):
        environment = _environment(language, folder)
        for path in sorted(path for path in folder.iterdir() if path.suffix.lstrip(".") in SUFFIXES):
            try:
                environment.get_template(path.name)
            except TemplateSyntaxError as error:
                raise ConfigError(f"{folder / (error.name or path.name)}:{error.lineno}: {error.message}") from None
            except TemplateError as error:
                raise ConfigError(f"{path}: {error}") from None


def _find(environment: Environment, kind: str, language: str, suffix: str) -> Any:
    return environment.select_template([f"{kind}.{language}.{suffix}", f"{kind}.{suffix}"])


@lru_cache(maxsize=64)
def _environment(language: str, folder: Path | None) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([*([folder] if folder else []), TEMPLATES]),
        # Only HTML is escaped: the text twin is read as it is.
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = _translations(language, folder)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        words.gettext, words.ngettext, newstyle=True
    )
    environment.filters["money"] = lambda money: money_text(money, language)
    environment.filters["carrier"] = carrier_text
    environment.filters["day"] = lambda at: day_text(at, language)
    environment.globals["language"] = language
    return environment


def _translations(language: str, folder: Path | None) -> NullTranslations:
    words: NullTranslations = NullTranslations()
    for place in (TRANSLATIONS, folder):
        path = place / f"{language}.po" if place else None
        if path is not None and path.is_file():
            more = _read(path)
            more.add_fallback(words)
            words = more
    return words


def _read(path: Path) -> Translations:
    try:
        with path.open("rb") as file:
            catalog = read_po(file, abort_invalid=True)
    except (PoFileError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(fp=compiled)
