"""What the user has drawn and pointed at: checked before anything is computed, refused in words where it cannot be."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError, OutputError, ParameterError
from napari_backprop_segmentation.image.label_file import mapped
from napari_backprop_segmentation.image.labels import numbers_in
from napari_backprop_segmentation.pipeline.estimate import series_too_large
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.request import Request
from napari_backprop_segmentation.teaching.edits import FREE
from napari_backprop_segmentation.teaching.plain import strokes_from
from napari_backprop_segmentation.teaching.pointed import HOW_ALIKE, Example, Sized

MOST_KINDS = 65_535  # that can be drawn
CLICK = 12  # pixels: a smaller mark says where an object is, not how large


def check_strokes(request: Request, shape: tuple[int, ...]) -> NDArray[np.integer[Any]] | None:
    """Return the strokes, or None where nothing is drawn.

    Parameters
    ----------
    request : Request
    shape : tuple of int
        Spatial, of the image.

    Raises
    ------
    ImageError
        If they do not fit the image.
    ParameterError
        If nothing is trained that could learn from them.
    """
    if request.strokes is None:
        return None
    strokes, by_network = _array("strokes", _held(request.strokes)), request.params.strokes_as == "network"
    most = request.params.n_channels if by_network else MOST_KINDS
    if strokes.dtype.kind not in "bui":
        raise ImageError(
            f"strokes must be whole numbers, got {strokes.dtype}; draw on a Labels layer, 0 is where nothing is drawn"
        )
    if tuple(strokes.shape) != shape:
        raise ImageError(
            f"strokes must have the spatial shape of the image {shape}, got {tuple(strokes.shape)}; "
            "draw on a Labels layer made for this image"
        )
    if not strokes.any():
        return None
    if strokes.min() < 0 or strokes.max() > most:
        limit = f"{most} (n_channels)" if by_network else str(most)
        raise ImageError(
            f"strokes must be labels from 0 to {limit}, got {strokes.min()} to {strokes.max()}; use lower label numbers"
        )
    alone = request.params.strokes_as != "pieces" and not by_network and not request.together
    if alone and np.count_nonzero(numbers_in(strokes)) == 1:
        raise ImageError(
            f"strokes must be of two kinds at least, got only kind {int(strokes.max())}; "
            "draw on something else, such as the ground"
        )
    if request.model is not None and by_network:
        raise ParameterError(
            "strokes must be left out where a network is applied that was trained before, got both; train anew"
        )
    return strokes


def drawn(strokes: Any) -> NDArray[np.integer[Any]] | None:
    """Return strokes that were checked as an array, bools as numbers; None where nothing is drawn."""
    found = strokes if strokes is None or isinstance(strokes, np.memmap) else np.asarray(strokes)
    if found is None or not found.any():
        return None
    return found.astype(np.uint8) if found.dtype == bool else found


def pointed_at(given: Any, name: str, shape: tuple[int, ...]) -> tuple[Example, ...] | None:
    """Return what the user has pointed at, as masks (*spatial), pixels, pixels with a size; None where there is none.

    Parameters
    ----------
    given : (*spatial) int array, or sequence of pixels, of (pixel, size) and of what a record says of masks
        Of an array each number marks one object; a mark of a few pixels is a click, not an outline.
    name : str
        Of the argument.
    shape : tuple of int
        Spatial, of the image.

    Raises
    ------
    ImageError
        If it does not lie in the image.
    """
    if given is None:
        return None
    if isinstance(given, Sequence) and any(isinstance(each, Mapping) or _has_size(each) for each in given):
        return tuple(example for each in given for example in _one(each, name, shape))
    marks = _array(name, given)
    if marks.dtype.kind not in "bui" or (marks.shape != shape and marks.shape[1:] != (len(shape),)):
        raise ImageError(
            f"{name} must be whole numbers in the spatial shape of the image {shape}, or {len(shape)} numbers a place, "
            f"got {marks.dtype} of shape {marks.shape}; mark objects on a Labels layer made for this image"
        )
    if marks.shape != shape:
        places = [tuple(int(i) for i in place) for place in marks]
        if outside := [p for p in places if any(not 0 <= i < n for i, n in zip(p, shape, strict=True))]:
            raise ImageError(f"{name} must lie in the image {shape}, got {outside[0]}; click on the image")
        return tuple(places) or None
    masks = [marks == number for number in np.unique(marks[marks != 0])]
    return tuple(mask if mask.sum() >= CLICK else _middle(mask) for mask in masks) or None


def _has_size(given: Any) -> bool:
    """Return whether something is a pixel and a size, not a pixel."""
    return isinstance(given, Sequence) and len(given) == 2 and isinstance(given[0], Sequence)


def _one(given: Any, name: str, shape: tuple[int, ...]) -> tuple[Example, ...]:
    """Return one pixel, with its size if it has one, or one mask."""
    if isinstance(given, Mapping):
        return (_mask(given.get("pixels"), name, shape),)
    if not _has_size(given):
        return pointed_at([given], name, shape) or ()
    place, size = given
    if not isinstance(size, int) or size < 1:
        raise ImageError(f"{name} must have sizes of at least 1 pixel, got {size!r}; leave the size out")
    return tuple(Sized(each, size) for each in pointed_at([place], name, shape) or () if isinstance(each, tuple))


def _mask(runs: Any, name: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the pixels (*spatial) that `plain.recorded` has written down."""
    rows = _array(name, runs)
    fits = rows.ndim == 2 and rows.shape[1] == 2 and len(rows) > 0 and rows.dtype.kind == "i"
    if not fits or rows.min() < 0 or rows.max() > np.prod(shape) or (rows.sum(axis=1) > np.prod(shape)).any():
        raise ImageError(
            f"{name} must have pixels in the image {shape}, got {str(runs)[:60]}; take them from a record of this image"
        )
    return strokes_from({"1": rows.tolist()}, shape) > 0


