"""What is said on a terminal: nothing that goes wrong there may stop the work."""

import os
import sys
from typing import Any, TextIO

PROGRAM = "backprop-segment"
SILENT = (OSError, ValueError, AttributeError)  # a broken pipe, a closed stream, none at all


def prepare() -> None:
    """Make ready the streams of a process that is all ours.

    Where a stream is closed, something else stands in its place, or the next file that is opened would get what is
    written there; and packages that print take it for granted that there is one, NumPy even as it is imported.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def show_anything() -> None:
    """Let names that a stream cannot encode be shown escaped."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        except SILENT:
            continue


def say(line: str) -> None:
    """Print a line on stdout, if anybody listens."""
    _write(sys.stdout, line)


def complain(line: str) -> None:
    """Print a line on stderr, after the name of the program, if anybody listens."""
    _write(sys.stderr, f"{PROGRAM}: {line}")


def in_a_line(error: BaseException) -> str:
    """Return what an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def leave_quietly() -> None:
    """Flush what can be flushed, so that Python does not complain at its end about a pipe that was closed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except SILENT:
            _deafen(stream)


def _write(stream: TextIO | None, line: str) -> None:
    try:
        print(line, file=stream, flush=True)
    except SILENT:
        _deafen(stream)


def _deafen(stream: TextIO | None) -> None:
    """Send what is written to a stream that is broken nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr]
        os.close(nowhere)
    except SILENT:
        return


class Steady:
    """A stream for progress bars that goes on where writing fails.

    Parameters
    ----------
    stream : text stream
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, or nothing."""
        try:
            return self._stream.write(text)
        except SILENT:
            return 0

    def flush(self) -> None:
        """Flush, or not."""
        try:
            self._stream.flush()
        except SILENT:
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether somebody looks at a stream."""
    try:
        return stream is not None and stream.isatty()
    except SILENT:
        return False
