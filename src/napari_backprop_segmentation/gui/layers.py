"""What layers of napari mean as an image to segment, and where its labels belong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_backprop_segmentation.data.axes import CHANNEL_LETTERS, check_axes, in_words
from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.arrays import Index, Stack, part_of
from napari_backprop_segmentation.gui.channels import check_group, group_name, names_of
from napari_backprop_segmentation.gui.meanings import PLANE, SINGLE, UNKNOWN, WORDS, axis_names
from napari_backprop_segmentation.gui.placement import Grid, mixed, placement, spacing
from napari_backprop_segmentation.gui.pyramid import factors, fitting_level, levels

SPACED = "ZYX"
POSITIONS = {"T": "frame", "Z": "slice"}
SMALLEST = 4  # pixels: a part smaller than this is a slip of the hand

Span = int | tuple[int, int]


@dataclass(frozen=True)
class Part:
    """Which part of a layer is wanted; all of it by default.

    Attributes
    ----------
    spans : mapping of int to int or (int, int)
        For axes of the layer, in pixels of its finest level: one position, or start and stop.
    words : str
        The part in words.
    """

    spans: Mapping[int, Span] = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True)
class Subject:
    """What is to be segmented, in terms of layers.

    Attributes
    ----------
    layers : tuple of Image
        Several are the channels of one image.
    axes : str
        One letter an axis of the layer, see `meanings`.
    channels : tuple of int, optional
        Which channels go in; all if None.
    level : int, optional
        Of a pyramid; one that fits if None.
    part : Part
    """

    layers: tuple[Image, ...]
    axes: str
    channels: tuple[int, ...] | None = None
    level: int | None = None
    part: Part = field(default_factory=Part)


@dataclass(frozen=True)
class Picture:
    """An image at the moment Run is pressed; nothing here refers to a layer any more.

    Attributes
    ----------
    name : str
    array : array-like
        Only what will be segmented, of one level; nothing has been read.
    axes : str
        One letter an axis of the array.
    placement : dict
        How labels are laid over the layer: keyword arguments of a Labels layer.
    layer_shape : tuple of int
        Of the Labels layer: that of the labels, with axes of length 1 where the layer has one that the labels lack.
    spacing : tuple of float
        Size of a pixel along those of Z, Y, X that are there.
    channels : tuple of int, optional
        Which channels of the array go in; all if None.
    notes : tuple of str
        What else must be known of it, in clauses.
    origin : dict
        Layers, axes, level and part it was taken from, in plain values: for the record of a run.
    """

    name: str
    array: Any
    axes: str
    placement: dict[str, Any]
    layer_shape: tuple[int, ...]
    spacing: tuple[float, ...]
    channels: tuple[int, ...] | None = None
    notes: tuple[str, ...] = ()
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the labels: that of the array without channels."""
        pairs = zip(self.array.shape, self.axes, strict=True)
        return tuple(n for n, letter in pairs if letter not in CHANNEL_LETTERS)

    @property
    def n_channels(self) -> int:
        """How many channels the network will see; alpha is not one of them."""
        sizes = dict(zip(self.axes, self.array.shape, strict=True))
        chosen = sizes.get("C", 1) if self.channels is None else len(self.channels)
        return min(int(sizes.get("S", 1)), len("RGB")) * int(chosen)

    def place_in_words(self, place: Sequence[int]) -> str:
        """Return which frame or slice an index along the first axes of the labels is; empty for no index."""
        letters = [letter for letter in self.axes if letter in POSITIONS]
        words = ", ".join(f"{POSITIONS[letter]} {i}" for letter, i in zip(letters, place, strict=False))
        return f"{words.capitalize()}: " if words else ""

    def laid(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return labels (*shape) with the axes of the Labels layer."""
        return labels.reshape(self.layer_shape)


def picture_of(subject: Subject | None) -> Picture:
    """Return what will be segmented; nothing is read.

    Raises
    ------
    ImageError
        If there is no layer, or it cannot be segmented, or not as it is understood.
    """
    if subject is None:
        raise ImageError("image must be chosen, got none; open an image or a sample (File > Open Sample)")
    check_group(subject.layers)
    layer, number = subject.layers[0], _level(subject)
    sizes = [array.shape for array in levels(layer)]
    _check_axes(layer, subject.axes, sizes[0])
    smaller = factors(sizes[0], sizes[number])
    taken = _taken(subject, sizes[number], smaller)
    array = _array(subject, number, taken)
    grids = [_grid(*each) for each in zip(subject.axes, taken, smaller, strict=False)]
    kept = _kept_axes(layer, subject.axes)
    axes = _array_axes(subject, taken)
    check_axes(axes, array.shape)
    spaced = [axis for axis, letter in enumerate(subject.axes) if letter in SPACED and isinstance(taken[axis], slice)]
    return Picture(
        name=group_name(subject.layers),
        array=array,
        axes=axes,
        placement=placement(layer, grids, kept),
        layer_shape=tuple(_length(subject.axes[axis], taken[axis]) for axis in kept),
        spacing=spacing(layer, spaced, grids),
        channels=subject.channels,
        notes=(*_notes(subject, number, sizes), *_pixel(layer, spaced, grids)),
        origin={
            "layers": [each.name for each in subject.layers],
            "axes": subject.axes,
            "level": number,
            "part": {str(axis): span for axis, span in subject.part.spans.items()},
            "channels": subject.channels,
        },
    )


def channel_count(subject: Subject) -> int:
    """Return how many channels can be chosen from; 1 where there is no choice."""
    if len(subject.layers) > 1:
        return len(subject.layers)
    shape = levels(subject.layers[0])[0].shape
    return int(shape[subject.axes.index("C")]) if "C" in subject.axes else 1


def level_sizes(layer: Image, axes: str) -> list[tuple[int, ...]]:
    """Return what one image of each level measures, channels and time left out."""
    return [
        tuple(n for n, letter in zip(array.shape, axes, strict=False) if letter in SPACED) for array in levels(layer)
    ]


def summary(picture: Picture) -> str:
    """Return exactly what will be segmented, in one or two lines."""
    shape = [
        len(picture.channels) if letter == "C" and picture.channels is not None else n
        for letter, n in zip(picture.axes, picture.array.shape, strict=True)
    ]
    words = in_words(picture.axes, shape)
    grey = "" if set(picture.axes) & set(CHANNEL_LETTERS) else ", grey"
    clauses = [f"{words}{grey}, {_depth(np.dtype(picture.array.dtype))}", *picture.notes]
    return "; ".join(clauses)


def _level(subject: Subject) -> int:
    return fitting_level(level_sizes(subject.layers[0], subject.axes)) if subject.level is None else subject.level


def _check_axes(layer: Image, axes: str, shape: Sequence[int]) -> None:
    size = " x ".join(map(str, shape))
    if 0 in shape:
        raise ImageError(f"image must hold pixels, got shape {size}; choose another image")
    unknown = [axis for axis, letter in enumerate(axes) if letter == UNKNOWN]
    if unknown:
        names = axis_names(layer)
        which = ", ".join(f"axis {axis}{f' ({names[axis]})' * bool(names[axis])} of {shape[axis]}" for axis in unknown)
        raise ImageError(
            f"each axis must be depth, time or channels, got {which} of an image of {size}; say above which it is"
        )
    double = next((letter for letter in axes if letter != SINGLE and axes.count(letter) > 1), None)
    if double is not None:
        raise ImageError(f"only one axis must be {WORDS[double]}, got {axes.count(double)}; change one of them above")


def _taken(subject: Subject, shape: Sequence[int], smaller: Sequence[float]) -> Index:
    """Return which part of a level to read: the pixels that cover the part that is wanted of the finest one."""
    found: list[slice | int] = [slice(0, n) for n in shape]
    for axis, letter in enumerate(subject.axes):
        if letter == SINGLE:
            found[axis] = 0
    for axis, span in subject.part.spans.items():
        n, factor = shape[axis], smaller[axis]
        if isinstance(span, int):
            found[axis] = min(int((span + 0.5) / factor), n - 1)
            continue
        start, stop = max(0, int(span[0] / factor)), min(n, int(np.ceil(span[1] / factor)))
        if stop - start < min(SMALLEST, n):
            raise ImageError(
                f"part must be at least {SMALLEST} pixels high and wide, got {max(0, stop - start)}; "
                "choose a larger part of the image"
            )
        found[axis] = slice(start, stop)
    return tuple(found)


def _array(subject: Subject, level: int, taken: Index) -> Any:
    parts = [part_of(levels(layer)[level], taken) for layer in subject.layers]
    return parts[0] if len(parts) == 1 else Stack(parts)


def _array_axes(subject: Subject, taken: Index) -> str:
    """Return one letter an axis of the array that is read."""
    stacked = "C" if len(subject.layers) > 1 else ""
    own = "".join(letter for letter, i in zip(subject.axes, taken, strict=False) if isinstance(i, slice))
    return stacked + own + ("S" if subject.layers[0].rgb else "")


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


def _depth(dtype: np.dtype[Any]) -> str:
    bits = f"{8 * dtype.itemsize}-bit"
    return {"b": "binary", "f": f"{bits} float", "c": "complex"}.get(dtype.kind, bits)


def _notes(subject: Subject, level: int, sizes: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """Return in clauses what the sizes do not say."""
    notes = []
    if len(subject.layers) > 1:
        notes.append(f"channels are {len(subject.layers)} layers: {names_of(subject.layers)}")
    if subject.channels is not None:
        notes.append(f"only channels {', '.join(map(str, subject.channels))} of {channel_count(subject)}")
    if subject.part.words:
        notes.append(f"only {subject.part.words}")
    if len(sizes) > 1:
        first = " x ".join(str(sizes[0][axis]) for axis, letter in enumerate(subject.axes) if letter in PLANE)
        notes.append(f"level {level} of a pyramid" + f" ({first} in full)" * (level > 0))
    return tuple(notes)


def _pixel(layer: Image, axes: Sequence[int], grids: Sequence[Grid]) -> tuple[str, ...]:
    """Return in a clause the size of a pixel with its unit; none where the layer does not tell."""
    sizes = [f"{abs(float(layer.scale[axis])) * grids[axis].step:.3g}" for axis in axes]
    units = [f"{layer.units[axis]:~P}" if hasattr(layer, "units") else "" for axis in axes]
    units = ["" if unit == "pixel" else unit for unit in units]
    if set(sizes) == {"1"} and set(units) == {""}:
        return ()
    if len(set(units)) == len(set(sizes)) == 1:
        return (f"pixel {sizes[0]} {units[0]}".rstrip(),)
    if len(set(units)) == 1:
        return (f"pixel {' x '.join(sizes)} {units[0]}".rstrip(),)
    return ("pixel " + " x ".join(f"{size} {unit}".rstrip() for size, unit in zip(sizes, units, strict=True)),)
