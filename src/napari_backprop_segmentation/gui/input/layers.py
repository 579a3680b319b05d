"""From layers of napari to an image to segment, and to where its labels belong."""

import os
from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

import numpy as np
from napari.layers import Image

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.arrays import Index, Stack, part_of
from napari_backprop_segmentation.gui.input.axis_labels import PLANE, SINGLE, UNKNOWN, WORDS, axis_names
from napari_backprop_segmentation.gui.input.channels import check_group, group_name
from napari_backprop_segmentation.gui.input.multiscale import factors, fitting_level, levels
from napari_backprop_segmentation.gui.input.pixel_size import SPACED, PixelSize, pixel_size_of
from napari_backprop_segmentation.gui.input.run_input import LayerSelection, RunInput, Span
from napari_backprop_segmentation.gui.input.summary import pixel_notes, selection_notes, typed_note
from napari_backprop_segmentation.gui.input.transforms import Grid, mixed, placement
from napari_backprop_segmentation.image.axes import check_axes

NO_IMAGE = "Choose an image first: open one, or a sample (File > Open Sample)."
SAMPLE = "backprop_segmentation_sample"  # in the metadata of a layer
_helpers: WeakSet[Any] = WeakSet()
SMALLEST = 4  # pixels: a part smaller than this is a slip of the hand


def run_input_of(layer_selection: LayerSelection | None) -> RunInput:
    """Return what will be segmented; nothing is read.

    Raises
    ------
    ImageError
        If there is no layer, or it cannot be segmented, or not as it is understood.
    """
    if layer_selection is None:
        raise ImageError(NO_IMAGE)
    check_group(layer_selection.layers)
    layer, number = layer_selection.layers[0], _level(layer_selection)
    sizes = [array.shape for array in levels(layer)]
    _check_axes(layer, layer_selection.axes, sizes[0])
    _check_channels(layer_selection)
    smaller = factors(sizes[0], sizes[number])
    taken = _taken(layer_selection, sizes[number], smaller)
    array = _array(layer_selection, number, taken)
    grids = [_grid(*each) for each in zip(layer_selection.axes, taken, smaller, strict=False)]
    kept = _kept_axes(layer, layer_selection.axes)
    axes = _array_axes(layer_selection, taken)
    check_axes(axes, array.shape)
    spaced = [
        axis for axis, letter in enumerate(layer_selection.axes) if letter in SPACED and isinstance(taken[axis], slice)
    ]
    pixel = _pixel(layer_selection, spaced, grids)
    pixel_note = pixel_notes(layer, spaced, grids) if layer_selection.pixel is None else typed_note(pixel)
    return RunInput(
        name=group_name(layer_selection.layers),
        array=array,
        axes=axes,
        placement=placement(layer, grids, kept),
        layer_shape=tuple(_length(layer_selection.axes[axis], taken[axis]) for axis in kept),
        spacing=pixel.sizes,
        unit=pixel.unit,
        channels=layer_selection.channels,
        notes=(*selection_notes(layer_selection, number, sizes), *pixel_note),
        origin={
            "layers": [each.name for each in layer_selection.layers],
            "axes": layer_selection.axes,
            "level": number,
            "part": {str(axis): span for axis, span in layer_selection.part.spans.items()},
            "channels": layer_selection.channels,
            "files": [_file_of(each) for each in layer_selection.layers],
            "sample": layer.metadata.get(SAMPLE),
            "taken": _told(taken, levels(layer)[number].shape),
            "pixel": {"sizes": list(pixel.sizes), "unit": pixel.unit},
        },
    )


def _told(taken: Index, shape: Sequence[int]) -> list[Any] | None:
    """Return in plain values what is read of an array; None for all of it."""
    if all(i == slice(0, n) for i, n in zip(taken, shape, strict=True)):
        return None
    return [i if isinstance(i, int) else [i.start, i.stop] for i in taken]


def _file_of(layer: Image) -> str | None:
    """Return the file that a layer was opened from; None where there is none, or several."""
    path = getattr(getattr(layer, "source", None), "path", None)
    return os.path.abspath(path) if isinstance(path, (str, os.PathLike)) else None


def unwrapped(layer: Any) -> Any:
    """Return the layer itself: from a widget's viewer, napari gives a new wrapper at each look."""
    return getattr(layer, "__wrapped__", layer)


def overlay_name(name: str) -> str:
    """Return the name of a layer of ours that only shows something, and goes by itself.

    Examples
    --------
    >>> overlay_name("cells doubt")
    'cells doubt (overlay)'
    """
    return f"{name} (overlay)"


def mark_helper(layer: Any) -> None:
    """Take note that a layer of ours only shows something: it is neither an image to segment nor labels to work on."""
    _helpers.add(layer)


def is_helper(layer: Any) -> bool:
    """Return whether a layer of ours only shows something."""
    return unwrapped(layer) in _helpers


def group_title(group: Sequence[Image]) -> str:
    """Return what layers are called that are chosen together."""
    return f"{len(group)} layers: {group_name(group)}"


def channel_count(layer_selection: LayerSelection) -> int:
    """Return how many channels can be chosen from; 1 where there is no choice."""
    if len(layer_selection.layers) > 1:
        return len(layer_selection.layers)
    shape = levels(layer_selection.layers[0])[0].shape
    return int(shape[layer_selection.axes.index("C")]) if "C" in layer_selection.axes else 1


def finest_shape(layer: Image) -> tuple[int, ...]:
    """Return the shape of the finest level of a layer."""
    return tuple(levels(layer)[0].shape)


