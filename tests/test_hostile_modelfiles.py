"""Files made to break the loader: errors that name what is wrong.

`tests/fuzz_modelfiles.py` does the same at random, for 100,000 files.
"""

import hashlib
import json
import os
import re
import socket
import struct
import subprocess
import sys

import numpy as np
import pytest

from lutsr._modelfile import LONGEST_CARD, read_card, read_model

from .programs import run_program

CARD = {
    "format_version": 1,
    "model": "bad",
    "scale": 2,
    "expand_shift": 2,
    "shift": 2,
    "sha256": "0" * 64,
    "metrics": {},
}
TABLE = {"name": "a", "offset": 0, "shape": [6], "dtype": "int8"}
FLAT_CARD = {
    "format_version": 2,
    "family": "eclut",
    "model": "flat",
    "scale": 2,
    "parameters": {"expand_shift": 2},
    "tables": [TABLE],
    "sha256": "the file's",
}
HEADER = "{'descr': '|i1', 'fortran_order': False, 'shape': (256, 256, 9, 2, 2), }"


@pytest.fixture
def lut(random_lut):
    return random_lut(2)


def npy(header, version=1, claimed=None, rest=b""):
    text = header.encode("latin-1")
    length = struct.pack("<H" if version == 1 else "<I", len(text) if claimed is None else claimed)
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + rest


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (npy(HEADER, version=2, claimed=0xFFFFFFFF), "not a .npy file: EOF: reading array header"),
        (npy(HEADER, version=3), "not a .npy file: unknown .npy version"),
        (npy("{" * 9000), "not a .npy file"),
        (npy("(" * 9000), "not a .npy file"),
        (npy("-" * 9000 + "1"), "not a .npy file"),
        (npy("[" * 150 + "]" * 150), "not a .npy file"),
        (npy("{(): 1, 'a': 2, 3: 4}"), "not a .npy file"),
        (npy("{[]: 1}"), "not a .npy file"),
        (npy("__import__('os').system('touch executed')"), "not a .npy file"),
        (npy(HEADER.replace("'|i1'", "().__class__")), "not a .npy file"),
        (npy(HEADER.replace("'|i1'", "()")), "not a .npy file"),
        (npy(HEADER.replace("'|i1'", "'|O'")), "dtype is object, wanted int8"),
        (npy(HEADER.replace("'|i1'", "[('a', '|i1')]")), r"dtype is \[\('a', 'i1'\)\]"),
        (npy(HEADER.replace("(256, 256, 9, 2, 2)", "(-1, 256, 9, 2, 2)")), r"shape is \(-1"),
        (npy(HEADER.replace("(256, 256, 9, 2, 2)", f"({2**62}, {2**62}, 9, 2, 2)")), "shape is"),
        (npy(HEADER.replace("(256, ", f"({hex(1 << 30000)}, ", 1)), "shape is tuple too large"),
        (npy(HEADER.replace("2, 2)", "True, True)")), "shape is"),
        (npy(HEADER.replace("2, 2)", "2.0, 2.0)")), "not a .npy file"),
        (npy(HEADER.replace("(256, 256, 9, 2, 2)", "()")), r"shape is \(\)"),
        (npy(HEADER + " " * 20000, version=2), "not a .npy file"),
        (npy(HEADER), "0 bytes of entries, wanted 2359296"),
        (b"PK\x03\x04" + b"\0" * 100, "not a .npy file"),
        (b"\x80\x04\x95\x1c\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94", "not a .npy file"),
    ],
)
def test_hostile_headers(tmp_path, content, reason):
    path = tmp_path / "bad.npy"
    path.write_bytes(content)
    path.with_suffix(".json").write_text(json.dumps(CARD), encoding="utf-8")
    with pytest.raises(ValueError, match=r"bad\.npy: .*" + reason) as caught:
        read_model(path)
    assert len(str(caught.value)) < len(str(path)) + 400
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["bad.json", "bad.npy"]


