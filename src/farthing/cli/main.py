"""`farthing`: the first lines that run. The version is told before anything heavy is imported."""

import gc
import sys
from collections.abc import Sequence

VERSION_FLAGS = (["--version"], ["-V"], ["version"])

YOUNG = 50_000
"""Objects that are made before the youngest are looked through: the start makes a million that stay, and looking through them
again and again was a sixth of it."""


def main(argv: Sequence[str] | None = None) -> int:
    gc.set_threshold(YOUNG, 20, 100)
    words = list(sys.argv[1:] if argv is None else argv)
    if words in VERSION_FLAGS:
        from farthing import __version__

        sys.stdout.write(f"farthing {__version__}\n")
        return 0
    from farthing.cli.run import run

    return run(words)


if __name__ == "__main__":
    sys.exit(main())
