"""PostgreSQL 18 in a folder of the project: nothing to install, nothing to configure, started and stopped with the app.

    with EmbeddedPostgres(Path(".farthing")) as postgres:
        psycopg.connect(postgres.dsn())

The server belongs to the home, not to the process that started it: a second process on the same home shares it, and it
stops when the last one leaves. `supervisor.py` is the process in between. Importing this package costs milliseconds.
"""

from farthing.db.embedded.binaries import Binaries, find_binaries
from farthing.db.embedded.client import EmbeddedPostgres, running_dsn
from farthing.db.embedded.places import default_home
from farthing.db.embedded.temporary import temporary_home

__all__ = ["Binaries", "EmbeddedPostgres", "default_home", "find_binaries", "running_dsn", "temporary_home"]
