"""What each kind of product needs to know of it: the sub-table of a product that is named after its kind.

    [products.post]
    kind = "job_posting"
    [products.post.job_posting]
    days = 30

A new kind that has options: a class here, and one field of `ProductTable` named after the kind.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class JobPostingOptions(Options):
    """A job on the board for some days."""

    days: int = Field(default=30, ge=1, le=3650, description="How long one of it keeps a job on the board.")
    approval: bool = Field(default=False, description="true: somebody of yours looks at the job before it is published.")
    remind_days: int = Field(default=3, ge=0, le=365, description="So many days before the end job.expiring is told; 0: never.")


class ServiceOptions(Options):
    """Work that people do."""

    units: int = Field(default=1, ge=1, le=1000, description="How many hours, sessions or pieces one of it is.")
    deadline_days: int | None = Field(default=None, ge=1, le=3650, description="Days from the payment to the delivery.")


class CreditsOptions(Options):
    """A pack of credits."""

    amount: int = Field(ge=1, le=1_000_000_000, description="How many credits one of it is.")
    days: int | None = Field(default=None, ge=1, le=36500, description="How long they can be spent; for ever if left out.")


class ContentOptions(Options):
    """Of kind "content": how the price is shared. What is left out is as `[shop]` says."""

    platform_fee_basis_points: int | None = Field(
        default=None, ge=0, le=10_000, description="Your share of the price, in hundredths of a percent: 1000 is 10 %."
    )
    organization_fee_basis_points: int | None = Field(
        default=None, ge=0, le=10_000, description="The share of the organization that the content belongs to, if it has one."
    )


class GoodsOptions(Options):
    """Of kind "goods": things that are sent, and can run out."""

    sku: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="By what its stock is counted; by the product's key if left out."
    )
    counted: bool = Field(default=True, description="false: there is always enough of it, and nobody counts.")
    shipped: bool = Field(default=True, description="false: nothing is sent, and no address is asked for.")
    listed: bool = Field(default=False, description="true: sellers list their own, at their own price and of their own stock.")
    weight_grams: int | None = Field(default=None, ge=1, le=10_000_000, description="What one weighs, for the carrier.")
    return_days: int | None = Field(
        default=None, ge=0, le=3650, description="How many days it may be sent back, instead of what [returns] says; 0: never."
    )
    late_payment: Literal["refund", "hold", "back_order"] = Field(
        default="refund",
        description='When the money comes after the last one is gone: "refund" gives it back, "hold" keeps the order for'
        ' somebody to decide, "back_order" promises what is to come.',
    )


class DownloadOptions(Options):
    """Of kind "download": which files, how often and for how long."""

    files: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        min_length=1,
        max_length=50,
        description="Paths under FARTHING_DOWNLOADS, or the keys by which your storage knows them.",
    )
    downloads_max: int | None = Field(default=5, ge=1, le=1000, description="How often each file may be fetched.")
    days: int | None = Field(default=None, ge=1, le=36500, description="For how long; for ever if it is left out.")


DEFAULTS: Final = {
    "content": ContentOptions,
    "goods": GoodsOptions,
    "job_posting": JobPostingOptions,
    "service": ServiceOptions,
}
"""Kinds whose table may be left out."""
