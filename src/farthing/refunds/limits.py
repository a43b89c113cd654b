"""Who may give back how much: on one person's word, in a day, and when it takes two."""

from farthing.catalog import RefundPolicy, RefundRole, within
from farthing.errors import Conflict, Forbidden
from farthing.money import Money


def person_of(actor: str) -> str:
    """Who stands behind an actor: a member of staff is one person; keys, commands and the host's code are one together."""
    return actor if actor.startswith("staff:") else "server"


def check_limits(policy: RefundPolicy, role: RefundRole, money: Money, today: Money) -> None:
    """Raise Forbidden where this role may not give back so much at a time, or in a day with `today` already."""
    if role in policy.limits and not within(policy.limits[role], money):
        raise Forbidden(f"The role {role} may not give back {money} at a time: ask somebody who may.")
    if role in policy.daily and not within(policy.daily[role], money + today):
        raise Forbidden(f"With {money} more than {role} may give back in a day would be reached: {today} went back today.")


def check_one_is_enough(policy: RefundPolicy, total: Money) -> None:
    """Raise Conflict where one person alone must not give so much of an order back."""
    if policy.needs_second(total):
        raise Conflict(
            f"{total} of one order go back only with the word of two people: file a refund request, which two may approve."
        )
