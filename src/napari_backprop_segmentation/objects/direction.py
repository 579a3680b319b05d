"""By which value objects stand out best from the ground: decided from sums over regions and a sample of pixels."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.colour import RGB, colour_features
from napari_backprop_segmentation.image.threshold import otsu, weighted_otsu, weighted_separation
from napari_backprop_segmentation.image.whole_sums import in_steps, means_of, sums_of
from napari_backprop_segmentation.params.fields import ObjectKind

EVEN, TINY = 0.5, 1e-9
FITTED_PIXELS = 200_000  # that the direction of colours is fitted to
PINK, VIOLET = (-30.0, 45.0), (-75.0, -30.0)  # degrees of hue in Lab
PINK_SHARE, VIOLET_SHARE = 0.25, 0.1  # of all colour
RIDGE = 0.01  # share of the mean variance that is added to each, so that empty channels do no harm

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Direction:
    """One value a pixel, high in objects: a weighted sum of what the pixel has.

    Attributes
    ----------
    weights : tuple of float
        One a channel.
    of_colours : bool
        Whether they weigh `colour_features`, not intensities.
    """

    weights: tuple[float, ...]
    of_colours: bool = False

    @classmethod
    def along(cls, channel: int, n: int, sign: int = 1, of_colours: bool = False) -> Self:
        """Return one channel of n, or its opposite."""
        return cls(tuple(float(sign * (number == channel)) for number in range(n)), of_colours)

    def __call__(self, pixels: Floats) -> Floats:
        """Return the value (*window) of normalised pixels (C, *window); the same in whatever window."""
        seen = colour_features(pixels) if self.of_colours else pixels
        # channel by channel: a product of matrices may round otherwise in another window
        parts = [np.float32(weight) * channel for weight, channel in zip(self.weights, seen, strict=True) if weight]
        found: Floats = sum(parts[1:], parts[0])
        return found


@dataclass(frozen=True, eq=False)
class Shades:
    """What a direction is decided from; that of several windows adds up.

    Attributes
    ----------
    areas, framed : (n,) int64
        Pixels of each region, and those of them at the edge of the image.
    sums : (n, C) int64
        Of what `seen_in` returns, see `whole_sums`.
    colour : (3,) int64
        Sums of all colour, of pink and of violet.
    lows, highs : (C,) float32
    places : (m,) int64
        Of a sample of pixels in the flat image, as many as there are `FITTED_PIXELS` or up to twice as many.
    values : (C, m) float32
    owners : (m,) int64
        The region of each.
    edge : (m,) bool
        Whether it is at the edge of the image.
    """

    areas: NDArray[np.int64]
    framed: NDArray[np.int64]
    sums: NDArray[np.int64]
    colour: NDArray[np.int64]
    lows: Floats
    highs: Floats
    places: NDArray[np.int64]
    values: Floats
    owners: NDArray[np.int64]
    edge: NDArray[np.bool_]


def seen_in(pixels: Floats) -> Floats:
    """Return what directions are looked for in: colours as an eye compares them, of one channel its intensities."""
    return colour_features(pixels) if len(pixels) > 1 else pixels


def shades_in(pixels: Floats, regions: NDArray[Any], n: int, window: Window, shape: tuple[int, ...]) -> Shades:
    """Return the shades of one window of an image.

    Parameters
    ----------
    pixels : (C, *window) float32
    regions : (*window) int
        Numbered from 0 to n - 1.
    n : int
    window : tuple of slice
    shape : tuple of int
        Of the image (*spatial).
    """
    seen, where = seen_in(pixels), regions.ravel()
    edge = _at_edge(window, shape).ravel()
    every = max(1, int(np.prod(shape)) // FITTED_PIXELS)
    flat = _places(window, shape).ravel()
    some = np.flatnonzero(flat % every == 0)
    return Shades(
        areas=np.bincount(where, minlength=n),
        framed=np.bincount(where[edge], minlength=n),
        sums=np.stack([sums_of(channel, where, n) for channel in seen], axis=1),
        colour=_colour_sums(seen) if len(pixels) == RGB else np.zeros(3, np.int64),
        lows=seen.reshape(len(seen), -1).min(axis=1),
        highs=seen.reshape(len(seen), -1).max(axis=1),
        places=flat[some],
        values=seen.reshape(len(seen), -1)[:, some],
        owners=where[some].astype(np.int64),
        edge=edge[some],
    )


def direction_of(shades: Shades, side: ObjectKind) -> Direction:
    """Return the direction in which objects stand out best.

    Objects are first taken to be one side of Otsu's threshold of the regions' brightness: lightness of RGB, else that
    of the clearest channel. Where there are several channels, the value is then their sum with the weights that tell
    both sides apart best (Fisher's linear discriminant). Were the sides made of the pixels' own brightness, the weights
    would only return it. Dark objects in tissue of two stains stand out best in red light: hematoxylin of nuclei takes
    it away, eosin of the rest does not.

    Parameters
    ----------
    shades : Shades
        Of all of the image; the sample in the order of its places.
    side : {"auto", "bright", "dark"}
        See `Objects`.
    """
    n = shades.sums.shape[1]
    if side == "dark" and n == RGB and two_stains(shades.colour):
        return Direction.along(0, n, -1)
    there = shades.areas > 0
    means, areas = means_of(shades.sums, shades.areas), shades.areas[there]
    channel = 0 if n in (1, RGB) else _clearest(means[there], areas)
    if shades.lows[channel] == shades.highs[channel]:
        return Direction.along(channel, n, of_colours=n > 1)
    steady = means[:, channel]
    if steady[there].min() < steady[there].max():
        bright = steady >= weighted_otsu(steady[there], areas)
        inside, share = bright[shades.owners], (shades.framed @ bright) / shades.framed.sum()
    else:
        light = shades.values[channel]
        inside = light >= otsu(light)
        share = inside[shades.edge].mean() if shades.edge.any() else 0.0
    if side == "auto":
        side = "dark" if share > EVEN else "bright"
    if n == 1:
        return Direction.along(0, 1, 1 if side == "bright" else -1)
    weights = _discriminant(shades.values, inside if side == "bright" else ~inside)
    return Direction(tuple(float(weight) for weight in weights), of_colours=True)


def two_stains(colour: NDArray[np.int64]) -> bool:
    """Return whether there is pink, as of eosin, beside violet; see `Shades.colour`."""
    everything, pink, violet = colour.tolist()
    return bool(min(pink / PINK_SHARE, violet / VIOLET_SHARE) > everything)


def _colour_sums(lab: Floats) -> NDArray[np.int64]:
    _, a, b = (channel.ravel() for channel in lab)
    chroma = in_steps(np.hypot(a, b))
    hue = np.degrees(np.arctan2(b, a))
    kinds = (slice(None), *((low < hue) & (hue < high) for low, high in (PINK, VIOLET)))
    return np.array([chroma[kind].sum() for kind in kinds]).astype(np.int64)


def _clearest(means: Floats, areas: NDArray[np.int64]) -> int:
    """Return the channel whose regions fall most clearly into dark and bright ones.

    Of a stain of nuclei and one of cytoplasm it is that of the nuclei: their mean would be neither.
    """
    clear = [weighted_separation(light, areas) if light.min() < light.max() else 0.0 for light in means.T]
    return int(np.argmax(clear))


def _discriminant(values: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return the weights (C,) of the channels (C, m) that separate what is inside from what is not."""
    some = np.ascontiguousarray(values, np.float64)  # another layout may round otherwise
    one, other = some[:, inside], some[:, ~inside]
    if min(one.shape[1], other.shape[1]) <= 1:
        return np.ones(len(values), np.float32)
    scatter = (np.cov(one) + np.cov(other)) / 2
    scatter += (RIDGE * np.trace(scatter) / len(scatter) + TINY) * np.eye(len(scatter))
    weights: NDArray[np.float64] = np.linalg.solve(scatter, one.mean(axis=1) - other.mean(axis=1))
    return weights.astype(np.float32)


def _at_edge(window: Window, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which pixels (*window) lie at the edge of an image."""
    found = np.zeros([w.stop - w.start for w in window], bool)
    for axis, (side, n) in enumerate(zip(window, shape, strict=True)):
        lines = np.moveaxis(found, axis, 0)
        if side.start == 0:
            lines[0] = True
        if side.stop == n:
            lines[-1] = True
    return found


def _places(window: Window, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the place of each pixel (*window) in the flat image."""
    grid = np.ogrid[window]
    return np.asarray(np.ravel_multi_index(np.broadcast_arrays(*grid), shape), np.int64)
