"""Job postings: jobs of the host's that somebody bought time on the board for."""

from farthing.job_postings.actions import (
    JOB_MAX,
    Bought,
    add_addon,
    approve,
    buy,
    check_owner,
    give_again,
    reject,
    remove_addon,
    take_back,
)
from farthing.job_postings.flow import expire_due
from farthing.job_postings.model import JobPosting, PostingAddon, PostingLine, used_of
from farthing.job_postings.store import find, find_of_line, get, get_by_job, list_page, lock, of_order

__all__ = [
    "JOB_MAX",
    "Bought",
    "JobPosting",
    "PostingAddon",
    "PostingLine",
    "add_addon",
    "approve",
    "buy",
    "check_owner",
    "expire_due",
    "find",
    "find_of_line",
    "get",
    "get_by_job",
    "give_again",
    "list_page",
    "lock",
    "of_order",
    "reject",
    "remove_addon",
    "take_back",
    "used_of",
]
