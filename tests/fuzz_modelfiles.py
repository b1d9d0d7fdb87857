"""Read changed model files, 100,000 of them, and report the results.

    python tests/fuzz_modelfiles.py [--files 100000] [--seed 0] [--folder /dev/shm]

Each starts as a valid table file and card, of format 1 or 2, of every family; some are stacks. One
of the two is then changed at random: bytes, the header, the length, entries, fields of the card at
any depth. Reading must return what the files contain, or raise a ValueError or OSError that names
the file. A chain that is accepted must compute what its NumPy reference does. Nothing may be
executed while a model is read and prepared, as Python's audit hooks report, and it must take at
most 64 MB of address space more than the process has. The program stops with exit code 1 at the
first violation and leaves the files there.
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
from fuzz_originals import originals

from lutsr._engine import Engine, open_engine
from lutsr._frame.depth import from_sums, steps_per_level
from lutsr._modelfile import Model, read_model

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

#: What integers of a chain's description are changed to.
NUMBERS = [-(2**31), -32768, -256, -128, -1, 0, 1, 2, 3, 8, 15, 64, 127, 255, 4096, 32767, 2**20]

KINDS = (
    "header bytes", "header words", "header length", "whole header", "entries", "length",
    "many entries", "card bytes", "card values", "card numbers", "card nesting", "card length",
)  # fmt: skip

#: Kinds whose checksum is always right: a wrong one would be all that is found.
SIGNED = ("many entries", "card numbers")

#: How often each original is changed: two tables of eclut, large ones, then chains, then stacks.
WEIGHTS = (1, 1, 2, 3, 3)

#: After so many files a line on stderr shows the progress.
REPORTED = 5000

#: Address space that reading and preparing a model may take, in bytes.
SPARE = 64 << 20


class Fuzzer:
    """Model files in a folder, changed and read over and over."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.path = folder / "fuzzed_x2.npy"
        self.card_path = self.path.with_suffix(".json")
        self.originals = originals(self.path, seed)
        self.original = self.originals[0]
        self.generator = np.random.default_rng(seed)
        self.kind = ""
        self.computed: Counter[str] = Counter()  # chains, by the way in which they computed

    def write(self) -> str:
        """Write a table file and a card, one of them changed, and return what was changed."""
        kind = self.kind = self.random.choice(KINDS)
        (self.original,) = self.random.choices(self.originals, WEIGHTS)
        content = self.changed_table(kind)
        card = self.original.card
        signed = kind in SIGNED or self.random.random() < 0.5
        if content != self.original.content and signed:
            card = card | {"sha256": hashlib.sha256(content).hexdigest()}
        with self.path.open("r+b") as file:  # overwritten: this allocates no memory in /dev/shm
            file.write(content)
            file.truncate()
        self.card_path.unlink(missing_ok=True)
        if kind.startswith("card") or self.random.random() < 0.95:
            self.card_path.write_bytes(self.changed_card(kind, card))
        return kind

    def read(self) -> tuple[Model, Engine | None] | None:
        """Read and prepare what was written; return None if it is not valid."""
        try:
            model = read_model(self.path)
            return model, open_engine(model) if model.family == "chain" else None
        except (ValueError, OSError) as error:
            if self.path.stem not in str(error) or len(str(error)) > 2000:
                raise AssertionError(f"not a message that names the file: {error!r}") from error
            return None

    def check(self, model: Model, engine: Engine | None) -> None:
        """Check that a model is what the files contain, and that a chain computes."""
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
        if engine is not None:
            self.compute(engine)

    def compute(self, engine: Engine) -> None:
        """Compare the kernels of a chain with its reference, on a small image.

        One of the ways of computing is chosen at random: the reference takes most of the time.
        """
        height, width = self.generator.integers(1, 8, 2)
        levels = np.array([0, 1, 100, 254, 255], np.uint8)
        image = self.generator.choice(levels, (height, width, 3))
        ways = [
            "pixels",
            "sums",
            *["rgb"] * engine.joint_rgb,
            *["deep"] * (not engine.eight_bit_only),
        ]
        way = self.random.choice(ways)
        if way in ("pixels", "rgb"):
            compute = engine.reference_rgb if way == "rgb" else engine.reference
            sums = compute(image.astype(np.int32), 1)
            wanted, found = np.empty(sums.shape, np.uint8), np.empty(sums.shape, np.uint8)
            from_sums(sums.copy(), wanted, engine.divisor, engine.half_even)
            (engine.fill_rgb if way == "rgb" else engine.fill)(image, 0, height, found)
        else:
            steps = steps_per_level(np.dtype(np.uint16)) if way == "deep" else 1
            values = self.generator.integers(0, 255 * steps + 1, (height, width, 1), np.int32)
            wanted = engine.reference(values, steps)
            found = engine.sums(values, steps, 0, height)
        if not np.array_equal(found, wanted):
            raise AssertionError(f"other {way} than the reference's")
        self.computed[way] += 1

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
        if kind == "many entries":
            content = head + self._many(self.original.entries)
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
            changed = json.loads(card)  # many times as fast as a deep copy
            for _ in range(self.random.choice([1, 1, 2, 3])):
                self._change_value(changed)
            return json.dumps(changed, ensure_ascii=self.random.random() < 0.5).encode()
        if kind == "card numbers":
            changed = json.loads(card)  # many times as fast as a deep copy
            for _ in range(self.random.choice([1, 2, 8])):
                self._change_number(changed.get("parameters", changed))
            return json.dumps(changed).encode()
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

    def _change_number(self, fields: dict[str, Any]) -> None:
        """Change one integer, at any depth."""
        at: Any = fields
        while at:
            key = self.random.choice(sorted(at)) if type(at) is dict else self._index(at)
            if type(at[key]) is int:
                near = at[key] + self.random.choice([-1, 1]), 2 * at[key], at[key] // 2
                at[key] = self.random.choice([*near, self.random.choice(NUMBERS)])
            at = at[key] if type(at[key]) in (dict, list) else None

    def _many(self, entries: bytes) -> bytes:
        """Set a part of the entries to one extreme, or to random ones."""
        size = self.random.choice([64, 4096, len(entries)])
        start = self.random.randrange(0, len(entries), 64)
        count = min(size, len(entries) - start)
        extremes = self.generator.choice(np.array([127, 128], np.uint8), count).tobytes()
        new = self.random.choice([b"\x7f" * count, b"\x80" * count, extremes])
        return entries[:start] + new + entries[start + count :]

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


