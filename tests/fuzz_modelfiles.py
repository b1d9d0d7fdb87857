"""Read mutated tables and cards, 100,000 of them, and report what came of it.

    python tests/fuzz_modelfiles.py [--files 100000] [--seed 0] [--folder /dev/shm]

Each file is a good table, or its card, changed at random: bytes, fields of the header, its length,
values of the card, the length of the file. What may come of it is a table, which must then hold
what the file says, or a ValueError or OSError that names the file. Besides, nothing may be
executed (Python's audit hooks tell), and memory may not grow: the address space is limited to
64 MB more than there was before. Stops with exit code 1 at the first that breaks a promise, and
leaves the file where it is.
"""

from __future__ import annotations

import argparse
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

import numpy as np

from lutsr._modelfile import read_table

#: What no reading of a file has any business doing.
FORBIDDEN = (
    "ctypes.dlopen", "import", "os.exec", "os.fork", "os.mkdir", "os.remove", "os.rename",
    "os.system", "pickle.find_class", "socket.connect", "subprocess.Popen",
)  # fmt: skip

SHAPE = (256, 256, 9, 2, 2)
TOKENS = [
    "'descr'", "'shape'", "'fortran_order'", "'|i1'", "'|O'", "'<f8'", "'|V10'", "'i1,i1'", "True",
    "False", "None", "0", "-1", "2", "3", "4", "9", "256", "257", "99999999999999999999", "1e400",
    "0x" + "f" * 4000, "(", ")", "[", "]", "{", "}", ",", ":", "-", "+", "*", "**", "'", '"', "\\",
    "\n", "\0", " ", "#", "L", "b''", "lambda: 0", "print()", "__import__('os')", "é",
]  # fmt: skip
VALUES = [
    None, True, False, 0, 1, 2, 3, 4, -1, 2.0, 1e308, 10**4000, "", "2", "eclut", "\0", "é" * 500,
    [], {}, [[]], {"psnr_y": 1}, {"Set5": {"psnr_y": 30.0}}, {"Set5": None}, "0" * 64,
]  # fmt: skip


KINDS = (
    "header bytes", "header words", "header length", "whole header", "entries", "length",
    "card bytes", "card values", "card nesting", "card length",
)  # fmt: skip


class Fuzzer:
    """A table and a card in a folder, changed and read over and over."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.path = folder / "fuzzed_x2.npy"
        self.card_path = self.path.with_suffix(".json")
        entries = np.random.default_rng(seed).integers(-128, 128, SHAPE, dtype=np.int8)
        np.save(self.path, entries)
        content = self.path.read_bytes()
        self.entries = entries.tobytes()
        self.head = content[: -entries.size]
        self.card = {
            "format_version": 1,
            "model": "fuzzed",
            "scale": 2,
            "expand_shift": 2,
            "shift": 2,
            "sha256": hashlib.sha256(content).hexdigest(),
            "metrics": {"Set5": {"psnr_y": 30.0, "ssim_y": 0.9}},
        }

    def write(self) -> str:
        """Write a table and its card, one of them changed, and say what was changed."""
        kind = self.random.choice(KINDS)
        with_card = kind.startswith("card") or self.random.random() < 0.3
        table = self.changed_table(kind)
        with self.path.open("r+b") as file:  # its memory need not be asked for again
            file.write(table)
            file.truncate()
        self.card_path.unlink(missing_ok=True)
        if with_card:
            self.card_path.write_bytes(self.changed_card(kind))
        return kind

    def check(self) -> str:
        """Read what was written, and say what came of it."""
        try:
            table = read_table(self.path, expand_shift=self.random.choice([None, 1, 2]))
        except (ValueError, OSError) as error:
            if self.path.stem not in str(error):
                raise AssertionError(f"the message names no file: {error!r}") from error
            return "refused"
        content = self.path.read_bytes()
        if table.lut.shape != SHAPE or table.lut.tobytes() != content[-table.lut.size :]:
            raise AssertionError("the table is not what the file says")
        if table.card and table.card["sha256"] != hashlib.sha256(content).hexdigest():
            raise AssertionError("the table is not the card's")
        return "read"

    def changed_table(self, kind: str) -> bytes:
        """Make a table file, changed if that is what `kind` says."""
        head = self.head
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
        content = head + self.entries
        if kind == "entries":
            at = self.random.randrange(len(head), len(content))
            content = content[:at] + bytes([self.random.randrange(256)]) + content[at + 1 :]
        elif kind == "length":
            length = self.random.choice([0, 5, 6, 9, 100, 127, 128, len(content) - 1])
            content = content + b"\0" if self.random.random() < 0.2 else content[:length]
        return content

    def changed_card(self, kind: str) -> bytes:
        """Make a card, changed if that is what `kind` says."""
        card = json.dumps(self.card).encode()
        if kind == "card bytes":
            return self._flip(card)
        if kind == "card values":
            changed = dict(self.card)
            for key in self.random.sample(sorted(changed), self.random.randrange(1, 3)):
                changed[key] = self.random.choice(VALUES)
                if self.random.random() < 0.2:
                    del changed[key]
            return json.dumps(changed, ensure_ascii=self.random.random() < 0.5).encode()
        if kind == "card nesting":
            depth = self.random.choice([10, 500, 900, 1000, 5000, 100_000])
            value = b"[" * depth + b"]" * self.random.choice([depth, 0])
            key = self.random.choice(sorted(self.card)).encode()
            return card.replace(b'"' + key + b'"', b'"' + key + b'": ' + value + b', "rest"')
        if kind == "card length":
            return self.random.choice([card[: self.random.randrange(len(card))], card * 4000])
        return card

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
    """Remember what Python does while files are read, by its audit events."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[object, ...]) -> None:
        if self.on and event in FORBIDDEN:
            self.seen.append(f"{event}{args}")


def limit_memory(spare: int) -> None:
    """Allow so many more bytes of address space than there are now."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + spare,) * 2)


def main() -> None:
    """Fuzz, and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", default=None, help="where to write; /dev/shm is fast")
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # Python's own, of what it finds in headers
    folder = Path(tempfile.mkdtemp(prefix="lutsr-fuzz-", dir=args.folder))
    fuzzer, watch = Fuzzer(folder, args.seed), Watch()
    found: Counter[tuple[str, str]] = Counter()
    slowest = 0.0
    for number in range(args.files):
        kind = fuzzer.write()
        if number == 1000:  # everything is imported that reading needs
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
