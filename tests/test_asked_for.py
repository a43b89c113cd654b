"""The table of what was asked for is made of the tests that carry an item, and says which items nobody shows."""

from pathlib import Path

from tools.asked_for import Item, Part, carried, problems, written

TEXT = """
@pytest.mark.covers("S1", "F2")
def test_the_buyer_pays_once() -> None: ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.covers("S3"))])
async def test_many(x: int) -> None: ...
"""


def test_an_item_is_shown_by_the_tests_that_carry_it_and_missed_where_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_shop.py").write_text(TEXT)
    shown = carried(tmp_path / "tests")
    assert sorted(shown) == ["F2", "S1", "S3"]
    parts = [Part("Asked", (Item("S1", "pay | once", None), Item("S3", "many", "time"), Item("S4", "never", None)))]
    assert list(problems(parts, shown)) == [
        "S4 has no test and no capability that it comes with: never",
        "tests/test_shop.py::test_the_buyer_pays_once covers F2, which nobody asked for.",
    ]
    page = written(parts, shown)
    assert "| S1 | pay \\| once | [the buyer pays once](../../tests/test_shop.py) |" in page
    assert "*the rest comes with time*" in page
    assert "| S4 | never | **missing** |" in page
