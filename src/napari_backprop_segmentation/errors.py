"""Everything that can go wrong in a run, in words a user can act on.

None of these is a RuntimeError: napari's generator workers swallow RuntimeErrors silently.
"""


class SegmentationError(Exception):
    """Base of all errors that this package raises on purpose."""


class ParameterError(SegmentationError, ValueError):
    """A parameter lies outside its allowed values."""


class ImageError(SegmentationError, ValueError):
    """The image cannot be segmented as given: empty, constant, wrong axes, wrong type."""


class MemoryLimitError(SegmentationError, MemoryError):
    """The run does not fit into the memory of the device."""


class EngineError(SegmentationError):
    """The numerical engine failed while running (wraps torch's RuntimeErrors)."""
