"""`[products.x.display]` and `[products.x.translations.de]`: what pages show of a product, and in which words."""

from typing import Annotated

from pydantic import Field

from farthing.catalog.values import Line, Table, Text

BULLETS_MAX = 30

Bullets = Annotated[list[Line], Field(max_length=BULLETS_MAX)]
Icon = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class DisplayTable(Table):
    """How pages show it."""

    badge: Line | None = Field(default=None, description='A word or two beside the name, such as "Most popular".')
    features: Bullets = Field(default=[], description="What is in it, as a list for buyers.")
    icon: Icon | None = Field(default=None, description="The name of an icon, such as rocket.")
    order: int = Field(default=0, ge=-10_000, le=10_000, description="Smaller ones are shown first.")
    highlighted: bool = Field(default=False, description="Whether pages make it stand out.")


class TranslationTable(Table):
    """The same in another language. What is left out stays as it is."""

    name: Line | None = Field(default=None, description="What buyers see.")
    description: Text | None = Field(default=None, description="One or two sentences for buyers.")
    badge: Line | None = Field(default=None, description="A word or two beside the name.")
    features: Bullets | None = Field(default=None, description="What is in it, as a list for buyers.")
