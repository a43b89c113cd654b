"""Payment companies: what we ask of one, and those we know."""

from farthing.providers.customers import CustomerProvider, CustomerWanted, SeenCustomer, SeenMethod
from farthing.providers.disputes import SeenDispute, SeenFraudWarning, SeenMovement
from farthing.providers.intents import CaptureMethod, IntentProvider, IntentRequest, SeenIntent
from farthing.providers.listing import Listed, ListedEvent, Movement
from farthing.providers.protocol import (
    CatalogItem,
    CatalogPrice,
    CheckoutRequest,
    Notice,
    PaymentProvider,
    Recurring,
    RequestedItem,
    SeenCheckout,
    SeenPayment,
    SeenPrice,
    SeenProduct,
    SeenRefund,
    SubjectKind,
)
from farthing.providers.subscriptions import (
    SeenInvoice,
    SeenInvoiceLine,
    SeenInvoicePayment,
    SeenSubscription,
    SeenSubscriptionCheckout,
    SubscriptionProvider,
    SubscriptionRequest,
    SubscriptionSecret,
)

__all__ = [
    "CaptureMethod",
    "CatalogItem",
    "CatalogPrice",
    "CheckoutRequest",
    "CustomerProvider",
    "CustomerWanted",
    "IntentProvider",
    "IntentRequest",
    "Listed",
    "ListedEvent",
    "Movement",
    "Notice",
    "PaymentProvider",
    "Recurring",
    "RequestedItem",
    "SeenCheckout",
    "SeenCustomer",
    "SeenDispute",
    "SeenFraudWarning",
    "SeenIntent",
    "SeenInvoice",
    "SeenInvoiceLine",
    "SeenInvoicePayment",
    "SeenMethod",
    "SeenMovement",
    "SeenPayment",
    "SeenPrice",
    "SeenProduct",
    "SeenRefund",
    "SeenSubscription",
    "SeenSubscriptionCheckout",
    "SubjectKind",
    "SubscriptionProvider",
    "SubscriptionRequest",
    "SubscriptionSecret",
]
