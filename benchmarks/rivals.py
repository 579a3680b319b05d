"""The methods that are compared: functions from a picture and a seed to families of label images.

None of them but `ours` and the published method has a network. A method that has a setting gives one label image
for each of its values; the best single value for a whole data set (ODS) and the best for each image (OIS) are scored.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from partitions import Family, IntArray, borders, connected_parts, consecutive
from scipy import ndimage
from skimage import color, filters, segmentation

PERCENTILES = (0.5, 99.5)
KMEANS_K = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20)
KMEANS_WINDOWS = (1, 5)
KMEANS_SAMPLE = 5_000
GRAPH_SCALES = (100, 200, 500, 1000, 2000)
CONTROL_ALTITUDES = tuple(float(f"{a:.3g}") for a in np.geomspace(0.05, 2000, 47))
OBJECT_DETAILS = (70, 90)
FEATURE_UNIT = 20.0  # Lab is divided by it before the tree is built


@dataclass(frozen=True)
class Picture:
    """An image as the methods see it.

    Attributes
    ----------
    image : array
        As read.
    axes : str
        See `datasets.Sample`.
    photograph : bool
        8-bit intensities are used as they are; otherwise they are stretched between percentiles.
    """

    image: NDArray[Any]
    axes: str
    photograph: bool

    @cached_property
    def pixels(self) -> NDArray[np.float32]:
        """Intensities (*spatial, C) from 0 to 1. The channels of a colour image are stretched alike."""
        axis = next((i for i, letter in enumerate(self.axes) if letter in "CS"), None)
        image = self.image[..., None] if axis is None else np.moveaxis(self.image, axis, -1)
        if self.photograph and image.dtype == np.uint8:
            return image.astype(np.float32) / 255
        over = None if "S" in self.axes else tuple(range(image.ndim - 1))
        low, high = np.percentile(image, PERCENTILES, axis=over, keepdims=over is not None)
        return np.clip((image - low) / np.maximum(high - low, 1e-6), 0, 1).astype(np.float32)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the spatial axes."""
        return self.pixels.shape[:-1]

    @cached_property
    def grey(self) -> NDArray[np.float32]:
        """One intensity (*spatial): luminance of colours, else the middle channel."""
        n = self.pixels.shape[-1]
        return color.rgb2gray(self.pixels) if "S" in self.axes else self.pixels[..., n // 2]

    @cached_property
    def features(self) -> NDArray[np.float32]:
        """Lab of colours, else intensities from 0 to 100, in units of `FEATURE_UNIT` (*spatial, C)."""
        return (color.rgb2lab(self.pixels) if "S" in self.axes else self.pixels * 100) / FEATURE_UNIT


@dataclass(frozen=True)
class Prediction:
    """What a method found in one image.

    Attributes
    ----------
    families : list of Family
        Its label images by scale.
    objects : dict of str to (*spatial) int array, optional
        Instance images it makes by itself, 0 is background, by setting. Methods without any get the common
        rules, see `scores.automatic_foregrounds`.
    """

    families: list[Family]
    objects: dict[str, IntArray] = field(default_factory=dict)


Method = Callable[[Picture, int], Prediction]


def blank(picture: Picture, seed: int) -> Prediction:
    """One region: what any method must beat."""
    return Prediction([Family.from_labels(np.zeros(picture.shape, np.int64), "blank")])


def kmeans(picture: Picture, seed: int) -> Prediction:
    """k-means of the intensities in a window, fitted on a sample of the pixels."""
    from sklearn.cluster import KMeans

    families = []
    for width in KMEANS_WINDOWS:
        points = _windows(picture.pixels, width)
        some = np.random.default_rng(seed).permutation(len(points))[:KMEANS_SAMPLE]
        n_distinct = len(np.unique(points[some], axis=0))
        for k in KMEANS_K:
            model = KMeans(min(k, n_distinct), n_init=1, max_iter=30, random_state=seed).fit(points[some])
            families.append(Family.from_labels(model.predict(points).reshape(picture.shape), f"k={k} window={width}"))
    return Prediction(families)


def felzenszwalb(picture: Picture, seed: int) -> Prediction:
    """Graph-based segmentation at several scales."""
    settings = [(scale, 0.8, 100) for scale in GRAPH_SCALES] + [(200, 0.5, 20)]
    return Prediction([_graph(picture, *setting) for setting in settings])


def otsu(picture: Picture, seed: int) -> Prediction:
    """Otsu's threshold after a Gaussian of 0, 1 or 2 pixels."""
    families = []
    for sigma in (0, 1, 2):
        grey = ndimage.gaussian_filter(picture.grey, sigma)
        families.append(Family.from_labels(grey > filters.threshold_otsu(grey), f"sigma={sigma}"))
    return Prediction(families)


def otsu_watershed(picture: Picture, seed: int) -> Prediction:
    """Otsu's threshold, touching objects split by a watershed of the distance to the background."""
    families, objects = [], {}
    for family in otsu(picture, seed).families:
        (name,) = family.cuts
        bright = family.labels(name) == 1
        for side, mask in {"bright": bright, "dark": ~bright, "inner": off_frame(bright)}.items():
            for spacing in (3, 6, 12):
                setting = f"{name} {side} spacing={spacing}"
                objects[setting] = _split(mask, spacing)
                families.append(Family.from_labels(objects[setting], setting))
    return Prediction(families, objects)


def multiotsu(picture: Picture, seed: int) -> Prediction:
    """Otsu's thresholds for three and four classes after a Gaussian of 0, 1 or 2 pixels."""
    families = []
    for sigma in (0, 1, 2):
        grey = ndimage.gaussian_filter(picture.grey, sigma)
        for classes in (3, 4):
            labels = np.digitize(grey, filters.threshold_multiotsu(grey, classes, nbins=128))
            families.append(Family.from_labels(labels, f"classes={classes} sigma={sigma}"))
    return Prediction(families)


def slic_merge(picture: Picture, seed: int) -> Prediction:
    """SLIC superpixels; neighbours whose mean colours are closer than a threshold are joined."""
    n = max(400, picture.grey.size // 400)
    found = segmentation.slic(picture.features, n, compactness=0.5, convert2lab=False, channel_axis=-1)
    leaves = connected_parts(found)
    area = np.bincount(leaves.ravel())
    means = _sums(leaves.ravel(), len(area), picture.features) / area[:, None]
    pairs, _ = borders(leaves)
    distance = np.linalg.norm(means[pairs[:, 0]] - means[pairs[:, 1]], axis=1) * FEATURE_UNIT
    cuts = {f"distance<{t}": _joined(len(means), pairs[distance < t]) for t in range(2, 31)}
    return Prediction([Family(leaves, cuts)])


def control(picture: Picture, seed: int) -> Prediction:
    """Build the merge tree over Felzenszwalb superpixels and their mean colours: the control without a network."""
    settings = [(50, 0.5, 10)] if picture.photograph else [(50, 0.5, 5), (20, 0.5, 8)]
    families = []
    for scale, sigma, min_size in settings:
        leaves = _graph(picture, scale, sigma, min_size).leaves
        families.append(mumford_shah(leaves, picture.features, f"leaves={scale} "))
    return Prediction(families)


def mumford_shah(leaves: IntArray, features: NDArray[np.float32], prefix: str = "") -> Family:
    """Return the horizontal cuts of the piecewise-constant Mumford-Shah tree over leaves.

    Parameters
    ----------
    leaves : (*spatial) int array
        Numbered from 0.
    features : (*spatial, C) array
    prefix : str
        Of the names of the cuts, which are altitudes.
    """
    from napari_backprop_segmentation.hierarchy.higra_module import hg

    pairs, lengths = borders(leaves)
    flat = leaves.ravel()
    area = np.bincount(flat).astype(float)
    if len(area) == 1:
        return Family(leaves, {f"{prefix}altitude={a:g}": np.zeros(1, np.int64) for a in CONTROL_ALTITUDES})
    sums, squares = (_sums(flat, len(area), values) for values in (features, features.astype(float) ** 2))
    graph = hg.UndirectedGraph(len(area))
    graph.add_edges(*pairs.T)
    perimeter = np.bincount(pairs.ravel(), np.repeat(lengths, 2))
    tree, altitudes = hg.binary_partition_tree_MumfordShah_energy(
        graph, sums, area, perimeter, lengths.astype(float), squares
    )
    altitudes = np.maximum.accumulate(altitudes)
    cuts = {
        f"{prefix}altitude={a:g}": consecutive(hg.labelisation_horizontal_cut_from_threshold(tree, altitudes, a))
        for a in CONTROL_ALTITUDES
    }
    return Family(leaves, cuts)


def ours(picture: Picture, seed: int, settings: str = "", iterations: str = "", **changes: Any) -> Prediction:
    """Run a preset of the package, ``ours:NAME`` or ``ours:NAME:ITERATIONS``, and cut its merge tree at 51 details."""
    from napari_backprop_segmentation import Params, finish, run

    changes |= {"iterations": int(iterations)} if iterations else {}
    result = finish(run(picture.image, Params.preset(settings or "fast", seed=seed, **changes), axes=picture.axes))
    if result.hierarchy is None:
        return Prediction([Family.from_labels(result.labels, "as trained")])
    tree = result.hierarchy
    cuts = {f"detail={d:g}": consecutive(tree.lookup(tree.altitude_of(d))) for d in np.linspace(0, 100, 51)}
    return Prediction([Family(tree.index.astype(np.int64), cuts)])


def classes(picture: Picture, seed: int, settings: str = "") -> Prediction:
    """Return the same as `ours`, ``classes:NAME``, of the tree of classes."""
    return ours(picture, seed, settings, regions="classes")


def ours_objects(picture: Picture, seed: int, settings: str = "") -> Prediction:
    """Find objects with a preset, ``ours-objects:NAME``, on either side of the ground."""
    from napari_backprop_segmentation import Params, finish, run
    from napari_backprop_segmentation.objects.foreground import foreground_objects
    from napari_backprop_segmentation.params.sections import Objects

    tree = finish(run(picture.image, Params.preset(settings or "fast", seed=seed), axes=picture.axes)).hierarchy
    image = np.moveaxis(picture.pixels, -1, 0)
    objects = {
        f"detail={detail} {side}": foreground_objects(tree.cut(detail), image, Objects(objects=side)).astype(np.int64)
        for detail in OBJECT_DETAILS
        for side in ("auto", "bright", "dark")
    }
    return Prediction([Family.from_labels(labels, name) for name, labels in objects.items()], objects)


def press(picture: Picture, seed: int, settings: str = "", **changes: Any) -> Prediction:
    """Return what a user gets after one press with a preset, ``press:NAME``; the automatic one if left out."""
    from napari_backprop_segmentation import Params, finish, run

    result = finish(run(picture.image, Params.preset(settings or "auto", seed=seed, **changes), axes=picture.axes))
    labels = result.labels.astype(np.int64)
    counted = result.record["params"]["objects"] != "off"
    return Prediction([Family.from_labels(labels, "pressed")], {"pressed": labels if counted else 0 * labels})


def alone(picture: Picture, seed: int, settings: str = "") -> Prediction:
    """Return the same as `press`, ``alone:NAME``, of a tree that does not listen to the network."""
    return press(picture, seed, settings, response_weight=0.0)


METHODS: dict[str, tuple[Callable[..., Prediction], bool]] = {
    "blank": (blank, False),
    "kmeans": (kmeans, True),
    "felzenszwalb": (felzenszwalb, False),
    "otsu": (otsu, False),
    "otsu-watershed": (otsu_watershed, False),
    "multiotsu": (multiotsu, False),
    "slic-merge": (slic_merge, False),
    "control": (control, False),
    "ours": (ours, True),
    "classes": (classes, True),
    "ours-objects": (ours_objects, True),
    "press": (press, True),
    "alone": (alone, False),
}


def method(name: str) -> tuple[Method, bool]:
    """Return the method of a name and whether its result depends on the seed.

    ``published-2018:N`` and ``published-2020:N`` are the published methods with N iterations (their own 1000 if left
    out); ``ours:PRESET:N`` any preset.

    Raises
    ------
    ValueError
        If there is no such method.
    """
    head, *rest = name.split(":")
    if head.startswith("published"):
        head, rest = "ours", [head, *rest]
    if head not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)} or published-2018, got {name!r}; check the name")
    function, seeded = METHODS[head]
    return partial(function, **dict(zip(("settings", "iterations"), rest, strict=False))), seeded


