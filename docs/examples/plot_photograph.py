"""
A photograph, with figures
==========================

How good is the result? Reduce a photograph, upscale it again by several methods, and compare with
the original by PSNR and SSIM.
"""

# %%
# "Astronaut" (NASA, public domain), reduced to a quarter with antialiasing.

import time

import matplotlib.pyplot as plt
import numpy as np
from skimage import data, transform, util
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

import lutsr

original = data.astronaut()
small = util.img_as_ubyte(transform.rescale(original, 1 / 4, anti_aliasing=True, channel_axis=-1))
print(original.shape, "->", small.shape)

# %%
# Three methods. The first call of lutsr loads the model and its compiled code, so it is made before
# the timing. The channels are colours, so their detail is computed once (``rgb=True``).

lutsr.upscale(small[:8, :8], 4, channel_axis=-1, rgb=True)


def bicubic():
    """Upscale with scikit-image, and clip values outside the range."""
    big = transform.rescale(small, 4, order=3, channel_axis=-1)
    return util.img_as_ubyte(np.clip(big, 0, 1))


methods = {
    "nearest": lambda: small.repeat(4, axis=0).repeat(4, axis=1),
    "bicubic (order 3)": bicubic,
    "lutsr": lambda: lutsr.upscale(small, 4, channel_axis=-1, rgb=True),
}
results = {}
for name, method in methods.items():
    start = time.perf_counter()
    results[name] = method()
    milliseconds = 1e3 * (time.perf_counter() - start)
    psnr = peak_signal_noise_ratio(original, results[name])
    ssim = structural_similarity(original, results[name], channel_axis=-1)
    print(f"{name:18} {psnr:.2f} dB   SSIM {ssim:.3f}   {milliseconds:7.1f} ms")

# %%
# The time is that of a single call, on the machine that built this page.

crop = np.s_[20:160, 160:300]
figure, panels = plt.subplots(2, 2, figsize=(8, 8.4), layout="constrained")
for panel, (name, image) in zip(
    panels.flat, {**results, "original": original}.items(), strict=True
):
    panel.imshow(image[crop], interpolation="nearest")
    panel.set_title(name)
    panel.set_axis_off()

# %%
# Where do the two differ from the original? Errors in grey levels, the mean over channels.

figure, panels = plt.subplots(1, 2, figsize=(8, 4.4), layout="constrained")
for panel, name in zip(panels, ("bicubic (order 3)", "lutsr"), strict=True):
    error = np.abs(results[name].astype(float) - original).mean(axis=-1)
    drawn = panel.imshow(error, cmap="magma", vmin=0, vmax=60)
    panel.set_title(f"{name}: {error.mean():.2f} on average")
    panel.set_axis_off()
figure.colorbar(drawn, ax=panels, shrink=0.8, label="grey levels")
plt.show()
