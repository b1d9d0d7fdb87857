"""Read changed model files, 100,000 of them, and report the results.

    python tests/fuzz_modelfiles.py [--files 100000] [--seed 0] [--folder /dev/shm]

Each starts as a valid table file and card, of format 1 or 2. One of the two is then changed at
random: bytes, the header, the length, fields of the card at any depth. Reading must return what
the files contain, or raise a ValueError or OSError that names the file; a chain that is accepted
must compute. Nothing may be executed, as Python's audit hooks report, and memory may not grow: the
address space is limited to 64 MB more than before. The program stops with exit code 1 at the first
violation and leaves the files there.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import random
import resource
import shutil
import struct
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from lutsr._engine import open_engine
from lutsr._modelfile import Model, read_model, write_model

#: Audit events that reading a file must not cause.
FORBIDDEN = (
    "ctypes.dlopen", "import", "os.exec", "os.fork", "os.mkdir", "os.remove", "os.rename",
    "os.system", "pickle.find_class", "socket.connect", "subprocess.Popen",
)  # fmt: skip

TOKENS = [
    "'descr'", "'shape'", "'fortran_order'", "'|i1'", "'|O'", "'<f8'", "'|V10'", "'i1,i1'", "True",
    "False", "None", "0", "-1", "2", "3", "4", "9", "256", "257", "99999999999999999999", "1e400",
    "0x" + "f" * 4000, "(", ")", "[", "]", "{", "}", ",", ":", "-", "+", "*", "**", "'", '"', "\\",
    "\n", "\0", " ", "#", "L", "b''", "lambda: 0", "print()", "__import__('os')", "é",
]  # fmt: skip
VALUES = [
    None, True, False, 0, 1, 2, 3, 4, 5, 6, 16, -1, 2.0, 1e308, float("nan"), float("inf"),
    10**4000, 1 << 28, 1 << 31, 1 << 63, 1 << 64, "", "2", "eclut", "chain", "lut", "\0",
    "é" * 500, "int8", "uint8", "int16", "int32", "object", "O", "float64", ">i2", "i1,i1", "json",
    [], {}, [[]], [1], [6], [0], [-1], [True], [1 << 28] * 8, [1] * 70, {"psnr_y": 1},
    {"Set5": {"psnr_y": 30.0}}, {"Set5": None}, "0" * 64, {"expand_shift": 1},
]  # fmt: skip

KINDS = (
    "header bytes", "header words", "header length", "whole header", "entries", "length",
    "card bytes", "card values", "card nesting", "card length",
)  # fmt: skip


class Original:
    """A valid table file and its card."""

    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()
        self.card: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
        start = 10 + struct.unpack("<H", self.content[8:10])[0]
        self.head, self.entries = self.content[:start], self.content[start:]


def chain(rng: np.random.Generator) -> Model:
    """Make a chain of two stages that has every kind of field."""
    tables = {
        "codes": rng.integers(-128, 128, (2, 17**2, 3), dtype=np.int8),
        "cells": rng.integers(-9000, 9000, (3, 256, 4), dtype=np.int16),
    }
    window = {
        "table": "codes",
        "in": "image",
        "taps": [[[0, 0, 0], [0, 1, 0]], [[0, 0, 0], [1, 1, 0]]],
        "step": 16,
        "border": "reflect",
    }
    pixel = {"table": "cells", "in": "hidden", "taps": [[[0, 0, c]] for c in range(3)]}
    first = {
        "out": "hidden",
        "rotations": 4,
        "layers": [{"out": "sum", "look_ups": [window], "bias": [1, 2, 3], "rounding": "up"}],
        "bias": 127,
        "divisor": 128,
        "clamp": [0, 255],
    }
    last = {
        "out": "result",
        "rotations": 1,
        "border": "edge",
        "layers": [
            {
                "out": "detail",
                "look_ups": [pixel],
                "add": [{"in": "image", "gain": 2}],
                "divisor": 3,
                "place": {"cells": 2},
            }
        ],
        "divisor": 64,
        "rounding": "even",
        "clamp": [0, 255],
    }
    return Model("fuzzed", 2, "chain", {"stages": [first, last]}, tables)


def originals(path: Path, seed: int) -> list[Original]:
    """Write one model of each kind to the same path, and remember its files."""
    rng = np.random.default_rng(seed)
    lut = rng.integers(-128, 128, (256, 256, 9, 2, 2), dtype=np.int8)
    metrics = {"Set5": {"psnr_y": 30.0, "ssim_y": 0.9}}
    models = [Model("fuzzed", 2, "eclut", {"expand_shift": 2}, {"lut": lut}), chain(rng)]
    found = []
    for model in models:
        write_model(path, model, metrics=metrics)
        found.append(Original(path))
    np.save(path, lut)
    card = {
        "format_version": 1,
        "model": "fuzzed",
        "scale": 2,
        "expand_shift": 2,
        "shift": 2,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "metrics": metrics,
    }
    path.with_suffix(".json").write_text(json.dumps(card))
    return [*found, Original(path)]


class Fuzzer:
    """Model files in a folder, changed and read over and over."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.path = folder / "fuzzed_x2.npy"
        self.card_path = self.path.with_suffix(".json")
        self.originals = originals(self.path, seed)
        self.original = self.originals[0]
        self.extremes = np.random.default_rng(seed).choice(
            np.array([0, 1, 254, 255], np.int32), (4, 5)
        )

    def write(self) -> str:
        """Write a table file and a card, one of them changed, and return what was changed."""
        kind = self.random.choice(KINDS)
        self.original = self.random.choice(self.originals)
        content = self.changed_table(kind)
        card = self.original.card
        if content != self.original.content and self.random.random() < 0.5:
            card = card | {"sha256": hashlib.sha256(content).hexdigest()}
        with self.path.open("r+b") as file:  # overwritten: this allocates no memory in /dev/shm
            file.write(content)
            file.truncate()
        self.card_path.unlink(missing_ok=True)
        if kind.startswith("card") or self.random.random() < 0.95:
            self.card_path.write_bytes(self.changed_card(kind, card))
        return kind

    def check(self) -> str:
        """Read what was written, and return whether it was valid."""
        try:
            model = read_model(self.path)
        except (ValueError, OSError) as error:
            if self.path.stem not in str(error) or len(str(error)) > 2000:
                raise AssertionError(f"not a message that names the file: {error!r}") from error
            return "refused"
        content, card = self.path.read_bytes(), json.loads(self.card_path.read_text())
        if card["sha256"] != hashlib.sha256(content).hexdigest():
            raise AssertionError("the table file is not the card's")
        entries = content[-sum(table.nbytes for table in model.tables.values()) :]
        whole = [{"name": "lut", "offset": 0, "shape": [256, 256, 9, 2, 2], "dtype": "int8"}]
        places = card.get("tables", whole) if card["format_version"] == 2 else whole
        if [place["name"] for place in places] != list(model.tables):
            raise AssertionError("other tables than the card names")
        for place, table in zip(places, model.tables.values(), strict=True):
            if (place["shape"], place["dtype"]) != (list(table.shape), table.dtype.name):
                raise AssertionError("another shape or type than the card's")
            stored = table.astype(table.dtype.newbyteorder("<")).tobytes()
            if stored != entries[place["offset"] :][: len(stored)]:
                raise AssertionError("other entries than the file's")
        if model.family == "chain":
            # What has been accepted can be computed: no index is out of range.
            image = self.extremes[:, :, None]
            if open_engine(model).sums(image, 1, 0, 4).shape != (8, 10, 1):
                raise AssertionError("a result of another shape")
        return "read"

    def changed_table(self, kind: str) -> bytes:
        """Return the content of the table file, changed if `kind` asks for it."""
        head = self.original.head
        if kind == "header bytes":
            head = self._flip(head)
        elif kind == "header words":
            text = self._words(head[10:].decode("latin-1")).encode("latin-1")
            length = head[8:10] if self.random.random() < 0.5 else struct.pack("<H", len(text))
            head = head[:8] + length + text
        elif kind == "header length":
            claimed = self.random.choice([0, 1, 117, 119, 65535, 1 << 20, 0x7FFFFFFF, 0xFFFFFFFF])
            if self.random.random() < 0.5:
                head = head[:6] + b"\2\0" + struct.pack("<I", claimed) + head[10:]
            else:
                head = head[:8] + struct.pack("<H", claimed & 65535) + head[10:]
        elif kind == "whole header":
            text = "".join(self.random.choices(TOKENS, k=self.random.randrange(1, 60)))
            text = (text * self.random.choice([1, 1, 40]))[:12_000]
            head = head[:8] + struct.pack("<H", len(text)) + text.encode("latin-1")
        content = head + self.original.entries
        if kind == "entries":
            at = self.random.randrange(len(head), len(content))
            content = content[:at] + bytes([self.random.randrange(256)]) + content[at + 1 :]
        elif kind == "length":
            length = self.random.choice([0, 5, 6, 9, 100, 127, 128, len(content) - 1])
            content = content + b"\0" if self.random.random() < 0.2 else content[:length]
        return content

    def changed_card(self, kind: str, fields: dict[str, Any]) -> bytes:
        """Return the content of the card, changed if `kind` asks for it."""
        card = json.dumps(fields).encode()
        if kind == "card bytes":
            return self._flip(card)
        if kind == "card values":
            changed = copy.deepcopy(fields)
            for _ in range(self.random.choice([1, 1, 2, 3])):
                self._change_value(changed)
            return json.dumps(changed, ensure_ascii=self.random.random() < 0.5).encode()
        if kind == "card nesting":
            depth = self.random.choice([10, 500, 900, 970, 980, 985, 990, 1000, 5000, 100_000])
            value = b"[" * depth + b"]" * self.random.choice([depth, 0])
            key = self.random.choice(sorted(fields)).encode()
            return card.replace(b'"' + key + b'": ', b'"' + key + b'": ' + value + b', "rest": ')
        if kind == "card length":
            return self.random.choice([card[: self.random.randrange(len(card))], card * 4000])
        return card

    def _change_value(self, card: dict[str, Any]) -> None:
        """Change, delete or repeat one value, at any depth."""
        at: Any = card
        while at:
            key = self.random.choice(sorted(at)) if type(at) is dict else self._index(at)
            if type(at[key]) not in (dict, list) or self.random.random() < 0.3:
                break
            at = at[key]
        else:
            return
        action = self.random.random()
        if action < 0.15:
            del at[key]
        elif action < 0.3 and type(at) is list:
            at.insert(key, copy.deepcopy(at[self._index(at)]))
        elif action < 0.6 and type(at[key]) is int:
            at[key] += self.random.choice([-256, -2, -1, 1, 2, 3, 256])
        else:
            at[key] = self.random.choice(VALUES)

    def _index(self, items: list[Any]) -> int:
        return self.random.randrange(len(items))

    def _flip(self, content: bytes) -> bytes:
        changed = bytearray(content)
        for _ in range(self.random.choice([1, 1, 2, 8])):
            changed[self.random.randrange(len(changed))] = self.random.randrange(256)
        return bytes(changed)

    def _words(self, text: str) -> str:
        for _ in range(self.random.choice([1, 2, 5])):
            at = self.random.randrange(len(text))
            to = min(len(text), at + self.random.choice([0, 1, 3, 8]))
            text = text[:at] + self.random.choice(TOKENS) + text[to:]
        return text


