"""Work in a thread of which nothing is kept once it has ended.

napari keeps each of its workers for good, in its list of tasks: with the arguments of a function, and with a generator
that was left half-way because its viewer was closed.
"""

from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

from napari.qt.threading import GeneratorWorker, create_worker

from napari_backprop_segmentation.gui.run.torch_startup import give_way


class ClosingWorker(GeneratorWorker):  # type: ignore[misc]
    """Closes its generator however its work ends: what the generator holds is let go, what it has begun is ended.

    Where the program ends meanwhile, Qt has no signals any more: it ends without a word, as nobody is left to hear.
    """

    def run(self) -> None:
        """Do the work and signal what comes of it; Qt calls this."""
        with suppress(RuntimeError):  # of signals alone: those of the work are returned
            super().run()

    def work(self) -> Any:
        """Take all steps of the generator."""
        try:
            found = super().work()
        finally:
            self._gen.close()
        if isinstance(found, RuntimeError):  # which would be printed
            self.quit()
            return None
        return found


def start(work: Callable[..., Any], *args: Any, then: Callable[[Any], None]) -> None:
    """Call a function in a thread, and hand what it returns to another one in the thread of the window.

    Parameters
    ----------
    work : callable
        Errors are to be returned: one that is raised ends in a notification of napari, a RuntimeError nowhere.
    *args
        Of `work`; let go of once it has ended.
    then : callable
        Let go of once it was called.
    """
    waiting = [then]

    def hand_over(outcome: Any) -> None:
        waiting.pop()(outcome)

    create_worker(_steps, work, args, _worker_class=ClosingWorker, _connect={"returned": hand_over})


def _steps(work: Callable[..., Any], args: tuple[Any, ...]) -> Generator[None, None, Any]:
    yield
    give_way()
    return work(*args)
