"""Things to count: which pixels belong to objects, and where touching ones part."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as connected_components

from napari_backprop_segmentation.image.blocks import Edges
from napari_backprop_segmentation.image.labels import renumbered
from napari_backprop_segmentation.image.whole_sums import means_of, sums_of
from napari_backprop_segmentation.objects.contrast import Contrast, is_noisy, noise_sums, steadied
from napari_backprop_segmentation.objects.direction import Shades, direction_of, shades_in
from napari_backprop_segmentation.objects.edges import whole_edges, without_cut
from napari_backprop_segmentation.objects.necks import NeckDistance
from napari_backprop_segmentation.objects.single import bright_objects, necks_divided
from napari_backprop_segmentation.params.fields import ObjectKind
from napari_backprop_segmentation.params.sections import Objects

CORE = 30  # pixels: smaller bright parts are no object of their own, unless smaller objects are asked for


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
class _Found:
    """How the objects of an image stand out.

    Attributes
    ----------
    light : (*spatial) float32
        High in objects.
    contrast : Contrast
        The numbers that divide it.
    """

    light: NDArray[np.float32]
    contrast: Contrast

    def standing_out(self, rules: Objects) -> NDArray[np.bool_]:
        """Return which pixels (*spatial) are enough above the ground, with what they enclose if holes are filled."""
        mask: NDArray[np.bool_] = self.light > self.contrast.level(rules)
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
        self._contrasts: dict[ObjectKind, _Found | None] = {}
        self._last: tuple[Objects, NDArray[Any]] | None = None

    def objects(self, rules: Objects) -> NDArray[Any]:
        """Return the objects (*spatial), numbered from 1; 0 is the ground."""
        key = of_all_sizes(rules)
        last = self._last
        if last is None or last[0] != key:
            last = self._last = key, self._of_all_sizes(key)
        return cleaned(last[1], rules)

    def draft(self, rules: Objects) -> NDArray[Any] | None:
        """Return about what `objects` will return, in a tenth of the time, where only the sensitivity has changed.

        Objects found last as far as they still stand out, and whatever else now does, undivided. None where nothing
        was found before under the same other settings, or where nothing has changed.
        """
        key, standing = of_all_sizes(rules), self._contrast(rules.objects)
        if standing is None or self._last is None or not rules.split_objects:
            return None
        before, found = self._last
        if before == key or replace(before, sensitivity=key.sensitivity) != key:
            return None
        mask = standing.standing_out(key)
        parts, n_parts = ndimage.label(mask)
        new = np.bincount(parts[found > 0], minlength=n_parts + 1) == 0
        new[0] = False
        return cleaned(np.where(new[parts], parts + int(found.max()), np.where(mask, found, 0)), rules)

    def _of_all_sizes(self, rules: Objects) -> NDArray[Any]:
        found, spacing = self._contrast(rules.objects), self._spacing
        if found is None:
            return np.zeros(self._regions.shape, np.uint8)
        mask = found.standing_out(rules)
        if not rules.split_objects:
            joined: NDArray[Any] = connected_components(mask, connectivity=1)
            return joined
        single = bright_objects(found.light, mask, found.contrast.ground, rules, spacing)
        if not single.any():
            return single
        return necks_divided(single, NeckDistance.of(single, spacing), spacing)

    def _contrast(self, side: ObjectKind) -> _Found | None:
        """Return how objects stand out; None where all is alike."""
        if side not in self._contrasts:
            self._contrasts[side] = self._contrast_of(side)
        return self._contrasts[side]

    def _contrast_of(self, side: ObjectKind) -> _Found | None:
        regions, light = self._regions, direction_of(self._shades, side)(self._image)
        noisy = is_noisy(noise_sums(light))
        steady = means_of(sums_of(light, regions, len(self._shades.areas)), self._shades.areas)[regions]
        light = steadied(light, steady, noisy, self._spacing or (1.0,) * light.ndim)
        contrast = Contrast.of(light, noisy)
        return None if contrast is None else _Found(light, contrast)

    @cached_property
    def _shades(self) -> Shades:
        return whole_shades(self._image, self._regions)


def whole_shades(image: NDArray[np.float32], regions: NDArray[Any]) -> Shades:
    """Return what decides in which direction objects stand out, of an image (C, *spatial) in regions (*spatial)."""
    whole = tuple(slice(0, n) for n in regions.shape)
    return shades_in(image, regions, int(regions.max()) + 1, whole, regions.shape)


def of_all_sizes(rules: Objects) -> Objects:
    """Return rules under which objects of all sizes are found: only cores may be smaller than the usual ones."""
    return replace(rules, min_object=min(rules.least_pixels, CORE), max_object=0, drop_border=False)


def cleaned(objects: NDArray[Any], rules: Objects, edges: Edges | None = None) -> NDArray[Any]:
    """Return objects of the sizes asked for, on request without those cut off; numbered from 1 without gaps.

    Parameters
    ----------
    objects : (*window) int array
    rules : Objects
    edges : Edges, optional
        Where the window ends with the image; everywhere if left out.
    """
    if rules.drop_border:
        objects = without_cut(objects, edges or whole_edges(objects.ndim))
    sizes = np.bincount(objects.ravel())
    good = (sizes >= rules.least_pixels) & (sizes <= (rules.max_object or sizes.max()))
    good[0] = False
    return renumbered(objects, good[objects])
