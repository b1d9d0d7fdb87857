"""
Thumbnails to print
===================

Thumbnails of a few hundred pixels have to be printed, each at a size in centimetres. A printer
needs 300 dots per inch, so every picture needs another factor, which is seldom an integer.
"""

# %%
# Three thumbnails: photographs that come with scikit-image, CC0 ("coffee", "chelsea") and public
# domain ("astronaut").

import io

import matplotlib.pyplot as plt
from PIL import Image
from skimage import data, transform, util
from skimage.metrics import peak_signal_noise_ratio

import lutsr

DPI = 300


def thumbnail(image, height):
    """Reduce a photograph to a height in pixels."""
    shape = height, round(image.shape[1] * height / image.shape[0])
    small = transform.resize(image, shape, anti_aliasing=True)
    return util.img_as_ubyte(small)


thumbnails = {
    "coffee": thumbnail(data.coffee(), 150),
    "chelsea": thumbnail(data.chelsea(), 150),
    "astronaut": thumbnail(data.astronaut(), 150),
}
widths_cm = {"coffee": 6.0, "chelsea": 9.0, "astronaut": 4.5}

# %%
# ``lutsr.resize`` makes any shape: it upscales with a trained model to at least that size, and
# reduces the result. The file states the size of the print.

prints = {}
for name, small in thumbnails.items():
    width = round(widths_cm[name] / 2.54 * DPI)
    height = round(width * small.shape[0] / small.shape[1])
    prints[name] = lutsr.resize(small, (height, width), channel_axis=-1, rgb=True)
    file = io.BytesIO()  # a path, outside of this page
    Image.fromarray(prints[name]).save(file, "PNG", dpi=(DPI, DPI))
    stored = Image.open(file)
    across = stored.width / stored.info["dpi"][0] * 2.54
    print(
        f"{name:10} {small.shape[1]} x {small.shape[0]} -> {stored.width} x {stored.height}, "
        f"x{width / small.shape[1]:.2f}, prints {across:.2f} cm wide"
    )

# %%
# Compared with interpolation: each thumbnail is upscaled to the size of its photograph.

for name, small in thumbnails.items():
    original = getattr(data, name)()
    ours = lutsr.resize(small, original.shape, channel_axis=-1, rgb=True)
    cubic = util.img_as_ubyte(transform.resize(small, original.shape, order=3).clip(0, 1))
    figures = [peak_signal_noise_ratio(original, image) for image in (cubic, ours)]
    print(f"{name:10} order 3: {figures[0]:.2f} dB, lutsr: {figures[1]:.2f} dB")

# %%
# One of the results, beside the thumbnail.

figure, panels = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for panel, title, image in (
    (panels[0], "thumbnail", thumbnails["chelsea"]),
    (panels[1], f"print, {DPI} dpi", prints["chelsea"]),
):
    rows, columns = image.shape[:2]
    crop = image[rows // 5 : rows * 3 // 5, columns // 5 : columns * 7 // 10]
    panel.imshow(crop, interpolation="nearest")
    panel.set_title(title)
    panel.set_axis_off()
plt.show()
