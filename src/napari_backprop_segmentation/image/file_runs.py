"""Windows of an array in a file, run by run of numbers that lie behind each other.

A mapped file brings each row of a window as a page of its own, most of which is not wanted: that takes two to three
times as long.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window

SHORT = 512  # bytes: shorter runs, as of blocks of volumes, are read faster from a mapped file


@dataclass(frozen=True)
class FileRuns:
    """An array in a file.

    Attributes
    ----------
    path : Path
    begin : int
        Bytes before its first number.
    shape : tuple of int
    dtype : dtype
    """

    path: Path
    begin: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, path: Path) -> "FileRuns":
        """Return the array of a file of NumPy."""
        found = np.lib.format.open_memmap(path, "r")
        return cls(path, found.offset, found.shape, found.dtype)

    def read(self, window: Window) -> NDArray[Any]:
        """Return a copy of a window."""
        spans = self._spans(window)
        if self._length(spans) < SHORT:
            return np.array(np.lib.format.open_memmap(self.path, "r")[window])
        found = np.empty([stop - start for start, stop in spans], self.dtype)
        with self.path.open("rb", buffering=0) as file:
            for place, run in self._runs(spans, found):
                file.seek(place)
                if file.readinto(run) < len(run):
                    raise OSError(f"labels must be whole, got a file that ends early in {self.path}; start anew")
        return found

    def write(self, window: Window, values: Any) -> None:
        """Write a window."""
        spans = self._spans(window)
        shape = [stop - start for start, stop in spans]
        given = np.ascontiguousarray(np.broadcast_to(values, shape), self.dtype)
        with self.path.open("r+b", buffering=0) as file:
            for place, run in self._runs(spans, given):
                file.seek(place)
                left = run
                while left:  # a disk that is nearly full takes less than it is given
                    left = left[file.write(left) :]

    def _spans(self, window: Window) -> list[tuple[int, int]]:
        """Return where a window begins and ends along each axis."""
        spans = [side.indices(n) for side, n in zip(window, self.shape, strict=True)]
        return [(start, max(start, stop)) for start, stop, _ in spans]

    def _runs(self, spans: list[tuple[int, int]], values: NDArray[Any]) -> Iterator[tuple[int, memoryview]]:
        """Yield for each run where it is in the file, and the part of the values of the window that it holds."""
        axis, size = self._last_axis(spans), self._length(spans)
        steps = [math.prod(self.shape[a + 1 :]) * self.dtype.itemsize for a in range(len(spans))]
        places = np.array(self.begin + spans[axis][0] * steps[axis])
        for (start, stop), step in zip(spans[:axis], steps[:axis], strict=True):
            places = np.add.outer(places, np.arange(start, stop, dtype=np.int64) * step)
        held = values.reshape(-1).view(np.uint8).data
        for number, place in enumerate(places.ravel().tolist() if size else ()):
            yield place, held[number * size : (number + 1) * size]

    def _length(self, spans: list[tuple[int, int]]) -> int:
        """Return how many bytes of a window lie behind each other."""
        axis = self._last_axis(spans)
        start, stop = spans[axis]
        return (stop - start) * math.prod(self.shape[axis + 1 :]) * self.dtype.itemsize

    def _last_axis(self, spans: list[tuple[int, int]]) -> int:
        """Return along which axis runs end; along those behind it a window holds everything."""
        axis = len(spans) - 1
        while axis and spans[axis] == (0, self.shape[axis]):
            axis -= 1
        return axis
