"""What is drawn on several images, for one network that learns of all of them. No Qt here."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.result.saved_labels import kinds_in
from napari_backprop_segmentation.gui.teach.fitting import fitted
from napari_backprop_segmentation.gui.teach.strokes_layer import ground_of, names_of, newest_on


def drawn_on(image: Image, run_input: RunInput, among: Iterable[Any]) -> NDArray[Any] | None:
    """Return what is drawn on an image (*run_input.shape) in the last layer that lies on it; None for nothing."""
    layer = newest_on((image,), among)
    ground = None if layer is None else ground_of(layer)
    if layer is None or ground is None:
        return None
    try:
        found = fitted(np.asarray(layer.data), ground.run_input, run_input)
    except ImageError:  # its axes are understood in another way since
        return None
    return found.copy() if found.any() else None


def named_kinds(images: Sequence[Image], among: Sequence[Any]) -> dict[str, Any]:
    """Return names and colours of all kinds that are drawn on some images, in plain values, as records have them."""
    found: dict[str, Any] = {}
    for image in images:
        if (layer := newest_on((image,), among)) is not None:
            found = {**kinds_in(layer, names_of(layer), np.unique(np.asarray(layer.data))), **found}
    return found
