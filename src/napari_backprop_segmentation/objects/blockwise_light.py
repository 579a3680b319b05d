"""How objects stand out in an image that does not fit the memory: the numbers and the light of `Foreground`.

Whatever is decided for all of an image follows from sums and counts that are the same in whatever blocks they are made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window, blocks, with_halo
from napari_backprop_segmentation.image.kept_blocks import Arrays, Work
from napari_backprop_segmentation.image.labels import Numbers, present, small_numbers
from napari_backprop_segmentation.image.passes import PASS_SIDE, kept_once, passed
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.image.threshold import counts_between, otsu_of
from napari_backprop_segmentation.image.whole_sums import means_of, sums_of
from napari_backprop_segmentation.objects.contrast import FINER_HALO, HALO, Contrast, is_noisy, noise_sums, steadied
from napari_backprop_segmentation.objects.direction import Direction, Shades, direction_of, shades_in
from napari_backprop_segmentation.params.fields import ObjectKind

DIRECTION, NOISE, LIGHT, CONTRAST = "direction", "noise", "light", "contrast"  # names of what is kept
HALF_BITS = 16  # of a float32: what is counted at a time
# The upper bits of float32 values in the order of these: from the lowest of those with a sign up to 0, then the others.
UPPER_BITS = np.concatenate([np.arange(2**HALF_BITS - 1, 2**15 - 1, -1), np.arange(2**15)])
Light = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LightFile:
    """Light (*spatial) on disk, high in objects, and how these stand out; no contrast where all is alike."""

    light: Any
    contrast: Contrast | None


def blockwise_light(source: Source, regions: Any, n: int, side: ObjectKind, work: Work) -> LightFile:
    """Return how objects stand out in an image.

    Parameters
    ----------
    source : Source
    regions : (*spatial) int, read by windows
        Numbered from 0 to n - 1.
    n : int
    side : {"auto", "bright", "dark"}
    work : Work
    """
    direction = _direction(source, regions, n, side, work)
    noisy, means = _noise(source, direction, regions, n, work)
    light: Any = work.kept.labels(LIGHT, source.shape[1:], np.float32)
    windows = windows_of(source)

    def item(window: Window) -> tuple[Window, Window, Light]:
        grown, inner = with_halo(window, HALO, light.shape)
        return grown, inner, means[regions[grown]]

    def take(number: int, _: int, found: Light) -> Arrays:
        light[windows[number]] = found
        return {"extent": np.array([found.min(), found.max()])}

    extents = passed(work, LIGHT, _light_in, (source, direction, noisy), [partial(item, w) for w in windows], take=take)
    low, high = min(each["extent"][0] for each in extents), max(each["extent"][1] for each in extents)
    if low == high:
        return LightFile(light, None)
    numbers = kept_once(work, CONTRAST, lambda: {"numbers": np.array(_divided(light, windows, low, high))})["numbers"]
    return LightFile(light, Contrast(float(numbers[0]), float(numbers[1]), noisy))


def windows_of(source: Source) -> list[Window]:
    """Return the windows of a pass over an image."""
    shape = source.shape[1:]
    return list(blocks(shape, PASS_SIDE[len(shape)]))


def _direction(source: Source, regions: Any, n: int, side: ObjectKind, work: Work) -> Direction:
    def decided() -> Arrays:
        direction = direction_of(_all_shades(source, regions, n, work), side)
        return {"weights": np.array(direction.weights), "of_colours": np.array(direction.of_colours)}

    known = kept_once(work, DIRECTION, decided)
    return Direction(tuple(known["weights"].tolist()), bool(known["of_colours"]))


def _all_shades(source: Source, regions: Any, n: int, work: Work) -> Shades:
    """Return the shades of all windows together."""
    counts: dict[str, Any] = {name: np.zeros(n, np.int64) for name in ("areas", "framed")}
    sums, samples = np.zeros((n, source.shape[0]), np.int64), []
    there: list[NDArray[np.int64]] = []
    for shades in work.threaded(_shades_in, source, _shown(regions, windows_of(source), there)):
        numbers = there.pop(0)
        for name, total in counts.items():
            total[numbers] += getattr(shades, name)
        sums[numbers] += shades.sums
        samples.append(
            {each.name: getattr(shades, each.name) for each in fields(Shades)} | {"owners": numbers[shades.owners]}
        )
    order = np.argsort(np.concatenate([each["places"] for each in samples]))
    sample: dict[str, Any] = {
        k: np.concatenate([each[k] for each in samples])[order] for k in ("places", "owners", "edge")
    }
    return Shades(
        **counts,
        **sample,
        sums=sums,
        values=np.concatenate([each["values"] for each in samples], axis=1)[:, order],
        colour=sum((each["colour"] for each in samples), np.zeros(3, np.int64)),
        lows=np.min([each["lows"] for each in samples], axis=0),
        highs=np.max([each["highs"] for each in samples], axis=0),
    )


def _shown(
    regions: Any, windows: Sequence[Window], there: list[NDArray[np.int64]]
) -> Iterator[tuple[Window, Numbers, int, tuple[int, ...]]]:
    """Yield windows and the regions in them, numbered from 0; which these are is noted."""
    for window in windows:
        numbers, where = present(regions[window])
        there.append(numbers)
        yield window, small_numbers(where), len(numbers), regions.shape


def _shades_in(source: Source, shown: tuple[Window, Numbers, int, tuple[int, ...]]) -> Shades:
    window, where, n, shape = shown
    return shades_in(source.read(window), where, n, window, shape)


def _noise(source: Source, direction: Direction, regions: Any, n: int, work: Work) -> tuple[bool, Light]:
    """Return whether an image is noisy, and the mean light (n,) of its regions."""

    def summed() -> Arrays:
        there: list[NDArray[np.int64]] = []
        sums, areas, noise = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros((2, 3), object)
        for fine, own, pixels in work.threaded(
            _noise_in, (source, direction), _shown(regions, windows_of(source), there)
        ):
            numbers = there.pop(0)
            noise += fine.astype(object)  # of any size
            sums[numbers] += own
            areas[numbers] += pixels
        return {"noisy": np.array(is_noisy(noise)), "means": means_of(sums, areas)}

    known = kept_once(work, NOISE, summed)
    return bool(known["noisy"]), np.asarray(known["means"], np.float32)


def _noise_in(
    common: tuple[Source, Direction], shown: tuple[Window, Numbers, int, tuple[int, ...]]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    (source, direction), (window, where, n, shape) = common, shown
    grown, inner = with_halo(window, FINER_HALO, shape)
    light = direction(source.read(grown))
    return noise_sums(light, inner), sums_of(light[inner], where, n), np.bincount(where.ravel(), minlength=n)


def _light_in(common: tuple[Source, Direction, bool], item: tuple[Window, Window, Light]) -> Light:
    (source, direction, noisy), (grown, inner, steady) = common, item
    return steadied(direction(source.read(grown)), steady, noisy, source.spacing)[inner]


def _divided(light: Any, windows: Sequence[Window], low: Any, high: Any) -> tuple[float, float]:
    """Return threshold and ground, see `Contrast`."""
    counts = np.sum([counts_between(light[window], low, high) for window in windows], axis=0)
    threshold = otsu_of(counts, low, high)
    return threshold, median_below(light, windows, threshold)


def median_below(light: Any, windows: Sequence[Window], limit: float) -> float:
    """Return the median of float32 values (*spatial) below a limit, as `numpy.median` does, window by window."""
    counts = np.zeros((2, 2**HALF_BITS), np.int64)
    for window in windows:  # the upper half of the bits
        values = light[window]
        counts += np.bincount(_upper(values[values < limit]), minlength=2**HALF_BITS)
    counts = counts[:, UPPER_BITS]
    n = int(counts[0].sum())
    digits, ranks = _reached(counts, np.array([(n - 1) // 2, n // 2]))
    counts = np.zeros_like(counts)
    for window in windows:  # the lower half of those that are the same in the upper one
        values = light[window]
        upper = _upper(values)
        for row, bits in enumerate(UPPER_BITS[digits]):
            own = values[upper == bits]
            keys = _ordered(own[own < limit])
            counts[row] += np.bincount(keys & (2**HALF_BITS - 1), minlength=2**HALF_BITS)
    digits = (digits << HALF_BITS) | _reached(counts, ranks)[0]
    return float(np.median(_unordered(digits)))


def _reached(counts: NDArray[np.int64], ranks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each row of counts (2, k) in which of them a rank lies, and its rank there."""
    before = np.cumsum(counts, axis=1)
    places = np.array([np.searchsorted(row, rank, side="right") for row, rank in zip(before, ranks, strict=True)])
    rows = np.arange(len(ranks))
    return places, ranks - (before[rows, places] - counts[rows, places])


def _upper(values: Light) -> NDArray[np.uint32]:
    """Return the upper half of the bits of float32 values."""
    return values.view(np.uint32) >> np.uint32(HALF_BITS)


def _ordered(values: Light) -> NDArray[np.int64]:
    """Return numbers of 32 bits that are in the order of float32 values."""
    bits = values.view(np.uint32).astype(np.int64)
    return np.where(bits >> 31, 2**32 - 1 - bits, bits + 2**31)


def _unordered(keys: NDArray[np.int64]) -> Light:
    bits = np.where(keys < 2**31, 2**32 - 1 - keys, keys - 2**31)
    return bits.astype(np.uint32).view(np.float32)
