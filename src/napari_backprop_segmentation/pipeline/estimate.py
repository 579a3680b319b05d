"""What a whole run will take: an image, all frames of a series, all runs of an ensemble."""

import math
from collections.abc import Sequence

from napari_backprop_segmentation.network.estimate import Costs, Estimate, estimate_part
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.iteration import adapting_iterations, iterated_axes, total_steps

SERIES_BYTES = 10  # per pixel of a series beyond its largest part: labels, trees


def estimate(
    params: Params, shape: Sequence[int], costs: Costs, free: float, axes: str | None = None
) -> Estimate | None:
    """Return what a run will take, or None for the methods without a network and for another device than measured.

    Parameters
    ----------
    params : Params
    shape : sequence of int
        (C, *spatial) of the image.
    costs : Costs
    free : float
        Bytes of memory that are free on the device.
    axes : str, optional
        One letter for each spatial axis of `shape`, time included; a plane or volume if left out.
    """
    axes = axes or "ZYX"[-(len(shape) - 1) :]
    n_iterated = len(iterated_axes(params, axes, shape[1:]))
    part = estimate_part(params, (shape[0], *shape[1 + n_iterated :]), costs, free)
    if part is None:
        return None
    if not n_iterated:
        return part.estimate
    n_parts, pixels = math.prod(shape[1 : 1 + n_iterated]), math.prod(shape[1:])
    steps = total_steps(params, axes, shape[1:])
    trainings = 1 + (steps - params.iterations) // adapting_iterations(params)
    seconds = steps * part.step + trainings * part.superpixels + n_parts * part.labels
    return Estimate(seconds, part.estimate.bytes + SERIES_BYTES * pixels, part.estimate.notes)
