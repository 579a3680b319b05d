"""All settings, each in the section of the room that needs it."""

import math
from dataclasses import dataclass

from napari_backprop_segmentation.params.fields import (
    AXES,
    INPUT,
    LOSS,
    NETWORK,
    OBJECTS,
    REGIONS,
    RUN,
    SUPERPIXELS,
    TRAINING,
    Colour,
    DeviceName,
    Frames,
    InitialRegions,
    Method,
    Normalisation,
    ObjectKind,
    Padding,
    Precision,
    RegionKind,
    Section,
    SuperpixelKind,
    Volumes,
    setting,
)

LARGEST_SEED = 2**31 - 1
SMALLEST_OBJECT = 30  # pixels: fewer have no shape, but where they were seen at twice their size
SENSITIVE = 3.0  # factor between the middle and either end of the sensitivity


@dataclass(frozen=True, kw_only=True)
class Superpixels(Section):
    """The patches that vote, and the classical methods that need no network."""

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


@dataclass(frozen=True, kw_only=True)
class Losses(Section):
    """How much each loss counts."""

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
    cooccurrence_weight: float = setting(
        0.0,
        LOSS,
        "Co-occurrence weight",
        "Weight of a loss that makes the responses of pixels 4 to 12 pixels apart more alike than those of any two. 0, "
        "without it, is the published method.",
        minimum=0.0,
        maximum=1000.0,
    )
    stroke_weight: float = setting(
        0.5,
        LOSS,
        "Stroke weight",
        "Weight of the loss on pixels you have labelled by hand (nu in the paper).",
        minimum=0.0,
        maximum=1000.0,
    )


@dataclass(frozen=True, kw_only=True)
class Architecture(Section):
    """What the network is made of."""

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


@dataclass(frozen=True, kw_only=True)
class Training(Architecture, Losses, Superpixels):
    """How a network learns, and everything that decides what it will have learned of an image."""

    method: Method = setting(
        "superpixels",
        TRAINING,
        "Method",
        "How neighbouring pixels are made to agree: 'superpixels' lets small patches vote (Kanezaki 2018), "
        "'continuity' penalises differences between neighbours (Kim 2020). 'kmeans' and 'graph' are the classical "
        "comparisons without a network.",
    )
    iterations: int = setting(
        20,
        TRAINING,
        "Iterations",
        "The most training steps to take. More steps merge more labels.",
        minimum=1,
        maximum=100_000,
    )
    min_labels: int = setting(
        3,
        TRAINING,
        "Minimum labels",
        "Stop as soon as so few labels are left. 0 never stops for this.",
        minimum=0,
        maximum=1000,
    )
    plateau: int = setting(
        0,
        RUN,
        "Stop if unchanged for",
        "Stop when the labels have not changed for so many iterations. 0 never stops for this.",
        minimum=0,
        maximum=100_000,
    )
    plateau_tolerance: float = setting(
        0.001,
        RUN,
        "Unchanged up to",
        "Share of pixels that may change their label in an iteration that still counts as unchanged.",
        minimum=0.0,
        maximum=1.0,
    )
    learning_rate: float = setting(
        0.1, NETWORK, "Learning rate", "Step size of the gradient descent.", minimum=1e-6, maximum=10.0
    )
    momentum: float = setting(
        0.9, NETWORK, "Momentum", "Share of the previous step that is kept.", minimum=0.0, maximum=0.999
    )
    seed: int = setting(
        0, RUN, "Seed", "The same seed on the same image gives the same result.", minimum=0, maximum=LARGEST_SEED
    )
    crop_pixels: int = setting(
        2**16,
        INPUT,
        "Training pixels",
        "Train on random crops of so many pixels when the image is larger. 0 always trains on the whole image.",
        minimum=0,
        maximum=2**31 - 1,
    )


@dataclass(frozen=True, kw_only=True)
class Input(Section):
    """How an image is shown to the network."""

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
    context: bool = setting(
        False,
        INPUT,
        "Show surroundings",
        "Show the network also blurred copies, edges and roughness of the image: for textures that few layers cannot "
        "see, as in phase contrast and electron microscopy.",
    )


