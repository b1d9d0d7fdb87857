"""
An old JPEG
===========

A small picture from an old web page: reduced, saved as JPEG of quality 40. The default model
enlarges what it is given, so it enlarges the traces of compression, too. ``ecnn-photo`` was trained
on pictures with such losses.
"""

# %%
# "Chelsea" (Stefan van der Walt, CC0), reduced to a quarter and saved as a JPEG.

import io

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

import lutsr

original = data.chelsea()[:296, :448]
size = original.shape[1] // 4, original.shape[0] // 4
file = io.BytesIO()
Image.fromarray(original).resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=40)
small = np.asarray(Image.open(file))
print(small.shape, len(file.getvalue()), "bytes")

# %%
# The same call with two models, and Pillow's Lanczos.

results = {
    "Lanczos (Pillow)": np.asarray(
        Image.fromarray(small).resize(original.shape[1::-1], Image.Resampling.LANCZOS)
    ),
    "ecnn": lutsr.upscale(small, 4, channel_axis=-1, rgb=True),
    "ecnn-photo": lutsr.upscale(small, 4, model="ecnn-photo", channel_axis=-1, rgb=True),
}
for name, image in results.items():
    print(f"{name:18} {peak_signal_noise_ratio(original, image):.2f} dB")

# %%
# Look at the flat fur and at the whiskers: blocks and specks around edges are in the first two.

crop = np.s_[60:200, 120:300]
figure, panels = plt.subplots(2, 2, figsize=(8, 6.8), layout="constrained")
for panel, (name, image) in zip(
    panels.flat, {**results, "original": original}.items(), strict=True
):
    panel.imshow(image[crop], interpolation="nearest")
    panel.set_title(name)
    panel.set_axis_off()
plt.show()

# %%
# The command does the same with ``lutsr old.jpg -o new.png -m ecnn-photo``. With ``-m auto`` it
# chooses by the kind of file: ``ecnn-photo`` for JPEGs of quality under 90 and other lossy files.
