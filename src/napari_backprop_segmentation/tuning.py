"""The settings that few users need: the network, its losses and superpixels, its input, and how it runs."""

from dataclasses import dataclass

from napari_backprop_segmentation.settings import (
    INPUT,
    LOSS,
    NETWORK,
    RUN,
    SUPERPIXELS,
    Colour,
    DeviceName,
    Normalisation,
    Padding,
    Precision,
    Settings,
    SuperpixelKind,
    setting,
)

LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class TuningSettings(Settings):
    """Fields of `Params`; see there."""

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
    colour: Colour = setting(
        "lab",
        INPUT,
        "Colours",
        "How the network sees RGB images: 'lab' as an eye compares colours, 'rgb' as published. Other images are seen "
        "as they are.",
    )
    normalisation: Normalisation = setting(
        "percentile",
        INPUT,
        "Intensity scaling",
        "'percentile' stretches each channel between its 0.5 and 99.5 percentiles; 'published' divides 8-bit images "
        "by 255 and does nothing else.",
    )
    surroundings: bool = setting(
        False,
        INPUT,
        "Show surroundings",
        "Show the network also blurred copies, edges and roughness of the image: for textures that few layers cannot "
        "see, as in phase contrast and electron microscopy.",
    )
    crop_pixels: int = setting(
        2**16,
        INPUT,
        "Training pixels",
        "Train on random crops of so many pixels when the image is larger. 0 always trains on the whole image.",
        minimum=0,
        maximum=2**31 - 1,
    )
    adapt: bool = setting(
        False,
        RUN,
        "Adapt to the image",
        "Look at the image first, and take the settings of the preset for its kind; settings you have changed stay.",
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
        0, RUN, "Seed", "The same seed on the same image gives the same result.", minimum=0, maximum=LARGEST_SEED
    )
    n_runs: int = setting(
        1,
        RUN,
        "Runs",
        "Train so many times, each with the next seed: the result is what the runs agree on, with a map of how stable "
        "each border is.",
        minimum=1,
        maximum=50,
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
