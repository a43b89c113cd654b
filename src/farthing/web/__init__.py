"""Farthing's pages: a small shop, the customer's account, the admin. Server-rendered, complete without JavaScript."""

from farthing.web.assembly import build
from farthing.web.frame import Frame, Mode, Person, Section
from farthing.web.page import redirect, render
from farthing.web.pages import Pages
from farthing.web.timeline import Entry

__all__ = ["Entry", "Frame", "Mode", "Pages", "Person", "Section", "build", "redirect", "render"]
