"""EasyPost, by its own SDK. The only room that imports `easypost`, and only where somebody uses it.

The SDK waits for each answer, so each question is put in a thread. EasyPost buys a label once for each of its shipments, and
finds a shipment again by the reference we gave it (https://docs.easypost.com/docs/shipments): so asking twice is harmless.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from farthing.carriers.easypost import reading
from farthing.carriers.model import BoughtLabel, CarrierNotice, Parcel, Place, Quote, RefundState, SeenTracking
from farthing.errors import CarrierError, CarrierUnavailable, ConfigError, Invalid, Malformed

if TYPE_CHECKING:
    from easypost.easypost_client import EasyPostClient

T = TypeVar("T")

SECONDS: Final = 20
"""How long an answer may take: rates of many carriers take some."""

AT_ONCE: Final = 4
TEST_KEY: Final = "EZTK"
SIGNATURE: Final = "X-Hmac-Signature"
SIGNATURE_MAX: Final = 200
UNKNOWN_FROM: Final = 500
TOO_MANY: Final = 429


class EasyPost:
    """`base` is the sandbox's, where that stands for it."""

    name: Final = "easypost"

    def __init__(self, key: str, *, webhook_secrets: Sequence[str] = (), base: str | None = None) -> None:
        try:
            from easypost import errors, util
            from easypost.easypost_client import EasyPostClient
            from easypost.errors.general.signature_verification_error import SignatureVerificationError
        except ModuleNotFoundError:
            raise ConfigError(
                "EASYPOST_API_KEY is set, and EasyPost's SDK is not installed: pip install 'farthing[easypost]'."
            ) from None
        self._errors, self._util = errors, util
        self._forged, self._open = SignatureVerificationError, EasyPostClient
        self._key, self._base = key, base
        self._secrets = tuple(webhook_secrets)
        self.livemode = not key.startswith(TEST_KEY)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="easypost")
        self._own = threading.local()
        self._clients: list[EasyPostClient] = []

    async def quote(self, origin: Place, to: Place, parcel: Parcel, *, reference: str) -> Quote:
        wanted = {
            "from_address": reading.address_of(origin),
            "to_address": reading.address_of(to),
            "parcel": reading.parcel_of(parcel),
            "reference": reference,
            "options": {"label_format": "PDF"},
        }
        return reading.quote_of(await self._ask(lambda client: client.shipment.create(**wanted)))

    async def find(self, reference: str) -> Quote | None:
        try:
            return reading.quote_of(await self._ask(lambda client: client.shipment.retrieve(_checked(reference))))
        except _NotThereError:
            return None

    async def buy(self, quote_id: str, rate_id: str) -> BoughtLabel:
        id = _checked(quote_id)
        try:
            shipment = await self._ask(lambda client: client.shipment.buy(id, rate={"id": rate_id}))
        except CarrierError as refusal:
            if isinstance(refusal, CarrierUnavailable):
                raise
            # Bought before, and we did not hear of it; any other refusal stands.
            shipment = await self._ask(lambda client: client.shipment.retrieve(id))
            if shipment.get("postage_label") is None:
                raise
        label = reading.label_of(shipment)
        if label is None:
            raise CarrierUnavailable("EasyPost did not say which label was bought.")
        return label

    async def refund(self, quote_id: str) -> RefundState:
        id = _checked(quote_id)
        try:
            shipment = await self._ask(lambda client: client.shipment.refund(id))
        except CarrierError as refusal:
            if isinstance(refusal, CarrierUnavailable):
                raise
            shipment = await self._ask(lambda client: client.shipment.retrieve(id))
            if reading.refund_of(shipment) is None:
                raise
        return reading.refund_of(shipment) or "submitted"

    async def refund_state(self, quote_id: str) -> RefundState | None:
        return reading.refund_of(await self._ask(lambda client: client.shipment.retrieve(_checked(quote_id))))

    async def follow(self, carrier: str, tracking_number: str) -> SeenTracking:
        wanted = {"tracking_code": tracking_number}
        if carrier in reading.THEIRS:
            wanted["carrier"] = reading.THEIRS[carrier]
        return reading.tracking_of(await self._ask(lambda client: client.tracker.create(**wanted)))

    async def tracking(self, tracker_id: str) -> SeenTracking:
        return reading.tracking_of(await self._ask(lambda client: client.tracker.retrieve(_checked(tracker_id))))

    async def webhooks(self) -> list[str]:
        """Where its events go."""
        found = await self._ask(lambda client: client.webhook.all())
        return [str(each.get("url")) for each in found.get("webhooks", []) if each.get("disabled_at") is None]

    async def listen(self, url: str, secret: str) -> None:
        """Have its events sent here, signed with this secret; once, however often it is said."""
        if url not in await self.webhooks():
            await self._ask(lambda client: client.webhook.create(url=url, webhook_secret=secret))

    def verify(self, body: bytes, headers: Mapping[str, str]) -> CarrierNotice:
        """An old delivery that comes again says nothing: what it is about is looked up."""
        signature = headers.get(SIGNATURE.lower(), headers.get(SIGNATURE, ""))
        if not signature:
            raise Malformed(f"The {SIGNATURE} header is missing: does the webhook at EasyPost have a secret?")
        if len(signature) > SIGNATURE_MAX or not signature.isascii():
            raise Malformed(f"The {SIGNATURE} header is not one of EasyPost's.")
        for secret in self._secrets:
            try:
                event = self._util.validate_webhook(body, {SIGNATURE: signature}, secret)
            except self._forged:
                continue
            except ValueError:
                raise Malformed("The delivery is not JSON.") from None
            return reading.notice_of(event)
        raise Malformed("No signature matches: is this webhook's secret in EASYPOST_WEBHOOK_SECRET?")

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        for client in self._clients:
            client._requests_session.close()

    async def _ask(self, question: Callable[["EasyPostClient"], Any]) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._put, question)

    def _put(self, question: Callable[["EasyPostClient"], Any]) -> dict[str, Any]:
        errors = self._errors
        try:
            answer = question(self._client())
        except errors.NotFoundError as error:
            raise _NotThereError(_said(error)) from None
        except (errors.HttpError, errors.TimeoutError, errors.JsonError) as error:
            raise CarrierUnavailable(f"EasyPost did not answer ({type(error).__name__}).") from None
        except errors.ApiError as error:
            status = error.http_status or UNKNOWN_FROM
            if status >= UNKNOWN_FROM or status == TOO_MANY:
                raise CarrierUnavailable(f"EasyPost answered {status}.") from None
            raise CarrierError(_said(error), extra={"carrier_code": error.code or ""}) from None
        found = answer.to_dict()
        if not isinstance(found, dict):
            raise CarrierUnavailable("EasyPost's answer is none.")
        return found

    def _client(self) -> "EasyPostClient":
        """One for each thread: its HTTP session is not made for several."""
        client: EasyPostClient | None = getattr(self._own, "client", None)
        if client is None:
            more = {} if self._base is None else {"api_base": self._base}
            client = self._own.client = self._open(self._key, timeout=SECONDS, **more)
            self._clients.append(client)
        return client


class _NotThereError(CarrierError):
    pass


def _checked(id: str) -> str:
    """What stands in an address: nothing that would lead to another one."""
    if not reading.ID.fullmatch(id):
        raise Invalid("That is no id of EasyPost's.")
    return id


def _said(error: Any) -> str:
    return f"EasyPost: {str(error.message)[:300] or 'it was refused'}"
