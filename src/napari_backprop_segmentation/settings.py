"""A setting as a dataclass field: how it is declared, which values it takes, how a value is checked."""

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import MISSING, field, fields
from typing import Any, Literal, Self, get_args, get_origin

from napari_backprop_segmentation.errors import ParameterError

Method = Literal["superpixels", "continuity", "kmeans", "graph"]
STEPLESS = ("kmeans", "graph")  # methods that do not iterate
SuperpixelKind = Literal["slic", "felzenszwalb"]
Normalisation = Literal["published", "percentile"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16"]
Regions = Literal["merged", "classes", "trained"]
Leaves = Literal["graph", "lines", "network"]
Colour = Literal["lab", "rgb"]
Objects = Literal["off", "auto", "bright", "dark", "outlined"]
Volumes = Literal["volume", "slices"]
Frames = Literal["adapt", "once"]
Padding = Literal["replicate", "zeros"]

MAIN, OBJECTS, REGIONS, AXES, NETWORK, LOSS = "main", "objects", "regions", "axes", "network", "loss"
SUPERPIXELS, INPUT, RUN = "superpixels", "input", "run"


def setting(default: Any, group: str, title: str, description: str, **more: Any) -> Any:
    """Declare a field; `more` are `minimum` and `maximum`, both inclusive, and `widget`, a magicgui name."""
    return field(default=default, metadata={"group": group, "title": title, "description": description, **more})


class Settings:
    """What all frozen dataclasses of settings can do."""

    def __post_init__(self) -> None:
        for declared in fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, declared.name, checked(declared, getattr(self, declared.name)))

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Return settings from a mapping such as `to_dict` gives; unknown keys are errors that name the nearest key."""
        names = {declared.name: None for declared in fields(cls)}  # type: ignore[arg-type]
        for key in settings:
            if key not in names:
                raise ParameterError(f"setting must be a field of Params, got {key!r}; {nearest(key, names)}")
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values: what a result layer or file stores."""
        return dataclasses.asdict(self)  # type: ignore[call-overload,no-any-return]

    def replace(self, **changes: Any) -> Self:
        """Return a copy with `changes` applied."""
        return type(self).from_dict({**self.to_dict(), **changes})

    @classmethod
    def describe(cls) -> str:
        """Return one line per field: name, default, limits, description."""
        declared = fields(cls)  # type: ignore[arg-type]
        return "\n".join(f"{f.name} = {f.default!r} ({rule(f)}): {f.metadata['description']}" for f in declared)


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
        good = value in choices(declared)
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
    good = not isinstance(value, (bool, str)) and number == value and math.isfinite(number)
    low, high = declared.metadata.get("minimum", -math.inf), declared.metadata.get("maximum", math.inf)
    return number, good and low <= number <= high


def nearest(name: str, known: Mapping[str, Any]) -> str:
    """Return a hint that names the known word closest to a misspelt one."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
