"""The table `[refunds]` as it must be written."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from farthing.catalog.policy import Amounts, RefundPolicy, RefundRole
from farthing.catalog.values import PRICE, PRICES_MAX, Table, read_amount
from farthing.errors import Invalid

WINDOW_MAX: Final = 3650


def _checked(texts: list[str]) -> list[str]:
    try:
        currencies = [read_amount(text).currency for text in texts]
    except Invalid as error:
        raise PydanticCustomError("price", "{said}", {"said": error.detail}) from None
    twice = next((currency for currency in currencies if currencies.count(currency) > 1), None)
    if twice:
        raise PydanticCustomError("price", "names {currency} twice: keep one amount.", {"currency": twice.upper()})
    return texts


Written = Annotated[
    list[Annotated[str, Field(json_schema_extra={"pattern": PRICE}, examples=["300.00 EUR"])]],
    Field(max_length=PRICES_MAX),
    AfterValidator(_checked),
]
ByRole = dict[RefundRole, Written]


class RefundsTable(Table):
    """Who may give how much back."""

    window_days: Annotated[int, Field(ge=1, le=WINDOW_MAX)] | None = Field(
        default=None, description="How many days after the payment a buyer's request may be approved by itself."
    )
    auto_approve: bool = Field(default=False, description="true: a request within the window is approved by itself.")
    leave_out_used: bool = Field(default=True, description="What is used up stays paid, unless staff say otherwise.")
    needs_second_person_above: Written = Field(
        default=[], description="More than this of one order goes back only with the word of two people; one amount a currency."
    )
    limits: ByRole = Field(default={}, description="The most that one refund by this role may be, one amount a currency.")
    daily: ByRole = Field(default={}, description="The most that one person of this role may give back in a day.")


def policy_of(table: RefundsTable) -> RefundPolicy:
    return RefundPolicy(
        window_days=table.window_days,
        auto_approve=table.auto_approve,
        leave_out_used=table.leave_out_used,
        second_person_above=_amounts(table.needs_second_person_above),
        limits={role: _amounts(texts) for role, texts in table.limits.items()},
        daily={role: _amounts(texts) for role, texts in table.daily.items()},
    )


def _amounts(texts: list[str]) -> Amounts:
    return {amount.currency: amount for amount in map(read_amount, texts)}
