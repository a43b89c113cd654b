"""The line of a key, however it is written."""

import pytest

from farthing.catalog.lines import Lines

TEXT = '''\
# a comment with = and "
title = "a = b # no comment"
"quoted = key" = 1
a.b."c.d" = """
[not.a.table]
x = 1 \\""" still
"""
raw = \'\'\'
[nor.this]\'\'\'\'
list = [
  "x", # with ] inside
  ["y", { z = 1 }],
]

[table . inner] # spaced
key = { one = 1, two = "}" }
[[rows]]
n = 1
[[rows]]
n = 2
[ "dotted.name".x ]
last = 1'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (["title"], 2),
        (["quoted = key"], 3),
        (["a", "b", "c.d"], 4),
        (["raw"], 8),
        (["list"], 10),
        (["list", 1], 10),
        (["table", "inner"], 15),
        (["table", "inner", "key"], 16),
        (["table", "inner", "key", "two"], 16),
        (["table", "inner", "missing"], 15),
        (["rows"], 19),
        (["dotted.name", "x", "last"], 22),
        (["nowhere"], 1),
    ],
)
def test_a_key_is_found_on_its_line(path: list[str | int], line: int) -> None:
    assert Lines(TEXT).of(path) == line
