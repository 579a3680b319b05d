"""A run on a binned image, answered at the size of the image."""

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.pipeline.binned import Binning
from napari_backprop_segmentation.pipeline.segmentation import Offer, Segmentation

Steps = Generator[Step, Command | None, Segmentation]


def enlarged(steps: Steps, binning: Binning) -> Steps:
    """Take the steps of a run on a binned image; show and return everything at the size of the image."""
    if binning.factor == 1:
        return (yield from steps)
    command: Command | None = None
    try:
        while True:
            asked = yield steps.send(command).enlarged(binning.enlarged)
            command = binning.reduced(asked)
    except StopIteration as done:
        found: Segmentation = done.value
    finally:
        steps.close()
    seen = found.labels
    return replace(
        found,
        labels=binning.enlarged_file(seen) if isinstance(seen, np.memmap) else binning.enlarged(seen),
        hierarchy=binning.tree(found.hierarchy),
        agreement=binning.agreement(found.agreement),
        look=None if found.look is None else lambda: [_offer(each, binning) for each in found.readings],
    )


def _offer(found: Offer, binning: Binning) -> Offer:
    """Return a reading at the size of the image."""
    return replace(found, labels=lambda: binning.enlarged(found.labels()))
