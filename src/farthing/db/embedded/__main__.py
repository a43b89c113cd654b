"""`python -m farthing.db.embedded HOME [NAME=VALUE ...]`: run the supervisor, until its last user leaves or Ctrl-C."""

import sys
from pathlib import Path

from farthing.db.embedded.opening import supervise

if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("Usage: python -m farthing.db.embedded HOME [SETTING=VALUE ...]")
    settings = dict(pair.partition("=")[::2] for pair in sys.argv[2:])
    sys.exit(supervise(Path(sys.argv[1]).absolute(), settings))
