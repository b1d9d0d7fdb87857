"""Check what `python -m build` has made: ``python tests/check_distributions.py dist``.

The wheel holds the library, every table and nothing else, its metadata is what `pyproject.toml`
says, and the README can be read where there is no repository around it. `nox -s package` runs
this, and `twine check --strict` before it.
"""

from __future__ import annotations

import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Bytes that a wheel may have.
LARGEST_WHEEL = 10_000_000


class Targets(HTMLParser):
    """Collects where links and pictures of a page point to, and the places within it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src"):
                self.found.append(value or "")
            elif name in ("id", "name"):
                self.places.add(f"#{value}")


def broken_targets(page: str) -> list[str]:
    """Return the targets that lead nowhere on a page without the repository."""
    targets = Targets()
    targets.feed(page)
    good = ("https://", "mailto:")
    return [
        target
        for target in targets.found
        if not target.startswith(good) and target not in targets.places
    ]


def check_wheel(path: Path) -> Message:
    """Check the content of a wheel, and return its metadata."""
    size = path.stat().st_size
    assert size < LARGEST_WHEEL, f"{path.name} has {size} bytes, wanted less than {LARGEST_WHEEL}"
    # This needs the environment of the session `package`, and not an installed lutsr.
    sys.path.insert(0, str(ROOT))
    from lutsr._modelfile.card import parse_card
    from lutsr._modelfile.packed import unpack
    from lutsr._modelfile.read import LONGEST_HEADER

    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
        (info,) = {name.partition("/")[0] for name in content if ".dist-info/" in name}
        for name in [name for name in content if name.endswith(".packed")]:
            plain = name.replace(".packed", ".npy")
            card = parse_card(content[name.replace(".packed", ".json")])
            with archive.open(name) as file:
                content[plain] = unpack(file, Path(name), card, LONGEST_HEADER)
            del content[name]
    metadata = message_from_bytes(content[f"{info}/METADATA"])
    files = {name: data for name, data in content.items() if not name.startswith(f"{info}/")}
    kept = [
        source
        for package in ("lutsr", "lutsr_data")
        for source in (ROOT / package).rglob("*")
        if source.is_file() and source.suffix in (".py", ".json", ".npy", ".typed", ".yaml")
    ]
    wanted = {source.relative_to(ROOT).as_posix(): source for source in kept}
    assert files.keys() == wanted.keys(), files.keys() ^ wanted.keys()
    different = [name for name, source in wanted.items() if source.read_bytes() != files[name]]
    assert not different, f"not as in the repository: {different}"
    return metadata


def check_metadata(metadata: Message) -> None:
    """Check the metadata of a wheel."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = metadata.get_all("Requires-Dist", [])
    assert sorted(need for need in needs if ";" not in need) == sorted(project["dependencies"])
    extras = set(metadata.get_all("Provides-Extra", []))
    assert extras == set(project["optional-dependencies"]), extras
    urls = dict(line.split(", ") for line in metadata.get_all("Project-URL", []))
    assert urls == project["urls"], urls


def check_readme(metadata: Message) -> None:
    """Check the README as the package index shows it."""
    from readme_renderer.markdown import render

    text = metadata.get_payload()
    page = render(str(text))
    assert page is not None, "the README cannot be rendered"
    broken = broken_targets(page)
    assert not broken, f"README: these lead nowhere on the page of a package index: {broken}"


def check_sdist(path: Path) -> None:
    """Check that a source distribution holds what a wheel is built from."""
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"pyproject.toml", "hatch_build.py", "LICENSE", "lutsr_data/ecnn_x4.npy"}
    assert wanted <= names, wanted - names
    unwanted = [name for name in names if name.endswith((".packed", ".nbi", ".nbc", ".pyc"))]
    assert not unwanted, unwanted


def main(folder: str) -> None:
    """Check the distributions in a folder."""
    (wheel,) = Path(folder).glob("*.whl")
    (sdist,) = Path(folder).glob("*.tar.gz")
    metadata = check_wheel(wheel)
    check_metadata(metadata)
    check_readme(metadata)
    check_sdist(sdist)
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.2f} MB; all checks passed")


if __name__ == "__main__":
    main(sys.argv[1])
