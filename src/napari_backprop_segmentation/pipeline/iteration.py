"""What a run goes through one by one: frames and slices, and how many training steps that makes.

Nothing here imports torch: the widget and the progress bar ask before a run has brought it in.
"""

from collections.abc import Sequence

from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Series, Training

ADAPT_SHARE = 0.25  # of the iterations: training that goes on from a network of the frame before


def iterated_axes(params: Series, axes: str, shape: Sequence[int]) -> str:
    """Return the axes along which images are segmented one after the other: time, and depth where slices are wanted.

    Parameters
    ----------
    params : Series
    axes : str
        One letter an axis; channels may be among them.
    shape : sequence of int
        Of the array with these axes.
    """
    sizes = dict(zip(axes, shape, strict=True))
    by_slice = "Z" in sizes and (params.volumes == "slices" or sizes["Z"] == 1)
    return ("T" if "T" in sizes else "") + ("Z" if by_slice else "")


def total_steps(params: Params, axes: str, shape: Sequence[int]) -> int:
    """Return the most steps that a run can have: training iterations over all seeds, frames and slices.

    Parameters and shapes as of `iterated_axes`.
    """
    if params.method in STEPLESS:
        return 0
    sizes = dict(zip(axes, shape, strict=True))
    further = sizes.get("T", 1) - 1 if params.frames == "adapt" and not params.by_class else 0
    return params.n_runs * params.iterations + further * adapting_iterations(params)


def adapting_iterations(params: Training) -> int:
    """Return for how many iterations training goes on in each frame after the first."""
    return max(1, round(ADAPT_SHARE * params.iterations))