def test_pickles_are_not_loaded(tmp_path):
    class Executed:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    np.save(tmp_path / "bad.npy", np.array([Executed()], object), allow_pickle=True)
    with pytest.raises(ValueError, match="dtype is object, wanted int8"):
        read_model(tmp_path / "bad.npy")
    (tmp_path / "worse.npy").write_bytes((tmp_path / "bad.npy").read_bytes()[128:])
    with pytest.raises(ValueError, match=r"not a \.npy file"):
        read_model(tmp_path / "worse.npy")
    assert not (tmp_path / "executed").exists()


def test_a_header_and_a_card_that_claim_gigabytes_take_no_memory(tmp_path):
    resource = pytest.importorskip("resource", reason="this system has no limits of memory")
    (tmp_path / "bad.npy").write_bytes(npy(HEADER, version=2, claimed=0xFFFFFF00))
    (tmp_path / "sparse.npy").write_bytes(npy(HEADER))
    os.truncate(tmp_path / "sparse.npy", 1 << 40)
    (tmp_path / "sparse.json").write_text(json.dumps(CARD), encoding="utf-8")
    largest = 1 << 28
    (tmp_path / "flat.npy").write_bytes(npy(HEADER.replace("256, 256, 9, 2, 2", f"{2 * largest},")))
    os.truncate(tmp_path / "flat.npy", 2 * largest + (tmp_path / "flat.npy").stat().st_size)
    tables = [TABLE | {"shape": [largest]}, {**TABLE, "name": "b", "offset": largest}]
    (tmp_path / "flat.json").write_text(json.dumps(FLAT_CARD | {"tables": tables}))
    (tmp_path / "card.json").write_bytes(b"{")
    os.truncate(tmp_path / "card.json", 1 << 40)
    code = """
import resource
from pathlib import Path
from lutsr._modelfile import read_card, read_model
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (32 << 20),) * 2)
for name in ("bad.npy", "sparse.npy", "flat.npy", "card.json"):
    try:
        (read_card if name == "card.json" else read_model)(Path(name))
    except ValueError as error:
        print(error)
"""
    assert resource.getpagesize()
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("this system does not say how much memory a process has")
    run = run_program(tmp_path, code)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        f"bad.npy: not a .npy file: EOF: reading array header, expected {0xFFFFFF00} bytes "
        f"got {len(HEADER)}",
        f"sparse.npy: {(1 << 40) - len(npy(HEADER))} bytes of entries, wanted 2359296",
        f"flat.json: tables: longer than {1 << 28} bytes",
        f"card.json: not a card: longer than {LONGEST_CARD} bytes",
    ]


@pytest.mark.parametrize("suffix", [".npy", ".json"])
def test_what_is_no_regular_file_is_not_opened(table_file, lut, suffix):
    path = table_file(lut)
    victim = path.with_suffix(suffix)
    content = victim.read_bytes()

    def refused(message):
        with pytest.raises(FileNotFoundError, match=rf"mine_x2\{suffix}: no such .* file{message}"):
            read_model(path)
        victim.rmdir() if victim.is_dir() and not victim.is_symlink() else victim.unlink()

    victim.unlink()
    victim.mkdir()
    refused(r" \(it is a folder\)")
    victim.symlink_to("nowhere")
    refused("")
    victim.symlink_to(victim.name)
    refused("")
    if hasattr(os, "mkfifo"):
        os.mkfifo(victim)
        refused(r" \(it is a pipe\)")
    if os.path.exists("/dev/zero"):
        victim.symlink_to("/dev/zero")
        refused(r" \(it is a device\)")
    if hasattr(socket, "AF_UNIX"):
        here = os.getcwd()
        os.chdir(victim.parent)  # a socket's path must be short
        try:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(victim.name)
        finally:
            os.chdir(here)
        refused(r" \(it is a socket\)")
    real = victim.with_name("real")
    real.write_bytes(content)
    victim.symlink_to(real.name)
    assert np.array_equal(read_model(path).tables["lut"], lut)


