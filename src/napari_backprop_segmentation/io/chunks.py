"""Arrays of a Zarr store for labels: made, filled chunk by chunk, and reduced to coarser levels."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.io.grid import Axis
from napari_backprop_segmentation.io.nodes import FORMATS

if TYPE_CHECKING:
    import zarr

PLANE_CHUNK = {"Y": 1024, "X": 1024}
VOLUME_CHUNK = {"Z": 64, "Y": 256, "X": 256}

Window = tuple[slice, ...]


def new_array(group: "zarr.Group", name: str, shape: Sequence[int], axes: Sequence[Axis], dtype: Any) -> "zarr.Array":  # type: ignore[type-arg]
    """Make an array of zeros for a level of labels; time is cut into single frames."""
    sizes = dict(zip((axis.letter for axis in axes), shape, strict=True))
    sides = VOLUME_CHUNK if sizes.get("Z", 1) > 1 else PLANE_CHUNK
    chunks = tuple(min(n, sides.get(axis.letter, 1)) for n, axis in zip(shape, axes, strict=True))
    newest = group.metadata.zarr_format == FORMATS["0.5"]
    told: dict[str, Any] = {"dimension_names": [axis.name for axis in axes]} if newest else {}
    return group.create_array(
        name,
        shape=tuple(shape),
        dtype=np.dtype(dtype),
        chunks=chunks,
        fill_value=0,
        chunk_key_encoding={"name": "default" if newest else "v2", "separator": "/"},
        **told,
    )


def windows(shape: Sequence[int], chunks: Sequence[int]) -> Iterator[Window]:
    """Yield the window of each chunk of an array, those at the far edges cut."""
    starts = (range(0, n, side) for n, side in zip(shape, chunks, strict=True))
    for place in product(*starts):
        yield tuple(slice(start, min(start + side, n)) for start, side, n in zip(place, chunks, shape, strict=True))


def row_blocks(array: Any) -> Iterator[NDArray[Any]]:
    """Yield an array in parts along its first axis, as long as its chunks."""
    side = array.chunks[0]
    yield from (np.asarray(array[start : start + side]) for start in range(0, array.shape[0], side))


def reduce(fine: Any, coarse: Any) -> None:
    """Fill a level with pixels of the one before: the first of those that each stands for."""
    taken = [_positions(n, m) for n, m in zip(fine.shape, coarse.shape, strict=True)]
    for window in windows(coarse.shape, coarse.chunks):
        wanted = [places[part] for places, part in zip(taken, window, strict=True)]
        read = tuple(slice(int(places[0]), int(places[-1]) + 1) for places in wanted)
        pixels: NDArray[Any] = np.asarray(fine[read])
        coarse[window] = pixels[np.ix_(*(places - places[0] for places in wanted))]


def _positions(fine: int, coarse: int) -> NDArray[np.int64]:
    """Return which of the finer pixels along an axis the coarser ones take."""
    step = round(fine / coarse)
    if coarse not in (fine // step, -(-fine // step)):
        return np.minimum(np.arange(coarse) * fine // coarse, fine - 1)
    return np.minimum(np.arange(coarse) * step, fine - 1)
