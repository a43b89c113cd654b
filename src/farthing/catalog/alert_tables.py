"""When staff are told that something is going wrong."""

from pydantic import Field

from farthing.catalog.alert_policy import AlertPolicy
from farthing.catalog.values import Table


class AlertsTable(Table):
    """When those who run the shop are told that payments fail."""

    payment_success_percent: int = Field(
        default=50, ge=0, le=99, description="Fewer payments than this come in an hour or a day: tell staff. 0 tells nobody."
    )
    payments_min: int = Field(default=20, ge=1, le=1_000_000, description="Of fewer payments nobody is told.")


def alerts_of(table: AlertsTable) -> AlertPolicy:
    return AlertPolicy(table.payment_success_percent, table.payments_min)
