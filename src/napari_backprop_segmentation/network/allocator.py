"""Memory that is used again instead of being given back and asked for at every operation."""

import ctypes
import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

# <malloc.h> of glibc
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEEP = 2**31 - 1  # the largest value; arrays above are still given back at once
USUAL = 128 * 2**10

_lock = threading.Lock()
_users = 0  # runs that want it now: the process has one such switch


@contextmanager
def reused_memory() -> Iterator[None]:
    """Let the C library keep freed memory meanwhile, and give all of it back when the last run has ended.

    By default it returns every large array to the system and gets fresh pages for the next, which the system must
    clear: 13 to 20 % of the time of an iteration. Only glibc (Linux) can be told; elsewhere nothing happens.
    """
    library = _glibc()
    if library is None:
        yield
        return
    _count(library, 1)
    try:
        yield
    finally:
        _count(library, -1)


def release_cached(device: torch.device) -> None:
    """Give back what torch keeps of the memory of a device for later, and what Python has not collected yet."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    if device.type == "mps":
        torch.mps.empty_cache()
    if device.type == "cpu":
        _trim()


def give_back() -> None:
    """Give freed memory back, also within `reused_memory`: after something that took much of it."""
    _free_lists_cleared()
    _trim()


def _trim() -> None:
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


def _free_lists_cleared() -> None:
    """Free what Python has put aside to use again: a few tuples each keep a megabyte around them.

    A full collection does that. Frozen objects are passed over by it, which otherwise takes a quarter of a second in a
    large process.
    """
    ours = gc.get_freeze_count() == 0
    if ours:
        gc.freeze()
    gc.collect()
    if ours:
        gc.unfreeze()


@contextmanager
def memory_given_back() -> Iterator[None]:
    """Let freed memory be given back at once meanwhile, also within `reused_memory`, and what it has kept so far.

    For what takes many large arrays once: those that are kept lie between those that are freed, and would nearly double
    what the process holds.
    """
    library = _glibc()
    if library is None:
        yield
        return
    with _lock:
        _tell(library, USUAL)
    try:
        yield
    finally:
        give_back()
        with _lock:
            _tell(library, KEEP if _users else USUAL)


def _count(library: Any, change: int) -> None:
    """Take note of one run more or less; the first one changes the switch, the last one changes it back."""
    global _users  # as the switch belongs to the process, so does its counter
    with _lock:
        before, _users = _users, _users + change
        if before and _users:
            return
        _tell(library, KEEP if _users else USUAL)


def _tell(library: Any, threshold: int) -> None:
    library.mallopt(M_MMAP_THRESHOLD, threshold)
    library.mallopt(M_TRIM_THRESHOLD, threshold)
    if threshold == USUAL:
        library.malloc_trim(0)


def _glibc() -> Any:
    """Return the C library if it is glibc."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