def level_sizes(layer: Image, axes: str) -> list[tuple[int, ...]]:
    """Return what one image of each level measures, channels and time left out."""
    return [
        tuple(n for n, letter in zip(array.shape, axes, strict=False) if letter in SPACED) for array in levels(layer)
    ]


def _level(layer_selection: LayerSelection) -> int:
    """Return the level that is chosen, else the finest one at which the part is not too large."""
    if layer_selection.level is not None:
        return layer_selection.level
    spaced = [axis for axis, letter in enumerate(layer_selection.axes) if letter in SPACED]
    spans = [layer_selection.part.spans.get(axis) for axis in spaced]
    finest, *_ = sizes = level_sizes(layer_selection.layers[0], layer_selection.axes)
    shares = [_share(span, n) for span, n in zip(spans, finest, strict=True)]
    return fitting_level([[n * share for n, share in zip(size, shares, strict=True)] for size in sizes])


def _pixel(layer_selection: LayerSelection, spaced: Sequence[int], grids: Sequence[Grid]) -> PixelSize:
    """Return the size of a pixel along some axes, at the level that `grids` belong to."""
    axes = layer_selection.axes
    finest = layer_selection.pixel or pixel_size_of(layer_selection.layers[0], axes)
    every = [axis for axis, letter in enumerate(axes) if letter in SPACED]
    sizes = dict(zip(every, finest.sizes, strict=True))
    return PixelSize(tuple(sizes[axis] * grids[axis].step for axis in spaced), finest.unit)


def _share(span: Span | None, size: int) -> float:
    """Return how much of an axis a span takes."""
    if span is None:
        return 1.0
    return 1 / size if isinstance(span, int) else (span[1] - span[0]) / size


def _check_axes(layer: Image, axes: str, shape: Sequence[int]) -> None:
    size = " x ".join(map(str, shape))
    if 0 in shape:
        raise ImageError(f"Choose another image: this one has no pixels ({size}).")
    many = sum(letter not in (*PLANE, SINGLE) for letter in axes)
    if many > len(WORDS):
        raise ImageError(
            f"Open a part of this image as a layer: of {size}, {many} axes are neither height nor width, and "
            f"{len(WORDS)} are the most."
        )
    unknown = [axis for axis, letter in enumerate(axes) if letter == UNKNOWN]
    if unknown:
        names = axis_names(layer)
        which = ", ".join(
            f"axis {axis}{f' ({names[axis]})' * bool(names[axis])} of length {shape[axis]}" for axis in unknown
        )
        raise ImageError(
            f"Choose at Axes what each axis is: depth, time or channels. Not known of {size} yet: {which}."
        )
    double = next((letter for letter in axes if letter != SINGLE and axes.count(letter) > 1), None)
    if double is not None:
        raise ImageError(
            f"Only one axis can be {WORDS[double]}, and {axes.count(double)} are. Change one of them at Axes."
        )


def _check_channels(layer_selection: LayerSelection) -> None:
    """Refuse an axis of channels where the channels are something else already."""
    together = len(layer_selection.layers) > 1
    if "C" in layer_selection.axes and (together or layer_selection.layers[0].rgb):
        theirs = "the layers that are selected together" if together else "its colours"
        raise ImageError(f"Choose depth or time above: the channels of this image are {theirs}, not an axis.")


def _taken(layer_selection: LayerSelection, shape: Sequence[int], smaller: Sequence[float]) -> Index:
    """Return which part of a level to read: the pixels that cover the part that is wanted of the finest one."""
    found: list[slice | int] = [slice(0, n) for n in shape]
    for axis, letter in enumerate(layer_selection.axes):
        if letter == SINGLE:
            found[axis] = 0
    for axis, span in layer_selection.part.spans.items():
        n, factor = shape[axis], smaller[axis]
        if isinstance(span, int):
            found[axis] = min(int((span + 0.5) / factor), n - 1)
            continue
        start, stop = max(0, int(span[0] / factor)), min(n, int(np.ceil(span[1] / factor)))
        if stop - start < min(SMALLEST, n):
            raise ImageError(
                f"Choose a larger part of the image: {SMALLEST} pixels high and wide at least, "
                f"not {max(0, stop - start)}."
            )
        found[axis] = slice(start, stop)
    return tuple(found)


def _array(layer_selection: LayerSelection, level: int, taken: Index) -> Any:
    parts = [part_of(levels(layer)[level], taken) for layer in layer_selection.layers]
    return parts[0] if len(parts) == 1 else Stack(parts)


def _array_axes(layer_selection: LayerSelection, taken: Index) -> str:
    """Return one letter an axis of the array that is read."""
    stacked = "C" if len(layer_selection.layers) > 1 else ""
    own = "".join(letter for letter, i in zip(layer_selection.axes, taken, strict=False) if isinstance(i, slice))
    return stacked + own + ("S" if layer_selection.layers[0].rgb else "")


def _grid(letter: str, taken: slice | int, factor: float) -> Grid:
    if isinstance(taken, int):
        return Grid.coarse(taken, factor)
    if letter == "C":
        return Grid.across(taken.stop)
    return Grid.coarse(taken.start, factor)


def _length(letter: str, taken: slice | int) -> int:
    return 1 if isinstance(taken, int) or letter == "C" else taken.stop - taken.start


def _kept_axes(layer: Image, axes: str) -> list[int]:
    """Return the axes of a layer that its labels have too.

    napari lines layers up by their last axes. So only the first ones can go, and only where nothing else depends on
    them; labels have one pixel along channels in the middle.
    """
    leading = next(i for i, letter in enumerate(axes) if letter not in ("C", SINGLE))
    gone = range(leading)
    return list(range(0 if mixed(layer, gone) else leading, layer.ndim))
