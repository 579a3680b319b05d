"""Everything that can go wrong in a run, in words a user can act on.

None of these is a RuntimeError: napari's generator workers swallow RuntimeErrors silently.
"""

from collections.abc import Iterator
from contextlib import contextmanager


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
        of_device = type(error).__name__ == "OutOfMemoryError" or "allocate memory" in str(error)
        if of_device or isinstance(error, MemoryError):
            where = "memory of the device" if of_device else "memory"
            raise MemoryLimitError(
                f"image must fit the {where}, got: {str(error) or 'out of memory'}; "
                "choose a faster preset, fewer channels, fewer training pixels or a smaller image"
            ) from error
        raise EngineError(
            f"the engine stopped: {error}; please report this with the output of 'backprop-segment info'"
        ) from error
