"""The templates' environment: everything escaped, nothing undefined, every sentence ready to be translated."""

from functools import lru_cache, partial
from gettext import NullTranslations
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from farthing.formats import carrier_text, count_text, day_text, exact_text, moment_text, money_text, pretty_json
from farthing.money import Money
from farthing.web import assets, csrf
from farthing.web.links import base_of, here, url_for
from farthing.web.statuses import look_of, words_of

FOLDER: Final = Path(__file__).parent / "templates"


@lru_cache(maxsize=8)
def environment(locale: str, own_templates: tuple[Path, ...] = ()) -> Environment:
    """Templates from `own_templates` first, then ours. Applications that agree in both share what was compiled."""
    made = Environment(
        loader=FileSystemLoader([*own_templates, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {"url_for": _url_for, "here": _here, "static": _static, "vendored": _vendored}
    made.globals |= {"look_of": look_of, "form_field": csrf.FIELD}
    made.filters |= {
        "in_currency": Money,
        "money": partial(money_text, locale=locale),
        "carrier": carrier_text,
        "count": partial(count_text, locale=locale),
        "moment": partial(moment_text, locale=locale),
        "day": partial(day_text, locale=locale),
        "exact": exact_text,
        "words": words_of,
        "pretty_json": pretty_json,
    }
    return made


@pass_context
def _url_for(context: Context, route: str, **params: Any) -> str:
    return url_for(context["request"], route, **params)


@pass_context
def _here(context: Context, **changes: str | None) -> str:
    return here(context["request"], **changes)


@pass_context
def _static(context: Context, name: str) -> str:
    return base_of(context["request"]) + assets.path_of(name)


@pass_context
def _vendored(context: Context, package: str, name: str) -> str:
    return base_of(context["request"]) + assets.path_of(f"{assets.vendored(package)}/{name}")
