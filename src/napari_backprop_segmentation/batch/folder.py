"""The images of a folder, without the labels that were made of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from napari_backprop_segmentation.batch.targets import ENDING, expanded
from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.io.nodes import SUFFIX, is_node, name_of, plain_attributes
from napari_backprop_segmentation.io.read import ARRAY_SUFFIX, PLAIN_SUFFIXES, SLIDE_SUFFIXES, TIFF_SUFFIXES
from napari_backprop_segmentation.io.record import SOFTWARE, read_record

ALL = "*"
SUFFIXES = {*TIFF_SUFFIXES, *SLIDE_SUFFIXES, *PLAIN_SUFFIXES, ARRAY_SUFFIX, SUFFIX} - {""}


def images_of(folder: Path, pattern: str = ALL) -> list[Path]:
    """Return the images of a folder in the order of their names.

    Parameters
    ----------
    folder : Path
    pattern : str
        Of names, such as ``*.tif`` or, with the folders below, ``**/*.tif``. ``*`` takes whatever can be read by its
        ending.

    Raises
    ------
    ParameterError
        If it is no folder, the pattern makes no sense, or nothing fits it.
    """
    if not folder.is_dir():
        raise ParameterError(f"folder must exist, got {str(folder)!r}; choose one")
    try:
        found = sorted(folder.glob(pattern.strip() or ALL))
    except (ValueError, NotImplementedError, IndexError) as error:
        raise ParameterError(
            f"pattern must be one of names within the folder, got {pattern!r} ({error}); write one such as *.tif"
        ) from error
    known = [path for path in found if not path.name.startswith(".") and _is_image(path, pattern.strip())]
    images = without_results(known)
    if not images:
        raise ParameterError(f"folder must hold images, got none in {str(folder)!r} that fit {pattern!r}; change it")
    return images


def listed(
    inputs: Sequence[Path],
    pattern: str = ALL,
    wells: Sequence[str] = (),
    fields: Sequence[str] = (),
    *,
    leave_out: bool = False,
    must_be_folders: bool = False,
) -> list[Path]:
    """Return the images of files, stores and folders.

    Parameters
    ----------
    inputs : sequence of Path
    pattern : str
        See `images_of`.
    wells, fields : sequence of str
        Of plates and stores, see `expanded`.
    leave_out : bool
        Whether labels of ours are left out where they are among several inputs: ``*.tif`` names them too.
    must_be_folders : bool
        Whether nothing else will do.
    """
    found: list[Path] = []
    for path in inputs:
        folder = must_be_folders or (path.is_dir() and not is_node(path))
        found += images_of(path, pattern) if folder else [path]
    return expanded(without_results(found) if leave_out and len(inputs) > 1 else found, wells, fields)


def without_results(paths: Iterable[Path]) -> list[Path]:
    """Return files and stores that are not labels which this program wrote.

    Labels that another program has saved since are known by their name, where the image is there too.
    """
    images = [path for path in paths if not is_result(path)]
    there = {(path.parent, name_of(path)) for path in images}
    return [path for path in images if not _named_as_result(path, there)]


def _named_as_result(path: Path, there: set[tuple[Path, str]]) -> bool:
    name = name_of(path)
    if path.suffix.lower() not in TIFF_SUFFIXES or not name.endswith(ENDING):
        return False
    image = name.removesuffix(ENDING)
    short, _, ending = image.rpartition("_")  # of images of one name, the ending of the file is in it
    return (path.parent, image) in there or (path.parent / f"{short}.{ending}").exists()


def is_result(path: Path) -> bool:
    """Return whether a file or store is labels, or another map, which this program wrote."""
    try:
        if is_node(path):
            return SOFTWARE in plain_attributes(path)
        return path.suffix.lower() in TIFF_SUFFIXES and bool(read_record(path))
    except (ImageError, OSError, ValueError):
        return False


def _is_image(path: Path, pattern: str) -> bool:
    if path.is_dir() and not is_node(path):
        return False
    return pattern != ALL or path.suffix.lower() in SUFFIXES
