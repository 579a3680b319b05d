"""What may be overwritten without asking: what a run of ours has written and nobody has edited since."""

import os
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from napari_backprop_segmentation.errors import ImageError, OutputError, SegmentationError
from napari_backprop_segmentation.io.chunks import row_blocks
from napari_backprop_segmentation.io.files import open_image
from napari_backprop_segmentation.io.model_header import is_model
from napari_backprop_segmentation.io.nodes import is_node
from napari_backprop_segmentation.io.read import quiet_decoders, read_image
from napari_backprop_segmentation.io.record import (
    CHECKSUM,
    OTHERS,
    SOFTWARE,
    SOURCE,
    checksum,
    checksum_of_bytes,
    checksum_of_parts,
    own_labels,
    read_record,
)

ADVICE = "choose another name, or add --overwrite"


def check_labels(path: Path) -> None:
    """Refuse to overwrite a file that is not what a run of ours wrote: another image, or labels edited by hand.

    Parameters
    ----------
    path : Path
        Of labels or an agreement.

    Raises
    ------
    OutputError
    """
    if is_node(path):
        look: Callable[[Path], str] = _store_checksum
    elif _is_there(path):
        look = _file_checksum
    else:
        return
    try:
        known = read_record(path).get(CHECKSUM)
    except ImageError as error:
        raise _another_file(path) from error
    try:
        same = known is not None and look(path) == known
    except SegmentationError:
        same = False
    if not same:
        raise OutputError(
            f"output must be new or as this program wrote it, got {str(path)!r}, which was edited since or is of an "
            f"earlier version; {ADVICE}"
        )


def check_source(path: Path, image: Path) -> None:
    """Refuse to overwrite labels of another image that is still there: names that were made of names can be the same.

    Raises
    ------
    OutputError
    """
    try:
        source = Path(read_record(path)[SOURCE])
        other = source.exists() and not os.path.samefile(source, image)
    except (ImageError, KeyError, TypeError, ValueError, OSError):  # told by whoever looks at the labels or the image
        return
    if other:
        raise OutputError(
            f"output must be of the same image as before, got {str(path)!r}, which was made of {str(source)!r}; choose "
            "another folder, or add --overwrite"
        )


def _file_checksum(path: Path) -> str:
    return checksum(read_image(path).pixels)


def _store_checksum(path: Path) -> str:
    pixels = open_image(own_labels(path)).pixels
    return checksum_of_parts(pixels.shape, row_blocks(pixels))


def check_table(path: Path, labels: Path) -> None:
    """Refuse to overwrite a table that is not the one that was written with the labels.

    Raises
    ------
    OutputError
    """
    if not _is_there(path):
        return
    try:
        known = read_record(labels).get(OTHERS, {}).get("table")
    except (ImageError, AttributeError):
        known = None
    if known is None or checksum_of_bytes(path.read_bytes()) != known:
        raise OutputError(
            f"output must be new or as this program wrote it, got the table {str(path)!r}, which is another one; "
            f"{ADVICE}"
        )


def check_text(path: Path, beginning: str) -> None:
    """Refuse to overwrite a text file that does not begin as those of ours do.

    Raises
    ------
    OutputError
    """
    if not _is_there(path):
        return
    expected = beginning.encode()
    with path.open("rb") as file:
        if file.read(len(expected)) not in (expected, b""):
            raise _another_file(path)


def check_model(path: Path) -> None:
    """Refuse to overwrite a file that is no trained network of ours.

    Raises
    ------
    OutputError
    """
    if _is_there(path) and not is_model(path):
        raise _another_file(path)


def check_png(path: Path) -> None:
    """Refuse to overwrite a picture that does not say that it is ours.

    Raises
    ------
    OutputError
    """
    if not _is_there(path):
        return
    try:
        with quiet_decoders(), Image.open(path) as image:
            ours = image.info.get("Software") == SOFTWARE
    except (OSError, ValueError, SyntaxError):
        ours = False
    if not ours:
        raise _another_file(path)


def _is_there(path: Path) -> bool:
    if not os.path.lexists(path) or (path.is_symlink() and not path.exists()):
        return False
    if not path.is_file():
        raise OutputError(f"output must be a file or new, got {str(path)!r}, which is none; choose another name")
    return True


def _another_file(path: Path) -> OutputError:
    return OutputError(
        f"output must be new or written by this program, got {str(path)!r}, which is another file; {ADVICE}"
    )
