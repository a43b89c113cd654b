"""What only a door refuses, and a sentence on every code there is: what it means and what the caller does about it."""

from collections.abc import Mapping
from typing import Final

from farthing.errors import FarthingError, Forbidden, Invalid, Malformed, NotFound, TooMany, Unauthenticated


class MethodNotAllowed(Invalid):
    code, title, status = "method_not_allowed", "This address does not take that method", 405


class TooSlow(FarthingError):
    code, title, status = "request_timeout", "The request did not arrive in time", 408


class UnsupportedMedia(Invalid):
    code, title, status = "unsupported_media_type", "The body is not JSON", 415


class IssuerUnavailable(FarthingError):
    """Whether a token is valid cannot be said without the keys of whoever signed it."""

    code, title, status = "issuer_unavailable", "The issuer of the token cannot be reached", 503


class NotStarted(FarthingError):
    code, title, status = "not_started", "Farthing is starting", 503


EXPLAINED: Final[Mapping[str, str]] = {
    "error": "The fault is ours and was logged. Tell us the request id.",
    "invalid_request": "The request can never succeed as it stands. `errors` lists each field and what is wrong with it.",
    "malformed_request": "The body is not JSON in UTF-8, or not JSON at all. Nothing of it was read.",
    "unauthenticated": "Send `Authorization: Bearer` with an API key, or sign in. Keys are made with `farthing keys create`.",
    "forbidden": "We know who you are, and you may not do this. Another credential is needed.",
    "not_found": "It does not exist, or it is not yours: the two look the same on purpose.",
    "method_not_allowed": "The address exists; the `Allow` header says which methods it takes.",
    "request_timeout": "The body came too slowly. Send the request again.",
    "conflict": "The state of things forbids it. Read the object again: trying the same once more will not help.",
    "content_not_found": "The shop sells no such content, or not any more. Look for it again at the shop.",
    "content_not_priced": "The content has no price: whoever may have it needs no checkout.",
    "content_unavailable": "What the content is and costs could not be found out in time. Repeat the request.",
    "already_purchased": "The customer owns this already, and nothing was charged. Show it to them instead.",
    "return_window_over": "It arrived too long ago to be sent back: `until` says when that ended.",
    "out_of_stock": "Less is left than is wanted, and nothing was ordered. Show what `available` says.",
    "download_over": "The link has expired, or nothing is left of the download. Open the list of downloads for what there is.",
    "download_unavailable": "The file is not where it should be, and nothing was counted. Repeat the request later.",
    "too_large": "The body is larger than this interface reads. Send less.",
    "unsupported_media_type": "Send the body as `Content-Type: application/json`.",
    "rate_limited": "Too many requests in a short time. Wait as many seconds as `Retry-After` says.",
    "idempotency_key_reused": "The key came with another request before. Use a new key for a new request.",
    "idempotency_key_in_use": "The first request with this key is still running. Wait as `Retry-After` says and repeat it.",
    "configuration": "The installation is not set up for this. Its log says what is missing.",
    "provider_refused": "The payment provider answered no. Repeating the request will not help until the cause is removed.",
    "provider_unavailable": "The payment provider gave no clear answer. Repeat the request with the same idempotency key.",
    "carrier_refused": "The company that sells labels answered no. `detail` has its words.",
    "carrier_unavailable": "The carrier gave no clear answer. What was asked for is asked again by itself.",
    "database_unavailable": "The database did not answer in time. Nothing is half done; repeat the request.",
    "unconfirmed": "The command asked for a confirmation and got none.",
    "issuer_unavailable": "The keys that sign your users' tokens could not be fetched. Repeat the request in a moment.",
    "quote_changed": "The change would cost something else by now, so nothing was done. The answer has the new quote.",
    "trial_used": "This customer has tried a plan of the group before. Send `trial: false` to begin it without a trial.",
    "not_started": "Farthing has not finished starting. Repeat the request in a moment.",
}
"""Code → what it means. A test proves that no error is missing."""


def from_status(status: int) -> FarthingError:
    """The refusal for what the framework, or the host's own sign-in, says no to."""
    match status:
        case 401:
            return Unauthenticated("The credentials were not accepted.")
        case 403:
            return Forbidden("This is not allowed.")
        case 429:
            return TooMany("Too many requests in a short time. Try again later.")
        case 404:
            return NotFound("There is nothing at this address.")
        case 405:
            return MethodNotAllowed("This address does not take that method: the Allow header lists those it does.")
        case 400 | 422:
            return Malformed("The request could not be read: the body must be JSON in UTF-8.")
        case _:
            return FarthingError("The request could not be answered.")
