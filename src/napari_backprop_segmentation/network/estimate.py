"""What a run will take: time and memory from the settings, the size of the image and the speed of the machine.

Nothing here imports torch: the widget shows the estimate before a run has brought it in. The speed of the machine is
measured by `engine.probe`, once, and kept in a file.
"""

import json
import math
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

from napari_backprop_segmentation.params.sections import Architecture, Training

PACKAGE = "napari-backprop-segmentation"
MOST_CROPS = 8  # crops that training takes turns on
ITEM_BYTES = {"float32": 4, "bfloat16": 2}
# Fitted to measured peaks of runs of 0.1 to 16 megapixels, per pixel and channel: tensors of each layer that the
# backward pass needs, and what losses and gradients take at the worst moment, always in float32.
KEPT_TENSORS, LOSS_BYTES = 2.2, 26
FREE_SHARE = 0.6  # of the free memory that training may take
SMALLEST_CROP = 12  # powers of two: fewer pixels teach nothing
MOST_SECONDS = 3600  # of any single cost: the start is the largest, and takes seconds
LESS = 4  # times fewer pixels, where memory ran out
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

    def __post_init__(self) -> None:
        """Refuse what cannot have been measured.

        Raises
        ------
        ValueError
        """
        names = [self.device, self.precision]
        seconds = [value for key, value in asdict(self).items() if key not in ("device", "precision")]
        numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in seconds)
        if not all(isinstance(name, str) for name in names) or self.precision not in ITEM_BYTES or not numbers:
            raise ValueError(f"costs must be names and numbers, got {self}; measure again")
        if not all(0 <= value < MOST_SECONDS for value in seconds):
            raise ValueError(f"costs must be from 0 to {MOST_SECONDS} seconds, got {self}; measure again")

    @classmethod
    def load(cls, path: Path | None = None) -> "Costs | None":
        """Return what was measured on this machine with these versions, or None."""
        try:
            return cls(**json.loads((path or cache_path()).read_text(encoding="utf8")))
        except (OSError, ValueError, TypeError, RecursionError):
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
        What will be done instead of what was asked for, each a clause without a full stop.
    """

    seconds: float
    bytes: float
    notes: tuple[str, ...] = ()


def cache_path() -> Path:
    """Return the file in which the speed of this machine is kept; another version of torch is another speed."""
    return user_cache_path(PACKAGE) / f"costs-{version(PACKAGE)}-torch-{version('torch')}.json"


def work(settings: Architecture, in_channels: int, ndim: int) -> tuple[float, float]:
    """Return for one pixel the channels of all layers together, and the multiplications of their convolutions."""
    taps, n, layers = 3**ndim, padded(settings.n_channels), settings.n_layers
    return n * (layers + 1), n * (taps * (in_channels + n * (layers - 1)) + n)


def padded(n_channels: int) -> int:
    """Return the width in which a network of so many channels is computed."""
    return -(-n_channels // VECTOR_WIDTH) * VECTOR_WIDTH


def training_bytes(settings: Architecture, pixels: int, precision: str) -> float:
    """Return the memory that training on so many pixels at a time needs."""
    kept = KEPT_TENSORS * ITEM_BYTES[precision] * (settings.n_layers + 1)
    return pixels * padded(settings.n_channels) * (kept + LOSS_BYTES)


def training_crop(settings: Training, n_pixels: int, precision: str, free: float) -> tuple[int, tuple[str, ...]]:
    """Decide how much of an image training looks at in one iteration.

    Parameters
    ----------
    settings : Training
    n_pixels : int
        Of the image.
    precision : {"float32", "bfloat16"}
    free : float
        Bytes of memory that are free on the device.

    Returns
    -------
    crop_pixels : int
        The most pixels of a crop; 0 is all of the image.
    notes : tuple of str
        What is done instead of what was asked for, each a clause without a full stop.
    """
    crop = min(n_pixels, settings.crop_pixels or n_pixels)
    needed, allowed = training_bytes(settings, crop, precision), FREE_SHARE * free
    if needed <= allowed:
        return (0 if crop == n_pixels else crop), ()
    crop = 2 ** max(SMALLEST_CROP, int(math.log2(max(1.0, crop * allowed / needed))))
    note = f"trains on crops of {crop} pixels, as {needed / GB:.1f} GB would be needed and {free / GB:.1f} GB are free"
    return (0 if crop >= n_pixels else crop), (note,)


def fits_smaller(settings: Architecture, pixels: int, precision: str, free: float) -> bool:
    """Return whether training could go on with a fraction of so many pixels, in so many free bytes."""
    smallest = 2**SMALLEST_CROP
    return pixels // LESS >= smallest and training_bytes(settings, smallest, precision) <= FREE_SHARE * free
