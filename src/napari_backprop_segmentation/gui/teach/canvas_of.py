"""What strokes are drawn on: all of the chosen image, or the part that is chosen where all is too much."""

import math
from contextlib import suppress
from typing import Any

from napari.layers import Labels

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.layers import is_helper, run_input_of, unwrapped
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.pipeline.estimate import MOST_TREE_PIXELS

MOST_PIXELS = 4 * MOST_TREE_PIXELS  # as many as merge trees of a series are kept for


def images_of(state: State) -> list[RunInput]:
    """Return what can be drawn on, the largest first."""
    chosen = state.input
    found = []
    if chosen.whole is not None:
        with suppress(ImageError):
            found.append(run_input_of(chosen.whole))
    if chosen.run_input is not None:
        found.append(chosen.run_input)
    return [each for each in found if math.prod(each.shape) <= MOST_PIXELS]


def image_for(state: State, shape: tuple[int, ...]) -> RunInput | None:
    """Return what a layer of strokes of a shape lies on."""
    return next((each for each in images_of(state) if each.layer_shape == shape), None)


def refusal(state: State) -> str:
    """Return why nothing can be drawn on; nothing if it can."""
    if images_of(state):
        return ""
    if state.input.obstacle is not None:
        return str(state.input.obstacle)
    return (
        f"image must have at most {MOST_PIXELS / 1e6:.0f} megapixels to be drawn on, got more; choose the current "
        "view, or one frame or slice"
    )


def fitting(state: State, layers: Any) -> list[Labels]:
    """Return the layers of labels that strokes can be in: of the shape of the image, and no results."""
    shapes = [each.layer_shape for each in images_of(state)]
    found = [unwrapped(layer) for layer in layers if isinstance(layer, Labels) and not is_helper(layer)]
    return [
        layer
        for layer in found
        if not layer.multiscale
        and tuple(layer.data.shape) in shapes
        and result_of(layer) is None
        and layer is not state.run.layer
    ]
