"""The byte counts in NOTES.md are those of the fused tables."""

import re

import numpy as np
import pytest

import lutsr
from lutsr._eclut.layout import cell_origin, layout

from ..conftest import ROOT

NOTES = (ROOT / "benchmarks" / "NOTES.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"\| (\S+) x(\d) \| (\d+) samples in (\d+) B, (\d) slots \| (\d+) samples in (\d+) B, (\d) "
    r"slots \| (\d+) B of (\d) lines \| ([\d.]+) B \| 1 B \|"
)


def test_bytes_of_entries():
    rows = ROW.findall(NOTES)
    assert len(rows) == sum(model.family == "eclut" for model in lutsr.models())
    for model, scale, *numbers in rows:
        r = int(scale)
        *entries, loaded, lines, per_pixel = (*map(int, numbers[:-1]), float(numbers[-1]))
        up = lutsr.load(model, r)
        known, touched = [], 0
        for vertical, table in (
            (True, up._engine.fused.vertical),
            (False, up._engine.fused.horizontal),
        ):
            entry = layout(r, cell_origin(r, up.parameters["expand_shift"]), 8, vertical)
            known += [entry.at.size, entry.length, len(entry.slots)]
            touched += len({line for slot in entry.slots for line in slot.lines})
            assert (table.dtype, table.shape) == (np.int8, (65537, entry.length))
        assert entries == known
        assert (loaded, lines) == (known[0] + known[3], touched)
        assert per_pixel == pytest.approx(loaded / r**2, abs=0.05)
