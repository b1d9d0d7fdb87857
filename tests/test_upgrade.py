"""After an upgrade in the same folder, code that the older version has compiled is never run."""

import json
import os
import shutil
from pathlib import Path

import lutsr
import lutsr_data

from .programs import run_program

PACKAGE = Path(lutsr.__file__).parent

PROGRAM = """
import json, sys
import numpy as np
import lutsr
if not lutsr.__file__.startswith(sys.argv[0].removesuffix("program.py")):
    raise SystemExit(f"another lutsr: {lutsr.__file__}")
up = lutsr.load("eclut-fast", 2)
flat, noise = np.full((9, 9), 100, np.uint8), np.random.default_rng(0).integers(0, 256, (9, 9))
print(json.dumps([up(flat).tolist(), up(noise.astype(np.uint8)).tolist()]))
"""


class Install:
    """A copy of lutsr in a folder, with a cache of its own, whose files can be changed."""

    def __init__(self, folder):
        self.folder = folder
        for package in (PACKAGE, Path(lutsr_data.__file__).parent):
            shutil.copytree(
                package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__")
            )

    def run(self):
        environment = {
            "NUMBA_CACHE_DIR": str(self.folder / "cache"),
            "PYTHONPATH": str(self.folder),
            # Python would use the old .pyc, because size and time of the file are the same.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        run = run_program(self.folder, PROGRAM, environment=environment, prelude="")
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def change(self, name, old, new):
        """Change a file's meaning, but neither its size nor its times."""
        path = self.folder / "lutsr" / name
        before, text = path.stat(), path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} has changed: choose another line to change"
        assert len(old) == len(new)
        path.write_text(text.replace(old, new), encoding="utf-8")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def compiled(self):
        return {path.name for path in (self.folder / "cache").rglob("*.nbc")}


def inside(rows):
    return [row[4:-4] for row in rows[4:-4]]


def nothing(rows):
    return [[0 for _ in row] for row in rows]


def test_results_follow_the_sources_not_the_cache(tmp_path):
    install = Install(tmp_path)
    flat, noise = install.run()
    compiled = install.compiled()
    assert compiled

    # A file that the kernels' file imports: pixels are subtracted, so constant images become 0.
    adding = "builder.add(cells, builder.zext"
    install.change("_eclut/vectors_store.py", adding, adding.replace("add", "sub"))
    changed_flat, _ = install.run()
    assert inside(changed_flat) == nothing(inside(flat)) != inside(flat)
    install.change("_eclut/vectors_store.py", adding.replace("add", "sub"), adding)

    # Another file: taps determine where the values of an entry go.
    taps = "for dy in (-1, 0, 1) for dx"
    install.change("_eclut/reference.py", taps, "for dy in (1, 0, -1) for dx")
    _, changed_noise = install.run()
    assert inside(changed_noise) != inside(noise)
    install.change("_eclut/reference.py", "for dy in (1, 0, -1) for dx", taps)

    # The first version again: its compiled code is still used, whatever the files' times are.
    all_compiled = install.compiled()
    assert all_compiled > compiled
    for seconds in (0, 4_000_000_000):
        for path in tmp_path.rglob("*"):
            os.utime(path, (seconds, seconds))
        assert install.run() == [flat, noise]
        assert install.compiled() == all_compiled
