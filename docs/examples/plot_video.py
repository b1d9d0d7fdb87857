"""
Frames of a video
=================

imageio reads and writes videos by PyAV (``pip install imageio av``), frame by frame, so that no
video is in memory as a whole. The page on video does it with ffmpeg and the command line, and keeps
the sound.
"""

# %%
# A short video: a window that moves over a photograph ("coffee", CC0).

import tempfile
from pathlib import Path

import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
from skimage import data, transform, util

import lutsr

folder = tempfile.TemporaryDirectory()
source, target = Path(folder.name) / "small.mp4", Path(folder.name) / "large.mp4"
photo = util.img_as_ubyte(transform.rescale(data.coffee(), 1 / 2, channel_axis=-1))
frames = np.stack([photo[40:168, x : x + 192] for x in range(0, 96, 8)])
iio.imwrite(source, frames, plugin="pyav", codec="libx264", fps=12)

# %%
# Each frame is upscaled as it is read. All have the same size, so the model is loaded once.

upscale = lutsr.load("ecnn-small", 2)
rate = iio.immeta(source, plugin="pyav")["fps"]
with iio.imopen(target, "w", plugin="pyav") as video:
    video.init_video_stream("libx264", fps=rate)
    for frame in iio.imiter(source, plugin="pyav"):
        video.write_frame(upscale(frame, channel_axis=-1, rgb=True))

for path in (source, target):
    print(path.name, iio.improps(path, plugin="pyav").shape)

# %%
# The sixth frame of both.

figure, panels = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for panel, path in zip(panels, (source, target), strict=True):
    panel.imshow(iio.imread(path, index=5, plugin="pyav"), interpolation="nearest")
    panel.set_title(path.name)
    panel.set_axis_off()
plt.show()
folder.cleanup()
