"""`farthing`: the first lines that run. The version is told before anything heavy is imported."""

import sys
from collections.abc import Sequence

VERSION_FLAGS = (["--version"], ["-V"], ["version"])


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    if words in VERSION_FLAGS:
        from farthing import __version__

        sys.stdout.write(f"farthing {__version__}\n")
        return 0
    from farthing.cli.run import run

    return run(words)


if __name__ == "__main__":
    sys.exit(main())
