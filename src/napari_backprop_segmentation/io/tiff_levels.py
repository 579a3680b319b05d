"""Pyramids in TIFF files and slides of scanners: a level that is read where it is looked at, through a view of zarr."""

import weakref
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_backprop_segmentation.io.calibration import Calibration
from napari_backprop_segmentation.io.views import Kept

SPACE = "ZYX"


class LazyTiff(Kept):
    """A level of the first series of a TIFF file, which stays open as long as this is there.

    Parameters
    ----------
    path : Path
    level : int
        0 is the finest.
    """

    def __init__(self, path: Path, level: int) -> None:
        import zarr

        store: Any = tifffile.imread(path, aszarr=True, series=0, level=level)
        self._close = weakref.finalize(self, store.close)
        array = zarr.open_array(store, mode="r")
        super().__init__(array, tuple(range(array.ndim)))
        self._opened = path, level

    def __reduce__(self) -> tuple[Any, ...]:
        return LazyTiff, self._opened  # another process opens the file itself


def lazy_tiff(path: Path, level: int) -> LazyTiff | None:
    """Return a level that is read piece by piece; None without zarr.

    Raises
    ------
    Exception
        Whatever the decoders say of its first pixel, such as that a codec is not installed.
    """
    if find_spec("zarr") is None:
        return None
    opened = LazyTiff(path, level)
    np.asarray(opened[(slice(0, 1),) * opened.ndim])
    return opened


def parts(series: tifffile.TiffPageSeries) -> list[tuple[int, ...]]:
    """Return what one plane or volume of each level measures, the finest first."""
    return [tuple(n for n, axis in zip(s.shape, s.axes, strict=True) if axis in SPACE) for s in series.levels]


def level_calibration(known: Calibration, series: tifffile.TiffPageSeries, level: int) -> Calibration:
    """Return the size of a pixel of a level, from that of the finest."""
    if not level:
        return known
    finest, chosen = (dict(zip(s.axes, s.shape, strict=True)) for s in (series.levels[0], series.levels[level]))
    steps = {axis: finest[axis] / chosen[axis] for axis in chosen if axis in SPACE}
    sizes = {axis: (size * steps.get(axis, 1.0), unit) for axis, (size, unit) in known.sizes.items()}
    resolution = None
    if known.resolution is not None:
        resolution = known.resolution[0] / steps.get("X", 1.0), known.resolution[1] / steps.get("Y", 1.0)
    return Calibration(sizes, resolution, known.resolution_unit)
