"""Where labels belong in the world: exactly over the pixels they were made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Image, Layer
from numpy.typing import NDArray


@dataclass(frozen=True)
class Grid:
    """The pixels of labels along one axis of a layer, in pixels of the layer.

    Attributes
    ----------
    first : float
        Where the middle of the first one lies.
    step : float
        How long each of them is.
    """

    first: float = 0.0
    step: float = 1.0

    @classmethod
    def coarse(cls, start: int, factor: float) -> "Grid":
        """Return the pixels from `start` on of a level of a pyramid that is smaller by a factor.

        The first pixel of a level covers the first `factor` pixels of the finest one, so its middle lies half a pixel
        of its own, less half of theirs, further in.
        """
        return cls((start + 0.5) * factor - 0.5, factor)

    @classmethod
    def across(cls, size: int) -> "Grid":
        """Return one pixel that covers a whole axis: labels are seen at each of its positions."""
        return cls((size - 1) / 2, float(size))


def placement(layer: Layer, grids: Sequence[Grid], kept: Sequence[int]) -> dict[str, Any]:
    """Return the keyword arguments that put labels where their pixels are.

    Parameters
    ----------
    layer : Layer
    grids : sequence of Grid
        One an axis of the layer.
    kept : sequence of int
        The axes that the labels have; the others must not be `mixed` with them.
    """
    axes = list(kept)
    matrix, homogeneous = np.ix_(axes, axes), np.ix_([*axes, layer.ndim], [*axes, layer.ndim])
    rotate, shear, affine = _matrices(layer)
    first, step = (np.array([getattr(grid, name) for grid in grids]) for name in ("first", "step"))
    moved = layer.translate + rotate @ shear @ (layer.scale * first)
    found: dict[str, Any] = {
        "scale": (layer.scale * step)[axes],
        "translate": moved[axes],
        "rotate": rotate[matrix],
        "shear": shear[matrix],
        "affine": affine[homogeneous],
    }
    for key in ("units", "axis_labels"):  # not in the oldest napari
        if hasattr(layer, key):
            found[key] = tuple(getattr(layer, key)[axis] for axis in axes)
    return found


def place_of(layer: Image) -> dict[str, Any]:
    """Return the keyword arguments that put another layer exactly over one, pixel by pixel."""
    return placement(layer, [Grid()] * layer.ndim, range(layer.ndim))


def mixed(layer: Image, axes: Sequence[int]) -> bool:
    """Return whether the transforms of a layer mix these axes with the others, so that none can go without them."""
    within = np.zeros(layer.ndim, bool)
    within[list(axes)] = True
    crossing = within[:, None] != within[None, :]
    return any(bool(np.any(m[: layer.ndim, : layer.ndim][crossing])) for m in _matrices(layer))


def same_place(layer: Image, other: Image) -> bool:
    """Return whether equal pixels of two layers lie at the same place of the world."""
    own, others = _matrices(layer), _matrices(other)
    vectors = all(np.allclose(getattr(layer, name), getattr(other, name)) for name in ("scale", "translate"))
    units = getattr(layer, "units", None) == getattr(other, "units", None)
    return vectors and units and all(np.allclose(a, b) for a, b in zip(own, others, strict=True))


def spacing(layer: Image, axes: Sequence[int], grids: Sequence[Grid]) -> tuple[float, ...]:
    """Return how large the pixels of labels are along some axes, in the unit of the last one.

    Units that have nothing to do with each other count as one, as napari draws them.
    """
    sizes = [abs(float(layer.scale[axis])) * grids[axis].step for axis in axes]
    units = getattr(layer, "units", None)
    if units is None:
        return tuple(sizes)
    factors = unit_factors([units[axis] for axis in axes], [units[axes[-1]]] * len(axes))
    return tuple(size * factor for size, factor in zip(sizes, factors, strict=True))


def unit_name(layer: Layer, axis: int) -> str:
    """Return the short name of the unit of an axis, such as µm; nothing for pixels, or where there are no units."""
    units = getattr(layer, "units", None)
    return "" if units is None else short_name(units[axis])


def short_name(unit: Any) -> str:
    """Return the short name of a unit; nothing for pixels."""
    name = f"{unit:~P}".replace("\u03bc", "\u00b5")  # the micro sign of OME; pint 0.26 takes the Greek letter
    return "" if name in ("pixel", "px") else name


def unit_factors(units: Sequence[Any], others: Sequence[Any]) -> list[float]:
    """Return how many of the other units make one unit, for each pair; 1 where they measure different things."""
    return [
        float((1.0 * unit).to(other).magnitude) if unit.dimensionality == other.dimensionality else 1.0
        for unit, other in zip(units, others, strict=True)
    ]


def _matrices(layer: Layer) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return rotation and shear, and the homogeneous matrix of the affine transform that follows."""
    return np.asarray(layer.rotate), _shear_matrix(layer), np.asarray(layer.affine)


def _shear_matrix(layer: Layer) -> NDArray[np.float64]:
    """Return the shear as a matrix; napari gives an upper triangle as a vector."""
    shear = np.asarray(layer.shear, dtype=np.float64)
    if shear.ndim == 2:
        return shear
    matrix = np.eye(layer.ndim)
    matrix[np.triu_indices(layer.ndim, k=1)] = shear
    return matrix
