"""Recipes: how each event comes about, by really doing what causes it. They are grouped by subject."""

from __future__ import annotations

from farthing.sandbox.triggers import catalog, connect, customers, disputes, invoicing, payments, subscriptions
from farthing.sandbox.triggers.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.event: recipe
    for room in (catalog, customers, payments, disputes, invoicing, subscriptions, connect)
    for recipe in room.RECIPES
}
