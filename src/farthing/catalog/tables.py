"""The tables of `farthing.toml` as they must be written: what pydantic checks, and what the JSON Schema tells editors."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from farthing.catalog.alert_tables import AlertsTable
from farthing.catalog.display_tables import DisplayTable, TranslationTable
from farthing.catalog.legal import LegalTable
from farthing.catalog.marketplace import MarketplaceTable
from farthing.catalog.model import DisputeAccess, ProductKind
from farthing.catalog.options import (
    DEFAULTS,
    ContentOptions,
    CreditsOptions,
    DownloadOptions,
    GoodsOptions,
    JobPostingOptions,
    Options,
    ServiceOptions,
)
from farthing.catalog.plan_tables import PlanOptions, SubscriptionsTable, problem_of
from farthing.catalog.price_tables import AnyPrice, BulkDiscountTable, CouponTable, RangeTable, VolumePriceTable
from farthing.catalog.refund_tables import RefundsTable
from farthing.catalog.returning import ReturnsTable
from farthing.catalog.shipping import ShippingTable
from farthing.catalog.spelling import did_you_mean
from farthing.catalog.values import (
    PRICES_MAX,
    Address,
    Currency,
    Features,
    Key,
    Line,
    Locale,
    ProductKey,
    Table,
    TaxRate,
    Text,
)

PRODUCTS_MAX: Final = 1000
COUPONS_MAX: Final = 1000
BULK_MAX: Final = 100
VOLUME_MAX: Final = 100
LOCALES_MAX: Final = 50
ADDON_OF_MAX: Final = 50

KIND: Final = r"^[a-z][a-z0-9_]{0,62}$"


def _checked_kind(kind: str, info: ValidationInfo) -> str:
    """One of ours, or one that the application registered: `context` of the validation names those."""
    known = [*get_args(ProductKind), *(info.context or {}).get("kinds", {})]
    if kind not in known:
        said = f"{kind[:40]!r} is not a kind of product: use {', '.join(known)}." + did_you_mean(kind, known)
        said += " One of your own is registered with Farthing(kinds={…}); commands find it in FARTHING_APP."
        raise PydanticCustomError("kind", "{said}", {"said": said})
    return kind


KindName = Annotated[
    str,
    Field(json_schema_extra={"anyOf": [{"enum": list(get_args(ProductKind))}, {"pattern": KIND}]}),
    AfterValidator(_checked_kind),
]

EmailKind = Literal[
    "order_confirmation",
    "receipt",
    "refund_receipt",
    "payment_failed",
    "action_required",
    "expiry_reminder",
    "renewal_failed",
    "renewal_action_required",
    "subscription_lapsed",
    "trial_ending",
    "card_expiring",
    "sale",
    "sale_canceled",
    "shipped",
    "delivered",
    "parcel_returned",
    "transfer_sent",
    "transfer_failed",
    "seller_action",
    "sale_reduced",
    "return_requested",
    "return_decided",
    "return_received",
    "payout_sent",
    "payout_failed",
]


class ShopTable(Table):
    """Who sells."""

    name: Line = Field(default="Shop", description="The name of the shop, on pages and in emails.")
    support_email: Address | None = Field(default=None, description="Where buyers may write to.")
    locale: Locale = Field(default="en", description="The language of buyers who named none, such as de or pt-BR.")
    platform_fee_basis_points: int = Field(
        default=0, ge=0, le=10_000, description="Your share of content that others sell, in hundredths of a percent."
    )
    organization_fee_basis_points: int = Field(
        default=0, ge=0, le=10_000, description="The share of the organization between you and the seller."
    )

    @model_validator(mode="after")
    def _shares_fit(self) -> "ShopTable":
        if self.platform_fee_basis_points + self.organization_fee_basis_points > 10_000:
            raise PydanticCustomError("shop", "shares more than there is: the two fees are at most 10000 together.")
        return self


class EmailsTable(Table):
    """Which emails are sent."""

    receipt: bool = Field(default=False, description="Send a receipt of the payment beside the order confirmation.")
    reminder_days: int = Field(default=7, ge=1, le=90, description="How long before its end a buyer is reminded of access.")
    off: Annotated[list[EmailKind], Field(max_length=50)] = Field(default=[], description="Emails that you send yourself.")


class DisputesTable(Table):
    """What happens when a buyer's bank takes a payment back."""

    access: DisputeAccess = Field(
        default="suspend",
        description='What the buyer may use meanwhile: "suspend" takes it away until the dispute is won, "keep" touches '
        'nothing, "revoke" takes it away for good.',
    )
    refund_policy: Text | None = Field(
        default=None, description="The refund policy your buyers see, word for word: evidence for banks."
    )


