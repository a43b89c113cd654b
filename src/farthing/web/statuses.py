"""How each status looks: an icon, a tone and words, so that color is never the only sign."""

from dataclasses import dataclass
from typing import Final, Literal

Tone = Literal["success", "progress", "warning", "danger", "neutral"]


@dataclass(frozen=True, slots=True)
class Look:
    tone: Tone
    icon: str


_SUCCESS: Final = Look("success", "circle-check")
_WAITING: Final = Look("neutral", "circle-dashed")
_MOVING: Final = Look("progress", "clock")
_STOPPED: Final = Look("neutral", "ban")
_BACK: Final = Look("warning", "undo-2")
_FAILED: Final = Look("danger", "circle-x")
_ALERT: Final = Look("warning", "circle-alert")

LOOKS: Final = {
    **dict.fromkeys(
        (
            "paid",
            "succeeded",
            "complete",
            "completed",
            "processed",
            "sent",
            "active",
            "delivered",
            "available",
            "done",
            "approved",
            "healed",
            "resolved",
            "accepted",
            "finished",
            "won",
            "published",
        ),
        _SUCCESS,
    ),
    **dict.fromkeys(
        ("open", "starting", "waiting", "received", "incomplete", "ready", "requested", "pending_approval", "created"), _WAITING
    ),
    **dict.fromkeys(
        (
            "processing",
            "pending",
            "promised",
            "trialing",
            "running",
            "asking",
            "shipped",
            "in_transit",
            "in_progress",
            "under_review",
            "warning_under_review",
            "appeal_under_review",
            "onboarding",
            "verifying",
        ),
        _MOVING,
    ),
    **dict.fromkeys(
        (
            "canceled",
            "expired",
            "ignored",
            "ended",
            "paused",
            "incomplete_expired",
            "declined",
            "withdrawn",
            "warning_closed",
            "prevented",
            "unpublished",
            "rejected",
            "void",
            "overtaken",
            "deauthorized",
            "lapsed",
            "closed",
        ),
        _STOPPED,
    ),
    **dict.fromkeys(("refunded", "partially_refunded", "surplus", "reversed", "covered", "returned"), _BACK),
    **dict.fromkeys(("failed", "dead", "unpaid", "lost", "uncollectible"), _FAILED),
    **dict.fromkeys(
        (
            "parked",
            "past_due",
            "requires_action",
            "action_required",
            "authorized",
            "disputed",
            "needs_response",
            "warning_needs_response",
            "appeal_needs_response",
            "restricted",
        ),
        _ALERT,
    ),
}


def look_of(status: str) -> Look:
    """A status that has no row here still shows its word."""
    return LOOKS.get(status, Look("neutral", "circle-dot"))


def words_of(status: str) -> str:
    return status.replace("_", " ").capitalize()
