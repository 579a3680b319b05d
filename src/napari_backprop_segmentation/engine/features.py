"""What the merge tree looks at: the network's responses, and colour as an eye would measure it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2lab

from napari_backprop_segmentation.engine.model import Model, Source
from napari_backprop_segmentation.engine.planning import Window

RGB = 3
LAB_UNIT = 20.0  # Lab distance that counts as one: ten times what an eye just tells apart
INTENSITY_RANGE = 100.0 / LAB_UNIT  # from black to white, as lightness in the same unit


def colour(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (C, *spatial) pixels in [0, 1] in units of perceived difference: Lab for RGB, else intensities."""
    if len(pixels) != RGB:
        return pixels * np.float32(INTENSITY_RANGE)
    lab: NDArray[Any] = rgb2lab(np.clip(pixels, 0, 1), channel_axis=0)
    return (lab / LAB_UNIT).astype(np.float32)


def tree_features(model: Model, source: Source) -> Iterator[tuple[Window, NDArray[np.float32]]]:
    """Yield (window, (Q + C, *window) features) block by block: weighted responses and colour."""
    weight = model.params.response_weight
    for window, response in model.responses(source):
        yield window, np.concatenate([response.cpu().numpy() * np.float32(weight), colour(source.read(window))])