def test_a_file_cut_while_it_is_read(table_file, lut, monkeypatch):
    path = table_file(lut)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-7])

    class Longer:
        st_size = size

    monkeypatch.setattr("lutsr._modelfile.read.os.fstat", lambda number: Longer)
    with pytest.raises(ValueError, match=r"mine_x2\.npy: 2359289 bytes of entries, wanted 2359296"):
        read_model(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe{}", "not a card: 'utf-8' codec"),
        (b"\xef\xbb\xbf{}", "not a card"),
        (b"[" * 500_000, "not a card"),
        (b'{"a":' * 100_000, "not a card"),
        (b'{"scale": ' + b"9" * 5000 + b"}", "not a card: Exceeds the limit"),
        (b"{}" + b" " * LONGEST_CARD, "not a card: longer than 1048576 bytes"),
        (b"NaN", "not a card: wanted a JSON object"),
        (b"{}", "format_version is None"),
        (json.dumps({"format_version": "x" * 100_000}).encode(), "format_version is 'xxx"),
    ],
)
def test_hostile_cards(tmp_path, content, reason):
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.json: .*" + reason) as caught:
        read_card(path)
    assert len(str(caught.value)) < len(str(path)) + 400


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scale": True}, "scale is True, wanted int"),
        ({"scale": 2.0}, "scale is 2.0, wanted int"),
        ({"scale": 10**4000}, "scale is 1000"),
        ({"expand_shift": -(10**4000)}, "got -1000"),
        ({"sha256": "x" * 10_000}, "sha256 is not that of mine_x2.npy"),
        ({"metrics": {"Set5": 30}}, "metrics of 'Set5' are 30"),
        ({"metrics": {"Set5": {"psnr_y": "30"}}}, "metrics of 'Set5' are"),
        ({"metrics": {"Set5": {"psnr_y": True}}}, "metrics of 'Set5' are"),
        ({"metrics": {"Set5": {"psnr_y": float("nan")}}}, "metrics of 'Set5' are"),
        ({"metrics": {"Set5": {"psnr_y": 10**4000}}}, "metrics of 'Set5' are"),
    ],
)
def test_cards_with_wrong_values(table_file, lut, changes, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        read_model(table_file(lut, **changes))
    assert len(str(caught.value)) < 600


HUGE = 10**4000
COUNT = "an integer from 0 to 268435456"
LENGTHS = "wanted 1 to 8 integers from 1 to 268435456"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format_version": True}, "format_version is True"),
        ({"format_version": 2.0}, "format_version is 2.0"),
        ({"format_version": HUGE}, "format_version is 1000"),
        ({"family": 1}, "family is 1, wanted str"),
        ({"family": ["eclut"]}, r"family is \['eclut'\], wanted str"),
        ({"family": "x" * 10_000}, "family: got 'xxx.*, wanted one of .*'eclut'"),
        ({"family": "os.path"}, "family: got 'os.path'"),
        ({"scale": True}, "scale is True, wanted int"),
        ({"scale": HUGE}, "scale is 1000"),
        ({"scale": -2}, "scale is -2"),
        ({"model": None}, "model is None, wanted str"),
        ({"sha256": 0}, "sha256 is 0, wanted str"),
        ({"metrics": 0}, "metrics is 0, wanted dict"),
        ({"parameters": []}, r"parameters is \[\], wanted dict"),
        ({"parameters": {"expand_shift": float("nan")}}, "parameters: cannot be written as JSON"),
        ({"parameters": {"a": {"b": [float("inf")]}}}, "parameters: cannot be written as JSON"),
        ({"parameters": {"expand_shift": True}}, "expand_shift: got True, wanted 1 or the scale"),
        ({"parameters": {"expand_shift": 2.0}}, "expand_shift: got 2.0, wanted 1 or the scale"),
        ({"parameters": {"expand_shift": HUGE}}, "expand_shift: got 1000"),
        ({"parameters": {}}, "parameters: got none, wanted 'expand_shift', and perhaps"),
        ({"parameters": {"x" * 10_000: 1}}, "parameters: got 'xxx"),
        ({"tables": {}}, "tables is {}, wanted list"),
        ({"tables": []}, r"tables is \[\], wanted at least one"),
        ({"tables": [[]]}, r"tables\[0\] is \[\], wanted dict"),
        ({"tables": [TABLE, None]}, r"tables\[1\] is None, wanted dict"),
        ({"tables": [TABLE, {**TABLE, "offset": 6}]}, r"tables\[1\].name is 'a', as is that of ta"),
        ({"tables": [{**TABLE, "name": ["a"]}]}, r"tables\[0\].name is \['a'\], wanted 1 to 200"),
        ({"tables": [{**TABLE, "name": "x" * 10_000}]}, r"tables\[0\].name is 'xxx"),
        ({"tables": [{**TABLE, "name": ""}]}, r"tables\[0\].name is ''"),
        ({"tables": [{**TABLE, "offset": -1}]}, r"tables\[0\].offset is -1, wanted " + COUNT),
        ({"tables": [{**TABLE, "offset": False}]}, r"tables\[0\].offset is False, wanted " + COUNT),
        ({"tables": [{**TABLE, "offset": 0.0}]}, r"tables\[0\].offset is 0.0, wanted " + COUNT),
        ({"tables": [{**TABLE, "offset": "0"}]}, r"tables\[0\].offset is '0', wanted " + COUNT),
        ({"tables": [{**TABLE, "offset": HUGE}]}, r"tables\[0\].offset is 1000"),
        ({"tables": [{**TABLE, "offset": 1}]}, r"tables\[0\].offset is 1, wanted 0: bytes before"),
        ({"tables": [{**TABLE, "shape": 6}]}, r"tables\[0\].shape is 6, " + LENGTHS),
        ({"tables": [{**TABLE, "shape": []}]}, r"tables\[0\].shape is \[\], " + LENGTHS),
        ({"tables": [{**TABLE, "shape": [0]}]}, r"tables\[0\].shape is \[0\], " + LENGTHS),
        ({"tables": [{**TABLE, "shape": [-6, -1]}]}, r"tables\[0\].shape is \[-6, -1\], "),
        ({"tables": [{**TABLE, "shape": [True]}]}, r"tables\[0\].shape is \[True\], " + LENGTHS),
        ({"tables": [{**TABLE, "shape": [6.0]}]}, r"tables\[0\].shape is \[6.0\], " + LENGTHS),
        ({"tables": [{**TABLE, "shape": [[6]]}]}, r"tables\[0\].shape is \[\[6\]\], " + LENGTHS),
        ({"tables": [{**TABLE, "shape": [HUGE]}]}, r"tables\[0\].shape is \[1000"),
        ({"tables": [{**TABLE, "shape": [1] * 9}]}, r"tables\[0\].shape is \[1, 1, "),
        ({"tables": [{**TABLE, "shape": [1] * 99_999}]}, r"tables\[0\].shape is \[1, 1, "),
        ({"tables": [{**TABLE, "shape": [1 << 28] * 8}]}, "tables: longer than 268435456 bytes"),
        ({"tables": [{**TABLE, "shape": [1 << 27], "dtype": "int32"}]}, "tables: longer than"),
        (
            {"tables": [{**TABLE, "dtype": "object"}]},
            r"tables\[0\].dtype is 'object', wanted one of 'int8', 'uint8', 'int16', 'int32'",
        ),
        ({"tables": [{**TABLE, "dtype": "O"}]}, r"tables\[0\].dtype is 'O'"),
        ({"tables": [{**TABLE, "dtype": ">i2"}]}, r"tables\[0\].dtype is '>i2'"),
        ({"tables": [{**TABLE, "dtype": "i1,i1"}]}, r"tables\[0\].dtype is 'i1,i1'"),
        ({"tables": [{**TABLE, "dtype": "(9999999,)i4"}]}, r"tables\[0\].dtype is '\(9999999,"),
        ({"tables": [{**TABLE, "dtype": "float64"}]}, r"tables\[0\].dtype is 'float64'"),
        ({"tables": [{**TABLE, "dtype": None}]}, r"tables\[0\].dtype is None"),
        ({"tables": [{**TABLE, "dtype": {"a": 1}}]}, r"tables\[0\].dtype is {'a': 1}"),
    ],
)
def test_cards_of_format_2_with_wrong_values(tmp_path, changes, reason):
    message = refusal(tmp_path, FLAT_CARD | changes)
    assert re.match(rf"{re.escape(str(tmp_path))}.flat\.json: {reason}", message), message
    assert len(message) < len(str(tmp_path)) + 600


