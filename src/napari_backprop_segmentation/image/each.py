"""One function for each of many blocks: here, or by whoever a caller has do it."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
MOST_THREADS = 2  # more take more memory, and what they do at once waits for the interpreter
THREADS_VARIABLE = "OMP_NUM_THREADS"  # by which a process is told to keep to so many


class Each(Protocol):
    """Somebody who calls a function for many items."""

    def __call__(self, function: Callable[[Any, Any], T], common: Any, items: Iterable[Any]) -> Iterator[T]:
        """Yield ``function(common, item)`` for each item, in their order.

        Items are taken when their turn comes, a few ahead, so that neither they nor results pile up.

        Parameters
        ----------
        function : callable
            Of a module, as another process may have to find it.
        common : object
            What is the same for all items.
        items : iterable
        """
        ...


def in_turn(function: Callable[[Any, Any], T], common: Any, items: Iterable[Any]) -> Iterator[T]:
    """Do one after the other: for what uses all of the processor by itself."""
    return (function(common, item) for item in items)


def in_threads(function: Callable[[Any, Any], T], common: Any, items: Iterable[Any]) -> Iterator[T]:
    """Do two at a time: for what releases the interpreter."""
    at_once = _n_threads()
    pool, left = ThreadPoolExecutor(at_once), False
    waiting: deque[Future[T]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, common, item))
            if len(waiting) > at_once:  # what is done before it is wanted takes memory
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except GeneratorExit:
        left = True
        raise
    finally:
        # What is left half-way may be closed by a collection of garbage, in the middle of anything: before Python 3.13
        # also where a thread begins and holds the lock that waiting for one needs.
        pool.shutdown(wait=not left, cancel_futures=True)


def _n_threads() -> int:
    told = os.environ.get(THREADS_VARIABLE, "")
    allowed = int(told) if told.isdecimal() and int(told) else MOST_THREADS
    return min(MOST_THREADS, allowed, os.cpu_count() or 1)
