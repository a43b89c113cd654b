"""How a run is spread over processes: the longest tests begin, and files whose tests share something dear stay in one."""

from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

LONGEST: Final = """cli/test_dev marketplace/test_quarter pages/test_pages_look testing/test_tutorial examples/test_saas
subscriptions/test_two_years pages/test_selling_look races/test_postgres_killed races/test_worker_killed
cli/test_demo reconcile/test_mixed_day races/test_killed testing/test_pay journeys/ api/test_schema
sandbox/test_pages sandbox/test_seller_pages sandbox/test_all_pages sandbox/test_portal_pages
sandbox/test_checkout_pages examples/ web/test_look marketplace/test_any_order testing/test_marker""".split()
"""They begin first, or one core would wait at the end for what another is in the middle of."""

TOGETHER: Final = (
    "cli/test_dev",
    "examples/",
    "journeys/",
    "pages/test_selling_look",
    "sandbox/test_all_pages",
    "sandbox/test_checkout_pages",
    "sandbox/test_pages",
    "sandbox/test_portal_pages",
    "sandbox/test_seller_pages",
    "web/test_look",
)
"""A house, an example or a Chromium is started once for a file, and for each process that has a part of it."""

SAME: Final = {"cli/test_dev_shop.py": "cli/test_dev.py", "examples/test_typescript.py": "examples/test_saas.py"}
"""Two houses at once are too many for one machine, and both build the same pages."""


class Spread(LoadScopeScheduling):  # type: ignore[misc]
    """Groups by file where that is worth it. Marks would do, but with pytest 9.2 those of pytest-xdist 3.8 have no effect."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0].removeprefix("tests/")
        return SAME.get(file, file) if file.startswith(TOGETHER) else nodeid


def longest_first(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        path = item.nodeid.removeprefix("tests/")
        return next((at for at, long in enumerate(LONGEST) if path.startswith(long)), len(LONGEST))

    items.sort(key=place)
