"""Binned images: means of squares, whatever is read of them, and the way back to the size of the image."""

import numpy as np
import pytest
from skimage.transform import downscale_local_mean

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.hierarchy.consensus import Agreement
from napari_backprop_segmentation.hierarchy.linking import LinkedTrees
from napari_backprop_segmentation.hierarchy.region_graph import region_graph
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, build_hierarchy
from napari_backprop_segmentation.image.binning import Binned
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.params.sections import Training
from napari_backprop_segmentation.pipeline.downsampling import Binning

RNG = np.random.default_rng(0)
QUICK = {"iterations": 4, "n_channels": 12, "n_superpixels": 300}


@pytest.mark.parametrize(("axes", "shape"), [("YX", (13, 20)), ("CYX", (2, 9, 12)), ("TZYXS", (2, 3, 8, 10, 3))])
def test_pixels_are_means_of_squares_of_planes(axes, shape):
    array = RNG.random(shape)
    factors = tuple(3 if letter in "YX" else 1 for letter in axes)
    cut = array[tuple(slice(0, n - n % f) for n, f in zip(shape, factors, strict=True))]
    expected = downscale_local_mean(cut, factors)
    binned = Binned(array, axes, 3)
    assert (binned.shape, binned.dtype) == (expected.shape, array.dtype)
    for index in [slice(None), slice(1, 2), slice(None, None, 2), slice(0, 2, 3)]:
        where = (index,) * len(shape)
        np.testing.assert_allclose(binned[where], expected[where], rtol=1e-12)


def test_whole_numbers_stay_whole_numbers():
    array = np.array([[1, 2], [1, 3]], np.uint8).repeat(4, axis=1)
    assert Binned(array, "YX", 2)[:, :].tolist() == [[1, 1, 2, 2]]
    assert Binned(array, "YX", 2)[:, :].dtype == np.uint8


def test_a_binned_source_has_the_sizes_of_its_pixels_and_the_chosen_channels():
    source = ArraySource(RNG.random((3, 4, 20, 30)), "CZYX", channels=[2, 0], spacing=(3, 1, 1)).binned(2)
    assert source.shape == (2, 4, 10, 15)
    assert source.spacing == (1.5, 1.0, 1.0)


def test_labels_are_enlarged_and_the_rest_of_the_edge_is_as_its_neighbour():
    found = Binning(2, (5, 4)).enlarged(np.array([[1, 2], [3, 4]]))
    assert found.tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4], [3, 3, 4, 4]]
    assert Binning(3, (6, 7)).enlarged(np.zeros((5, 2, 2), int)).shape == (5, 6, 7)


def test_trees_and_agreements_are_those_of_the_enlarged_regions():
    labels = RNG.integers(0, 3, (6, 7))
    graph = region_graph(labels)
    trees = [build_hierarchy(graph, RNG.random((len(graph.areas), 2))) for _ in range(2)]
    binning = Binning(2, (13, 14))
    large = binning.tree(trees[0])
    assert isinstance(large, Hierarchy)
    for detail in (20.0, 60.0, 100.0):
        assert large.cut(detail).shape == (13, 14)
    np.testing.assert_array_equal(large.cut(n_regions=4), binning.enlarged(trees[0].cut(n_regions=4)))
    linked = binning.tree(LinkedTrees(trees))
    assert isinstance(linked, LinkedTrees)
    assert linked.shape == (2, 13, 14)
    agreed = binning.agreement(Agreement.of(graph, trees))
    assert agreed is not None
    assert agreed.map(50.0).shape == (13, 14)
    again = Agreement.of(region_graph(binning.enlarged(labels)), [binning.tree(tree) for tree in trees])
    np.testing.assert_allclose(agreed.saliencies, again.saliencies)
    assert binning.tree(None) is binning.agreement(None) is None


def coarse(seed=0):
    """Cells, eighty pixels across, with bright rims of ten on a smooth ground; all of it much too large."""
    rng = np.random.default_rng(seed)
    small = 0.02 * rng.normal(size=(48, 64))
    for y, x in ((12, 14), (14, 46), (35, 30)):
        distance = np.hypot(*(np.indices(small.shape) - np.array([[[y]], [[x]]])))
        small[distance < 10] = 1.0
        small[distance < 8] = 0.3 * rng.normal(size=int((distance < 8).sum()))
    return small.repeat(8, axis=0).repeat(8, axis=1).astype(np.float32)


def test_a_large_run_looks_at_means_and_answers_at_full_size():
    image, params = coarse(), Params.preset("phase", **QUICK)
    steps = run(image, params)
    assert next(steps).labels.shape == image.shape
    result = finish(steps)
    assert result.record["binning"] > 1
    assert result.model.preparation.binning == result.record["binning"]
    assert result.model.training == Training.of(params)
    assert result.labels.shape == result.hierarchy.shape == image.shape
    assert finish(run(image, params, model=result.model)).record["binning"] == result.record["binning"]
    assert finish(run(image, params.replace(n_runs=2))).agreement.map(50.0).shape == image.shape
    frames = finish(run(np.stack([image, image]), params, axes="TYX"))
    assert frames.labels.shape == frames.hierarchy.shape == (2, *image.shape)
    assert finish(run(image, params.replace(objects="off"))).record["binning"] == 1


def test_a_stopped_run_and_an_abandoned_one_end():
    steps = run(coarse(), Params.preset("phase", **QUICK))
    next(steps)
    with pytest.raises(StopIteration) as done:
        steps.send("stop")
    assert done.value.value.stopped_by == "stopped by you"
    steps = run(coarse(), Params.preset("phase", **QUICK))
    next(steps)
    steps.close()
