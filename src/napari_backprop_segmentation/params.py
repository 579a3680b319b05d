"""Params: every setting of a run in one frozen dataclass, and the presets.

The metadata of each field is the only description of that setting: validation, command line flags,
widget controls and saved records all read it. A new field needs no further code anywhere else.
"""

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal, Self, get_args, get_origin

from napari_backprop_segmentation.errors import ParameterError

Method = Literal["superpixels", "continuity", "kmeans", "graph"]
SuperpixelKind = Literal["slic", "felzenszwalb"]
Normalisation = Literal["published", "percentile"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16"]
Regions = Literal["merged", "trained"]

MAIN, REGIONS, NETWORK, LOSS = "main", "regions", "network", "loss"
SUPERPIXELS, INPUT, RUN = "superpixels", "input", "run"


def _setting(default: Any, group: str, title: str, description: str, **limits: float) -> Any:
    """Declare a field; `limits` are `minimum` and `maximum`, both inclusive."""
    return field(default=default, metadata={"group": group, "title": title, "description": description, **limits})


@dataclass(frozen=True, kw_only=True)
class Params:
    """All settings of one segmentation run; the defaults are the preset `fast`.

    Each field carries its title, description and limits in its metadata; ``Params.describe()`` lists them.

    Raises
    ------
    ParameterError
        If a value has the wrong type or lies outside its limits.

    Examples
    --------
    >>> Params(method="continuity", iterations=50).iterations
    50
    >>> Params.preset("published-2020").continuity_weight
    1.0
    """

    method: Method = _setting(
        "superpixels",
        MAIN,
        "Method",
        "How neighbouring pixels are made to agree: 'superpixels' lets small patches vote (Kanezaki 2018), "
        "'continuity' penalises differences between neighbours (Kim 2020). 'kmeans' and 'graph' are the classical "
        "comparisons without a network.",
    )
    iterations: int = _setting(
        20,
        MAIN,
        "Iterations",
        "The most training steps to take. More steps merge more labels.",
        minimum=1,
        maximum=100_000,
    )
    min_labels: int = _setting(
        3,
        MAIN,
        "Minimum labels",
        "Stop as soon as so few labels are left. 0 never stops for this.",
        minimum=0,
        maximum=1000,
    )
    detail: float = _setting(
        45.0,
        MAIN,
        "Detail",
        "How fine the result is: 0 gives few large regions, 100 all that the network has found. Used where regions "
        "are merged.",
        minimum=0.0,
        maximum=100.0,
    )
    regions: Regions = _setting(
        "merged",
        REGIONS,
        "Result",
        "'merged' merges similar neighbouring regions up to the chosen detail and numbers each region; 'trained' "
        "keeps the network's own labels, as published.",
    )
    response_weight: float = _setting(
        0.35,
        REGIONS,
        "Weight of the network",
        "How much merging listens to what the network has learned, compared with plain colour.",
        minimum=0.0,
        maximum=100.0,
    )
    n_channels: int = _setting(
        48,
        NETWORK,
        "Channels",
        "Width of the network, which is also the most labels there can be.",
        minimum=2,
        maximum=1000,
    )
    n_layers: int = _setting(
        2,
        NETWORK,
        "Layers",
        "Number of 3x3 convolutions (M in the papers). Each layer lets a pixel see one pixel further.",
        minimum=1,
        maximum=10,
    )
    learning_rate: float = _setting(
        0.1,
        NETWORK,
        "Learning rate",
        "Step size of the gradient descent.",
        minimum=1e-6,
        maximum=10.0,
    )
    momentum: float = _setting(
        0.9,
        NETWORK,
        "Momentum",
        "Share of the previous step that is kept.",
        minimum=0.0,
        maximum=0.999,
    )
    similarity_weight: float = _setting(
        1.0,
        LOSS,
        "Similarity weight",
        "Weight of the loss that makes each pixel surer of its label.",
        minimum=0.0,
        maximum=1000.0,
    )
    continuity_weight: float = _setting(
        1.0,
        LOSS,
        "Continuity weight",
        "Weight of the smoothness loss of the method 'continuity' (mu in the paper). Higher gives larger, smoother "
        "regions.",
        minimum=0.0,
        maximum=1000.0,
    )
    scribble_weight: float = _setting(
        0.5,
        LOSS,
        "Scribble weight",
        "Weight of the loss on pixels you have labelled by hand (nu in the paper).",
        minimum=0.0,
        maximum=1000.0,
    )
    superpixels: SuperpixelKind = _setting(
        "slic",
        SUPERPIXELS,
        "Superpixels",
        "How the patches that vote are made: 'slic' gives compact ones of equal size, 'felzenszwalb' follows edges.",
    )
    n_superpixels: int = _setting(
        10_000,
        SUPERPIXELS,
        "Number of superpixels",
        "About how many SLIC patches the image is cut into.",
        minimum=1,
        maximum=10_000_000,
    )
    compactness: float = _setting(
        100.0,
        SUPERPIXELS,
        "Compactness",
        "SLIC: high values give square patches, low ones follow the intensities.",
        minimum=1e-4,
        maximum=1e6,
    )
    felzenszwalb_scale: float = _setting(
        100.0,
        SUPERPIXELS,
        "Felzenszwalb scale",
        "Felzenszwalb patches and the method 'graph': higher gives larger regions.",
        minimum=0.0,
        maximum=1e6,
    )
    felzenszwalb_sigma: float = _setting(
        0.8,
        SUPERPIXELS,
        "Felzenszwalb smoothing",
        "Gaussian smoothing before the patches are made, in pixels.",
        minimum=0.0,
        maximum=100.0,
    )
    felzenszwalb_min_size: int = _setting(
        20,
        SUPERPIXELS,
        "Felzenszwalb minimum size",
        "Smallest patch, in pixels.",
        minimum=1,
        maximum=1_000_000,
    )
    n_clusters: int = _setting(
        6,
        SUPERPIXELS,
        "Clusters (k-means)",
        "Number of clusters of the method 'kmeans'.",
        minimum=1,
        maximum=1000,
    )
    normalisation: Normalisation = _setting(
        "percentile",
        INPUT,
        "Intensity scaling",
        "'percentile' stretches each channel between its 0.5 and 99.5 percentiles; 'published' divides 8-bit images "
        "by 255 and does nothing else.",
    )
    crop_pixels: int = _setting(
        2**18,
        INPUT,
        "Training pixels",
        "Train on random crops of so many pixels when the image is larger. 0 always trains on the whole image.",
        minimum=0,
        maximum=2**31 - 1,
    )
    plateau: int = _setting(
        0,
        RUN,
        "Plateau",
        "Stop when the labels have not changed for so many iterations. 0 never stops for this.",
        minimum=0,
        maximum=100_000,
    )
    plateau_tolerance: float = _setting(
        0.001,
        RUN,
        "Plateau tolerance",
        "Share of pixels that may change their label in an iteration that still counts as unchanged.",
        minimum=0.0,
        maximum=1.0,
    )
    seed: int = _setting(
        0,
        RUN,
        "Seed",
        "The same seed on the same image gives the same result.",
        minimum=0,
        maximum=2**31 - 1,
    )
    device: DeviceName = _setting(
        "auto",
        RUN,
        "Device",
        "Where to compute. 'auto' takes the graphics card if there is one.",
    )
    precision: Precision = _setting(
        "auto",
        RUN,
        "Precision",
        "'float32' is exact; 'bfloat16' is faster where the processor supports it; 'auto' finds out.",
    )

    def __post_init__(self) -> None:
        for setting in fields(self):
            object.__setattr__(self, setting.name, _checked(setting, getattr(self, setting.name)))

    @classmethod
    def preset(cls, name: str, **changes: Any) -> Self:
        """Return the named preset, with `changes` applied.

        Parameters
        ----------
        name : str
            One of `PRESETS`.
        **changes
            Fields to set differently from the preset.

        Raises
        ------
        ParameterError
            If there is no such preset or field, or a value is not allowed.
        """
        if name not in PRESETS:
            raise ParameterError(f"preset must be one of {', '.join(PRESETS)}, got {name!r}; {_nearest(name, PRESETS)}")
        return cls.from_dict({**PRESETS[name].settings, **changes})

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Return Params from a mapping such as `to_dict` gives; unknown keys are errors that name the nearest key."""
        names = {f.name: None for f in fields(cls)}
        for key in settings:
            if key not in names:
                raise ParameterError(f"setting must be a field of Params, got {key!r}; {_nearest(key, names)}")
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values: what a result layer or file stores."""
        return dataclasses.asdict(self)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with `changes` applied."""
        return type(self).from_dict({**self.to_dict(), **changes})

    @classmethod
    def describe(cls) -> str:
        """Return one line per field: name, default, limits, description."""
        return "\n".join(f"{f.name} = {f.default!r} ({rule(f)}): {f.metadata['description']}" for f in fields(cls))


@dataclass(frozen=True)
class Preset:
    """A named set of settings.

    Attributes
    ----------
    title : str
        What the widget shows.
    description : str
        When to use it, in one sentence.
    settings : mapping
        The fields of `Params` that differ from their defaults.
    """

    title: str
    description: str
    settings: Mapping[str, Any]


# What both published demos have in common. Their own precision is float32 and they train on the whole image.
_PUBLISHED = {
    "normalisation": "published",
    "iterations": 1000,
    "n_channels": 100,
    "crop_pixels": 0,
    "regions": "trained",
}

DEFAULT_PRESET = "fast"
PRESETS: Mapping[str, Preset] = {
    DEFAULT_PRESET: Preset("Fast", "A good first result in seconds, on any image.", {}),
    "balanced": Preset("Balanced", "Better boundaries for a few seconds more.", {"n_channels": 64, "iterations": 60}),
    "published-2018": Preset(
        "Published 2018 (superpixels)",
        "The code of Kanezaki, ICASSP 2018, with its own defaults. Slow: minutes for a small photograph.",
        {**_PUBLISHED, "method": "superpixels"},
    ),
    "published-2020": Preset(
        "Published 2020 (continuity)",
        "The code of Kim, Kanezaki and Tanaka, TIP 2020, with its own defaults (continuity weight 1). Slow: minutes "
        "for a small photograph.",
        {**_PUBLISHED, "method": "continuity"},
    ),
}


def choices(setting: dataclasses.Field[Any]) -> tuple[Any, ...]:
    """Return the allowed values of a Literal field; empty for the others."""
    return get_args(setting.type) if get_origin(setting.type) is Literal else ()


def rule(setting: dataclasses.Field[Any]) -> str:
    """Return in words which values a field allows."""
    if options := choices(setting):
        return "one of " + ", ".join(map(str, options))
    kind = {int: "a whole number", float: "a number", bool: "true or false"}[setting.type]  # type: ignore[index]
    low, high = setting.metadata.get("minimum"), setting.metadata.get("maximum")
    return kind if low is None else f"{kind} from {low} to {high}"


def _checked(setting: dataclasses.Field[Any], value: Any) -> Any:
    """Return the value in the field's own type, or raise."""
    if choices(setting):
        good = value in choices(setting)
    elif setting.type is bool:
        good = isinstance(value, bool)
    else:
        value, good = _number(setting, value)
    if not good:
        default = "" if setting.default is MISSING else f"the default is {setting.default!r}"
        raise ParameterError(f"{setting.name} must be {rule(setting)}, got {value!r}; {default}")
    return value


def _number(setting: dataclasses.Field[Any], value: Any) -> tuple[Any, bool]:
    """Return the value as int or float, and whether it is allowed. NumPy scalars count as numbers, bools do not."""
    try:
        number = setting.type(value)  # type: ignore[operator]
    except (TypeError, ValueError, OverflowError):
        return value, False
    good = not isinstance(value, (bool, str)) and number == value and math.isfinite(number)
    low, high = setting.metadata.get("minimum", -math.inf), setting.metadata.get("maximum", math.inf)
    return number, good and low <= number <= high


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    """Return a hint that names the known word closest to a misspelt one."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
