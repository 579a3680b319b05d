"""Exactly what will be segmented, in words: wrong guesses must be impossible to miss."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Image

from napari_backprop_segmentation.gui.input.axis_labels import PLANE
from napari_backprop_segmentation.gui.input.channel_names import channel_names, named
from napari_backprop_segmentation.gui.input.channels import names_of
from napari_backprop_segmentation.gui.input.pixel_size import PixelSize
from napari_backprop_segmentation.gui.input.pixel_size import in_words as size_in_words
from napari_backprop_segmentation.gui.input.run_input import LayerSelection, RunInput
from napari_backprop_segmentation.gui.input.transforms import Grid, unit_name
from napari_backprop_segmentation.image.axes import CHANNEL_LETTERS, in_words


def summary(run_input: RunInput) -> str:
    """Return exactly what will be segmented, in one or two lines."""
    shape = [
        len(run_input.channels) if letter == "C" and run_input.channels is not None else n
        for letter, n in zip(run_input.axes, run_input.array.shape, strict=True)
    ]
    words = in_words(run_input.axes, shape)
    grey = "" if set(run_input.axes) & set(CHANNEL_LETTERS) else ", grey"
    clauses = [f"{words}{grey}, {_depth(np.dtype(run_input.array.dtype))}", *run_input.notes]
    return "; ".join(clauses)


def selection_notes(layer_selection: LayerSelection, level: int, sizes: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """Return in clauses what the sizes do not say."""
    notes = []
    if len(layer_selection.layers) > 1:
        notes.append(f"channels are {len(layer_selection.layers)} layers: {names_of(layer_selection.layers)}")
    if layer_selection.channels is not None:
        axis = layer_selection.axes.index("C")
        names = channel_names(layer_selection.layers[0], axis, count := sizes[0][axis])
        notes.append(f"only {named([names[i] for i in layer_selection.channels])} of {count}")
    if layer_selection.part.words:
        notes.append(f"only {layer_selection.part.words}")
    if len(sizes) > 1:
        first = " x ".join(str(sizes[0][axis]) for axis, letter in enumerate(layer_selection.axes) if letter in PLANE)
        notes.append(f"level {level} of a pyramid" + f" ({first} in full)" * (level > 0))
    return tuple(notes)


def pixel_notes(layer: Image, axes: Sequence[int], grids: Sequence[Grid]) -> tuple[str, ...]:
    """Return in a clause the size of a pixel with its unit; none where the layer does not tell."""
    sizes = [f"{abs(float(layer.scale[axis])) * grids[axis].step:.3g}" for axis in axes]
    units = [unit_name(layer, axis) for axis in axes]
    if set(sizes) == {"1"} and set(units) == {""}:
        return ()
    if len(set(units)) == len(set(sizes)) == 1:
        return (f"pixel {sizes[0]} {units[0]}".rstrip(),)
    if len(set(units)) == 1:
        return (f"pixel {' x '.join(sizes)} {units[0]}".rstrip(),)
    return ("pixel " + " x ".join(f"{size} {unit}".rstrip() for size, unit in zip(sizes, units, strict=True)),)


def typed_note(pixel: PixelSize) -> tuple[str, ...]:
    """Return in a clause the size of a pixel that the user has typed."""
    return (f"pixel {size_in_words(pixel)}, as typed",)


def _depth(dtype: np.dtype[Any]) -> str:
    bits = f"{8 * dtype.itemsize}-bit"
    return {"b": "binary", "f": f"{bits} float", "c": "complex"}.get(dtype.kind, bits)
