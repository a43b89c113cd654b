"""`python -m farthing`: the same as `farthing`, where nobody put it on the path."""

import sys

from farthing.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
