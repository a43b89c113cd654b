"""What we ask of a payment company about refunds, beyond making and looking at them."""

from typing import Protocol


class RefundProvider(Protocol):
    async def cancel_refund(self, id: str) -> None:
        """Call off a refund that waits for its buyer. Raises ProviderError where it is too late."""
