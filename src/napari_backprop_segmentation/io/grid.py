"""Where the pixels of an image lie: its axes, and for each level of its pyramid shape, scale and translation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from napari_backprop_segmentation.image.axes import CHANNEL_LETTERS
from napari_backprop_segmentation.io.calibration import Calibration

NEWEST = "0.5"
TYPES = {"T": "time", "C": "channel", "Z": "space", "Y": "space", "X": "space"}
SPACE, PLANE = "ZYX", "YX"
COARSEST_SIDE = 512  # of a plane that needs no coarser level
DEEP = 2.0  # slices that are further apart than so many pixels are kept in coarser levels
# As OME-Zarr spells units out, and as people read them.
UNITS = {
    "angstrom": "Å",
    "nanometer": "nm",
    "micrometer": "µm",
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
    "inch": "in",
}
SPELT = {short: name for name, short in UNITS.items()} | {"um": "micrometer", "\u03bcm": "micrometer"}


@dataclass(frozen=True)
class Axis:
    """An axis of a stored array.

    Attributes
    ----------
    letter : str
        As everywhere in this package; "?" for one of another meaning.
    name, type, unit : str or None
        As the store has them.
    """

    letter: str
    name: str
    type: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Level:
    """One array of a pyramid: its shape, the size of a pixel and the place of the first one along each axis."""

    shape: tuple[int, ...]
    scale: tuple[float, ...]
    translation: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Grid:
    """The levels of an image, the finest first.

    Attributes
    ----------
    axes : tuple of Axis
    levels : tuple of Level
    read : int
        Which of them was read.
    scale, translation : tuple of float or None
        Of all levels, applied after their own.
    version : str
        Of OME-Zarr.
    stored : bool
        Whether it is the grid of a store, which decides how many levels its labels have.
    """

    axes: tuple[Axis, ...]
    levels: tuple[Level, ...]
    read: int = 0
    scale: tuple[float, ...] | None = None
    translation: tuple[float, ...] | None = None
    version: str = NEWEST
    stored: bool = False

    @classmethod
    def of(cls, axes: str, shape: Sequence[int], calibration: Calibration) -> Self:
        """Return the grid of an image without a pyramid; lengths in the unit of the calibration."""
        sizes = [calibration.sizes.get(letter, (1.0, "")) for letter in axes]
        named = tuple(
            Axis(letter, letter.lower(), TYPES.get(letter, "channel"), SPELT.get(unit, unit) or None)
            for letter, (_, unit) in zip(axes, sizes, strict=True)
        )
        return cls(named, (Level(tuple(shape), tuple(size for size, _ in sizes)),))

    @property
    def letters(self) -> str:
        """One letter an axis."""
        return "".join(axis.letter for axis in self.axes)

    @property
    def kept(self) -> tuple[int, ...]:
        """Which axes are looked at: none of length 1 but the channels, Y and X."""
        shape = self.levels[self.read].shape
        return tuple(i for i, a in enumerate(self.axes) if a.letter in (*PLANE, *CHANNEL_LETTERS) or shape[i] > 1)

    @property
    def calibration(self) -> Calibration:
        """The size of a pixel of the level that was read; empty where the store says 1 and no unit for all."""
        level = self.levels[self.read]
        both = [s * g for s, g in zip(level.scale, self.scale or (1.0,) * len(level.scale), strict=True)]
        sizes = {
            axis.letter: (size, UNITS.get(axis.unit or "", axis.unit or ""))
            for axis, size in zip(self.axes, both, strict=True)
            if axis.letter in SPACE and math.isfinite(size) and size > 0
        }
        finest = [s for s, axis in zip(self.levels[0].scale, self.axes, strict=True) if axis.letter in SPACE]
        told = any(unit for _, unit in sizes.values()) or any(size != 1 for size in finest) or self.scale is not None
        return Calibration(sizes if told else {})

    def of_labels(self) -> "Grid":
        """Return the grid of labels of the level that was read: without channels.

        Labels in a store have as many levels as its image, as the standard wants it; those beyond its coarsest one are
        halves of the one before.
        """
        taken = [i for i, axis in enumerate(self.axes) if axis.letter not in CHANNEL_LETTERS]
        axes = tuple(self.axes[i] for i in taken)
        levels = [_taken(level, taken) for level in self.levels[self.read :]]
        while len(levels) < len(self.levels) if self.stored else not _is_small(axes, levels[-1]):
            levels.append(_halved(axes, levels[-1]))
        return replace(
            self,
            axes=axes,
            levels=tuple(levels),
            read=0,
            scale=_of(self.scale, taken),
            translation=_of(self.translation, taken),
        )


def _of(values: Sequence[float] | None, taken: Sequence[int]) -> tuple[float, ...] | None:
    return None if values is None else tuple(values[i] for i in taken)


def _taken(level: Level, taken: Sequence[int]) -> Level:
    return Level(
        tuple(level.shape[i] for i in taken),
        tuple(level.scale[i] for i in taken),
        _of(level.translation, taken),
    )


def _is_small(axes: Sequence[Axis], level: Level) -> bool:
    return max(n for n, axis in zip(level.shape, axes, strict=True) if axis.letter in PLANE) <= COARSEST_SIDE


def _halved(axes: Sequence[Axis], level: Level) -> Level:
    """Return the next level: every second pixel of the plane, and every second slice where slices are as close."""
    sizes = {axis.letter: size for axis, size in zip(axes, level.scale, strict=True)}
    halved = PLANE if sizes.get("Z", math.inf) >= DEEP * sizes["X"] else SPACE
    steps = [2 if axis.letter in halved else 1 for axis in axes]
    return Level(
        tuple(math.ceil(n / step) for n, step in zip(level.shape, steps, strict=True)),
        tuple(size * step for size, step in zip(level.scale, steps, strict=True)),
        level.translation,
    )
