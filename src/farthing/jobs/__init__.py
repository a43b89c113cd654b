"""Durable jobs: scheduled in the transaction of the change they follow, run at least once by a worker.

A thin face on PgQueuer. What is dead stays visible until somebody decides; what is due by a timer is found by a sweep.
"""

from farthing.jobs.attempt import Args, Task
from farthing.jobs.counts import Counts, counts
from farthing.jobs.dead import DeadJob, dead, discard, retry
from farthing.jobs.drain import Drained, drain
from farthing.jobs.retries import describe
from farthing.jobs.schedule import schedule, schedule_all
from farthing.jobs.sweeps import Sweep
from farthing.jobs.worker import Worker

__all__ = [
    "Args",
    "Counts",
    "DeadJob",
    "Drained",
    "Sweep",
    "Task",
    "Worker",
    "counts",
    "dead",
    "describe",
    "discard",
    "drain",
    "retry",
    "schedule",
    "schedule_all",
]
