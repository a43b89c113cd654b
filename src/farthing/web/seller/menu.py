"""The menu of the pages of a seller."""

from typing import Final

from farthing.web.frame import Section

SECTIONS: Final = (
    Section("Overview", "store", "seller"),
    Section("Orders", "truck", "seller_orders"),
    Section("Products", "package", "seller_listings"),
    Section("Balance", "wallet", "seller_balance"),
    Section("Payouts", "landmark", "seller_payouts"),
)
