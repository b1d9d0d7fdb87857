"""The mixture of degradations that ``ecnn-photo`` is trained on.

In the order in which cameras and web sites apply them: a picture may have been a JPEG at full
size, it is reduced, it may have sensor noise, and it may be saved as JPEG. About one in six is only
reduced, as papers do it.
"""

from __future__ import annotations

import numpy as np

from training.degradation.steps import Pixels, add_noise, blur, jpeg, pick, reduce

CLEAN, EARLIER_JPEG, NOISE, JPEG = 0.165, 0.1, 0.55, 0.70
REDUCTIONS = {
    "matlab": 0.365,
    "bicubic": 0.08,
    "area": 0.08,
    "bilinear": 0.08,
    "lanczos": 0.17,
    "blur": 0.11,
    "pick": 0.115,
}
SUBSAMPLINGS = {"4:4:4": 0.3, "4:2:2": 0.1, "4:2:0": 0.6}
#: Range of qualities, and how many more there are at its low end: the exponent of a uniform number.
QUALITIES, LOW_QUALITIES = (30, 95), 2.7
#: Standard deviations of noise, and the exponent that makes more of them large.
SIGMAS, LARGE_SIGMAS = (0.5, 12.0), 0.53
#: Standard deviations of the blur before picking, as a fraction of the scale.
BLURS = (0.2, 0.5)
#: Pixels of a JPEG block with 4:2:0: the reduced picture is cut by up to so many at the top left.
BLOCK = 16


def photo(picture: Pixels, scale: int, rng: np.random.Generator) -> Pixels:
    """Degrade a picture at random; see `training.degradation.named.Degradation`."""
    if rng.random() < CLEAN:
        return reduce(picture, scale, "matlab")
    if rng.random() < EARLIER_JPEG:
        picture = jpeg(picture, int(rng.integers(70, 96)), _choose(SUBSAMPLINGS, rng))
    kind = _choose(REDUCTIONS, rng)
    if kind == "blur":
        picture = blur(picture, scale * rng.uniform(*BLURS))
    if kind in ("blur", "pick"):
        middle = int(rng.integers(2)) if scale % 2 == 0 else 0
        small = pick(picture, scale, scale // 2 - middle)
    else:
        small = reduce(picture, scale, kind)
    if rng.random() < NOISE:
        small = add_noise(
            small,
            SIGMAS[0] + (SIGMAS[1] - SIGMAS[0]) * rng.random() ** LARGE_SIGMAS,
            rng,
            signal=rng.random() * (rng.random() < 0.5),
            grey=rng.random() ** 2,
            blotches=0.7 * rng.random() * (rng.random() < 0.3),
        )
    if rng.random() < JPEG:
        low, high = QUALITIES
        quality = low + int((high + 1 - low) * rng.random() ** LOW_QUALITIES)
        small = _any_phase(small, quality, _choose(SUBSAMPLINGS, rng), rng)
    return small


def _any_phase(picture: Pixels, quality: int, subsampling: str, rng: np.random.Generator) -> Pixels:
    """Save as JPEG with the blocks' grid at a random place."""
    top, left = rng.integers(BLOCK, size=2)
    padded = np.pad(picture, ((top, 0), (left, 0), (0, 0)), mode="edge")
    return jpeg(padded, quality, subsampling)[top:, left:]


def _choose(chances: dict[str, float], rng: np.random.Generator) -> str:
    return str(rng.choice(list(chances), p=list(chances.values())))
