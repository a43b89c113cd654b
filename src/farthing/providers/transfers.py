"""What we ask of a payment company about what sellers earned: to move it to their accounts, and back."""

from dataclasses import dataclass
from typing import Protocol

from farthing.money import Money


@dataclass(frozen=True, slots=True)
class TransferWanted:
    """A transfer as it is asked for. `reference` is our transfer's id; `group` is shared by all transfers of an order."""

    account_id: str
    money: Money
    reference: str
    group: str
    charge_id: str | None = None
    """The payment it comes out of: then it needs no balance of ours, and its money is there when the payment's is."""


@dataclass(frozen=True, slots=True)
class SeenTransfer:
    """A transfer as the provider has it now."""

    id: str
    money: Money
    reversed_amount: int
    account_id: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class SeenReversal:
    id: str
    money: Money
    reference: str | None


class TransferProvider(Protocol):
    """Money between our balance and a seller's account: https://docs.stripe.com/connect/separate-charges-and-transfers."""

    async def create_transfer(self, wanted: TransferWanted, *, key: str) -> SeenTransfer:
        """The same key returns the same transfer."""

    async def find_transfer(self, reference: str, *, group: str) -> SeenTransfer | None:
        """The one with our mark."""

    async def transfer(self, id: str) -> SeenTransfer: ...

    async def reverse_transfer(self, transfer_id: str, money: Money, *, reference: str, key: str) -> SeenReversal:
        """Take so much of it back. The same key returns the same reversal."""

    async def find_reversal(self, transfer_id: str, reference: str) -> SeenReversal | None: ...
