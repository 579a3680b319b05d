"""Things to count: which pixels belong to objects, and where touching ones part."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as connected_components
from skimage.segmentation import clear_border

from napari_backprop_segmentation.image.colour import RGB, colour_features
from napari_backprop_segmentation.image.labels import renumbered
from napari_backprop_segmentation.image.threshold import otsu, separation
from napari_backprop_segmentation.objects.cores import bright_cores, reach_of
from napari_backprop_segmentation.objects.necks import split_at_necks
from napari_backprop_segmentation.objects.rejoining import rejoined
from napari_backprop_segmentation.objects.splitting import filled
from napari_backprop_segmentation.params.fields import ObjectKind
from napari_backprop_segmentation.params.sections import Objects

REGION_SHARE = 0.5  # of a pixel's brightness that is the mean of its region
CLEAN_SMOOTHING, NOISY_SMOOTHING = 0.7, 1.5  # pixels
RELAXED = 0.7  # of the way from the ground to Otsu's threshold: dim objects are above it, and so is noise
NOISY = 0.5  # share of the standard deviation that is finer than a pixel's neighbours
HALF_HEIGHT = 0.6  # of the way from the ground to an object's own brightness: where it ends
CORE = 30  # pixels: smaller bright parts are no object of their own, unless smaller objects are asked for
EVEN, TINY = 0.5, 1e-9
FITTED_PIXELS = 200_000  # that the direction of colours is fitted to
PINK, VIOLET = (-30.0, 45.0), (-75.0, -30.0)  # degrees of hue in Lab
PINK_SHARE, VIOLET_SHARE = 0.25, 0.1  # of all colour
VOLUME = "ZYX"
# How many times itself the smaller part must add to a whole in a volume, where a neck speaks for two. Read off
# generated volumes (as of benchmarks/phantoms.py, some with lognormal texture inside nuclei added), two of plant
# nuclei, StarDist and cells3d: the same objects from 1.25 to 2; at 1 two fewer of StarDist's 51, at 4 as many pieces
# as ever.
NECK = 1.5
RIDGE = 0.01  # share of the mean variance that is added to each, so that empty channels do no harm


def foreground_objects(
    regions: NDArray[Any], image: NDArray[np.float32], rules: Objects, spacing: tuple[float, ...] | None = None
) -> NDArray[Any]:
    """Return the objects of an image that is divided into regions.

    Parameters
    ----------
    regions : (*spatial) int array
        For example a fine cut of a `Hierarchy`; their means steady the brightness.
    image : (C, *spatial) float32
        Normalised intensities.
    rules : Objects
    spacing : tuple of float, optional
        Size of a pixel along each axis, in any unit; all alike if left out.

    Returns
    -------
    (*spatial) int array
        Numbered from 1; 0 is the ground.
    """
    return Foreground(regions, image, spacing).objects(rules)


@dataclass(frozen=True, eq=False)
class Contrast:
    """How objects stand out.

    Attributes
    ----------
    light : (*spatial) float32
        High in objects.
    noisy : bool
    threshold, ground : float
        Of that value: between objects and ground, of the ground.
    """

    light: NDArray[np.float32]
    noisy: bool
    threshold: float
    ground: float

    def standing_out(self, rules: Objects) -> NDArray[np.bool_]:
        """Return which pixels (*spatial) are enough above the ground, with what they enclose if holes are filled."""
        relaxed = RELAXED if rules.split_objects and not self.noisy else 1
        mask: NDArray[np.bool_] = self.light > self.ground + rules.strictness * relaxed * (self.threshold - self.ground)
        return ndimage.binary_fill_holes(mask) if rules.fill_holes else mask


class Foreground:
    """Finds the objects of one image under one setting after another; what stays the same is computed once.

    Parameters
    ----------
    regions, image, spacing
        See `foreground_objects`.
    """

    def __init__(
        self, regions: NDArray[Any], image: NDArray[np.float32], spacing: tuple[float, ...] | None = None
    ) -> None:
        self._regions, self._image, self._spacing = regions, image, spacing
        self._contrasts: dict[ObjectKind, Contrast | None] = {}
        self._last: tuple[Objects, NDArray[Any]] | None = None

    def objects(self, rules: Objects) -> NDArray[Any]:
        """Return the objects (*spatial), numbered from 1; 0 is the ground."""
        key = _but_sizes(rules)
        if self._last is None or self._last[0] != key:
            self._last = key, self._of_all_sizes(key)
        return cleaned(self._last[1], rules)

    def draft(self, rules: Objects) -> NDArray[Any] | None:
        """Return about what `objects` will return, in a tenth of the time, where only the sensitivity has changed.

        Objects found last as far as they still stand out, and whatever else now does, undivided. None where nothing
        was found before under the same other settings, or where nothing has changed.
        """
        key, contrast = _but_sizes(rules), self._contrast(rules.objects)
        if contrast is None or self._last is None or not rules.split_objects:
            return None
        before, found = self._last
        if before == key or replace(before, sensitivity=key.sensitivity) != key:
            return None
        mask = contrast.standing_out(key)
        parts, n_parts = ndimage.label(mask)
        new = np.bincount(parts[found > 0], minlength=n_parts + 1) == 0
        new[0] = False
        return cleaned(np.where(new[parts], parts + int(found.max()), np.where(mask, found, 0)), rules)

    def _of_all_sizes(self, rules: Objects) -> NDArray[Any]:
        contrast, spacing = self._contrast(rules.objects), self._spacing
        if contrast is None:
            return np.zeros(self._regions.shape, np.uint8)
        light, ground, mask = contrast.light, contrast.ground, contrast.standing_out(rules)
        if not rules.split_objects:
            joined: NDArray[Any] = connected_components(mask, connectivity=1)
            return joined
        cores = bright_cores(light, mask, rules.min_object, spacing)
        reach = reach_of(cores, light, mask)
        if light.ndim == len(VOLUME):  # in a plane the texture of a nucleus rarely parts it all the way through
            reach = rejoined(reach, spacing)
        single = _above_half(light, reach, ground, cores)
        parts = split_at_necks(filled(single) if rules.fill_holes else single, spacing)
        return rejoined(parts, spacing, NECK) if light.ndim == len(VOLUME) else parts

    def _contrast(self, side: ObjectKind) -> Contrast | None:
        """Return how objects stand out; None where all is alike."""
        if side not in self._contrasts:
            self._contrasts[side] = self._contrast_of(side)
        return self._contrasts[side]

    def _contrast_of(self, side: ObjectKind) -> Contrast | None:
        light = foreground_contrast(self._image, self._regions, side)
        noisy = bool((light - ndimage.gaussian_filter(light, 1)).std() > NOISY * light.std())
        sigma = NOISY_SMOOTHING if noisy else CLEAN_SMOOTHING
        light = light + REGION_SHARE * (_region_means(light, self._regions) - light)
        steps = self._spacing or (1.0,) * light.ndim
        light = ndimage.gaussian_filter(light, [sigma * min(steps) / step for step in steps])
        if light.min() == light.max():
            return None
        threshold = otsu(light)
        return Contrast(light, noisy, threshold, float(np.median(light[light < threshold])))


def _but_sizes(rules: Objects) -> Objects:
    """Return rules under which objects of all sizes are found: only cores may be smaller than the usual ones."""
    return replace(rules, min_object=min(rules.min_object, CORE), max_object=0, drop_border=False)


def cleaned(objects: NDArray[Any], rules: Objects) -> NDArray[Any]:
    """Return objects of the sizes asked for, on request without those cut off; numbered from 1 without gaps."""
    if rules.drop_border:
        objects = clear_border(objects)
    sizes = np.bincount(objects.ravel())
    good = (sizes >= rules.min_object) & (sizes <= (rules.max_object or sizes.max()))
    good[0] = False
    return renumbered(objects, good[objects])


def foreground_contrast(image: NDArray[np.float32], regions: NDArray[Any], side: ObjectKind) -> NDArray[np.float32]:
    """Return one value a pixel by which objects stand out best from the ground, high in objects.

    Objects are first taken to be one side of Otsu's threshold of the regions' brightness: lightness of RGB, else that
    of the clearest channel. Where there are several
    channels, the value is then their sum with the weights that tell both sides apart best (Fisher's linear
    discriminant). Were the sides made of the pixels' own brightness, the weights would only return it. Dark objects in
    tissue of two stains stand out best in red light: hematoxylin of nuclei takes it away, eosin of the rest does not.

    Parameters
    ----------
    image : (C, *spatial) float32
        Normalised intensities.
    regions : (*spatial) int array
    side : {"auto", "bright", "dark"}
        See `Objects`.

    Returns
    -------
    (*spatial) float32
    """
    seen = colour_features(image) if len(image) > 1 else image
    if side == "dark" and len(image) == RGB and two_stains(seen):
        in_red_light: NDArray[np.float32] = -image[0]
        return in_red_light
    light = np.array(seen[0] if len(image) in (1, RGB) else _clearest(image, regions))
    if light.min() == light.max():
        return light
    steady = _region_means(light, regions)
    bright = steady >= otsu(steady) if steady.min() < steady.max() else light >= otsu(light)
    if side == "auto":
        side = "dark" if bright[_frame(light.shape)].mean() > EVEN else "bright"
    if len(image) == 1:
        return light if side == "bright" else -light
    values = seen.reshape(len(image), -1)
    weights = _discriminant(values, (bright if side == "bright" else ~bright).ravel())
    found: NDArray[np.float32] = (weights @ values).reshape(light.shape)
    return found


def two_stains(lab: NDArray[np.float32]) -> bool:
    """Return whether there is pink, as of eosin, beside violet in Lab of any unit (3, *spatial)."""
    _, a, b = (channel.ravel() for channel in lab)
    chroma = np.hypot(a, b)
    hue = np.degrees(np.arctan2(b, a))
    pink, violet = ((low < hue) & (hue < high) for low, high in (PINK, VIOLET))
    return bool(min(chroma[pink].sum() / PINK_SHARE, chroma[violet].sum() / VIOLET_SHARE) > chroma.sum())


def _clearest(image: NDArray[np.float32], regions: NDArray[Any]) -> NDArray[np.float32]:
    """Return the channel (*spatial) whose regions fall most clearly into dark and bright ones.

    Of a stain of nuclei and one of cytoplasm it is that of the nuclei: their mean would be neither.
    """
    steady = [_region_means(channel, regions) for channel in image]
    clear = [separation(light, light >= otsu(light)) if light.min() < light.max() else 0.0 for light in steady]
    found: NDArray[np.float32] = image[int(np.argmax(clear))]
    return found


def _discriminant(values: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the weights (C,) of the channels (C, n) that separate what is inside from what is not."""
    step = max(1, values.shape[1] // FITTED_PIXELS)
    some, chosen = values[:, ::step].astype(np.float64), inside[::step]
    one, other = some[:, chosen], some[:, ~chosen]
    if min(one.shape[1], other.shape[1]) <= 1:
        return np.ones(len(values), np.float32)
    scatter = (np.cov(one) + np.cov(other)) / 2
    scatter += (RIDGE * np.trace(scatter) / len(scatter) + TINY) * np.eye(len(scatter))
    weights: NDArray[np.float64] = np.linalg.solve(scatter, one.mean(axis=1) - other.mean(axis=1))
    return weights.astype(np.float32)


def _above_half(
    light: NDArray[np.float32], reach: NDArray[np.int32], ground: float, cores: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return what each object reaches, only as far as its own brightness, not the image's, says.

    That is the brightness of its core; several that were joined are but bright spots, and all that it reaches counts.
    """
    numbers = np.arange(1, int(reach.max()) + 1)
    heights = np.full(len(numbers) + 1, np.inf)
    heights[1:] = ndimage.mean(light, np.where(cores > 0, reach, 0), numbers)
    if len(numbers) < cores.max():  # some were joined
        _, first = np.unique(cores, return_index=True)
        joined = np.flatnonzero(np.bincount(reach.flat[first[1:]], minlength=len(heights)) > 1)
        heights[joined] = ndimage.median(light, reach, joined)
    kept = light > (ground + HALF_HEIGHT * (heights - ground))[reach]
    return renumbered(reach, kept).astype(np.int32)


def _region_means(light: NDArray[np.float32], regions: NDArray[Any]) -> NDArray[np.float32]:
    index = regions.ravel()
    means = np.bincount(index, light.ravel()) / np.maximum(np.bincount(index), 1)
    found: NDArray[np.float32] = means[index].reshape(light.shape).astype(np.float32)
    return found


def _frame(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where the outermost pixels of an image lie."""
    frame = np.ones(shape, bool)
    frame[(slice(1, -1),) * len(shape)] = False
    return frame
