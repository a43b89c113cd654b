"""Coupons and promotion codes: what is taken off an order, how often, and by whom. A limit holds whoever asks at once."""

from farthing.discounts.actions import (
    check_available,
    consume,
    create_code,
    create_coupon,
    deactivate_code,
    deactivate_coupon,
    find_offer,
    release,
    reserve,
)
from farthing.discounts.listing import get_coupon, list_codes, list_coupons
from farthing.discounts.model import KEY, PARAM, Coupon, Offer, PromotionCode, Uses, checked, normalized, share, spread
from farthing.discounts.store import Redemption, list_redemptions, redemption_of

__all__ = [
    "KEY",
    "PARAM",
    "Coupon",
    "Offer",
    "PromotionCode",
    "Redemption",
    "Uses",
    "check_available",
    "checked",
    "consume",
    "create_code",
    "create_coupon",
    "deactivate_code",
    "deactivate_coupon",
    "find_offer",
    "get_coupon",
    "list_codes",
    "list_coupons",
    "list_redemptions",
    "normalized",
    "redemption_of",
    "release",
    "reserve",
    "share",
    "spread",
]