def off_frame(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask or its opposite: the one that holds less of the frame of the image."""
    mask = mask.astype(bool)
    return ~mask if mask[on_frame(mask.shape)].mean() > 0.5 else mask


def on_frame(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where the outermost pixels of an image lie."""
    frame = np.ones(shape, bool)
    frame[(slice(1, -1),) * len(shape)] = False
    return frame


def _graph(picture: Picture, scale: float, sigma: float, min_size: int) -> Family:
    labels = segmentation.felzenszwalb(picture.pixels, scale=scale, sigma=sigma, min_size=min_size, channel_axis=-1)
    return Family.from_labels(labels, f"scale={scale} sigma={sigma} min={min_size}", whole=True)


def _windows(pixels: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Return the intensities around each pixel (n_pixels, C * width^2)."""
    r = width // 2
    padded = np.pad(pixels, [(r, r), (r, r), (0, 0)], mode="reflect")
    views = np.lib.stride_tricks.sliding_window_view(padded, (width, width), axis=(0, 1))
    return np.ascontiguousarray(views).reshape(pixels.shape[0] * pixels.shape[1], -1)


def _sums(flat: IntArray, n: int, features: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sum of the features (*spatial, C) in each leaf (n_leaves, C)."""
    return np.stack([np.bincount(flat, channel, n) for channel in features.reshape(flat.size, -1).T], axis=1)


def _joined(n: int, pairs: IntArray) -> IntArray:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def _split(mask: NDArray[np.bool_], spacing: int) -> IntArray:
    """Return the parts of a mask, split where the distance to the background has several peaks."""
    from skimage.feature import peak_local_max

    distance = ndimage.distance_transform_edt(mask)
    peaks = peak_local_max(ndimage.gaussian_filter(distance, 1), min_distance=spacing, labels=mask.astype(int))
    seeds = np.zeros(mask.shape, np.int64)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return segmentation.watershed(-distance, seeds, mask=mask)
