"""What the axes of a layer mean: read from the layer where it says so, never guessed from sizes.

One letter an axis of the layer: T, Z, C, Y, X as in `image.axes`, "-" for an axis of length 1, "?" where only the user
knows. The samples of an RGB layer are no axis of it.
"""

from collections.abc import Sequence

from napari.layers import Image

WORDS = {"Z": "depth", "T": "time", "C": "channels"}
SINGLE, UNKNOWN = "-", "?"
NAMES = {
    "T": ("t", "time", "frame", "frames", "timepoint", "timepoints"),
    "Z": ("z", "depth", "slice", "slices", "plane", "planes", "section"),
    "C": ("c", "ch", "channel", "channels", "wavelength"),
    "Y": ("y", "row", "rows", "height"),
    "X": ("x", "column", "columns", "col", "width"),
}
LETTERS = {name: letter for letter, names in NAMES.items() for name in names}
PLANE = "YX"
DIMENSIONS = {"[time]": "T", "[length]": "Z"}  # of a unit


def axis_names(layer: Image) -> list[str]:
    """Return the names the user gave the axes; empty where there are only napari's own, such as -3 or axis -3."""
    names = [str(name) for name in getattr(layer, "axis_labels", ())]
    names = ["" if name.removeprefix("axis ").lstrip("-").isdigit() else name for name in names]
    return names or [""] * layer.ndim


def meanings(layer: Image, shape: Sequence[int]) -> str:
    """Return what a layer itself says of its axes.

    Parameters
    ----------
    layer : Image
    shape : sequence of int
        Of its array.

    Returns
    -------
    str
        Y and X stand at the axes with these names, else at the last two, as napari has it.
    """
    named = [LETTERS.get(name.lower(), UNKNOWN) for name in axis_names(layer)]
    found = [letter if named.count(letter) == 1 else UNKNOWN for letter in named]
    plane = _plane(found)
    for axis, letter in enumerate(found):
        if shape[axis] == 1:
            found[axis] = SINGLE
        elif letter in (UNKNOWN, *PLANE):
            found[axis] = _by_unit(layer, axis)
    for axis, letter in zip(plane, PLANE, strict=True):
        found[axis] = letter
    return "".join(letter if found.count(letter) == 1 or letter == SINGLE else UNKNOWN for letter in found)


def _plane(named: Sequence[str]) -> list[int]:
    """Return which axes are Y and X."""
    if set(PLANE) <= set(named):
        return [named.index(letter) for letter in PLANE]
    free = [axis for axis, letter in enumerate(named) if letter not in WORDS]
    last = len(named)
    return free[-2:] if len(free) >= len(PLANE) else [last - 2, last - 1]


def _by_unit(layer: Image, axis: int) -> str:
    """Return what the unit of an axis tells: seconds are time, micrometres depth."""
    units = getattr(layer, "units", None)
    if units is None:
        return UNKNOWN
    dimension = dict(units[axis].dimensionality)
    return next((letter for name, letter in DIMENSIONS.items() if dimension == {name: 1}), UNKNOWN)
