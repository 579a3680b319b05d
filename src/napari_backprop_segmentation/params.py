"""Params: every setting of a run in one frozen dataclass.

The metadata of each field is the only description of that setting: validation, command line flags,
widget controls and saved records all read it. A new field needs no further code anywhere else.
"""

from dataclasses import dataclass
from typing import Any, Self

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.presets import DEFAULT_PRESET, PRESETS, Preset
from napari_backprop_segmentation.settings import (
    INPUT,
    LOSS,
    MAIN,
    NETWORK,
    REGIONS,
    RUN,
    SUPERPIXELS,
    Colour,
    DeviceName,
    Leaves,
    Method,
    Normalisation,
    Objects,
    Padding,
    Precision,
    Regions,
    Settings,
    SuperpixelKind,
    choices,
    nearest,
    rule,
    setting,
)

__all__ = ["DEFAULT_PRESET", "PRESETS", "Params", "Preset", "choices", "rule"]


@dataclass(frozen=True, kw_only=True)
class Params(Settings):
    """All settings of one segmentation run; the defaults are the preset `fast`.

    Each field carries its title, description and limits in its metadata; ``Params.describe()`` lists them.

    Raises
    ------
    ParameterError
        If a value has the wrong type or lies outside its limits.

    Examples
    --------
    >>> Params.preset("published-2020").continuity_weight
    1.0
    """

    method: Method = setting(
        "superpixels",
        MAIN,
        "Method",
        "How neighbouring pixels are made to agree: 'superpixels' lets small patches vote (Kanezaki 2018), "
        "'continuity' penalises differences between neighbours (Kim 2020). 'kmeans' and 'graph' are the classical "
        "comparisons without a network.",
    )
    iterations: int = setting(
        20,
        MAIN,
        "Iterations",
        "The most training steps to take. More steps merge more labels.",
        minimum=1,
        maximum=100_000,
    )
    min_labels: int = setting(
        3,
        MAIN,
        "Minimum labels",
        "Stop as soon as so few labels are left. 0 never stops for this.",
        minimum=0,
        maximum=1000,
    )
    detail: float = setting(
        50.0,
        MAIN,
        "Detail",
        "How fine the result is where regions are merged: 0 gives few large ones, 100 all the small ones.",
        minimum=0.0,
        maximum=100.0,
        widget="FloatSlider",
    )
    objects: Objects = setting(
        "off",
        MAIN,
        "Objects",
        "Find things to count, not regions: 'bright' or 'dark', or 'auto'. Touching ones are split, the ground gets 0.",
    )
    regions: Regions = setting(
        "merged",
        REGIONS,
        "Result",
        "'merged' merges similar neighbouring regions up to the chosen detail and numbers each region; 'trained' "
        "keeps the network's own labels, as published.",
    )
    leaves: Leaves = setting(
        "graph",
        REGIONS,
        "Finest regions",
        "What is merged: 'graph' starts from small graph-based regions (planes only), 'network' from the connected "
        "parts of the network's labels.",
    )
    edge_weight: float = setting(
        2.0,
        REGIONS,
        "Weight of edges",
        "How much less a border costs where the image has an edge. 0 counts only the length of borders.",
        minimum=0.0,
        maximum=100.0,
    )
    min_region: int = setting(
        8,
        REGIONS,
        "Smallest region",
        "Merged regions below this size, in pixels, join the neighbour they touch most.",
        minimum=1,
        maximum=1_000_000_000,
    )
    response_weight: float = setting(
        0.2,
        REGIONS,
        "Weight of the network",
        "How much merging listens to what the network has learned, compared with plain colour.",
        minimum=0.0,
        maximum=100.0,
    )
    n_channels: int = setting(
        48,
        NETWORK,
        "Channels",
        "Width of the network, which is also the most labels there can be.",
        minimum=2,
        maximum=1000,
    )
    n_layers: int = setting(
        2,
        NETWORK,
        "Layers",
        "Number of 3x3 convolutions (M in the papers). Each layer lets a pixel see one pixel further.",
        minimum=1,
        maximum=10,
    )
    colour: Colour = setting(
        "lab",
        INPUT,
        "Colours",
        "How the network sees RGB images: 'lab' as an eye compares colours, 'rgb' as published. Other images are seen "
        "as they are.",
    )
    padding: Padding = setting(
        "replicate",
        NETWORK,
        "Padding",
        "What lies beyond the edge of the image: 'replicate' repeats the edge, 'zeros' is black, as published.",
    )
    learning_rate: float = setting(
        0.1, NETWORK, "Learning rate", "Step size of the gradient descent.", minimum=1e-6, maximum=10.0
    )
    momentum: float = setting(
        0.9, NETWORK, "Momentum", "Share of the previous step that is kept.", minimum=0.0, maximum=0.999
    )
    similarity_weight: float = setting(
        1.0,
        LOSS,
        "Similarity weight",
        "Weight of the loss that makes each pixel surer of its label.",
        minimum=0.0,
        maximum=1000.0,
    )
    continuity_weight: float = setting(
        1.0,
        LOSS,
        "Continuity weight",
        "Weight of the smoothness loss of the method 'continuity' (mu in the paper). Higher gives larger, smoother "
        "regions.",
        minimum=0.0,
        maximum=1000.0,
    )
    scribble_weight: float = setting(
        0.5,
        LOSS,
        "Scribble weight",
        "Weight of the loss on pixels you have labelled by hand (nu in the paper).",
        minimum=0.0,
        maximum=1000.0,
    )
    superpixels: SuperpixelKind = setting(
        "slic",
        SUPERPIXELS,
        "Superpixels",
        "How the patches that vote are made: 'slic' gives compact ones of equal size, 'felzenszwalb' follows edges.",
    )
    n_superpixels: int = setting(
        10_000,
        SUPERPIXELS,
        "Number of superpixels",
        "About how many SLIC patches the image is cut into.",
        minimum=1,
        maximum=10_000_000,
    )
    compactness: float = setting(
        100.0,
        SUPERPIXELS,
        "Compactness",
        "SLIC: high values give square patches, low ones follow the intensities.",
        minimum=1e-4,
        maximum=1e6,
    )
    felzenszwalb_scale: float = setting(
        100.0,
        SUPERPIXELS,
        "Felzenszwalb scale",
        "Felzenszwalb patches and the method 'graph': higher gives larger regions.",
        minimum=0.0,
        maximum=1e6,
    )
    felzenszwalb_sigma: float = setting(
        0.8,
        SUPERPIXELS,
        "Felzenszwalb smoothing",
        "Gaussian smoothing before the patches are made, in pixels.",
        minimum=0.0,
        maximum=100.0,
    )
    felzenszwalb_min_size: int = setting(
        20, SUPERPIXELS, "Felzenszwalb minimum size", "Smallest patch, in pixels.", minimum=1, maximum=1_000_000
    )
    n_clusters: int = setting(
        6, SUPERPIXELS, "Clusters (k-means)", "Number of clusters of the method 'kmeans'.", minimum=1, maximum=1000
    )
    normalisation: Normalisation = setting(
        "percentile",
        INPUT,
        "Intensity scaling",
        "'percentile' stretches each channel between its 0.5 and 99.5 percentiles; 'published' divides 8-bit images "
        "by 255 and does nothing else.",
    )
    crop_pixels: int = setting(
        2**16,
        INPUT,
        "Training pixels",
        "Train on random crops of so many pixels when the image is larger. 0 always trains on the whole image.",
        minimum=0,
        maximum=2**31 - 1,
    )
    plateau: int = setting(
        0,
        RUN,
        "Plateau",
        "Stop when the labels have not changed for so many iterations. 0 never stops for this.",
        minimum=0,
        maximum=100_000,
    )
    plateau_tolerance: float = setting(
        0.001,
        RUN,
        "Plateau tolerance",
        "Share of pixels that may change their label in an iteration that still counts as unchanged.",
        minimum=0.0,
        maximum=1.0,
    )
    seed: int = setting(
        0, RUN, "Seed", "The same seed on the same image gives the same result.", minimum=0, maximum=2**31 - 1
    )
    device: DeviceName = setting(
        "auto", RUN, "Device", "Where to compute. 'auto' takes the graphics card if there is one."
    )
    precision: Precision = setting(
        "auto",
        RUN,
        "Precision",
        "'float32' is exact; 'bfloat16' is faster where the processor supports it; 'auto' finds out.",
    )

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
            raise ParameterError(f"preset must be one of {', '.join(PRESETS)}, got {name!r}; {nearest(name, PRESETS)}")
        return cls.from_dict({**PRESETS[name].settings, **changes})