@pytest.mark.parametrize("name", [name for name in FLAT_CARD if name != "format_version"])
def test_cards_of_format_2_with_a_field_missing(tmp_path, name):
    message = refusal(tmp_path, {key: value for key, value in FLAT_CARD.items() if key != name})
    assert f"flat.json: {name} is None, wanted " in message


@pytest.mark.parametrize("name", list(TABLE))
def test_tables_with_a_field_missing(tmp_path, name):
    table = {key: value for key, value in TABLE.items() if key != name}
    assert f"flat.json: tables[0].{name} is None" in refusal(
        tmp_path, FLAT_CARD | {"tables": [table]}
    )


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ([("a", 0, [4]), ("b", 3, [2])], "tables[1].offset is 3, wanted 4: it overlaps"),
        ([("a", 2, [4]), ("b", 0, [3])], "tables[0].offset is 2, wanted 3: it overlaps"),
        ([("a", 0, [6]), ("b", 0, [6])], "tables[1].offset is 0, wanted 6: it overlaps"),
        ([("a", 0, [2]), ("b", 3, [3])], "tables[1].offset is 3, wanted 2: bytes before it belong"),
        ([("a", 0, [4])], "flat.npy: shape is (6,), and by flat.json it is (4,)"),
        ([("a", 0, [4]), ("b", 4, [3])], "flat.npy: shape is (6,), and by flat.json it is (7,)"),
    ],
)
def test_tables_that_do_not_fill_the_file(tmp_path, tables, reason):
    listed = [{**TABLE, "name": n, "offset": at, "shape": shape} for n, at, shape in tables]
    assert reason in refusal(tmp_path, FLAT_CARD | {"tables": listed})