@dataclass(frozen=True, kw_only=True)
class Regions(Section):
    """What is merged, and up to where."""

    regions: RegionKind = setting(
        "merged",
        REGIONS,
        "Result",
        "'merged' merges similar neighbouring regions up to the chosen detail and numbers each region; 'classes' also "
        "gives alike regions that do not touch one number, such as all of a tissue or mineral; 'trained' "
        "keeps the network's own labels, as published. Objects are looked for among merged regions either way.",
    )
    detail: float = setting(
        40.0,
        REGIONS,
        "Detail",
        "How fine the result is where regions are merged: 0 gives few large ones, 100 all the small ones.",
        minimum=0.0,
        maximum=100.0,
        widget="FloatSlider",
        first=True,
    )
    n_regions: int = setting(
        0,
        REGIONS,
        "Number of regions",
        "The finest result with at most so many regions, or classes, instead of one at a detail. 0 goes by the detail.",
        minimum=0,
        maximum=1_000_000,
        special="by detail",
        first=True,
    )
    initial_regions: InitialRegions = setting(
        "graph",
        REGIONS,
        "Finest regions",
        "What is merged: 'graph' starts from small graph-based regions of planes and slices, 'lines' from what lies "
        "between bright or dark lines such as membranes, 'network' from the connected parts of the network's labels.",
    )
    min_region: int = setting(
        8,
        REGIONS,
        "Smallest region",
        "Merged regions below this size, in pixels, join the neighbour they touch most.",
        in_pixels=True,
        minimum=1,
        maximum=1_000_000_000,
    )
    edge_weight: float = setting(
        4.0,
        REGIONS,
        "Weight of edges",
        "How much less a border costs where the image has an edge, or where finest regions come from lines, a line. 0 "
        "counts only the length of borders.",
        minimum=0.0,
        maximum=100.0,
    )
    edge_limit: float = setting(
        2.0,
        REGIONS,
        "Limit of edges",
        "The most that an edge or line counts, however sharp it is: 2 leaves a seventh of what its border costs.",
        minimum=0.0,
        maximum=100.0,
    )
    response_weight: float = setting(
        0.2,
        REGIONS,
        "Weight of the network",
        "How much merging listens to what the network has learned, compared with plain colour.",
        minimum=0.0,
        maximum=100.0,
    )
    texture_weight: float = setting(
        1.0,
        REGIONS,
        "Weight of texture",
        "How much merging listens to how rough the image is around each pixel, compared with plain colour.",
        minimum=0.0,
        maximum=100.0,
    )


@dataclass(frozen=True, kw_only=True)
class Objects(Section):
    """What is counted."""

    objects: ObjectKind = setting(
        "off",
        OBJECTS,
        "Objects",
        "Find things to count, not regions: 'bright' or 'dark', 'auto' finds out which, or 'outlined' by bright or "
        "dark lines. Touching ones are split, the ground gets 0. Needs a method with a network, and no scribbles.",
        first=True,
    )
    sensitivity: float = setting(
        50.0,
        OBJECTS,
        "Sensitivity",
        "How little something must stand out to be an object: below 50 only what is clear counts, above 50 also what "
        "is faint.",
        minimum=0.0,
        maximum=100.0,
        widget="FloatSlider",
        first=True,
    )
    min_object: int = setting(
        0,
        OBJECTS,
        "Smallest object",
        "Objects below this size, in pixels, are left out. 0 takes 30 pixels, and 7 where small things were seen.",
        in_pixels=True,
        minimum=0,
        maximum=1_000_000_000,
        special="by itself",
        first=True,
    )
    max_object: int = setting(
        0,
        OBJECTS,
        "Largest object",
        "Objects above this size, in pixels, are left out. 0 sets no limit.",
        in_pixels=True,
        minimum=0,
        maximum=1_000_000_000,
        special="no limit",
        first=True,
    )
    split_objects: bool = setting(
        True,
        OBJECTS,
        "Split touching",
        "Tell touching objects apart by the brightness inside them and by their outline.",
        first=True,
    )
    fill_holes: bool = setting(True, OBJECTS, "Fill holes", "A hole belongs to the object around it.", first=True)
    drop_border: bool = setting(
        False, OBJECTS, "Leave out cut ones", "Objects that the edge of the image cuts off are left out."
    )
    reading: int = setting(
        0,
        OBJECTS,
        "Reading",
        "0 looks for objects as 'objects' says. 1, 2, ... takes the n-th of the ways in which objects can be seen in "
        "this image: what several of them have in common, then the best first: bright, dark, between lines, ...",
        minimum=0,
        maximum=8,
    )

    @property
    def strictness(self) -> float:
        """By how much more than usual something must stand out: 3 at sensitivity 0, 1 at 50, a third at 100."""
        return float(SENSITIVE ** (1 - self.sensitivity / 50.0))

    @property
    def least_pixels(self) -> int:
        """Pixels that an object has at least."""
        return self.min_object or SMALLEST_OBJECT

    @property
    def counts(self) -> bool:
        """Whether things are counted instead of regions."""
        return self.objects != "off" or self.reading > 0


def sensitivity_of(strictness: float) -> float:
    """Return the sensitivity that is so strict, see `Objects.strictness`."""
    return 50.0 * (1 - math.log(strictness) / math.log(SENSITIVE))


@dataclass(frozen=True, kw_only=True)
class Series(Section):
    """How depth and time are gone through."""

    volumes: Volumes = setting(
        "volume",
        AXES,
        "Volumes",
        "'volume' sees depth as one more direction; 'slices' segments slice by slice and joins the regions through "
        "depth, for stacks of few or far apart slices.",
    )
    frames: Frames = setting(
        "adapt",
        AXES,
        "Time series",
        "'adapt' goes on training from frame to frame, a little for each; 'once' trains on a few frames and labels all "
        "of them alike, which is faster.",
    )


@dataclass(frozen=True, kw_only=True)
class Run(Section):
    """How often and where it is computed."""

    automatic: bool = setting(
        False,
        RUN,
        "Adapt to the image",
        "Look at the image first, and take the settings of the preset for its kind; settings you have changed stay.",
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
