"""What finished blocks of an image have added, kept on disk: a run that is interrupted goes on behind them."""

import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.each import Each, T, in_threads, in_turn
from napari_backprop_segmentation.image.label_file import LabelFile

Arrays = Mapping[str, NDArray[Any]]
DAMAGED: tuple[type[Exception], ...]
DAMAGED = (OSError, ValueError, KeyError, EOFError, MemoryError, RuntimeError, struct.error, zlib.error)
DAMAGED += (zipfile.BadZipFile,)  # which is none of the others


@dataclass(frozen=True)
class Parts:
    """What the blocks of one pass over an image have added.

    Attributes
    ----------
    folder : Path, optional
        Nothing is kept without one.
    """

    folder: Path | None = None

    def get(self, number: int) -> Arrays | None:
        """Return what a block has added; None where it has not been finished."""
        if self.folder is None or not (path := self._path(number)).is_file():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return dict(arrays)
        except DAMAGED:  # as after a power cut; it is made again
            return None

    def put(self, number: int, arrays: Arrays) -> None:
        """Keep what a block has added, once everything else that it changes is written.

        Raises
        ------
        OSError
            If the disk is full.
        """
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(number)
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez(file, **dict[str, Any](arrays))  # NumPy 2.0 would write allow_pickle as one more array
        part.replace(path)

    def _path(self, number: int) -> Path:
        return Path(self.folder or "", f"{number:07d}.npz")


def _nothing() -> None:  # of a module, as other processes are told of it
    """Do nothing."""


@dataclass(frozen=True)
class KeptBlocks:
    """Where finished blocks are kept.

    Attributes
    ----------
    folder : Path, optional
        Nothing is kept without one: labels lie in the folder for temporary files, and go with the run.
    release : callable
        Lets others use the folder.
    """

    folder: Path | None = None
    release: Callable[[], object] = _nothing

    def parts(self, name: str) -> Parts:
        """Return what one pass over the image has added so far."""
        return Parts(None if self.folder is None else self.folder / name)

    def drop(self, *names: str) -> None:
        """Forget what passes over the image have added."""
        for name in names if self.folder is not None else ():
            shutil.rmtree(self.folder / name, ignore_errors=True)  # type: ignore[operator]

    def labels(self, name: str, shape: Sequence[int], dtype: Any = np.int32) -> LabelFile:
        """Return labels (*spatial), as far as they are written; of those that are lost, finished blocks are forgotten.

        Raises
        ------
        OSError
            If there is no room for them.
        """
        at = None if self.folder is None else self.folder / f"{name}.npy"
        found = LabelFile(shape, at=at, dtype=dtype)
        if found.is_new:
            self.drop(name)
        return found


@dataclass(frozen=True)
class Work:
    """How the blocks of an image are done.

    Attributes
    ----------
    each : Each, optional
        Who does them; this process if None.
    kept : KeptBlocks
    most_regions : int, optional
        More than these do not fit the memory: the smallest join others until they are not more.
    progress : callable, optional
        Is told how many blocks of a pass over the image are done, and of how many. There are several passes.
    """

    each: Each | None = None
    kept: KeptBlocks = KeptBlocks()
    most_regions: int | None = None
    progress: Callable[[int, int], None] | None = None

    def tell(self, done: int, total: int) -> None:
        """Tell that so many blocks of a pass are done."""
        if self.progress is not None:
            self.progress(done, total)

    def threaded(self, function: Callable[[Any, Any], T], common: Any, items: Iterable[Any]) -> Iterator[T]:
        """Have done what releases the interpreter, see `Each`."""
        return (self.each or in_threads)(function, common, items)

    def in_turn(self, function: Callable[[Any, Any], T], common: Any, items: Iterable[Any]) -> Iterator[T]:
        """Have done what uses all of the processor by itself, see `Each`."""
        return (self.each or in_turn)(function, common, items)


HERE = Work()
