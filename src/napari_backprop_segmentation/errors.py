"""Everything that can go wrong in a run, in words a user can act on.

None of these is a RuntimeError: napari's generator workers swallow RuntimeErrors silently.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

# How the engines and systems say that there is no memory: CUDA, its libraries and MPS; the processor's on each system.
OF_DEVICE = re.compile(r"(CUDA|HIP|MPS backend|device).{0,40}out of memory|(ALLOC_FAILED|allocate memory)", re.I)
OF_MEMORY = re.compile(
    r"out of memory|not enough memory|bad.?alloc|paging file|cannot allocate|fail\w* to allocate", re.I
)


class SegmentationError(Exception):
    """Base of all errors that this package raises on purpose."""


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


class OutputError(SegmentationError, OSError):
    """A result cannot be written, or not without losing what is there already."""


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn the RuntimeErrors of torch, and those of memory, into errors of this package.

    napari's generator workers swallow RuntimeErrors. torch is not imported for it: its error is known by name.
    """
    try:
        yield
    except SegmentationError:
        raise
    except (RuntimeError, MemoryError) as error:
        of_device = type(error).__name__ == "OutOfMemoryError" or bool(OF_DEVICE.search(str(error)))
        if of_device or isinstance(error, MemoryError) or OF_MEMORY.search(str(error)):
            where = "memory of the device" if of_device else "memory"
            raise MemoryLimitError(
                f"image must fit the {where}, got: {str(error) or 'out of memory'}; "
                "choose a faster preset, fewer channels, fewer training pixels or a smaller image"
            ) from error
        raise EngineError(
            f"the engine stopped: {error}; please report this with the output of 'backprop-segment info'"
        ) from error
