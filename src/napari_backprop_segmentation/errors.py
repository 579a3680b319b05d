"""Everything that can go wrong in a run, in words a user can act on.

None of these is a RuntimeError: napari's generator workers swallow RuntimeErrors silently.
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

# How engines say that there is no memory: CUDA, its libraries, ROCm, MPS; and the processor's on each system.
OF_DEVICE = re.compile(
    r"(CUDA|HIP|XPU|MPS backend|device).{0,40}out of memory|ALLOC_FAILED|Invalid buffer size|MTLBuffer", re.I
)
OF_MEMORY = re.compile(
    r"out of memory|not enough memory|bad.?alloc|paging file|allocate memory|create a memory object"
    r"|(cannot|unable to|fail\w* to) (re)?allocate",
    re.I,
)
PAGING_FILE_TOO_SMALL = 1455  # of Windows, whose texts are in the user's language
REPORT = "please report this with the output of 'backprop-segment info'"
ENGINE_ERRORS = (RuntimeError, MemoryError, OSError)  # among which are all that tell of memory


class SegmentationError(Exception):
    """Base of all errors that this package raises on purpose; its text is one line, whatever values it shows."""

    def __str__(self) -> str:
        return " ".join(super().__str__().split())


class ParameterError(SegmentationError, ValueError):
    """A parameter lies outside its allowed values."""


class ImageError(SegmentationError, ValueError):
    """The image cannot be segmented as given: empty, constant, wrong axes, wrong type."""


class ModelFileError(SegmentationError, ValueError):
    """A file cannot be used as a model."""


class MemoryLimitError(SegmentationError, MemoryError):
    """The run does not fit into the memory of the device."""


class EngineError(SegmentationError):
    """The numerical engine failed while running (wraps torch's RuntimeErrors)."""


class WorkersError(SegmentationError):
    """The workers of a cluster, or its scheduler, are not there any more, or never were."""


class MistakenKind(Exception):  # noqa: N818 - nothing has gone wrong: the run begins again
    """The image is of another kind than it was taken for; never leaves `run`.

    Parameters
    ----------
    kind : str
        The preset of the kind it was taken for.
    """

    def __init__(self, kind: str = "") -> None:
        super().__init__(kind)
        self.kind = kind


class OutputError(SegmentationError, OSError):
    """A result cannot be written, or not without losing what is there already."""


def of_device(error: BaseException) -> bool:
    """Return whether an error says that the memory of a graphics card has run out."""
    return type(error).__name__ == "OutOfMemoryError" or bool(OF_DEVICE.search(str(error)))


def of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory has run out, in whatever words and wherever.

    torch is not imported for it: its error is known by name.
    """
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM or PAGING_FILE_TOO_SMALL in (error.errno, getattr(error, "winerror", None))
    return isinstance(error, RuntimeError) and (of_device(error) or bool(OF_MEMORY.search(str(error))))


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn the RuntimeErrors of torch, and those of memory, into errors of this package.

    napari's generator workers swallow RuntimeErrors.
    """
    try:
        yield
    except SegmentationError:
        raise
    except ENGINE_ERRORS as error:
        if of_memory(error):
            where = "memory of the device" if of_device(error) else "memory"
            raise MemoryLimitError(
                f"image must fit the {where}, got: {_in_a_line(error) or 'out of memory'}; "
                "choose a faster preset, fewer channels, fewer training pixels or a smaller image"
            ) from error
        if isinstance(error, OSError):
            raise
        raise EngineError(f"the engine stopped: {_in_a_line(error)}; {REPORT}") from error


def reason(error: BaseException) -> str:
    """Return what went wrong in a line; of what nobody has thought of, with its type and whom to tell."""
    told = _in_a_line(error) or type(error).__name__
    known = isinstance(error, (SegmentationError, OSError, MemoryError))
    return told if known else f"{type(error).__name__}: {told}; {REPORT}"


def _in_a_line(error: BaseException) -> str:
    return " ".join(str(error).split())
