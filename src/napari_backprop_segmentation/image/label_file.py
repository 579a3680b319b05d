"""Label images that do not fit the memory: on disk, read and written window by window."""

import math
import os
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window, blocks
from napari_backprop_segmentation.image.file_runs import FileRuns

READ_SIDE = 1024  # pixels: of what lies elsewhere, at once


class LabelFile:
    """Labels (*spatial) in a file. They are indexed by windows as an array is.

    The file is open only while a window is read or written: what was read before takes no memory.

    Parameters
    ----------
    shape : sequence of int
    folder : path, optional
        Where a temporary file is made, which is removed with the last reference to this; the folder for temporary files
        if left out.
    at : path, optional
        A file of its own instead, which stays; labels of this shape and type that it holds already are taken over.
    dtype : dtype

    Attributes
    ----------
    is_new : bool
        Whether there was no such file, so that nothing is written yet.

    Raises
    ------
    OSError
        If there is no room for it.
    """

    def __init__(
        self, shape: Sequence[int], folder: Path | None = None, *, at: Path | None = None, dtype: Any = np.int32
    ) -> None:
        self.shape = tuple(shape)
        self.ndim, self.size = len(self.shape), math.prod(self.shape)
        if at is None:
            made = tempfile.TemporaryDirectory(prefix="backprop-segmentation-", dir=folder)
            weakref.finalize(self, made.cleanup)
            at = Path(made.name) / "labels.npy"
        self._path, self.dtype = at, np.dtype(dtype)
        self.is_new = not self._is_there()
        if self.is_new:
            at.parent.mkdir(parents=True, exist_ok=True)
            np.lib.format.open_memmap(at, "w+", self.dtype, self.shape)
            _reserve(at)
        self._runs = FileRuns.of(at)

    def _is_there(self) -> bool:
        if not self._path.is_file():
            return False
        try:
            found = np.lib.format.open_memmap(self._path, "r")
        except (OSError, ValueError):
            return False
        return bool(found.shape == self.shape and found.dtype == self.dtype)

    def array(self) -> NDArray[Any]:
        """Return all of them as an array that is mapped from the disk, to be read."""
        return np.lib.format.open_memmap(self._path, "r")

    def owned_array(self) -> NDArray[Any]:
        """Return the same array, which removes a temporary file once nothing refers to it."""
        found = self.array()
        vars(found)["file"] = self
        return found

    def __getitem__(self, window: Window, /) -> NDArray[np.int32]:
        """Return the labels of a window."""
        return self._runs.read(window)

    def __setitem__(self, window: Window, labels: NDArray[Any]) -> None:
        """Write the labels of a window."""
        self._runs.write(window, labels)


def mapped(given: Any) -> Any:
    """Return labels as they are; those that lie elsewhere, as in zarr or dask, are copied to a file that is mapped.

    They are read window by window, so that they take no memory at any size.

    Raises
    ------
    OSError
        If there is no room for it in the folder for temporary files.
    """
    shape: Any = getattr(given, "shape", None)
    sizes = isinstance(shape, tuple) and shape and all(isinstance(n, (int, np.integer)) and n > 0 for n in shape)
    if isinstance(given, np.ndarray) or not sizes or getattr(getattr(given, "dtype", None), "kind", "") not in "bui":
        return given
    file = LabelFile(shape, dtype=given.dtype)
    for window in blocks(shape, READ_SIDE):
        file[window] = np.asarray(given[window])
    return file.owned_array()


def _reserve(path: Path) -> None:
    """Take the room of a file on the disk, so that a run that finds none is told at once."""
    if hasattr(os, "posix_fallocate"):  # unknown to Windows, which reserves by itself, and to macOS
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


@dataclass(frozen=True)
class Renumbered:
    """Labels under other numbers, which are looked up as they are read.

    Attributes
    ----------
    labels : LabelFile or int array
    table : (n,) int32
        The new number of each label.
    """

    labels: LabelFile
    table: NDArray[np.int32]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the image (*spatial)."""
        return self.labels.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.labels.ndim

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.labels.size

    def __getitem__(self, window: Window, /) -> NDArray[np.int32]:
        """Return the labels of a window."""
        return self.table[self.labels[window]]


def looked_up(labels: NDArray[np.int32], table: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return labels under other numbers: of an array at once, of what is on disk as they are read.

    Parameters
    ----------
    labels : (*spatial) int32 array, LabelFile or Renumbered
    table : (n,) int32
        The new number of each label.
    """
    if isinstance(labels, np.ndarray):
        return table[labels]
    found = (
        Renumbered(labels.labels, table[labels.table]) if isinstance(labels, Renumbered) else Renumbered(labels, table)
    )
    return cast("NDArray[np.int32]", found)  # which it is for whoever reads window by window
