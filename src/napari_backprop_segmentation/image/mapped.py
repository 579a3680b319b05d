"""Arrays that are mapped from a file: other processes are told the file instead of its pixels."""

import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Mapped:
    """Where the pixels of an array lie.

    Attributes
    ----------
    path : str
    dtype : dtype
    shape : tuple of int
    offset : int
        Of the first pixel, in bytes.
    order : {"C", "F"}
    """

    path: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int
    order: Any


def sent(array: Any) -> Any:
    """Return what is sent of an image: its place where all of it is mapped from a file, else the image."""
    if not isinstance(array, np.memmap) or not isinstance(array.base, mmap.mmap) or array.filename is None:
        return array
    order = "C" if array.flags.c_contiguous else "F"
    return Mapped(str(array.filename), array.dtype, array.shape, array.offset, order)


def received(told: Any) -> Any:
    """Return the image of which `sent` has told."""
    if not isinstance(told, Mapped):
        return told
    return np.memmap(told.path, told.dtype, "r", told.offset, told.shape, told.order)
