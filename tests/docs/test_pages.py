"""The pages: their Python code runs, links and included files exist, every page can be reached."""

import re

import pytest

from ..conftest import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.glob("**/*.md") if "_build" not in page.parts)
#: The gallery is written by the build, from these.
EXAMPLES = DOCS / "examples"

CODE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
DIRECTIVE = re.compile(r"^```\{(include|csv-table)\} ?(\S*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
WITH_CODE = [page for page in PAGES if CODE.search(page.read_text(encoding="utf-8"))]


def name(page):
    return str(page.relative_to(DOCS))


def anchors(page):
    """Return the anchors of a page's headings, as MyST makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in headings}


def test_the_tutorial_is_among_the_pages_with_code():
    assert "tutorial.md" in map(name, WITH_CODE)


@pytest.mark.parametrize("page", WITH_CODE, ids=name)
def test_python_on_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    pytest.importorskip("skimage")
    monkeypatch.chdir(tmp_path)
    names = {}
    for number, block in enumerate(CODE.findall(page.read_text(encoding="utf-8"))):
        exec(compile(block, f"{name(page)}, block {number}", "exec"), names)  # noqa: S102


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if target == DOCS / "gallery" / "index.rst":
            target = EXAMPLES / "GALLERY_HEADER.rst"
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_a_page_includes_is_there(page):
    for kind, argument, options in DIRECTIVE.findall(page.read_text(encoding="utf-8")):
        path = argument if kind == "include" else re.search(r"^:file: (.+)$", options, re.M)[1]
        text = (page.parent / path).read_text(encoding="utf-8")
        after = re.search(r'^:start-after: "?(.+?)"?$', options, re.MULTILINE)
        assert not after or after[1] in text, f"{path} has no {after[1]!r}"


def test_every_page_is_in_the_table_of_contents():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^```\{toctree\}\n:hidden:\n\n(.*?)^```", index, re.DOTALL | re.M)
    wanted = {name(page).removesuffix(".md") for page in PAGES} - {"index"}
    generated = {page for page in wanted if page.startswith(("gallery/", "api/generated/"))}
    assert set(listed.split()) == wanted - generated | {"gallery/index"}


def test_the_gallery_has_its_examples_in_order():
    conf = (DOCS / "conf.py").read_text(encoding="utf-8")
    listed = re.findall(r'"(plot_\w+\.py)"', conf)
    assert sorted(listed) == sorted(path.name for path in EXAMPLES.glob("plot_*.py"))
    assert len(listed) == 6


def test_pictures_are_small_and_all_are_shown():
    texts = [page.read_text(encoding="utf-8") for page in (*PAGES, ROOT / "README.md")]
    pictures = sorted((DOCS / "images").iterdir())
    sizes = {picture.name: picture.stat().st_size for picture in pictures}
    assert max(sizes.values()) < 300_000, sizes
    assert sum(sizes.values()) < 2_000_000, sizes
    for picture in pictures:
        assert any(f"images/{picture.name}" in text for text in texts), picture.name
