"""The built documentation on a telephone and on a small screen, in a browser without a window.

``nox -s docs`` runs these tests on what it has built.
"""

import html
import json
import re

import pytest

from ..conftest import ROOT
from .browser import browse

BUILT = ROOT / "docs/_build"
PAGES = [path.with_suffix(".html").name for path in sorted((ROOT / "docs").glob("*.md"))]
TELEPHONE, SMALL, USUAL = 390, 1000, 1280
#: Loads pages, each in a frame of a width, and writes the sizes of their parts into the document.
SCRIPT = """
<!doctype html><pre id="found"></pre>
<script>
async function measure(page, width) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 900px; border: 0`;
  frame.src = page;
  document.body.append(frame);
  await new Promise(resolve => { frame.onload = resolve; });
  const inside = frame.contentDocument, root = inside.documentElement;
  const across = element => Math.round(element.getBoundingClientRect().right);
  const found = {
    over: root.scrollWidth - width,
    header: inside.querySelector(".bd-header").offsetHeight,
    links: [...inside.querySelectorAll(".bd-header .nav-link")].map(e => e.offsetHeight),
    tables: [...inside.querySelectorAll("article table")].map(table => {
      const box = table.closest(".pst-scrollable-table-container");
      const scrolls = box && getComputedStyle(box).overflowX === "auto";
      const columns = table.rows[0].cells.length;
      const fits = box && table.offsetWidth <= box.clientWidth;
      return {columns, scrolls, box: box && across(box), fits};
    }),
  };
  frame.remove();
  return found;
}
(async () => {
  const found = [];
  for (const [page, width] of WANTED) found.push(await measure(page, width));
  document.getElementById("found").textContent = JSON.stringify(found);
})();
</script>
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Return sizes of parts by page and width."""
    if not (BUILT / "index.html").is_file():
        pytest.skip("needs docs/_build, which nox -s docs makes")
    wanted = [(page, TELEPHONE) for page in PAGES] + [("index.html", w) for w in (SMALL, USUAL)]
    folder = tmp_path_factory.mktemp("layout")
    page = folder / "measure.html"
    sources = [((BUILT / name).as_uri(), width) for name, width in wanted]
    page.write_text(SCRIPT.replace("WANTED", json.dumps(sources)), encoding="utf-8")
    dumped = browse(
        page, folder / "profile", "--dump-dom", "--window-size=1300,900",
        "--allow-file-access-from-files", "--disable-web-security",
    )  # fmt: skip
    found = json.loads(html.unescape(re.search(r'"found">(.*?)</pre>', dumped, re.DOTALL)[1]))
    return dict(zip(wanted, found, strict=True))


@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_wider_than_a_telephone(measured, page):
    found = measured[page, TELEPHONE]
    assert found["over"] <= 0
    for table in found["tables"]:
        assert table["scrolls"]
        assert table["box"] <= TELEPHONE


def test_tables_of_up_to_five_columns_fit_on_a_telephone(measured):
    tables = [table for page in PAGES for table in measured[page, TELEPHONE]["tables"]]
    few = [table for table in tables if table["columns"] <= 5]
    assert len(few) > 20
    assert all(table["fits"] for table in few)


@pytest.mark.parametrize("width", [SMALL, USUAL])
def test_the_navigation_takes_one_line(measured, width):
    found = measured["index.html", width]
    assert len(found["links"]) > 5
    assert found["header"] == measured["index.html", TELEPHONE]["header"]
    assert max(found["links"]) < 40
