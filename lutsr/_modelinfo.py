"""What `lutsr.models` returns; apart from `lutsr._modelfile`, so that it is cheap to import."""

from __future__ import annotations

from dataclasses import dataclass

#: Name of the shipped model that is used where none is named.
DEFAULT_MODEL = "ecnn"


@dataclass(frozen=True)
class ModelInfo:
    """Facts about a shipped model, read from its card alone.

    Attributes
    ----------
    name : str
        What to pass as ``model``.
    scale : int
        Upscaling factor r.
    family : str
        Method that computes with the tables, such as ``"chain"``.
    entries : int
        Number of table entries: the trained parameters.
    nbytes : int
        Size of the tables in bytes.
    psnr_y : dict of str to float
        PSNR on luma in dB, by test set.

    Examples
    --------
    >>> import lutsr
    >>> info = lutsr.models()[0]
    >>> info.name, info.scale, info.nbytes < 2_000_000
    ('ecnn', 2, True)
    """

    name: str
    scale: int
    family: str
    entries: int
    nbytes: int
    psnr_y: dict[str, float]
