"""
A folder of images
==================

``skimage.io.imread_collection`` reads the images of a folder, each when it is needed. Here they are
upscaled twice and written beside each other. The command line does the same:
``lutsr photos -o large -s 2``.
"""

# %%
# A folder with three small photographs ("coffee" and "chelsea" are CC0, "astronaut" is in the
# public domain).

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from skimage import data, io, transform, util

import lutsr

folder = tempfile.TemporaryDirectory()
photos = Path(folder.name)
for name in ("astronaut", "chelsea", "coffee"):
    small = transform.rescale(getattr(data, name)(), 1 / 4, anti_aliasing=True, channel_axis=-1)
    io.imsave(photos / f"{name}.png", util.img_as_ubyte(small))

# %%
# ``lutsr.load`` prepares the model once. The upscaler that it returns is called with each image.

collection = io.imread_collection(str(photos / "*.png"))
upscale = lutsr.load("ecnn", 2)
results = []
for path, image in zip(collection.files, collection, strict=True):
    large = upscale(image, channel_axis=-1, rgb=True)
    target = Path(path).with_stem(Path(path).stem + "_x2")
    io.imsave(target, large)
    results.append(large)
    print(f"{target.name}: {image.shape} -> {large.shape}")

# %%
# The results.

figure, panels = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for panel, path, image in zip(panels, collection.files, results, strict=True):
    panel.imshow(image[: image.shape[0] // 2, : image.shape[1] // 2], interpolation="nearest")
    panel.set_title(Path(path).stem)
    panel.set_axis_off()
plt.show()
folder.cleanup()
