"""What can go wrong, as classes: each knows its code, its HTTP status and the exit code of a command.

Messages are sentences for people, with the ids in them, and say what to do. They never hold a secret, a card number or
personal data. `Conflict` means *never*: a job that meets it ends. `ProviderUnavailable` means *not now*: a job repeats.
"""

from collections.abc import Mapping
from typing import ClassVar


def with_article(noun: str) -> str:
    """A refund, an order."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


class FarthingError(Exception):
    """The root of all errors that Farthing raises on purpose."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str, *, param: str | None = None, extra: Mapping[str, object] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.param = param
        self.extra = dict(extra or {})


class Invalid(FarthingError):
    """The request can never be right as it stands."""

    code, title, status, exit_code = "invalid_request", "The request is not valid", 422, 2


class Malformed(Invalid):
    """The bytes are not what the route reads."""

    code, title, status = "malformed_request", "The request could not be read", 400


class Unauthenticated(FarthingError):
    code, title, status, exit_code = "unauthenticated", "Who are you?", 401, 3


class Forbidden(FarthingError):
    code, title, status, exit_code = "forbidden", "Not allowed", 403, 3


class NotFound(FarthingError):
    code, title, status, exit_code = "not_found", "Not found", 404, 4


class Conflict(FarthingError):
    """The state of things forbids it, and trying again will not help."""

    code, title, status, exit_code = "conflict", "Not possible in this state", 409, 5


class QuoteChanged(Conflict):
    """It would cost something else by now: nothing was done, and the new quote is in `quote`."""

    code, title = "quote_changed", "The quote does not hold any more"


class TrialUsed(Conflict):
    """There was a trial before, and this shop gives one. Nothing was begun; `about` is for the audit trail."""

    code, title = "trial_used", "There is one trial for each customer"

    def __init__(
        self,
        detail: str,
        *,
        param: str | None = "trial",
        extra: Mapping[str, object] | None = None,
        about: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail, param=param, extra=extra)
        self.about = about or {}


class ContentNotFound(NotFound):
    """The host knows no such content, or does not sell it."""

    code, title = "content_not_found", "There is no such content"


class ContentNotPriced(Invalid):
    """Whoever wants it needs no checkout, or cannot have it."""

    code, title, status = "content_not_priced", "The content has no price", 400


class ContentUnavailable(FarthingError):
    """The host did not say in time what its content is."""

    code, title, status, exit_code = "content_unavailable", "The content could not be looked up", 503, 1


class AlreadyPurchased(Conflict):
    """The customer owns it."""

    code, title = "already_purchased", "The customer owns this already"


class OutOfStock(Conflict):
    """Less is left than is wanted. Extra: sku, available."""

    code, title = "out_of_stock", "Not enough is left"


class ReturnWindowOver(Conflict):
    """It arrived too long ago to be sent back. Extra: until."""

    code, title = "return_window_over", "It is too late to send it back"


class DownloadOver(FarthingError):
    """The link has expired, or the file was fetched as often as was bought."""

    code, title, status, exit_code = "download_over", "The download is over", 410, 5


class DownloadUnavailable(FarthingError):
    """The file is missing where it should be."""

    code, title, status, exit_code = "download_unavailable", "The file is not there at the moment", 503, 1


class TooLarge(FarthingError):
    code, title, status, exit_code = "too_large", "The request is too large", 413, 2


class TooMany(FarthingError):
    code, title, status, exit_code = "rate_limited", "Too many requests", 429, 1


class KeyReused(FarthingError):
    """An idempotency key came back with another request."""

    code, title, status, exit_code = "idempotency_key_reused", "The idempotency key belongs to another request", 422, 5


class KeyInUse(FarthingError):
    """The first request with this idempotency key is still running."""

    code, title, status, exit_code = (
        "idempotency_key_in_use",
        "The first request with this key is still running",
        409,
        5,
    )


class ConfigError(FarthingError):
    """Farthing refuses to start: the message names the setting, or the file, line and key."""

    code, title, status, exit_code = "configuration", "The configuration is not usable", 500, 3


class ProviderError(FarthingError):
    """The payment provider answered, and the answer was no."""

    code, title, status, exit_code = "provider_refused", "The payment provider refused", 502, 6


class ProviderUnavailable(ProviderError):
    """No answer, or one that means "later": what happened is unknown, and the same call must be made again."""

    code, title, status = "provider_unavailable", "The payment provider did not answer", 503


class CarrierError(FarthingError):
    """The company that sells labels answered, and the answer was no."""

    code, title, status, exit_code = "carrier_refused", "The carrier refused", 502, 6


class CarrierUnavailable(CarrierError):
    """No answer of the carrier's, or one that means "later": what happened is unknown, and the same is asked again."""

    code, title, status = "carrier_unavailable", "The carrier did not answer", 503


class DatabaseUnavailable(FarthingError):
    code, title, status, exit_code = "database_unavailable", "The database is not available", 503, 1


class Unconfirmed(FarthingError):
    code, title, status, exit_code = "unconfirmed", "Not confirmed", 400, 8
