"""What a whole run will take: an image, all frames of a series, all runs of an ensemble."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from napari_backprop_segmentation.image.colour import light_channels
from napari_backprop_segmentation.image.context import n_inputs
from napari_backprop_segmentation.network.estimate import (
    GB,
    MOST_CROPS,
    Costs,
    Estimate,
    training_bytes,
    training_crop,
    work,
)
from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Architecture
from napari_backprop_segmentation.pipeline.iteration import adapting_iterations, iterated_axes, total_steps

MOST_TREE_PIXELS = 2**24  # above, the merge tree would not fit a laptop: regions are merged block by block, if they can
MOST_SERIES_PIXELS = 4 * MOST_TREE_PIXELS  # above, merge trees are not kept: for the Detail slider, or for strokes
SERIES_BYTES = 10  # per pixel of a series beyond its largest part: labels, trees
IMAGE_BYTES = 30  # per pixel of the whole image: labels, regions, adjacency
# What a pixel of a volume takes beyond one of a plane, on which speed is measured; fitted to 1 and 4 million voxels.
VOLUME_SLOWNESS, VOLUME_IMAGE_BYTES, VOLUME_BYTES = 1.45, 130, 100e6
SMALL_BYTES = 200e6
# How many times as long as a merge tree all readings of one light take: 2.7 to 3.4, 512 x 512, one and three channels,
# two cores; twice as long where things are small.
READINGS = 3


def merges_regions(params: Params, n_pixels: int, iterated: str = "") -> tuple[bool, tuple[str, ...]]:
    """Return whether an image of so many pixels gets a merge tree, and in a clause why not where one is wanted.

    Those of a series, which goes along the axes `iterated`, are not merged block by block.
    """
    if not params.wants_tree or n_pixels <= MOST_TREE_PIXELS:
        return params.wants_tree, ()
    if params.merges_in_blocks and not iterated:
        return False, ()
    return False, (f"labels stay as trained, as a merge tree takes at most {MOST_TREE_PIXELS / 1e6:.0f} megapixels",)


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
    iterated = iterated_axes(params, axes, shape[1:])
    n_iterated = len(iterated)
    part = estimate_part(params, (shape[0], *shape[1 + n_iterated :]), costs, free, iterated)
    if part is None:
        return None
    if not n_iterated:
        return part.estimate
    n_parts, pixels = math.prod(shape[1 : 1 + n_iterated]), math.prod(shape[1:])
    steps = total_steps(params, axes, shape[1:])
    trainings = 1 + (steps - params.iterations) // adapting_iterations(params)
    seconds = steps * part.step + trainings * part.superpixels + n_parts * part.labels
    return Estimate(seconds, part.estimate.bytes + SERIES_BYTES * pixels, part.estimate.notes)


@dataclass(frozen=True)
class PartEstimate:
    """What one plane or volume takes.

    Attributes
    ----------
    step, superpixels, labels : float
        Seconds for one iteration, for all superpixels of one training, and for labels and merge tree afterwards.
    estimate : Estimate
        All of it together.
    """

    step: float
    superpixels: float
    labels: float
    estimate: Estimate


def estimate_part(
    params: Params, shape: Sequence[int], costs: Costs, free: float, iterated: str = ""
) -> PartEstimate | None:
    """Return what one plane or volume of (C, *spatial) takes; see `estimate` and `merges_regions`."""
    precision = costs.precision if params.precision == "auto" else params.precision
    if params.method in STEPLESS or params.device not in ("auto", costs.device):
        return None
    if precision != costs.precision:
        return None
    pixels = math.prod(shape[1:])
    crop_pixels, notes = training_crop(params, pixels, precision, free)
    merges, untreed = merges_regions(params, pixels, iterated)
    crop = crop_pixels or pixels
    channels, macs = work(params, n_inputs(shape[0], params), len(shape) - 1)
    step = crop * (costs.step_channel * channels + costs.step_mac * macs)
    crops = min(MOST_CROPS, math.ceil(pixels / crop), params.iterations) if params.method == "superpixels" else 0
    superpixels = costs.superpixel * crop * crops
    labels = pixels * (costs.predict_channel * channels + costs.predict_mac * macs)
    if merges or params.merges_in_blocks:
        tree = pixels * (costs.tree_pixel + costs.tree_channel * params.n_channels)
        labels += tree * (1 + READINGS * len(light_channels(shape[0])) * (params.automatic and merges))
    needed = part_bytes(params, shape, crop, precision)
    if len(shape) == len("CZYX"):
        step, superpixels, labels = (VOLUME_SLOWNESS * seconds for seconds in (step, superpixels, labels))
    seconds = params.n_runs * (params.iterations * step + superpixels + labels)
    short = memory_notes(needed, free) if costs.device == "cpu" else ()
    whole = Estimate(seconds, needed, notes + untreed + short)
    return PartEstimate(step, superpixels, labels, whole)


def series_too_large(iterated: str, shape: Sequence[int]) -> bool:
    """Return whether merge trees of a series (*spatial) are not kept; `iterated` are the axes that are gone through."""
    return bool(iterated) and math.prod(shape) > MOST_SERIES_PIXELS


def part_bytes(settings: Architecture, shape: Sequence[int], crop: int, precision: str) -> float:
    """Return the memory that a plane or volume of (C, *spatial) takes where training sees crops of so many pixels."""
    pixels, is_volume = math.prod(shape[1:]), len(shape) == len("CZYX")
    beyond = VOLUME_BYTES + VOLUME_IMAGE_BYTES * pixels if is_volume else IMAGE_BYTES * pixels
    return training_bytes(settings, crop, precision) + beyond + SMALL_BYTES


def memory_notes(needed: float, free: float) -> tuple[str, ...]:
    """Return in a clause that a run may not fit the memory; nothing where it does."""
    if needed <= free:
        return ()
    return (f"may not fit the memory, as about {needed / GB:.1f} GB are needed and {free / GB:.1f} GB are free",)
