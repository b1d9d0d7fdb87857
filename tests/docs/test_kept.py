"""The table of docs/cli.md that says what happens to the content of files is true."""

import re

import pytest

from ..conftest import ROOT

pytest.importorskip("tifffile")

from ..cli.imagefile import example_rows
from ..cli.imagefile.examples import happens

PAGE = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
NAMES = {"PNG": "PNG", "JPEG": "JPEG", "WebP": "WEBP", "TIFF": "TIFF"}
NAMES |= {"AVIF": "AVIF", "JPEG XL": "JXL"}
GROUPS = {"in an input of the format": "inputs", "in an input of another format": "outputs"}
WORDS = {"kept", "changed", "noted", "refused", ""}


def table():
    """Return the formats, and the words of each row by group and name."""
    (text,) = re.findall(r"(?ms)^## What is kept$.*?(^\|.*?)\n\n", PAGE)
    head, _, *rows = ([c.strip() for c in line.strip("|").split("|")] for line in text.split("\n"))
    found, group = {}, None
    for name, *words in rows:
        if name.strip("*") in GROUPS:
            group = found.setdefault(GROUPS[name.strip("*")], {})
            assert not any(words)
        else:
            group[name] = dict(zip([NAMES[f] for f in head[1:]], words, strict=True))
    return found


TABLE = table()
ROWS = [(group, name) for group in GROUPS.values() for name in TABLE[group]]


def test_words_and_rows_are_those_that_are_known():
    for group in GROUPS.values():
        assert set(TABLE[group]) == set(getattr(example_rows, group)())
        assert {word for row in TABLE[group].values() for word in row.values()} <= WORDS


@pytest.mark.parametrize(("group", "row"), ROWS)
def test_each_cell_is_what_happens(group, row):
    found = getattr(example_rows, group)()[row]
    words = {format: happens(example, format) for format, example in found.items()}
    assert TABLE[group][row] == {format: words.get(format, "") for format in NAMES.values()}


def test_the_readme_has_rows_of_the_table_and_leads_to_it():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"(?s)<!-- table: kept -->(.*?)<!-- end of table -->", readme)
    head, line, *rows = text.strip().splitlines()
    own = PAGE[PAGE.index("**in an input of the format**") :].partition("**in an input of another")[
        0
    ]
    assert len(rows) > 10
    assert [row for row in rows if row not in own.splitlines()] == []
    assert f"{head}\n{line}\n" in PAGE
    assert "/docs/cli.md#what-is-kept)" in readme
