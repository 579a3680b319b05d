"""What the channels of a layer are called: as its metadata or its array say, else Channel 0, Channel 1, ...

As in napari, in tables and on the command line, the first is 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from napari.layers import Image

NAMES = "channel_names"
KEYS = (NAMES, "channels", "Channels", "names")  # under which readers keep them
FIELDS = ("label", "name", "Name")  # of a channel that is described by more than its name
NESTED = ("omero", "ome", "metadata")
MOST_NAMES = 6


def channel_names(layer: Image, axis: int, count: int) -> tuple[str, ...]:
    """Return one name for each channel.

    Parameters
    ----------
    layer : Image
    axis : int
        Which axis of the layer is that of channels.
    count : int
        How many there are.
    """
    for found in (*_from_metadata(layer.metadata), _from_coordinates(layer.data, axis)):
        if len(found) == count and all(found):
            return tuple(found)
    return tuple(f"Channel {number}" for number in range(count))


def named(names: Sequence[str]) -> str:
    """Return names in a row; the last ones are only counted where they are many.

    Examples
    --------
    >>> named(["DAPI", "actin"]), named([f"Channel {i}" for i in range(1, 9)])[-25:]
    ('DAPI, actin', 'Channel 5, Channel 6, ...')
    """
    return ", ".join([*names[:MOST_NAMES], *["..."] * (len(names) > MOST_NAMES)])


def _from_metadata(metadata: Mapping[str, Any]) -> Iterable[list[str]]:
    for key in KEYS:
        yield _texts(metadata.get(key))
    for key in NESTED:
        inner = metadata.get(key)
        if isinstance(inner, Mapping):
            yield from _from_metadata(inner)


def _from_coordinates(data: Any, axis: int) -> list[str]:
    """Return the coordinates of an xarray along an axis, if they are texts."""
    dims, coords = getattr(data, "dims", ()), getattr(data, "coords", None)
    if coords is None or axis >= len(dims) or dims[axis] not in coords:
        return []
    return _texts(coords[dims[axis]].values.tolist())


def _texts(found: Any) -> list[str]:
    """Return names, given as texts or as mappings that hold one; nothing for anything else."""
    if isinstance(found, (str, bytes)) or not isinstance(found, Sequence):
        return []
    named = [next((each[f] for f in FIELDS if f in each), "") if isinstance(each, Mapping) else each for each in found]
    return [each.strip() for each in named] if all(isinstance(each, str) for each in named) else []
