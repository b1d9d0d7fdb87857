"""Reading the files of other authors: with bounded memory, and without executing anything."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._modelfile.files import cut, open_file

#: Most bytes of the arrays in one file; the largest published ones have 1.4 million.
LARGEST_FILE = 1 << 26

#: What reading a damaged archive raises.
_DAMAGE = (ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_array(path: Path) -> NDArray[Any]:
    """Return the array of an ``.npy`` file.

    Raises
    ------
    ValueError
        If it is no such file, is truncated, or is too large.
    OSError
        If it cannot be read.
    """
    open_file(path, "table").close()
    _check_size(path, path.stat().st_size)
    try:
        # A map of the file refuses a header that announces more than there is.
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: not a .npy file: {cut(str(error))}") from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise ValueError(f"{path}: got an .npz archive, wanted one array (.npy)")
    return np.array(array)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file, by name; errors as those of `read_array`."""
    with open_file(path, "table") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                _check_size(path, sum(member.file_size for member in archive.infolist()))
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
        except _DAMAGE as error:
            raise ValueError(f"{path}: not an .npz file: {cut(str(error))}") from error


def _check_size(path: Path, size: int) -> None:
    if size > LARGEST_FILE:
        raise ValueError(f"{path}: {size} bytes, wanted at most {LARGEST_FILE}")


def read_table(path: Path, shape: tuple[int, ...]) -> NDArray[np.int8]:
    """Return a table of a known shape."""
    table = read_array(path)
    if table.dtype != np.int8 or table.shape != shape:
        raise ValueError(
            f"{path}: got {table.dtype} of shape {table.shape}, wanted int8 of shape {shape}"
        )
    return table


def check_folder(path: str | os.PathLike[str], wanted: list[str]) -> Path:
    """Return the path of a folder that has some files.

    Raises
    ------
    FileNotFoundError
        If it is no folder, or one of the files is not there; the message lists all of them.
    """
    folder = Path(path)
    listed = ", ".join(wanted)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder, wanted one with {listed}")
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{folder}: {', '.join(missing)} missing, wanted {listed}")
    return folder