class ProductTable(Table):
    """One thing for sale."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["price"]},
                {"required": ["prices"]},
                {
                    "properties": {"kind": {"enum": ["content", "goods", "plan"]}, "price": False, "prices": False},
                    "required": ["kind"],
                },
            ]
        },
    )

    name: Line = Field(description="What buyers see.")
    description: Text | None = Field(default=None, description="One or two sentences for buyers.")
    kind: KindName = Field(
        description='What a paid line turns into: "access" grants features, "content" is owned, "download" are files,'
        ' "goods" are sent and can run out,'
        ' "job_posting" publishes a job, "service" waits for your people, "credits" can be spent, "plan" is paid again and'
        ' again, "custom" is left to your hook; or a kind of your own.'
    )
    content: ContentOptions | None = Field(default=None, description='For kind "content": how the price is shared.')
    download: DownloadOptions | None = Field(default=None, description='For kind "download": which files, and how often.')
    goods: GoodsOptions | None = Field(default=None, description='For kind "goods": how its stock is counted.')
    features: Features = Field(
        default=[], description='For kinds "access" and "plan": what the buyer may use, such as "guide:pro".'
    )
    access_days: int | None = Field(
        default=None, ge=1, le=36500, description="How long access lasts; for ever if it is left out."
    )
    price: AnyPrice | None = Field(
        default=None, description='What one costs, such as "49.00 EUR"; {min = …, max = …} where the buyer says it.'
    )
    prices: Annotated[list[AnyPrice], Field(min_length=1, max_length=PRICES_MAX)] | None = Field(
        default=None, description="Several prices, one for each currency."
    )
    volume_prices: Annotated[list[VolumePriceTable], Field(max_length=VOLUME_MAX)] = Field(
        default=[], description="What each costs for whoever buys several: all of them cost the price of the last step reached."
    )
    display: DisplayTable = Field(default_factory=DisplayTable, description="How pages show it.")
    translations: Annotated[dict[Locale, TranslationTable], Field(max_length=LOCALES_MAX)] = Field(
        default={}, description="The same in other languages, by locale: de, pt-BR."
    )
    max_quantity: int = Field(default=10, ge=1, le=1000, description="How many one order may hold.")
    capture: Literal["automatic", "manual"] = Field(
        default="automatic", description='"manual": the money is only kept, until you capture it or let it go.'
    )
    active: bool = Field(default=True, description="false: known, not for sale.")
    tax_rate: TaxRate | None = Field(
        default=None, description="In percent: the tax that is in its price, where it is not that of [legal]."
    )
    addon_of: Annotated[list[ProductKey], Field(max_length=ADDON_OF_MAX)] = Field(
        default=[], description='Products that it may only accompany, such as ["job-posting"].'
    )
    addon_max: int = Field(default=1, ge=1, le=1000, description="How many of it may accompany one of the other.")
    job_posting: JobPostingOptions | None = Field(default=None, description='For kind "job_posting".')
    service: ServiceOptions | None = Field(default=None, description='For kind "service".')
    credits: CreditsOptions | None = Field(default=None, description='For kind "credits".')
    plan: PlanOptions | None = Field(default=None, description='For kind "plan": its recurring prices, seats and trial.')
    options: dict[str, Any] | None = Field(default=None, description="For a kind of your own: what it needs to know.")

    @property
    def kind_options(self) -> Mapping[str, Any]:
        """Those of its kind, with what was left out at its default; none where the kind has none."""
        found = getattr(self, self.kind, None) or DEFAULTS.get(self.kind, Options)()
        return found.model_dump(mode="json") if isinstance(found, Options) else {}

    @property
    def written_prices(self) -> list[str | RangeTable]:
        return self.prices or ([] if self.price is None else [self.price])

    @model_validator(mode="after")
    def _fits_together(self) -> "ProductTable":
        for said in (self._price_problem(), self._kind_problem()):
            if said:
                raise PydanticCustomError("product", "{said}", {"said": said})
        return self

    def _price_problem(self) -> str | None:
        if self.price is not None and self.prices is not None:
            return "has both price and prices: keep one of them."
        if self.kind == "plan":
            return self._plan_problem()
        if not self.written_prices and self.kind == "content":
            return None  # your resolver says it
        if not self.written_prices and self.goods is not None and self.goods.listed:
            return None  # sellers say it
        if not self.written_prices:
            return 'has no price: add price = "49.00 EUR".'
        currencies = [(price if isinstance(price, str) else price.min)[-3:].upper() for price in self.written_prices]
        twice = next((currency for currency in currencies if currencies.count(currency) > 1), None)
        return f"has two prices in {twice}: keep one for each currency." if twice else None

    def _plan_problem(self) -> str | None:
        if self.written_prices:
            return 'is of kind "plan": its prices stand in tables [products.<key>.plan.prices.monthly].'
        alone = ("volume_prices", "addon_of", "access_days")
        if strange := next((name for name in alone if getattr(self, name)), None):
            return f'is of kind "plan", which has no {strange}.'
        if self.tax_rate is not None:
            return 'is of kind "plan", whose tax the payment provider computes: leave tax_rate out.'
        if self.capture == "manual":
            return 'is of kind "plan", whose money is never only kept: leave capture out.'
        return problem_of(self.plan, self.features)

    def _kind_problem(self) -> str | None:
        if self.kind == "access" and not self.features:
            return 'grants nothing: kind "access" needs features = ["…"].'
        if self.kind == "download" and self.download is None:
            return 'has no files: kind "download" needs a table [products.<key>.download] with files = ["…"].'
        if self.kind not in ("access", "plan") and (self.features or self.access_days):
            return f'is of kind "{self.kind}", which grants nothing: features and access_days belong to kind "access".'
        if self.kind == "credits" and self.credits is None:
            return 'is of kind "credits" and says not how many: add credits = { amount = 100 }.'
        if self.options is not None and self.kind in get_args(ProductKind):
            return f'is of kind "{self.kind}": the table options is for a kind of your own.'
        strange = [name for name in type(self).model_fields if name != self.kind and isinstance(getattr(self, name), Options)]
        return f'is of kind "{self.kind}": the table {strange[0]} belongs to another kind.' if strange else None


class File(Table):
    """What this shop sells, and for how much."""

    model_config = ConfigDict(title="farthing.toml")

    currency: Currency = Field(description="The currency of a cart that names none, such as eur.")
    shop: ShopTable = Field(default_factory=ShopTable, description="Who sells.")
    coupons: Annotated[dict[Key, CouponTable], Field(max_length=COUPONS_MAX)] = Field(
        default={}, description="What a promotion code takes off: one table for each rule, named by its key."
    )
    bulk_discounts: Annotated[dict[Key, BulkDiscountTable], Field(max_length=BULK_MAX)] = Field(
        default={}, description="What whoever buys several pays less, without a code."
    )
    emails: EmailsTable = Field(default_factory=EmailsTable, description="Which emails are sent.")
    disputes: DisputesTable = Field(
        default_factory=DisputesTable, description="What happens when a buyer's bank takes a payment back."
    )
    refunds: RefundsTable = Field(default_factory=RefundsTable, description="Who may give how much back.")
    returns: ReturnsTable = Field(
        default_factory=ReturnsTable, description="What a buyer may call off and send back, and on what terms."
    )
    subscriptions: SubscriptionsTable = Field(
        default_factory=SubscriptionsTable, description="What holds for all subscriptions."
    )
    alerts: AlertsTable = Field(default_factory=AlertsTable, description="When staff are told that payments fail.")
    legal: LegalTable | None = Field(default=None, description="In whose name tax invoices are issued; left out, none are.")
    marketplace: MarketplaceTable | None = Field(
        default=None, description="What holds for all sellers, and what is kept of what they sell; left out, there are none."
    )
    shipping: ShippingTable | None = Field(default=None, description="Where goods are sent to.")
    products: Annotated[dict[ProductKey, ProductTable], Field(min_length=1, max_length=PRODUCTS_MAX)] = Field(
        description="What is for sale: one table for each product, named by its key.",
        json_schema_extra={"additionalProperties": False},
    )
