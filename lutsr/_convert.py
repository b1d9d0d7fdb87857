"""The public function that turns other authors' published tables into a model file.

What it needs is imported when it is called.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True)
class Method:
    """A published method.

    Attributes
    ----------
    title, repository : str
    module, function : str
        What reads its files.
    source : str
        What its files are.
    """

    title: str
    repository: str
    module: str
    function: str
    source: str


_STACKS = "lutsr._chain.published_stacks"

#: The methods, by the name that ``convert`` takes.
METHODS = {
    "sr-lut": Method(
        "SR-LUT",
        "https://github.com/yhjo09/SR-LUT",
        "lutsr._chain.published",
        "srlut",
        "a file such as Model_S_x4_4bit_int8.npy",
    ),
    "mulut": Method(
        "MuLUT sdy-x2, x4",
        "https://github.com/ddlee-cn/MuLUT",
        _STACKS,
        "mulut",
        "the folder of LUT_ft_x4_4bit_int8_s1_s.npy and the five others",
    ),
    "tinylut": Method(
        "TinyLUT-S, x4",
        "https://github.com/Jonas-KD/TinyLUT",
        _STACKS,
        "tinylut",
        "the folder of the six Model_V_*.npy, with clip.npz",
    ),
    "shiftlut": Method(
        "ShiftLUT, x4",
        "https://github.com/Sailor-t/ShiftLUT",
        _STACKS,
        "shiftlut",
        "the folder of offset.npy and the .npz and .json files",
    ),
}


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    method: str,
    overwrite: bool = False,
) -> None:
    """Turn the tables that the authors of another method have published into a model file.

    The model gives the same pixels as its authors' program. The tables do not come with lutsr;
    their licences are those of their authors.

    Parameters
    ----------
    source : str or path
        The authors' files, as released: a file for SR-LUT, a folder for the others. TinyLUT needs
        a file ``clip.npz`` in the folder, with the vectors hh1, hl1, hh2 and hl2 of the
        checkpoint, 16 floats each.
    target : str or path
        The model file to write, such as ``"mulut_x4.npy"``; the card is written beside it.
    method : {"sr-lut", "mulut", "tinylut", "shiftlut"}
        The method that the tables belong to.
    overwrite : bool, optional
        Whether an existing model file is replaced.

    Raises
    ------
    ValueError
        If a file is not what the method needs, or the method or the target's name is wrong.
    FileNotFoundError
        If a file is missing.
    FileExistsError
        If the target exists.
    OSError
        If a file cannot be read or written.

    Examples
    --------
    >>> import lutsr
    >>> lutsr.convert("MuLUT/models/sr_x2sdy", "mulut_x4.npy", method="mulut")  # doctest: +SKIP
    >>> mulut = lutsr.load("mulut_x4.npy")  # doctest: +SKIP
    """
    from ._modelfile import Model, write_model

    if method not in METHODS:
        known = ", ".join(map(repr, METHODS))
        raise ValueError(f"method: got {method!r}, wanted one of {known}")
    path, about = Path(target), METHODS[method]
    if path.suffix != ".npy":
        raise ValueError(f"target: got {str(path)!r}, wanted a name such as 'mine_x4.npy'")
    for each in (path, path.with_suffix(".json")):
        if not overwrite and os.path.lexists(each):
            raise FileExistsError(f"target: {each} exists; choose another name, or overwrite it")
    made: Model = getattr(import_module(about.module), about.function)(source)
    named = re.fullmatch(r"(.+)_x(\d+)", path.stem)
    if named and int(named[2]) != made.scale:
        raise ValueError(
            f"target: got {path.name!r}, and the tables are x{made.scale}; "
            f"wanted {named[1]}_x{made.scale}.npy"
        )
    name = named[1] if named else path.stem
    model = Model(name, made.scale, made.family, made.parameters, made.tables)
    write_model(path, model, method=about.title, source=about.repository)