def checked_share(how_alike: float | None) -> float:
    """Return how alike objects must be, if it is a share or left open.

    Raises
    ------
    ParameterError
    """
    if how_alike is None:
        return HOW_ALIKE
    number = isinstance(how_alike, (int, float, np.number)) and not isinstance(how_alike, bool)
    if not number or not 0 <= how_alike <= 1:
        raise ParameterError(f"how_alike must be from 0 to 1, got {how_alike!r}; 0 finds everything")
    return float(how_alike)


def check_examples(job: Job) -> None:
    """Refuse examples where there is no merge tree of one image to find alike objects in.

    Raises
    ------
    ParameterError
    """
    if job.examples is None:
        if job.counter_examples:
            raise ParameterError("examples must be given with counter_examples, got none; mark one object at least")
        return
    obstacles = (
        (bool(job.iterated), "frame by frame or slice by slice", "take one frame, or set volumes to 'volume'"),
        (job.strokes is not None, "with strokes", "leave one of the two out"),
        (not job.learns, f"for the method {job.params.method!r}", "choose 'superpixels' or 'continuity'"),
        (not job.merges and not job.in_blocks, "for an image too large for merging regions", "take a part of it"),
    )
    for met, where, advice in obstacles:
        if met:
            raise ParameterError(f"examples must be left out {where}, got {len(job.examples)}; {advice}")


def check_taught(job: Job) -> None:
    """Refuse strokes where there is no merge tree to answer them on.

    Raises
    ------
    ParameterError
    """
    if job.strokes is None or job.params.strokes_as == "network":
        return
    pieces, spatial = job.params.strokes_as == "pieces", job.source.shape[1:]
    in_pieces = job.out is not None and not job.in_blocks
    obstacles = (
        (in_pieces, "where labels are written piece by piece", "leave out `out`"),
        (not job.learns, f"for the method {job.params.method!r}", "choose 'superpixels' or 'continuity'"),
        (not job.merges and not job.in_blocks, "for an image too large for merging regions", "take a part of it"),
        (
            series_too_large(job.iterated, spatial),
            "for a series too large for keeping its merge trees",
            "take some frames of it",
        ),
        (pieces and bool(job.iterated), "frame by frame or slice by slice", "take one frame, or draw kinds"),
    )
    for met, where, advice in obstacles:
        if met:
            raise ParameterError(
                f"strokes must be left out {where}, got some with strokes_as={job.params.strokes_as!r}; "
                f"{advice}, or set strokes_as to 'network'"
            )


def check_fixed(fixed: Any, shape: tuple[int, ...]) -> NDArray[np.int64] | None:
    """Return what is fixed, or None.

    Raises
    ------
    ImageError
        If it does not fit the image.
    """
    if fixed is None:
        return None
    found = _array("fixed", _held(fixed))
    if found.dtype.kind not in "iu" or found.shape != shape:
        raise ImageError(
            f"fixed must be whole numbers in the spatial shape of the image {shape}, got {found.dtype} of shape "
            f"{found.shape}; take the labels of this image, and {FREE} where nothing is fixed"
        )
    if found.min(initial=0) < FREE or found.max(initial=0) > np.iinfo(np.int64).max:
        raise ImageError(
            f"fixed must be labels from 0, or {FREE} where nothing is fixed, got {found.min()} to {found.max()}; "
            "number anew"
        )
    return found if isinstance(found, np.memmap) else found.astype(np.int64)  # what is mapped may not fit the memory


def _held(given: Any) -> Any:
    """Return what is drawn as it is, or from a file where it lies elsewhere.

    Raises
    ------
    OutputError
        If there is no room for it.
    """
    try:
        return mapped(given)
    except OSError as error:
        raise OutputError(
            f"what is drawn must fit the folder for temporary files, got {error.strerror or error}; make room there"
        ) from error


def _array(name: str, given: Any) -> NDArray[Any]:
    """Return what the user has drawn or clicked as an array."""
    try:
        return given if isinstance(given, np.memmap) else np.asarray(given)
    except (ValueError, TypeError) as error:
        raise ImageError(f"{name} must be an array of whole numbers, got {type(given).__name__} ({error})") from error


def _middle(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """Return the marked pixel (ndim,) that is nearest to the middle of all marked ones."""
    pixels = np.argwhere(mask)
    return tuple(int(i) for i in pixels[((pixels - pixels.mean(axis=0)) ** 2).sum(axis=1).argmin()])
