"""Ctrl-C, and being asked to end: the result so far is kept, and what is being written is finished.

SIGTERM (a batch system, a shutdown) and SIGHUP (a terminal that is closed) act as the first Ctrl-C does.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

# SIGHUP is unknown to Windows.
ASKING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
FIRST_CODE = 128  # shells add the number of the signal
LOST = "interrupted; the run in progress was not written"
GOES_ON = "interrupted; the blocks finished so far are kept, and the same command goes on behind them"

Handler = Callable[[int, FrameType | None], Any] | int | None


class Ended(KeyboardInterrupt):
    """The process was asked to end by another signal than Ctrl-C.

    Attributes
    ----------
    number : int
        Of the signal.
    told : str
        What has become of the run.
    """

    def __init__(self, number: int, told: str = LOST) -> None:
        super().__init__(f"signal {number}")
        self.number, self.told = number, told


def exit_code(interruption: BaseException | int) -> int:
    """Return what a process that was interrupted ends with: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""
    number = interruption if isinstance(interruption, int) else getattr(interruption, "number", int(signal.SIGINT))
    return FIRST_CODE + number


def told(interruption: BaseException) -> str:
    """Return what has become of the run that was interrupted."""
    return str(getattr(interruption, "told", LOST))


@contextmanager
def raised() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise where they would end the process at once, so that it tidies up behind itself."""
    with _handling(_raise, ASKING[1:]):
        yield


def ignored() -> None:
    """Let nothing interrupt the end of the process any more."""
    _set(signal.SIGINT, signal.SIG_IGN)


class Interruption:
    """Being asked to end while a run trains asks it to stop at its next step; while it writes, it is heard afterwards.

    Attributes
    ----------
    asked : int
        The number of the signal that asked, 0 as long as none did.
    """

    def __init__(self) -> None:
        self.asked = 0
        self._before: dict[int, Handler] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            _set(number, handler)
        self._before = {}

    def arm(self) -> None:
        """Stop at the next step when asked; before the first step there is nothing to keep. A second Ctrl-C aborts."""
        if not self._before:
            self._take_over(self._ask)

    def defer(self) -> None:
        """Finish what comes now, whoever asks to end."""
        self._take_over(self._note)

    def end(self) -> None:
        """End the run at once when asked, as what is finished of it is kept; now if somebody has asked already.

        Raises
        ------
        Ended
        """
        if self.asked:
            raise Ended(self.asked, GOES_ON)
        self._take_over(_raise_kept)

    def _take_over(self, handler: Handler) -> None:
        self._before = self._before or {number: signal.getsignal(number) for number in ASKING if _is_heard(number)}
        for number in self._before:
            _set(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.asked = self.asked or number

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._note(number, frame)
        if signal.SIGINT in self._before:
            _set(signal.SIGINT, signal.default_int_handler)


def _raise(number: int, _frame: FrameType | None) -> None:
    raise Ended(number)


def _raise_kept(number: int, _frame: FrameType | None) -> None:
    raise Ended(number, GOES_ON)


@contextmanager
def _handling(handler: Handler, numbers: tuple[int, ...]) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in numbers if _is_heard(number)}
    for number in before:
        _set(number, handler)
    try:
        yield
    finally:
        for number, previous in before.items():
            _set(number, previous)


def _is_heard(number: int) -> bool:
    """Return whether a signal does anything: a shell or nohup lets what it starts ignore some."""
    return signal.getsignal(number) not in (signal.SIG_IGN, None)


def _set(number: int, handler: Handler) -> None:
    try:
        signal.signal(number, handler)
    except ValueError:  # only the main thread may
        return
