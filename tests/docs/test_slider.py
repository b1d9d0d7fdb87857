"""The slider of the first page, in a browser without a window."""

import json
import re
import shutil

import numpy as np
import pytest

from ..conftest import ROOT
from . import browser

DOCS = ROOT / "docs"
FRAGMENT = (DOCS / "slider.html").read_text(encoding="utf-8")
PICTURES = re.findall(r'src="([^"]+)"', FRAGMENT)
#: Moves the sliders, and writes what is seen of the pictures into the page.
SCRIPT = """
<pre id="found"></pre>
<script>
addEventListener("load", () => {
  const found = [];
  for (const figure of document.querySelectorAll("figure")) {
    const slider = figure.querySelector("input"), after = figure.querySelector("img + img");
    const seen = {};
    for (const value of [null, 0, 30, 100]) {
      if (value !== null) {
        slider.value = value;
        slider.dispatchEvent(new Event("input", {bubbles: true}));
      }
      seen[value] = getComputedStyle(after).clipPath;
    }
    seen.boxes = [...figure.querySelectorAll("img")].map(img => {
      const {x, y, width, height} = img.getBoundingClientRect();
      return [x, y, width, height];
    });
    seen.sizes = [...figure.querySelectorAll("img")].map(img => img.naturalWidth);
    found.push(seen);
  }
  document.getElementById("found").textContent = JSON.stringify(found);
});
</script>
"""


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    """Return a function that opens a page with the slider, and options of its call."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(DOCS / "_static", folder / "_static")

    def call(more, *options):
        page = folder / "index.html"
        head = "<!doctype html><meta charset=utf-8><body style='margin: 0'>"
        page.write_text(f"{head}{FRAGMENT}{more}", encoding="utf-8")
        return browser.browse(page, folder / "profile", "--window-size=600,900", *options)

    return call


def test_pictures_are_there_in_pairs_of_one_size():
    Image = pytest.importorskip("PIL.Image")
    assert len(PICTURES) == 4
    assert sorted(PICTURES) == sorted(
        str(path.relative_to(DOCS)) for path in (DOCS / "_static" / "before_after").iterdir()
    )
    declared = re.findall(r'width="(\d+)" height="(\d+)"', FRAGMENT)
    for before, size in zip(PICTURES, declared, strict=True):
        with Image.open(DOCS / before) as image:
            assert image.size == tuple(map(int, size))
    for before, after in zip(PICTURES[::2], PICTURES[1::2], strict=True):
        assert before.replace("bicubic", "lutsr") == after


def test_no_library_is_loaded():
    assert "<script" not in FRAGMENT
    assert "http" not in FRAGMENT


def test_the_first_page_has_it():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert "```{raw} html\n:file: slider.html\n```" in index


def test_the_sliders_move_the_border_between_the_pictures(browse):
    dumped = browse(SCRIPT, "--dump-dom")
    found = json.loads(re.search(r'<pre id="found">(.*?)</pre>', dumped, re.DOTALL)[1])
    assert len(found) == 2
    for seen in found:
        clips = [seen[key] for key in ("null", "0", "30", "100")]
        percentages = [re.search(r"([\d.]+)(?:%|px)\)$", clip)[1] for clip in clips]
        assert [float(value) for value in percentages] == [50, 0, 30, 100]
        assert seen["boxes"][0] == seen["boxes"][1]  # one picture exactly over the other
        assert all(seen["sizes"])  # both are loaded


def test_left_of_the_border_is_bicubic_and_right_of_it_lutsr(browse, tmp_path):
    Image = pytest.importorskip("PIL.Image")
    browse("", f"--screenshot={tmp_path / 'page.png'}")
    with Image.open(tmp_path / "page.png") as image:
        shown = np.asarray(image.convert("RGB")).astype(int)
    before, after = (
        np.asarray(Image.open(DOCS / name)).repeat(2, 0).repeat(2, 1) for name in PICTURES[:2]
    )
    height, width = before.shape[:2]
    offsets = [(y, x) for y in range(40) for x in range(60)]
    matches = [
        np.abs(shown[y : y + height, x : x + width // 2 - 4] - before[:, : width // 2 - 4]).max()
        for y, x in offsets
    ]
    y, x = offsets[int(np.argmin(matches))]
    half = width // 2 + 4
    right = shown[y : y + height, x + half : x + width]
    assert min(matches) <= 2
    assert np.abs(right - after[:, half:]).max() <= 2
    assert np.abs(right - before[:, half:]).max() > 20
