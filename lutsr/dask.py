"""Images larger than memory, in chunks, on many cores or machines: lutsr for dask arrays.

Needs dask: ``pip install "lutsr[dask]"``.

>>> import dask.array, lutsr.dask, skimage
>>> image = dask.array.from_array(skimage.data.camera(), chunks=200)
>>> big = lutsr.dask.upscale(image, 2)
>>> big.shape, big.chunksize, big.dtype
((1024, 1024), (400, 400), dtype('uint8'))
>>> bool((big.compute() == lutsr.upscale(skimage.data.camera(), 2)).all())
True
"""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._frame.arguments import check_image
from ._frame.kinds import is_masked
from ._frame.ranges import Span, check_span, from_unit, to_unit
from ._loading import is_path, load, load_for_image
from ._modelinfo import DEFAULT_MODEL
from ._upscaler import Upscaler, check_depth

try:
    import dask.array as da
    from dask.array.overlap import overlap
except ImportError as error:
    raise ImportError('lutsr.dask needs dask: pip install "lutsr[dask]"') from error

__all__ = ["upscale"]

_loading = threading.Lock()


def upscale(
    darray: da.Array,
    scale: int,
    *,
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    channel_axis: int | tuple[int, ...] | None = None,
    rgb: bool = False,
    preserve_range: bool = False,
) -> da.Array:
    """Upscale a dask array, chunk by chunk, to what :func:`lutsr.upscale` makes of the whole.

    Every chunk is read with the model's halo around it, so that there are no seams: the result is
    exactly that of the whole image, whatever the chunks. Each process loads the model once; a
    task carries its name and digest only. A task uses one thread.

    Parameters
    ----------
    darray : dask.array.Array of uint8, uint16 or float, shape (H, W), or with channels
        Floats within [0, 1]; that is checked when a chunk is computed. Chunks may have any size,
        but small ones take more time per pixel: each is a task, and is computed with its halo.
    scale : int
        Upscaling factor of both spatial axes, one of those that :func:`lutsr.models` lists.
    model : str or path, optional
        Name of a shipped model, or the path of a table with its card beside it, which every
        worker must be able to read there.
    channel_axis : int or tuple of int, optional
        The axis that holds channels, as in scikit-image, or all axes that are kept, such as time
        and depth; see :func:`lutsr.upscale`. None means a 2-D image.
    rgb : bool, optional
        Whether the channels are red, green and blue, which some models upscale together; see
        :func:`lutsr.upscale`. Chunks that hold only some of them are joined.
    preserve_range : bool, optional
        Whether floats may lie beyond [0, 1]; see :func:`lutsr.upscale`. The range is that of the
        whole array, which is therefore computed twice.

    Returns
    -------
    dask.array.Array
        The upscaled image, not computed yet. Its chunks are those of `darray`, `scale` times as
        long on both spatial axes; its dtype is the one that :func:`lutsr.upscale` returns.

    Raises
    ------
    TypeError, ValueError
        As :func:`lutsr.upscale`, and if `darray` is not a dask array or its shape is unknown.
        Dask arrays of masked arrays are refused as well.
        What depends on pixels is raised when they are computed: floats outside [0, 1].
    OSError
        If the table's file cannot be read, here or by a worker.

    See Also
    --------
    lutsr.upscale : upscale an array in memory.

    Examples
    --------
    From one zarr array into another, with memory for a few chunks::

        image = dask.array.from_zarr("scan.zarr")
        lutsr.dask.upscale(image, 4).to_zarr("scan_x4.zarr")
    """
    if not isinstance(darray, da.Array):
        raise TypeError(
            f"darray: got {type(darray).__name__}, wanted a dask array; make one with "
            "dask.array.from_array(image), or call lutsr.upscale"
        )
    if np.isnan(darray.shape).any():
        raise ValueError(
            f"darray: shape {darray.shape} is not known yet; call darray.compute_chunk_sizes()"
        )
    if is_masked(darray._meta):
        raise TypeError(
            "darray: got chunks that are masked arrays, and a mask cannot be upscaled; fill what "
            "is masked, as in dask.array.ma.filled(darray, 0), or ignore the mask: "
            "dask.array.ma.getdata(darray)"
        )
    # The same checks as for an image in memory, of its shape first and then of its dtype.
    like = np.broadcast_to(np.uint8(0), darray.shape)
    axes = check_image(like, channel_axis, rgb=rgb, preserve_range=preserve_range).axes
    dtype = check_image(np.zeros((1, 1), darray.dtype), None).dtype
    if is_path(model):
        model = os.path.abspath(model)  # workers may run in another folder
    upscaler = load_for_image(model, scale)
    check_depth(upscaler, dtype)
    ends = None
    if preserve_range and dtype.kind == "f":
        ends = darray.min(), darray.max()
        darray = da.map_blocks(_to_unit, darray, *ends, wanted=dtype, dtype=dtype)
    halo = {k: 0 if k in axes else upscaler.halo for k in range(darray.ndim)}
    # The halo of a chunk comes from its neighbours alone, so shorter chunks are joined.
    least = {k: max(n, 1) for k, n in halo.items()} | ({axes[-1]: 3} if rgb else {})
    joined = darray.rechunk(tuple(_join(darray.chunks[k], n) for k, n in least.items()))
    halo = {k: n if joined.numblocks[k] > 1 else 0 for k, n in halo.items()}
    result = da.map_blocks(
        _upscale_chunk,
        overlap(joined, halo, boundary="none", allow_rechunk=False),
        chunks=_longer(joined.chunks, upscaler.scale, axes),
        dtype=dtype,
        meta=np.empty((0,) * darray.ndim, dtype),
        model=os.fspath(model),
        scale=upscaler.scale,
        digest=upscaler.digest,
        axes=axes,
        rgb=bool(rgb),
        halo=halo,
        last=tuple(n - 1 for n in joined.numblocks),
    )
    if ends is not None:
        result = da.map_blocks(_from_unit, result, *ends, dtype=dtype)
    whole: da.Array = result.rechunk(_longer(darray.chunks, upscaler.scale, axes))
    return whole


