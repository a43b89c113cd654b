"""How large a test is: sampled where somebody waits for it, whole in CI. The same assertions, of more or fewer cases.

`FARTHING_TEST_WHOLE=1` (`make test WHOLE=yes`) is whole. `FARTHING_TEST_WHOLE=every` is more than that: hours of it, for
whoever changed a flow of money.
"""

import os
from typing import Final, TypeVar

T = TypeVar("T")

_ASKED: Final = os.environ.get("FARTHING_TEST_WHOLE", "")
assert _ASKED in ("", "1", "every"), "FARTHING_TEST_WHOLE is 1, every, or not set"

WHOLE: Final = _ASKED != ""
EVERY: Final = _ASKED == "every"


def sized(whole: T, sampled: T) -> T:
    """The size of this run."""
    return whole if WHOLE else sampled
