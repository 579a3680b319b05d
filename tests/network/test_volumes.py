"""What true pixel sizes change in a volume, in small numbers."""

import numpy as np
import pytest

from napari_backprop_segmentation.hierarchy.border_costs import face_costs
from napari_backprop_segmentation.hierarchy.features import edge_strength
from napari_backprop_segmentation.hierarchy.initial_regions import initial_regions
from napari_backprop_segmentation.image.ridges import source_ridges
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.network.superpixels import superpixel_index
from napari_backprop_segmentation.params.sections import Regions, Superpixels

EVEN = Regions(edge_weight=0.0)
NOISE = np.random.default_rng(0).integers(0, 200, (6, 20, 22)).astype(np.uint8)


def test_a_border_between_slices_costs_its_true_area():
    deep, high, wide = face_costs(ArraySource(NOISE, "ZYX", spacing=(4, 1, 1)), EVEN, None)
    assert (deep.shape, high.shape, wide.shape) == ((5, 20, 22), (6, 19, 22), (6, 20, 21))
    assert (deep == 0.25).all()  # of a pixel that is four times as deep as wide, in units of its volume
    assert (high == 1).all()
    assert (wide == 1).all()
    assert face_costs(ArraySource(NOISE, "ZYX"), EVEN, None) is None  # all one


def test_edges_are_smoothed_less_along_coarse_axes():
    step = np.zeros((8, 9, 9), np.uint8)
    step[4:] = 200
    fine, coarse = (
        edge_strength(ArraySource(step, "ZYX", spacing=spacing))[0][:, 4, 4] for spacing in ((1, 1, 1), (4, 1, 1))
    )
    assert fine.argmax() == coarse.argmax() == 3
    assert coarse[3] == pytest.approx(5, abs=0.01)  # all of the difference
    assert fine[3] < 4.8
    assert coarse[1] == pytest.approx(0, abs=0.01)
    assert fine[1] > 0.05


@pytest.mark.parametrize("kind", ["graph", "lines"])
def test_leaves_of_a_volume_are_those_of_its_slices(kind):
    source = ArraySource(NOISE, "ZYX")
    ridges = source_ridges(source)  # a slice by itself may have bright lines where the volume has dark ones
    leaves = initial_regions(source, kind, ridges)
    np.testing.assert_array_equal(np.unique(leaves), np.arange(leaves.max() + 1))
    first = 0
    for z in range(6):
        alone = initial_regions(source.at((z,)), kind, ridges)
        np.testing.assert_array_equal(leaves[z], alone + first)
        first += alone.max() + 1


def test_superpixels_weigh_distances_by_true_size():
    image, params = NOISE[None].astype(np.float32) / 255, Superpixels(n_superpixels=40, compactness=0.3)
    even, deep = (superpixel_index(image, params, spacing) for spacing in ((1.0, 1.0, 1.0), (4.0, 1.0, 1.0)))
    np.testing.assert_array_equal(even, superpixel_index(image, params))
    spread = [np.mean([np.std(np.nonzero(index == n)[0]) for n in range(index.max() + 1)]) for index in (even, deep)]
    assert spread[1] < spread[0]
