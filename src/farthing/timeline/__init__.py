"""The one timeline of all that happened to an order, a subscription or a seller, for whoever asks why."""

from farthing.timeline.entry import Entry, EntryKind
from farthing.timeline.hook_runs import HookRun
from farthing.timeline.hook_runs import of_order as hook_runs_of_order
from farthing.timeline.merging import of_order, of_seller, of_subscription
from farthing.timeline.words import title_of

__all__ = ["Entry", "EntryKind", "HookRun", "hook_runs_of_order", "of_order", "of_seller", "of_subscription", "title_of"]
