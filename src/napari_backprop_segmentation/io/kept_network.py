"""A trained network where it should be, or, where that cannot be written to, elsewhere, and the message says where."""

from collections.abc import Callable
from pathlib import Path

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.io.model_header import SUFFIX
from napari_backprop_segmentation.io.write import kept_by


def saved_or_kept(path: Path, save: Callable[[Path], None]) -> None:
    """Write a network.

    Parameters
    ----------
    path : Path
    save : callable
        Writes it into a file; it raises `SegmentationError` only where there is nothing to write.

    Raises
    ------
    OutputError
        If it cannot be written. It is then kept elsewhere; the message says where.
    """
    try:
        save(path)
    except SegmentationError:
        raise
    except Exception as error:  # of the disk; safetensors has an error of its own for it
        raise kept_by({SUFFIX: save}, path, "network", error) from error
