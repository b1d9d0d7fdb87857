"""
A faint 16-bit exposure
=======================

Detectors deliver more than 8 bits, and their 16-bit files seldom use the full range. Here a picture
of the sky is upscaled four times without a conversion to 8 bits: galaxies stay smooth, while the
same picture in 8 bits shows bands.
"""

# %%
# An exposure as a 12-bit camera would store it, in 16-bit integers: the Hubble eXtreme Deep
# Field (NASA, public domain), binned by 4 x 4.

import matplotlib.pyplot as plt
import numpy as np
from skimage import data, exposure, img_as_float, img_as_ubyte, transform
from skimage.metrics import peak_signal_noise_ratio

import lutsr

sky = img_as_float(data.hubble_deep_field())
binned = transform.downscale_local_mean(sky, (4, 4, 1))
counts = np.rint(binned * 4095).astype(np.uint16)
print(counts.dtype, counts.shape, "brightest:", counts.max())

# %%
# Stretch first, then upscale: the table has 256 levels, between which lutsr interpolates, and after
# the stretch the galaxies use all of them.

stretched = exposure.rescale_intensity(counts, in_range=(0, 4095), out_range="uint16")
big = lutsr.upscale(stretched, 4, channel_axis=-1)
print(big.dtype, big.shape)

# %%
# The same image converted to 8 bits, of which it uses 17 levels, and cubic interpolation.

eight = np.rint(counts / 257).astype(np.uint8)
print("levels:", len(np.unique(eight)))
eight = img_as_ubyte(np.minimum(eight * (257 / 4095), 1))
big_eight = lutsr.upscale(eight, 4, channel_axis=-1)
cubic = np.clip(transform.rescale(img_as_float(stretched), 4, order=3, channel_axis=-1), 0, 1)

results = {
    "lutsr, 16 bit": img_as_float(big),
    "lutsr, by way of 8 bits": img_as_float(big_eight),
    "cubic interpolation": cubic,
}
for name, result in results.items():
    psnr = peak_signal_noise_ratio(sky, result)
    print(f"{name:24} {psnr:.2f} dB, {len(np.unique(result)):7,} different values")

# %%
# A crop with a galaxy.

galaxy = np.s_[410:540, 670:800]
figure, panels = plt.subplots(2, 2, figsize=(8, 8.4), layout="constrained")
for panel, (name, image) in zip(panels.flat, {**results, "original": sky}.items(), strict=True):
    panel.imshow(image[galaxy], interpolation="nearest")
    panel.set_title(name)
    panel.set_axis_off()

# %%
# A profile through the middle of the galaxy: with 8 bits it is uneven.

line = np.s_[474, 670:790, 1]
figure, panel = plt.subplots(figsize=(8, 4), layout="constrained")
for name in ("lutsr, by way of 8 bits", "lutsr, 16 bit"):
    panel.plot(results[name][line], label=name, lw=1.5)
panel.set(xlabel="column", ylabel="green")
panel.grid(alpha=0.3)
panel.legend(frameon=False)
plt.show()

# %%
# This is suitable for pictures, but not for photometry: sharpening changes the values of pixels.
# The page on limits has figures.
