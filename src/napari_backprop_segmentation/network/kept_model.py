"""A trained network that is kept for a run that goes on after an interruption."""

import numpy as np

from napari_backprop_segmentation.image.kept_blocks import Parts
from napari_backprop_segmentation.image.preparation import Preparation
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.network import empty_network, fill_network, network_arrays
from napari_backprop_segmentation.params.sections import Input, Training

NETWORK = "network"  # name of what is kept
ENDING = "ending"  # why training ended, and after how many steps; no tensor has such a name


def keep_model(model: Model, parts: Parts, number: int = 0) -> None:
    """Keep a network that was trained, one of several by its number.

    Raises
    ------
    OSError
        If the disk is full.
    """
    parts.put(number, {**network_arrays(model.network), ENDING: np.array([model.stopped_by, str(model.iterations)])})


def kept_model(
    parts: Parts, training: Training, shown: Input, preparation: Preparation, ndim: int, *, number: int = 0
) -> Model | None:
    """Return the network that was trained before the interruption, on the CPU; None where there is none."""
    arrays = dict(parts.get(number) or {})
    if ENDING not in arrays:
        return None
    reason, iterations = map(str, arrays.pop(ENDING))
    network = empty_network(len(preparation.scaling.offsets), ndim, training, shown)
    fill_network(network, arrays)
    return Model(network.eval(), training, shown, preparation, reason, int(iterations))
