"""The sample images in napari's File > Open Sample, and what each of them is good for."""

from functools import partial
from typing import Any

import numpy as np
from napari.utils.notifications import show_info

from napari_backprop_segmentation.gui.input.channel_names import NAMES
from napari_backprop_segmentation.gui.input.layers import SAMPLE
from napari_backprop_segmentation.gui.state import ADVICE
from napari_backprop_segmentation.io.samples import SAMPLES, Sample, sample_image

LayerData = tuple[Any, dict[str, Any], str]


def open_sample(name: str) -> list[LayerData]:
    """Return a sample image as layers of napari, and say what to do with it.

    Parameters
    ----------
    name : str
        One of `SAMPLES`.
    """
    sample = SAMPLES[name]
    array, axes = sample_image(name)
    settings: dict[str, Any] = {"name": name, "metadata": {SAMPLE: name, **_metadata(sample)}}
    settings["axis_labels"] = tuple(letter.lower() for letter in axes if letter != "S")
    if "S" in axes:
        settings["rgb"] = True
    elif array.dtype != np.uint8:
        settings["contrast_limits"] = [float(v) for v in np.percentile(array, (0.5, 99.8))]
    if sample.spacing:
        settings["scale"] = [sample.spacing.get(letter, 1.0) for letter in axes]
        settings["units"] = ["um" if letter in sample.spacing else "pixel" for letter in axes]
    show_info(sample.advice)
    return [(array, settings, "image")]


def _metadata(sample: Sample) -> dict[str, Any]:
    found: dict[str, Any] = {ADVICE: sample.advice}
    return found | {NAMES: list(sample.channels)} if sample.channels else found


# One callable for each entry of the manifest, which can only name attributes of a module.
nuclei = partial(open_sample, "nuclei")
fluorescence = partial(open_sample, "fluorescence")
histology = partial(open_sample, "histology")
phase = partial(open_sample, "phase")
membranes = partial(open_sample, "membranes")
coffee = partial(open_sample, "coffee")
volume = partial(open_sample, "volume")
