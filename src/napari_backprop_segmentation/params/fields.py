"""A setting as a dataclass field: how it is declared, which values it takes, how a value is checked."""

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal, Self, get_args, get_origin

from napari_backprop_segmentation.errors import ParameterError

Method = Literal["superpixels", "continuity", "kmeans", "graph"]
STEPLESS = ("kmeans", "graph")  # methods that do not iterate
SuperpixelKind = Literal["slic", "felzenszwalb"]
Normalisation = Literal["published", "percentile"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16"]
RegionKind = Literal["merged", "classes", "trained"]
InitialRegions = Literal["graph", "lines", "network"]
Colour = Literal["lab", "rgb"]
ObjectKind = Literal["off", "auto", "bright", "dark", "outlined"]
Volumes = Literal["volume", "slices"]
Frames = Literal["adapt", "once"]
Padding = Literal["replicate", "zeros"]
StrokeMeaning = Literal["kinds", "objects", "pieces", "network"]
Statistics = Literal["auto", "trained", "image"]
Turns = Literal["alternate", "sequence"]

OBJECTS, REGIONS, TRAINING, AXES, NETWORK, LOSS = "objects", "regions", "training", "axes", "network", "loss"
SUPERPIXELS, INPUT, RUN, TEACHING, REFERENCES = "superpixels", "input", "run", "teaching", "references"
# as users are shown them
GROUPS = (OBJECTS, REGIONS, TEACHING, TRAINING, AXES, NETWORK, LOSS, SUPERPIXELS, INPUT, REFERENCES, RUN)


def setting(default: Any, group: str, title: str, description: str, **more: Any) -> Any:
    """Declare a field; `more` are limits and how it is shown.

    These are `minimum` and `maximum`, both inclusive; `widget`, a magicgui name; `special`, what the minimum is called;
    `first`, whether it is among the few of its group that are shown as soon as this group is what is wanted; and
    `in_pixels`, whether it is an area or volume, which windows show in the unit of the image as well.
    """
    return field(default=default, metadata={"group": group, "title": title, "description": description, **more})


@dataclass(frozen=True, kw_only=True)
class Section:
    """What a room needs to know of all that is asked for; every value is checked when it is made."""

    def __post_init__(self) -> None:
        for declared in fields(self):
            object.__setattr__(self, declared.name, checked(declared, getattr(self, declared.name)))

    @classmethod
    def of(cls, settings: "Section") -> Self:
        """Return this section of settings that hold more, such as `Params`."""
        return cls(**{declared.name: getattr(settings, declared.name) for declared in fields(cls)})


def choices(declared: dataclasses.Field[Any]) -> tuple[Any, ...]:
    """Return the allowed values of a Literal field; empty for the others."""
    return get_args(declared.type) if get_origin(declared.type) is Literal else ()


def rule(declared: dataclasses.Field[Any]) -> str:
    """Return in words which values a field allows."""
    if options := choices(declared):
        return "one of " + ", ".join(map(str, options))
    kind = {int: "a whole number", float: "a number", bool: "true or false"}[declared.type]  # type: ignore[index]
    low, high = declared.metadata.get("minimum"), declared.metadata.get("maximum")
    return kind if low is None else f"{kind} from {low} to {high}"


def checked(declared: dataclasses.Field[Any], value: Any) -> Any:
    """Return the value in the field's own type, or raise."""
    if choices(declared):
        good = isinstance(value, str) and value in choices(declared)
    elif declared.type is bool:
        good = isinstance(value, bool)
    else:
        value, good = _number(declared, value)
    if not good:
        default = "" if declared.default is MISSING else f"the default is {declared.default!r}"
        raise ParameterError(f"{declared.name} must be {rule(declared)}, got {value!r}; {default}")
    return value


def _number(declared: dataclasses.Field[Any], value: Any) -> tuple[Any, bool]:
    """Return the value as int or float, and whether it is allowed. NumPy scalars count as numbers, bools do not."""
    try:
        number = declared.type(value)  # type: ignore[operator]
    except (TypeError, ValueError, OverflowError):
        return value, False
    low, high = declared.metadata.get("minimum", -math.inf), declared.metadata.get("maximum", math.inf)
    good = not isinstance(value, (bool, str)) and number == value
    return number, good and low <= number <= high and math.isfinite(number)  # for which a number can be too large


def nearest(name: str, known: Mapping[str, Any]) -> str:
    """Return a hint that names the known word closest to a misspelt one."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