def address_space() -> int:
    """Return the size of the process's address space in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def limit_memory(limit: int) -> None:
    """Limit the address space, or not."""
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


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
        prepared = number >= min(1000, args.files // 2)  # by now all modules are imported
        try:
            # Compilers need more memory than models: kernels are compiled without the limit.
            limit_memory(address_space() + SPARE if prepared else resource.RLIM_INFINITY)
            start = time.process_time()
            watch.on = prepared
            opened = fuzzer.read()
            watch.on = False
            slowest = max(slowest, time.process_time() - start)
            limit_memory(resource.RLIM_INFINITY)
            if opened is not None:
                fuzzer.check(*opened)
        except BaseException:
            limit_memory(resource.RLIM_INFINITY)
            print(f"file {number}, {kind}; it is left in {folder}", file=sys.stderr)
            raise
        if watch.seen:
            raise SystemExit(f"file {number}, {kind}, in {folder}: {watch.seen}")
        found[kind, "refused" if opened is None else "read"] += 1
        if (number + 1) % REPORTED == 0:
            print(
                f"{number + 1} of {args.files} files, {fuzzer.computed.total()} chains computed",
                file=sys.stderr,
            )
    shutil.rmtree(folder)
    for kind in KINDS:
        print(f"{kind:15} {found[kind, 'refused']:7} refused {found[kind, 'read']:7} read")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(
        f"{fuzzer.computed.total()} chains computed what the reference does ("
        + ", ".join(f"{way} {count}" for way, count in sorted(fuzzer.computed.items()))
        + f"); at most {most} MB resident"
    )
    print(f"{sum(found.values())} files, slowest {slowest:.2f} s; nothing executed, no crash")


if __name__ == "__main__":
    main()
