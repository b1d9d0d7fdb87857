"""Packed table files, as a wheel has them: the same content, and hostile ones are refused."""

import io
import json
import lzma
import os
import shutil
import sys

import numpy as np
import pytest

import lutsr
import lutsr_data
from lutsr._modelfile import Model, read_model, write_model

from .conftest import ROOT
from .programs import run_program

pytest.importorskip("hatchling", reason='needs hatchling, of the dependency group "test"')
sys.path.insert(0, str(ROOT))
try:
    from hatch_build import minus, pack
finally:
    sys.path.remove(str(ROOT))


def npy_header(count):
    """Return the header of a table file with this many entries."""
    file = io.BytesIO()
    np.save(file, np.zeros(count, np.int8))
    return file.getvalue()[:-count]


CARD = {
    "format_version": 2,
    "family": "eclut",
    "model": "bad",
    "scale": 2,
    "parameters": {"expand_shift": 2},
    "tables": [{"name": "a", "offset": 0, "shape": [5, 2, 3], "dtype": "int16"}],
    "sha256": "0" * 64,
}
#: Of the 6 columns of the card's table, each of which is stored as differences of itself.
NUMBERS = np.arange(6, dtype="<u2").tobytes()
HEADER = npy_header(60)


def packed_beside(path, folder):
    """Write the packed file of a table file, and copy its card."""
    card = shutil.copy(path.with_suffix(".json"), folder)
    target = folder / f"{path.stem}.packed"
    with open(card, encoding="utf-8") as file:
        target.write_bytes(pack(path.read_bytes(), json.load(file)))
    return target


@pytest.mark.parametrize(("name", "scale"), [("eclut", 2), ("ecnn-small", 3)])
def test_shipped_tables_are_the_same_and_smaller(name, scale, tmp_path):
    path = lutsr_data.table_path(name, scale)
    target = packed_beside(path, tmp_path)
    want, got = read_model(path), read_model(target)
    assert got.digest == want.digest
    assert got.card == want.card
    assert target.stat().st_size < path.stat().st_size / 3


def test_all_tables_are_kept(tmp_path, monkeypatch):
    # Random entries, which cannot be compressed, one column twice, and tables of few axes.
    random = np.random.default_rng(3)
    lut = random.integers(-128, 128, (256, 256, 9, 2, 2), dtype=np.int8)
    lut[..., 1, 1] = lut[..., 0, 0]
    path = tmp_path / "mine_x2.npy"
    write_model(path, Model("mine", 2, "eclut", {"expand_shift": 1}, {"lut": lut}))
    other = tmp_path / "other"
    other.mkdir()
    target = packed_beside(path, other)
    assert np.array_equal(read_model(target).tables["lut"], lut)
    shapes = [("b", [4], "int32"), ("a", [3, 5, 7, 2], "int16"), ("c", [2, 3], "uint8")]
    tables, offset = [], 0
    for name, shape, dtype in shapes:
        tables.append({"name": name, "offset": offset, "shape": shape, "dtype": dtype})
        offset += int(np.prod(shape)) * np.dtype(dtype).itemsize
    np.save(other / "all.npy", random.integers(-128, 128, offset, dtype=np.int8))
    content = (other / "all.npy").read_bytes()
    card = CARD | {"tables": tables[::-1]}
    assert unpacked(other, pack(content, card), card) == content


def unpacked(folder, packed, card):
    """Return the content of the table file that was packed."""
    from lutsr._modelfile.packed import unpack

    path = folder / "bad.packed"
    path.write_bytes(packed)
    path.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    with path.open("rb") as file:
        return unpack(file, path, lutsr._modelfile.read_card(path.with_suffix(".json")), 10_000)


def test_differences_of_bytes():
    a = bytes(range(256)) * 256
    b = bytes(np.repeat(np.arange(256, dtype=np.uint8), 256))
    assert minus(a, b) == bytes((x - y) % 256 for x, y in zip(a, b, strict=True))


