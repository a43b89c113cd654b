"""The doorbell: what the provider tells us is stored, then acted on."""

from farthing.webhooks.addresses import Address, path_of, read_address
from farthing.webhooks.choosing import Choice, chosen
from farthing.webhooks.door import CarrierDoor, Door
from farthing.webhooks.drain import act, drain
from farthing.webhooks.inbox import BELL, Delivery, Inbox, replay, store
from farthing.webhooks.rehearsal import Rehearsed, rehearse
from farthing.webhooks.store import StoredNotice, counts, find_by_provider_id, get, list_page, of_order, of_subject
from farthing.webhooks.upkeep import forget

__all__ = [
    "BELL",
    "Address",
    "CarrierDoor",
    "Choice",
    "Delivery",
    "Door",
    "Inbox",
    "Rehearsed",
    "StoredNotice",
    "act",
    "chosen",
    "counts",
    "drain",
    "find_by_provider_id",
    "forget",
    "get",
    "list_page",
    "of_order",
    "of_subject",
    "path_of",
    "read_address",
    "rehearse",
    "replay",
    "store",
]
