"""Targets that are partly a teacher's pictures: knowledge distillation.

The teacher is a model of lutsr. Its picture is the mean of its results for the eight orientations,
which is better than one result, and needs eight times as long: a network learns to give it at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import lutsr
from training.ecnn.crops import Planes
from training.errors import TrainingError
from training.evaluation.methods import open_model


def open_teacher(name: str, scale: int) -> lutsr.Upscaler:
    """Load a teacher: a model file (.npy), or a shipped model, such as ``ecnn-large``.

    Raises
    ------
    TrainingError
        If there is no such model, or it has another scale.
    """
    teacher = open_model(name, None if name.endswith(".npy") else scale)
    if teacher.scale != scale:
        raise TrainingError(
            f"the teacher {name} upscales by {teacher.scale}, and the run by {scale}: give one of "
            "the same scale"
        )
    return teacher


def upscale_oriented(teacher: lutsr.Upscaler, image: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return eight times the mean of a teacher's results for the orientations of an image.

    Parameters
    ----------
    teacher : lutsr.Upscaler
    image : ndarray of uint8, shape (h, w)

    Returns
    -------
    ndarray of uint16, shape (r * h, r * w)
    """
    total: NDArray[np.uint16] = np.zeros([teacher.scale * side for side in image.shape], np.uint16)
    for vertical in (1, -1):
        for horizontal in (1, -1):
            turned = image[::vertical, ::horizontal]
            total += teacher(turned)[::vertical, ::horizontal]
            total += teacher(turned.T).T[::vertical, ::horizontal]
    return total


def with_teacher(planes: Sequence[Planes], teacher: lutsr.Upscaler, share: float) -> list[Planes]:
    """Mix a teacher's pictures into the full pictures, with progress on stderr.

    Parameters
    ----------
    planes : sequence of Planes
    teacher : lutsr.Upscaler
    share : float
        Share of the teacher in what is learnt, 0 to 1.

    References
    ----------
    Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015,
    arXiv:1503.02531.
    """
    mixed = []
    for lr, hr in tqdm(planes, desc="teacher", unit="picture", file=sys.stderr):
        taught = upscale_oriented(teacher, lr) * np.float32(256 / 8)
        both = (1 - share) * hr.astype(np.float32) + share * taught
        mixed.append(Planes(lr, np.rint(both).astype(np.uint16)))
    return mixed
