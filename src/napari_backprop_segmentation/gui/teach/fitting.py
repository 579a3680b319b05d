"""Strokes on an image as they lie on a part of it, or on another level of its pyramid. No Qt and no layers here."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.run_input import RunInput

NEAR = 1e-6


def fitted(strokes: NDArray[Any], on: RunInput, part: RunInput) -> NDArray[Any]:
    """Return strokes as they lie on another part of the same image; 0 outside of where they were drawn.

    Parameters
    ----------
    strokes : (*on.layer_shape) int array
    on : RunInput
        What they were drawn on.
    part : RunInput

    Returns
    -------
    (*part.shape) int array

    Raises
    ------
    ImageError
        If the axes of the image are not understood as they were.
    """
    if strokes.shape != on.layer_shape or len(on.layer_shape) != len(part.layer_shape):
        raise ImageError(
            f"strokes must lie on the image of {on.layer_shape} that they were made for, got {strokes.shape}; "
            "draw in a new layer"
        )
    if on.layer_shape == part.layer_shape and _same_place(on.placement, part.placement):
        return strokes.reshape(part.shape)
    scale, offset = _steps(on.placement, part.placement)
    indices, inside = [], []
    for axis, (size, n) in enumerate(zip(part.layer_shape, strokes.shape, strict=True)):
        index = np.floor(scale[axis] * np.arange(size) + offset[axis] + 0.5 + NEAR).astype(np.int64)
        inside.append((index >= 0) & (index < n))
        indices.append(np.clip(index, 0, n - 1))
    found = strokes[np.ix_(*indices)]
    for axis, there in enumerate(inside):
        if not there.all():
            found[(*[slice(None)] * axis, ~there)] = 0
    return found.reshape(part.shape)


def _steps(on: Mapping[str, Any], part: Mapping[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how long a pixel of a part is, along each axis, and where the first one lies, in pixels of the other."""
    turned = np.asarray(on["rotate"]) @ np.asarray(on["shear"])
    moved = np.linalg.solve(turned, np.asarray(part["translate"]) - np.asarray(on["translate"]))
    return np.asarray(part["scale"]) / np.asarray(on["scale"]), moved / np.asarray(on["scale"])


def _same_place(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(np.allclose(one[name], other[name]) for name in ("scale", "translate"))
