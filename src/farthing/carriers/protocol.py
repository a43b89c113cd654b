"""What we ask of a company that sells labels and follows parcels.

Prices may be asked for at any time. A label is bought once for each quote, so a question whose answer was lost may be asked
again: first `find` by our reference, then `buy`. Raises CarrierUnavailable for *not now*, CarrierError for *no*.
"""

from collections.abc import Mapping
from typing import Protocol

from farthing.carriers.model import BoughtLabel, CarrierNotice, Parcel, Place, Quote, RefundState, SeenTracking


class Carrier(Protocol):
    @property
    def name(self) -> str:
        """Whose rows these are: `easypost`."""

    @property
    def livemode(self) -> bool:
        """Whether its labels cost money."""

    async def quote(self, origin: Place, to: Place, parcel: Parcel, *, reference: str) -> Quote:
        """Tell them of a parcel under our reference; what they ask for it. Costs nothing."""

    async def find(self, reference: str) -> Quote | None:
        """What we told them of under this reference, with its label where that is bought."""

    async def buy(self, quote_id: str, rate_id: str) -> BoughtLabel:
        """Pay for it. Bought already, it is the same label."""

    async def refund(self, quote_id: str) -> RefundState:
        """Ask the money of an unused label back. Asked again, it says how that stands."""

    async def refund_state(self, quote_id: str) -> RefundState | None:
        """How the refund of a label stands; None where nobody asked for one."""

    async def follow(self, carrier: str, tracking_number: str) -> SeenTracking:
        """Where a parcel is whose label somebody else sold. Asked again, it is the same tracker."""

    async def tracking(self, tracker_id: str) -> SeenTracking: ...

    def verify(self, body: bytes, headers: Mapping[str, str]) -> CarrierNotice:
        """Raises as PaymentProvider.verify does for what they did not sign."""

    async def close(self) -> None: ...
