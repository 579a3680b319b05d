"""The settings of what a run ends with: regions and objects."""

from dataclasses import dataclass

from napari_backprop_segmentation.settings import (
    AXES,
    MAIN,
    OBJECTS,
    REGIONS,
    Frames,
    Leaves,
    Method,
    Objects,
    Regions,
    Settings,
    Volumes,
    setting,
)


@dataclass(frozen=True, kw_only=True)
class OutcomeSettings(Settings):
    """Fields of `Params`; see there."""

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
        40.0,
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
        "Find things to count, not regions: 'bright' or 'dark', 'auto' finds out which, or 'outlined' by bright or "
        "dark lines. Touching ones are split, the ground gets 0. Needs a method with a network, and no scribbles.",
    )
    split_objects: bool = setting(
        True,
        OBJECTS,
        "Split touching",
        "Tell touching objects apart by the brightness inside them and by their outline.",
    )
    fill_holes: bool = setting(True, OBJECTS, "Fill holes", "A hole belongs to the object around it.")
    min_object: int = setting(
        30,
        OBJECTS,
        "Smallest object",
        "Objects below this size, in pixels, are left out.",
        minimum=1,
        maximum=1_000_000_000,
    )
    drop_border: bool = setting(
        False, OBJECTS, "Leave out cut ones", "Objects that the edge of the image cuts off are left out."
    )
    regions: Regions = setting(
        "merged",
        REGIONS,
        "Result",
        "'merged' merges similar neighbouring regions up to the chosen detail and numbers each region; 'classes' also "
        "gives alike regions that do not touch one number, such as all of a tissue or mineral; 'trained' "
        "keeps the network's own labels, as published. Objects are looked for among merged regions either way.",
    )
    leaves: Leaves = setting(
        "graph",
        REGIONS,
        "Finest regions",
        "What is merged: 'graph' starts from small graph-based regions of planes and slices, 'lines' from what lies "
        "between bright or dark lines such as membranes, 'network' from the connected parts of the network's labels.",
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
    texture_weight: float = setting(
        1.0,
        REGIONS,
        "Weight of texture",
        "How much merging listens to how rough the image is around each pixel, compared with plain colour.",
        minimum=0.0,
        maximum=100.0,
    )
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

    @property
    def by_class(self) -> bool:
        """Whether alike regions share a number wherever they lie; objects are looked for among places."""
        return self.regions == "classes" and self.objects == "off"
