"""Named sets of settings: what differs from the defaults of `Params`, and when to use it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
    "padding": "zeros",
    "colour": "rgb",
    "crop_pixels": 0,
    "regions": "trained",
    "strokes_as": "network",
}

# Where things are told apart by brightness, edges have a rough band around them that is part of nothing, and the
# sharper an edge is, the surer.
_PLAIN = {"texture_weight": 0.0, "edge_weight": 2.0, "edge_limit": 100.0}

_OUTLINED = {
    **_PLAIN,
    "context": True,
    "initial_regions": "lines",
    "objects": "outlined",
    "response_weight": 0.1,
    "edge_weight": 10.0,
}

DEFAULT_PRESET = "fast"
FIRST_PRESET = "auto"  # what the widget begins with: its user has not thought of settings yet
PRESETS: Mapping[str, Preset] = {
    "auto": Preset(
        "Automatic",
        "Finds out what can be counted in the image: what several readings agree on, else regions.",
        {"automatic": True},
    ),
    DEFAULT_PRESET: Preset("Fast", "A good first result in seconds, on any image.", {}),
    "balanced": Preset(
        "Balanced",
        "A wider network that trains longer and on more of the image.",
        {"n_channels": 64, "iterations": 60, "crop_pixels": 2**18},
    ),
    "nuclei": Preset(
        "Nuclei (fluorescence)", "Bright objects on a dark ground, counted one by one.", {**_PLAIN, "objects": "bright"}
    ),
    "histology": Preset(
        "Stained tissue (nuclei)", "Dark nuclei in stained sections, counted one by one.", {**_PLAIN, "objects": "dark"}
    ),
    "phase": Preset(
        "Phase contrast",
        "Cells that are neither bright nor dark but outlined by halos, counted one by one.",
        _OUTLINED,
    ),
    "brightfield": Preset(
        "Brightfield",
        "Regions told apart by their texture: cells that are neither bright nor dark.",
        {**_PLAIN, "context": True, "detail": 65.0},
    ),
    "em": Preset(
        "Electron microscopy",
        "What membranes enclose, also stained ones in fluorescence, counted one by one.",
        _OUTLINED,
    ),
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
    "published-2020-reference": Preset(
        "Published 2020 (reference images)",
        "The code of the same authors for training on reference images, with its own defaults (continuity weight 5): "
        "planes are resized and trained on one after the other, and other images labelled by their own statistics. "
        "Slow.",
        {
            **_PUBLISHED,
            "method": "continuity",
            "continuity_weight": 5.0,
            "min_labels": 0,
            "statistics": "image",
            "turns": "sequence",
            "reference_side": 224,
        },
    ),
}
