"""What a run switches for the whole process: switched while anybody needs it, and back when the last one is done.

Runs may overlap (two widgets, or one that was abandoned and still ends), so none may switch back what another needs.
"""

import gc
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from qtpy.QtGui import QMovie

SLOW_PERCENT = 10


class Guard:
    """A switch that several holders keep on; the last one to let go turns it off.

    Parameters
    ----------
    on, off : callable
        Called by the first who holds, and when the last one lets go. Holders may live in any thread.
    """

    def __init__(self, on: Callable[[], None], off: Callable[[], None]) -> None:
        self._on, self._off = on, off
        self._holders = 0
        self._lock = threading.RLock()

    def hold(self) -> "Hold":
        """Return a hold on the switch, which is on until it is released."""
        with self._lock:
            if not self._holders:
                self._on()
            self._holders += 1
        return Hold(self)

    @property
    def holders(self) -> int:
        """How many holds there are."""
        return self._holders

    def let_go(self) -> None:
        """Take note that one holder less needs the switch; only `Hold` calls this, once."""
        with self._lock:
            self._holders -= 1
            if not self._holders:
                self._off()


class Hold:
    """One holder's share in a `Guard`; releasing it twice does no harm, and forgetting it releases it."""

    def __init__(self, guard: Guard) -> None:
        self._guard: Guard | None = guard
        self._lock = threading.Lock()

    def release(self) -> None:
        """Let go."""
        with self._lock:
            guard, self._guard = self._guard, None
        if guard is not None:
            guard.let_go()

    def __del__(self) -> None:
        self.release()


class _Frozen:
    """The collection of garbage passes over what is there: else one pass visits all objects of napari, 100 to 200 ms.

    A process that has frozen its objects itself is left alone: what it froze could not be told from ours.
    """

    def __init__(self) -> None:
        self._ours = False

    def on(self) -> None:
        self._ours = gc.get_freeze_count() == 0
        self.renew()

    def renew(self) -> None:
        """Pass over what has come since, too."""
        if self._ours:
            gc.freeze()

    def off(self) -> None:
        if self._ours:
            gc.unfreeze()
        self._ours = False


class _Uncollected:
    """No garbage is collected."""

    def __init__(self) -> None:
        self._was_on = False

    def on(self) -> None:
        self._was_on = gc.isenabled()
        gc.disable()

    def off(self) -> None:
        if self._was_on:
            gc.enable()


_frozen, _uncollected = _Frozen(), _Uncollected()
frozen_objects = Guard(_frozen.on, _frozen.off)
no_garbage = Guard(_uncollected.on, _uncollected.off)


def pass_over_new_objects() -> None:
    """Let the collection of garbage pass over what has come since it was told so; nothing where nobody holds that."""
    if frozen_objects.holders:
        _frozen.renew()


@contextmanager
def no_collection() -> Iterator[None]:
    """Put off the collection of garbage while many objects are made that stay, as in an import.

    They set off one full collection after the other, and each visits all objects of napari while no other thread may
    run: 100 to 200 ms.
    """
    hold = no_garbage.hold()
    try:
        yield
    finally:
        hold.release()


class SlowMovies:
    """Animations at a tenth of their speed, as often as somebody wants it so; each gets back the speed it had."""

    def __init__(self) -> None:
        self._guards: dict[int, tuple[QMovie, Guard]] = {}

    def hold(self, movies: Iterable[QMovie]) -> list[Hold]:
        """Slow down some animations until all holds are released."""
        return [self._guard(movie).hold() for movie in movies]

    def _guard(self, movie: QMovie) -> Guard:
        key = id(movie)  # stays that of this movie as long as it is held here
        if key not in self._guards:
            speed = movie.speed()

            def off() -> None:
                self._guards.pop(key, None)
                with suppress(RuntimeError):  # the window, and the animation with it, may be gone
                    movie.setSpeed(speed)

            self._guards[key] = movie, Guard(lambda: movie.setSpeed(SLOW_PERCENT), off)
        return self._guards[key][1]


slow_movies = SlowMovies()