def test_packed_tables_are_found_where_there_are_no_others(tmp_path, monkeypatch):
    packed_beside(lutsr_data.table_path("ecnn-small", 2), tmp_path)
    want = lutsr.load("ecnn-small", 2)
    (listed,) = (info for info in lutsr.models() if (info.name, info.scale) == ("ecnn-small", 2))
    monkeypatch.setattr(lutsr_data, "DIRECTORY", tmp_path)
    assert lutsr.models() == [listed]
    got = lutsr._modelfile.read_shipped("ecnn-small", 2)
    assert got.digest == want.digest


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a packed table file: it ends early"),
        (b"PK\3\4" + b"\0" * 100, "not a packed table file: Input format not supported"),
        (HEADER + bytes(60), "not a packed table file: Input format not supported"),
        (
            lzma.compress(HEADER + NUMBERS + bytes(60))[:-1],
            "not a packed table file: it ends early",
        ),
        (
            lzma.compress(HEADER + NUMBERS + bytes(60)) + b"x",
            "not a packed table file: something follows",
        ),
        (
            lzma.compress(HEADER + NUMBERS + bytes(60)) * 2,
            "not a packed table file: something follows",
        ),
        (
            lzma.compress(HEADER, format=lzma.FORMAT_ALONE),
            "not a packed table file: Input format not",
        ),
        (lzma.compress(b"x", preset=9), "not a packed table file: Memory usage limit exceeded"),
        (lzma.compress(b"short"), "5 bytes when decompressed, wanted 72 or more"),
        (
            lzma.compress(bytes(20_000)),
            "more than 10072 bytes when decompressed, which is too long",
        ),
        (
            lzma.compress(bytes(1 << 24)),
            "more than 10072 bytes when decompressed, which is too long",
        ),
        (bytes(20_000), "longer than 11082 bytes, more than its tables can take"),
        (
            lzma.compress(HEADER + b"\1" + NUMBERS[1:] + bytes(60)),
            "column 0 depends on 1, which comes after",
        ),
        (lzma.compress(HEADER + b"\xff" * 72), "column 0 depends on 65535, which comes after it"),
        (lzma.compress(NUMBERS + bytes(60)), "not a .npy file"),
        (lzma.compress(npy_header(61) + NUMBERS + bytes(60)), r"shape is \(61,\), and by"),
        (lzma.compress(HEADER + b"\n" + NUMBERS + bytes(60)), "61 bytes of entries, wanted 60"),
    ],
)
def test_hostile_packed_files(tmp_path, content, reason):
    path = tmp_path / "bad.packed"
    path.write_bytes(content)
    path.with_suffix(".json").write_text(json.dumps(CARD), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"bad\.packed: {reason}") as caught:
        read_model(path)
    assert len(str(caught.value)) < len(str(path)) + 400


def test_a_card_of_many_columns(tmp_path):
    table = CARD["tables"][0] | {"shape": [1, 1, 1 << 26]}
    with pytest.raises(ValueError, match=r"bad\.packed: table 'a' has 134217728 columns"):
        unpacked(tmp_path, b"", CARD | {"tables": [table]})


def test_a_changed_byte(tmp_path):
    target = packed_beside(lutsr_data.table_path("ecnn-small", 2), tmp_path)
    content = bytearray(lzma.decompress(target.read_bytes()))
    content[-1] ^= 1
    target.write_bytes(lzma.compress(bytes(content), preset=1))
    with pytest.raises(ValueError, match=r"sha256 is not that of ecnn-small_x2\.packed"):
        read_model(target)


def test_what_a_file_claims_takes_no_memory(tmp_path):
    resource = pytest.importorskip("resource", reason="this system has no limits of memory")
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("this system does not say how much memory a process has")
    # 64 MiB of zeros, a dictionary of 64 MiB, and a file of 1 TiB without a content.
    (tmp_path / "zeros.packed").write_bytes(lzma.compress(bytes(1 << 26), preset=1))
    (tmp_path / "memory.packed").write_bytes(lzma.compress(b"x", preset=9))
    (tmp_path / "sparse.packed").write_bytes(b"")
    os.truncate(tmp_path / "sparse.packed", 1 << 40)
    for name in ("zeros", "memory", "sparse"):
        (tmp_path / f"{name}.json").write_text(json.dumps(CARD), encoding="utf-8")
    code = """
import lzma, resource
from pathlib import Path
from lutsr._modelfile import read_model
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (32 << 20),) * 2)
for name in ("zeros", "memory", "sparse"):
    try:
        read_model(Path(f"{name}.packed"))
    except ValueError as error:
        print(error)
"""
    run = run_program(tmp_path, code)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "zeros.packed: more than 10072 bytes when decompressed, which is too long",
        "memory.packed: not a packed table file: Memory usage limit exceeded",
        "sparse.packed: longer than 11082 bytes, more than its tables can take",
    ]
    assert resource.getpagesize()


def test_python_without_lzma(tmp_path, monkeypatch):
    target = packed_beside(lutsr_data.table_path("ecnn-small", 2), tmp_path)
    monkeypatch.setitem(sys.modules, "lzma", None)
    with pytest.raises(OSError, match=r"Python's module lzma is needed.*install liblzma"):
        read_model(target)
