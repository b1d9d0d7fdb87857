"""What an installed wheel must do: ``python -I tests/smoke.py``, with the extra ``cli``.

It must not be run with the repository on the path. `nox -s smoke` runs it in a fresh environment
of each Python that is supported and found.
"""

import importlib.metadata
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import lutsr
import lutsr.reference
import lutsr_data

assert "site-packages" in lutsr.__file__, f"wanted an installed lutsr, got {lutsr.__file__}"
assert "numba" not in sys.modules, "import lutsr imports numba"
assert lutsr.__version__ == importlib.metadata.version("lutsr")
for name in ("torch", "skimage", "pytest"):
    assert importlib.util.find_spec(name) is None, f"{name} is installed, and should not be needed"

# Reading a model compares its SHA-256 with that of the repository's file.
models = lutsr.models()
assert len(models) >= 15, models
for info in models:
    assert lutsr_data.table_path(info.name, info.scale).suffix == ".packed"
    up = lutsr.load(info.name, info.scale)
    assert (up.name, up.scale, up.family) == (info.name, info.scale, info.family)

image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
big = lutsr.upscale(image, 4, channel_axis=-1, rgb=True)
want = lutsr.reference.upscale(image, lutsr.load(scale=4), channel_axis=-1, rgb=True)
assert np.array_equal(big, want), "the result is not that of the reference"

from PIL import Image  # noqa: E402  # after the test that the library does without

with tempfile.TemporaryDirectory() as folder:
    Image.fromarray(image).save(Path(folder, "in.png"))
    command = Path(sys.executable).with_name("lutsr")
    subprocess.run([command, "in.png", "-o", "out.png", "-s", "4"], cwd=folder, check=True)
    with Image.open(Path(folder, "out.png")) as picture:
        assert np.array_equal(np.asarray(picture), want), "the command's result is another one"

print(f"Python {sys.version.split()[0]}: {len(models)} models, the API and the command: passed")
