"""Objects divided by a line drawn over them; no Qt here."""

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.gui.result.edits import frame_at, obstacle, shifted, unused, write
from napari_backprop_segmentation.objects.cutting import halves, pixels_on, sides

if TYPE_CHECKING:
    from napari.viewer import Viewer

NOTHING_CROSSED = "The line crosses no object."
Positions = NDArray[np.float64]


def divide(
    viewer: "Viewer",
    layer: Labels,
    start: Positions,
    end: Positions,
    *,
    axes: tuple[int, int],
    time: int | None = None,
) -> str:
    """Divide each object that a line crosses from one side to the other, and return in words what was done.

    The larger part keeps the number. A solid object is divided by the plane through the line that stands upright on
    the slice that is shown.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    layer : Labels
    start, end : (ndim,) float64
        Of the line, in pixels of the layer.
    axes : (int, int)
        Of the layer: those the line was drawn in, as rows and columns.
    time : int, optional
        Which axis of the layer is time: in other frames the objects stay what they are.
    """
    if reason := obstacle(layer):
        return reason
    shape = layer.data.shape
    place = tuple(int(np.clip(np.round(i), 0, n - 1)) for i, n in zip(start, shape, strict=True))
    shown = np.asarray(layer.data[tuple(slice(None) if axis in axes else place[axis] for axis in range(len(shape)))])
    if axes[0] > axes[1]:
        shown = shown.T
    ends = start[list(axes)], end[list(axes)]
    drawn = np.zeros(shown.shape, bool)
    drawn[pixels_on(*ends, shown.shape)] = True
    crossed = np.unique(shown[drawn])
    crossed = crossed[crossed > 0]
    if not len(crossed):
        return NOTHING_CROSSED
    part = frame_at(layer, place, time)
    where: list[tuple[NDArray[np.intp], ...]] = []
    numbers: list[NDArray[np.int64]] = []
    done, left, new = [], [], unused(layer)
    solid = [axis for axis in range(len(shape)) if axis not in (*axes, time) and shape[axis] > 1]
    for number in crossed.tolist():
        box = ndimage.find_objects((shown == number).astype(np.uint8))[0]
        parts = halves(np.pad(shown[box] == number, 1), np.pad(drawn[box], 1))
        if parts is None:
            left.append(number)
            continue
        if solid:
            inside = np.asarray(layer.data[part]) == number
            divided = sides(inside, axes, *ends)
        else:
            divided = _in_layer(parts[1:-1, 1:-1], box, shown.shape, axes, layer.data[part].shape)
        if divided is None:
            left.append(number)
            continue
        found = np.nonzero(divided > 1)
        where.append(shifted(found, part))
        numbers.append(new + divided[found].astype(np.int64) - 2)
        new = int(numbers[-1].max()) + 1
        done.append(number)
    if not done:
        return f"The line does not cross {_objects(left)} from one side to the other, so nothing was divided."
    joined = tuple(np.concatenate(axis) for axis in zip(*where, strict=True))
    reason = write(viewer, layer, joined, np.concatenate(numbers))
    return reason or _told(done, left, sorted(set(np.concatenate(numbers).tolist())))


def _in_layer(
    parts: NDArray[np.int32],
    box: tuple[slice, ...],
    plane: tuple[int, ...],
    axes: tuple[int, int],
    shape: tuple[int, ...],
) -> NDArray[np.int32]:
    """Return parts in a box of a plane with the axes of a layer."""
    whole = np.zeros(plane, np.int32)
    whole[box] = parts
    return (whole.T if axes[0] > axes[1] else whole).reshape(shape)


def _told(done: list[int], left: list[int], new: list[int]) -> str:
    given = f"{new[0]}" if len(new) == 1 else f"{new[0]} to {new[-1]}"
    rest = f" The line does not cross {_objects(left)} from one side to the other." if left else ""
    return f"Divided {_objects(done)}; new: {given}.{rest}"


def _objects(numbers: list[int]) -> str:
    return f"object{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