def _to_unit(
    block: NDArray[Any], low: NDArray[Any], high: NDArray[Any], wanted: np.dtype[Any]
) -> NDArray[Any]:
    """Scale a chunk into [0, 1] if the whole array lies beyond it."""
    span = Span(float(low.min()), float(high.max()))
    check_span(span, preserve_range=True)
    return block if span.is_unit else to_unit(block, span, wanted)


def _from_unit(block: NDArray[Any], low: NDArray[Any], high: NDArray[Any]) -> NDArray[Any]:
    """Scale a chunk of the result back."""
    span = Span(float(low.min()), float(high.max()))
    if span.is_unit:
        return block
    block = block.copy()  # chunks may be kept by dask
    from_unit(block, span)
    return block


def _join(lengths: tuple[int, ...], least: int) -> tuple[int, ...]:
    """Join chunks shorter than `least` with their neighbours."""
    joined = [0]
    for length in lengths:
        if joined[-1] < least:
            joined[-1] += length
        else:
            joined.append(length)
    if joined[-1] < least and len(joined) > 1:
        last = joined.pop()
        joined[-1] += last
    return tuple(joined)


def _longer(
    chunks: tuple[tuple[int, ...], ...], scale: int, axes: tuple[int, ...]
) -> tuple[tuple[int, ...], ...]:
    """Return the chunks of the result."""
    return tuple(
        lengths if k in axes else tuple(n * scale for n in lengths)
        for k, lengths in enumerate(chunks)
    )


def _upscale_chunk(
    block: NDArray[Any],
    model: str,
    scale: int,
    digest: str,
    axes: tuple[int, ...],
    rgb: bool,
    halo: dict[int, int],
    last: tuple[int, ...],
    block_id: tuple[int, ...],
) -> NDArray[Any]:
    """Upscale a chunk with its halo, and cut off the upscaled halo."""
    with _loading:  # otherwise every thread would load the table at the same time
        upscaler = _load(model, scale, digest)
    try:
        big = upscaler(block, channel_axis=axes, rgb=rgb, workers=1)
    except ValueError as error:
        raise ValueError(f"chunk {block_id}: {error}") from error
    inside = []
    for k, length in enumerate(big.shape):
        before = halo[k] * scale if block_id[k] > 0 else 0
        after = halo[k] * scale if block_id[k] < last[k] else 0
        inside.append(slice(before, length - after))
    # Not a view, which would keep what was cut off in memory.
    return np.ascontiguousarray(big[tuple(inside)])


@lru_cache(maxsize=4)
def _load(model: str, scale: int, digest: str) -> Upscaler:
    """Load a model in a worker, and check that it is the one that the task was made for."""
    upscaler = load(model, scale)
    if upscaler.digest != digest:
        raise ValueError(
            f"model: the table of {model!r} x{scale} is not the one that the computation was set "
            "up with; set it up again, and see that all workers have the same file or lutsr"
        )
    return upscaler