def test_a_table_file_that_is_not_flat(tmp_path):
    message = refusal(tmp_path, FLAT_CARD, np.zeros((2, 3), np.int8))
    assert "flat.npy: shape is (2, 3), and by flat.json it is (6,)" in message


@pytest.mark.parametrize("depth", [5, 300, 900, 950, 980, 990, 1000, 1100, 5000])
def test_nested_parameters(tmp_path, depth):
    # The error is the same whether parsing, copying or checking finds that it is too deep.
    card = json.dumps(FLAT_CARD | {"parameters": {"expand_shift": "?"}})
    path = write_flat(tmp_path, card.replace('"?"', "[" * depth + "]" * depth))
    with pytest.raises(ValueError, match=r"flat\.json: ") as caught:
        read_model(path)
    assert len(str(caught.value)) < len(str(path)) + 400


def refusal(folder, card, array=None):
    """Return the message with which a card of format 2 is refused."""
    path = write_flat(folder, json.dumps(card), array)
    with pytest.raises(ValueError, match=r"flat\.") as caught:
        read_model(path)
    assert sorted(entry.name for entry in folder.iterdir()) == ["flat.json", "flat.npy"]
    return str(caught.value)


def write_flat(folder, card, array=None):
    path = folder / "flat.npy"
    np.save(path, np.zeros(6, np.int8) if array is None else array)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(card.replace("the file's", digest), encoding="utf-8")
    return path


def test_a_huge_number_of_a_header_is_refused_under_warnings_as_errors(tmp_path):
    # Python warns about unusual literals while it parses a header; the result is a clear error too.
    (tmp_path / "bad.npy").write_bytes(npy("{'\\d': 0or 1}"))
    code = "import sys; from lutsr._modelfile import read_model; read_model(sys.argv[1])"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, tmp_path / "bad.npy"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.stderr.splitlines()[-1].startswith(f"ValueError: {tmp_path / 'bad.npy'}: not a .npy")
