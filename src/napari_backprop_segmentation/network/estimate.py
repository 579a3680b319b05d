"""What a run will take: time and memory from the settings, the size of the image and the speed of the machine.

Nothing here imports torch: the widget shows the estimate before a run has brought it in. The speed of the machine is
measured by `engine.probe`, once, and kept in a file.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params

PACKAGE = "napari-backprop-segmentation"
MOST_VIEWS = 8  # crops that training takes turns on
MOST_TREE_PIXELS = 2**24  # above, the merge tree would not fit a laptop: labels stay as trained
ITEM_BYTES = {"float32": 4, "bfloat16": 2}
# Fitted to measured peaks of runs of 0.1 to 16 megapixels, per pixel and channel: tensors of each layer that the
# backward pass needs, and what losses and gradients take at the worst moment, always in float32.
KEPT_TENSORS, LOSS_BYTES = 2.2, 26
IMAGE_BYTES = 30  # per pixel of the whole image: labels, regions, adjacency
# What a pixel of a volume takes beyond one of a plane, on which speed is measured; fitted to 1 and 4 million voxels.
VOLUME_SLOWNESS, VOLUME_IMAGE_BYTES, VOLUME_BYTES = 1.45, 130, 100e6
SMALL_BYTES = 200e6
FREE_SHARE = 0.6  # of the free memory that training may take
SMALLEST_CROP = 12  # powers of two: fewer pixels teach nothing
GB = 1e9
VECTOR_WIDTH = 16  # float32 lanes of AVX-512; convolution kernels of most processors run far faster on multiples of it


@dataclass(frozen=True)
class Costs:
    """How fast a machine is, in seconds for each pixel.

    Attributes
    ----------
    device, precision : str
        What was measured: where a run goes that leaves both to `auto`.
    start : float
        Seconds to import torch, once a session.
    step_channel, step_mac : float
        One training iteration, for each channel of each layer and for each multiplication of the convolutions.
    predict_channel, predict_mac : float
        One pass of the trained network over the image.
    tree_pixel, tree_channel : float
        Regions and merge tree, beyond that pass: a constant and for each channel.
    superpixel : float
    """

    device: str
    precision: str
    start: float
    step_channel: float
    step_mac: float
    predict_channel: float
    predict_mac: float
    tree_pixel: float
    tree_channel: float
    superpixel: float

    @classmethod
    def load(cls, path: Path | None = None) -> "Costs | None":
        """Return what was measured on this machine with these versions, or None."""
        try:
            return cls(**json.loads((path or cache_path()).read_text(encoding="utf8")))
        except (OSError, ValueError, TypeError):
            return None

    def save(self, path: Path | None = None) -> None:
        """Keep this for the next session; where nothing can be written it is measured again."""
        path = path or cache_path()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(asdict(self)), encoding="utf8")
        except OSError:
            return


@dataclass(frozen=True)
class Estimate:
    """What a run will take at most; stopping early takes less.

    Attributes
    ----------
    seconds : float
    bytes : float
        Beyond what the program and the image take already.
    notes : tuple of str
        See `Limits`.
    """

    seconds: float
    bytes: float
    notes: tuple[str, ...] = ()


def cache_path() -> Path:
    """Return the file in which the speed of this machine is kept; another version of torch is another speed."""
    return user_cache_path(PACKAGE) / f"costs-{version(PACKAGE)}-torch-{version('torch')}.json"


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


def estimate_part(params: Params, shape: Sequence[int], costs: Costs, free: float) -> PartEstimate | None:
    """Return what one plane or volume of (C, *spatial) takes; see `estimate`."""
    precision = costs.precision if params.precision == "auto" else params.precision
    if params.method in STEPLESS or params.device not in ("auto", costs.device):
        return None
    if precision != costs.precision:
        return None
    pixels, within = math.prod(shape[1:]), limits(params, shape, precision, free)
    crop = within.crop_pixels or pixels
    channels, macs = work(params, n_inputs(shape[0], params), len(shape) - 1)
    step = crop * (costs.step_channel * channels + costs.step_mac * macs)
    views = min(MOST_VIEWS, math.ceil(pixels / crop), params.iterations) if params.method == "superpixels" else 0
    superpixels = costs.superpixel * crop * views
    labels = pixels * (costs.predict_channel * channels + costs.predict_mac * macs)
    if within.merges:
        labels += pixels * (costs.tree_pixel + costs.tree_channel * params.n_channels)
    needed = training_bytes(params, crop, precision) + IMAGE_BYTES * pixels + SMALL_BYTES
    if len(shape) == len("CZYX"):
        step, superpixels, labels = (VOLUME_SLOWNESS * seconds for seconds in (step, superpixels, labels))
        needed += VOLUME_BYTES + (VOLUME_IMAGE_BYTES - IMAGE_BYTES) * pixels
    seconds = params.n_runs * (params.iterations * step + superpixels + labels)
    whole = Estimate(seconds, needed, within.notes)
    return PartEstimate(step, superpixels, labels, whole)


def n_inputs(n_channels: int, params: Params) -> int:
    """Return how many channels the network sees of an image of so many, see `engine.inputs`."""
    return 3 * n_channels + 3 if params.context else n_channels


def work(params: Params, in_channels: int, ndim: int) -> tuple[float, float]:
    """Return for one pixel the channels of all layers together, and the multiplications of their convolutions."""
    taps, n, layers = 3**ndim, padded(params.n_channels), params.n_layers
    return n * (layers + 1), n * (taps * (in_channels + n * (layers - 1)) + n)


def padded(n_channels: int) -> int:
    """Return the width in which a network of so many channels is computed."""
    return -(-n_channels // VECTOR_WIDTH) * VECTOR_WIDTH


def training_bytes(params: Params, pixels: int, precision: str) -> float:
    """Return the memory that training on so many pixels at a time needs."""
    kept = KEPT_TENSORS * ITEM_BYTES[precision] * (params.n_layers + 1)
    return pixels * padded(params.n_channels) * (kept + LOSS_BYTES)


@dataclass(frozen=True)
class Limits:
    """What a run on an image of this size can and will do.

    Attributes
    ----------
    crop_pixels : int
        The most pixels that training looks at in one iteration; 0 is all of them.
    merges : bool
        Whether there will be a merge tree.
    notes : tuple of str
        What it will do instead of what was asked for, each a clause without a full stop.
    """

    crop_pixels: int
    merges: bool
    notes: tuple[str, ...] = ()


def limits(params: Params, shape: Sequence[int], precision: str, free: float) -> Limits:
    """Decide what to do where the memory or the time would not suffice.

    Parameters
    ----------
    params : Params
    shape : sequence of int
        (C, *spatial) of the image.
    precision : {"float32", "bfloat16"}
    free : float
        Bytes of memory that are free on the device.
    """
    pixels = math.prod(shape[1:])
    crop = min(pixels, params.crop_pixels or pixels)
    notes = []
    needed, allowed = training_bytes(params, crop, precision), FREE_SHARE * free
    if needed > allowed:
        crop = 2 ** max(SMALLEST_CROP, int(math.log2(max(1.0, crop * allowed / needed))))
        notes.append(
            f"trains on crops of {crop} pixels, as {needed / GB:.1f} GB would be needed and {free / GB:.1f} GB are free"
        )
    wanted = params.regions != "trained" or params.objects != "off"
    merges = wanted and pixels <= MOST_TREE_PIXELS
    if wanted and not merges:
        notes.append(f"labels stay as trained, as a merge tree takes at most {MOST_TREE_PIXELS / 1e6:.0f} megapixels")
    return Limits(0 if crop == pixels else crop, merges, tuple(notes))