class Watch:
    """Record forbidden audit events of Python while files are read."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[object, ...]) -> None:
        if self.on and event in FORBIDDEN:
            self.seen.append(f"{event}{args}")


def limit_memory(spare: int) -> None:
    """Limit the address space to its present size and `spare` bytes more."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + spare,) * 2)


def main() -> None:
    """Fuzz, and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", default=None, help="where to write; /dev/shm is fast")
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # Python warns about odd literals in headers
    folder = Path(tempfile.mkdtemp(prefix="lutsr-fuzz-", dir=args.folder))
    fuzzer, watch = Fuzzer(folder, args.seed), Watch()
    found: Counter[tuple[str, str]] = Counter()
    slowest = 0.0
    for number in range(args.files):
        kind = fuzzer.write()
        if number == 1000:  # by now all modules are imported
            limit_memory(64 << 20)
        start = time.perf_counter()
        watch.on = number >= 1000
        try:
            outcome = fuzzer.check()
        except BaseException:
            print(f"file {number}, {kind}; it is left in {folder}", file=sys.stderr)
            raise
        watch.on = False
        if watch.seen:
            raise SystemExit(f"file {number}, {kind}, in {folder}: {watch.seen}")
        slowest = max(slowest, time.perf_counter() - start)
        found[kind, outcome] += 1
    shutil.rmtree(folder)
    for kind in KINDS:
        print(f"{kind:15} {found[kind, 'refused']:7} refused {found[kind, 'read']:7} read")
    print(f"{sum(found.values())} files, slowest {slowest:.2f} s; nothing executed, no crash")


if __name__ == "__main__":
    main()
