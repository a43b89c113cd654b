"""Durable jobs: scheduled in the transaction of the change they follow, run at least once by a worker."""

from farthing.jobs.schedule import schedule

__all__ = ["schedule"]
