"""The sample images in napari's File > Open Sample."""

from functools import partial
from typing import Any

import numpy as np

from napari_backprop_segmentation.io.samples import SAMPLES, sample_image

LayerData = tuple[Any, dict[str, Any], str]


def open_sample(name: str) -> list[LayerData]:
    """Return a sample image as layers of napari.

    Parameters
    ----------
    name : str
        One of `SAMPLES`.

    Raises
    ------
    SegmentationError
        If it cannot be downloaded.
    """
    sample = SAMPLES[name]
    array, axes = sample_image(name)
    settings: dict[str, Any] = {"name": name, "axis_labels": tuple(letter.lower() for letter in axes if letter != "S")}
    if "S" in axes:
        settings["rgb"] = True
    elif array.dtype != np.uint8:
        settings["contrast_limits"] = [float(v) for v in np.percentile(array, (0.5, 99.8))]
    if sample.pixel_size:
        settings["scale"] = [sample.pixel_size if letter in "YX" else 1.0 for letter in axes]
        settings["units"] = ["um" if letter in "YX" else "pixel" for letter in axes]
    return [(array, settings, "image")]


# One callable for each entry of the manifest, which can only name attributes of a module.
fluorescence = partial(open_sample, "fluorescence")
histology = partial(open_sample, "histology")
cell = partial(open_sample, "cell")
coins = partial(open_sample, "coins")
astronaut = partial(open_sample, "astronaut")
coffee = partial(open_sample, "coffee")
cells = partial(open_sample, "cells")
mitosis = partial(open_sample, "mitosis")
skin = partial(open_sample, "skin")
