"""What a run settles once, what it records, and what it refuses."""

import json

import numpy as np
import pytest
from cells import halo_cells
from scipy.ndimage import zoom
from skimage import data
from stepping import all_steps

from napari_backprop_segmentation import Model, NewStrokes, Params, finish, run, segment, train
from napari_backprop_segmentation.errors import ImageError, ParameterError, SegmentationError
from napari_backprop_segmentation.image import ridges
from napari_backprop_segmentation.params.sections import Training

COINS = data.coins()[:100, :120]
SMALL = {"n_channels": 8, "iterations": 3, "n_superpixels": 100, "min_labels": 0, "device": "cpu"}
QUICK = Params(**SMALL)
DRAWN = np.eye(100, 120, dtype=int)
AXES = pytest.mark.parametrize(
    ("image", "axes", "changes"),
    [(COINS, "YX", {}), (np.stack([COINS] * 2), "TYX", {}), (np.stack([COINS] * 2), "ZYX", {"volumes": "slices"})],
    ids=["image", "series", "slices"],
)


@pytest.fixture
def looks_like_nuclei(monkeypatch):
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.automatic.kind_of", lambda *_: "nuclei")


def test_objects_that_were_switched_off_stay_off_whatever_the_image_looks_like(looks_like_nuclei):
    found = finish(run(COINS, Params(**SMALL, objects="off", automatic=True)))
    assert found.record["kind"] == "nuclei"
    assert found.record["params"]["objects"] == "off"
    assert found.record["params"]["edge_limit"] == 100.0  # of the preset
    assert found.record["given"] == sorted([*SMALL, "objects", "automatic"])
    assert found.labels.min() == 1
    open_ = finish(run(COINS, Params(**SMALL, automatic=True)))
    assert open_.record["params"]["objects"] == "bright"
    assert open_.labels.min() == 0


@pytest.fixture
def labels_nothing(monkeypatch):
    """Any attempt to label or to merge fails."""

    def fail(*_):
        raise AssertionError("nothing is to be labelled")

    monkeypatch.setattr("napari_backprop_segmentation.pipeline.trees.build_tree", fail)
    monkeypatch.setattr(Model, "responses", fail)


@AXES
def test_training_labels_and_merges_nothing(image, axes, changes, labels_nothing):
    params = QUICK.replace(**changes)
    steps, model = all_steps(train(image, params, axes=axes))
    assert [step.iteration for step in steps] == list(range(1, 1 + len(steps)))
    assert len(steps) == (4 if axes == "TYX" else 3)  # one more to adapt to the second frame
    assert isinstance(model, Model)
    with pytest.raises(AssertionError, match="nothing is to be labelled"):
        finish(run(image, params, axes=axes))


@AXES
def test_training_gives_the_network_of_a_run(image, axes, changes):
    params = QUICK.replace(**changes)
    alone, (_, whole) = all_steps(train(image, params, axes=axes))[1], all_steps(run(image, params, axes=axes))
    one, other = (list(model.network.state_dict().values()) for model in (alone, whole.model))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))
    for name in ("training", "input", "preparation", "stopped_by", "iterations", "taught"):
        assert getattr(alone, name) == getattr(whole.model, name)


@pytest.mark.parametrize("method", ["kmeans", "graph"])
def test_methods_without_a_network_cannot_be_trained(method):
    with pytest.raises(ParameterError, match=f"method must be superpixels or continuity to train, got '{method}'"):
        next(train(COINS, Params(method=method)))


def test_a_network_is_applied_with_the_settings_it_was_trained_with():
    asked = {"method": "continuity", "n_layers": 1, "seed": 9, "context": True, "normalisation": "published"}
    first = finish(run(COINS, QUICK.replace(**asked)))
    again = finish(run(COINS // 2, Params(detail=60.0), model=first.model))
    recorded = Params.from_dict(again.record["params"])
    settled = {"device": "auto", "statistics": "trained"}  # where it is applied is not fixed, and how is decided
    assert recorded == QUICK.replace(**asked, detail=60.0, **settled)
    assert again.record["given"] == ["detail"]
    assert (
        again.record["normalisation"]
        == first.record["normalisation"]
        == {"offsets": [0.0], "spans": [255.0], "bases": []}
    )
    assert (again.record["iterations"], again.stopped_by) == (0, "labelled by a network trained before")
    assert first.model.training == Training.of(recorded)
    np.testing.assert_array_equal(
        finish(run(COINS, Params(detail=60.0), model=first.model)).labels, first.hierarchy.cut(60)
    )


def test_what_was_asked_of_a_method_without_a_network_does_not_count_for_a_trained_one():
    first = finish(run(COINS, QUICK))
    again = finish(run(COINS, Params(method="kmeans"), model=first.model))
    assert again.record["params"]["method"] == "superpixels"
    np.testing.assert_array_equal(again.labels, first.labels)


def test_a_network_trained_on_some_channels_looks_at_the_same():
    image = np.stack([COINS.T[:100, :100], COINS[:, :100], COINS[:, 20:]])
    first = finish(run(image, QUICK, axes="CYX", channels=(1,)))
    again = finish(run(image[::-1], QUICK, axes="CYX", model=first.model))
    assert first.record["channels"] == again.record["channels"] == [1]
    np.testing.assert_array_equal(again.labels, first.labels)


def test_strokes_are_refused_where_nothing_is_trained():
    model = finish(run(COINS, QUICK)).model
    seen = QUICK.replace(strokes_as="network")
    with pytest.raises(ParameterError, match="strokes must be left out where a network is applied that was trained"):
        next(run(COINS, seen, model=model, strokes=DRAWN))
    finish(run(COINS, QUICK, model=model, strokes=0 * DRAWN))  # nothing is drawn


@pytest.mark.parametrize(
    ("strokes", "words"),
    [
        (0.5 * DRAWN, "strokes must be whole numbers, got float64"),
        (DRAWN.T, r"strokes must have the spatial shape of the image \(100, 120\), got \(120, 100\)"),
        (9 * DRAWN, r"strokes must be labels from 0 to 8 \(n_channels\), got 0 to 9"),
        (-DRAWN, r"strokes must be labels from 0 to 8 \(n_channels\), got -1 to 0"),
    ],
)
def test_strokes_that_do_not_fit_are_refused(strokes, words):
    with pytest.raises(ImageError, match=words):
        next(run(COINS, QUICK.replace(strokes_as="network"), strokes=strokes))


def test_strokes_drawn_during_a_run_keep_their_numbers():
    steps, result = all_steps(run(COINS, QUICK.replace(strokes_as="network")), commands={1: NewStrokes(DRAWN)})
    assert [step.losses["strokes"] > 0 for step in steps] == [False, True, True]
    assert result.model.taught
    assert result.hierarchy is None
    assert result.record["regions"] == "trained"
    np.testing.assert_array_equal(result.labels, finish(run(COINS, QUICK, model=result.model)).labels)


@pytest.fixture(scope="module")
def large():
    """Cells with halos, twice as large as need be, and what a run finds in them."""
    image = zoom(halo_cells()[0], 2, order=1)
    quick = {"iterations": 3, "n_channels": 16, "n_superpixels": 500, "device": "cpu"}
    params = Params.preset("phase", **quick)
    return image, params, finish(run(image, params))


def test_a_network_trained_on_a_binned_image_sees_the_next_one_binned_also_without_objects(large):
    image, params, first = large
    assert first.record["binning"] == first.model.preparation.binning == 2
    again = finish(run(image, params.replace(objects="off"), model=first.model))
    assert again.record["binning"] == 2
    assert again.record["normalisation"] == first.record["normalisation"]
    assert again.labels.shape == image.shape
    pairs = again.labels.reshape(image.shape[0] // 2, 2, image.shape[1] // 2, 2)
    assert (pairs == pairs[:, :1, :, :1]).all()
    np.testing.assert_array_equal(again.labels, first.hierarchy.cut(params.detail))
    assert finish(run(image, params.replace(objects="off"))).record["binning"] == 1


def test_labels_of_a_binned_image_cannot_be_written_elsewhere(large):
    image, params, first = large
    with pytest.raises(ParameterError, match="out must be left out where the network was trained on squares of 2 x 2"):
        next(run(image, params.replace(objects="off"), model=first.model, out=np.zeros(image.shape, int)))


@pytest.fixture
def counted(monkeypatch):
    """How often it was looked for what lines an image has."""
    found, search = [], ridges.find_ridges

    def find_ridges(pixels):
        found.append(search(pixels))
        return found[-1]

    monkeypatch.setattr(ridges, "find_ridges", find_ridges)
    return found


@pytest.mark.parametrize("n_runs", [1, 2])
def test_lines_are_looked_for_once_and_recorded(counted, n_runs):
    image = halo_cells()[0]
    result = finish(run(image, Params.preset("phase", **SMALL, n_runs=n_runs)))
    assert len(counted) == 1
    assert result.record["binning"] == 1
    assert result.record["ridges"] == {"sign": "bright", "channel": None, "width": counted[0].width}


def test_lines_of_a_series_are_looked_for_once(counted):
    result = finish(run(np.stack([halo_cells()[0]] * 3), Params.preset("phase", **SMALL), axes="TYX"))
    assert len(counted) == 1
    assert result.record["ridges"] == counted[0].record()


def test_lines_of_a_binned_image_are_looked_for_once_and_recorded_as_they_are_there(large, counted):
    image, params, first = large
    again = finish(run(image, params))
    assert len(counted) == 1
    assert first.record["ridges"] == again.record["ridges"] == counted[0].binned(2).record()
    np.testing.assert_array_equal(again.labels, first.labels)


def test_where_no_lines_are_needed_none_are_looked_for(counted):
    assert finish(run(COINS, QUICK.replace(objects="bright"))).record["ridges"] is None
    assert finish(run(COINS, QUICK.replace(method="graph", initial_regions="lines"))).record["ridges"] is None
    assert counted == []


class Gone:
    """An image on a disk that is taken away after some reads."""

    def __init__(self, reads):
        self.shape, self.dtype, self.ndim, self._reads = COINS.shape, COINS.dtype, 2, reads

    def __getitem__(self, window):
        self._reads -= 1
        if self._reads < 0:
            raise RuntimeError("the disk is gone")
        return COINS[window]


@pytest.mark.parametrize("reads", [0, 1], ids=["at once", "in training"])
@pytest.mark.parametrize("how", [segment, lambda *args: finish(run(*args)), lambda *args: finish(train(*args))])
def test_a_runtime_error_of_the_image_is_one_of_ours(reads, how):
    """napari's workers would swallow it."""
    with pytest.raises(ImageError, match=r"^image must be readable, got 'the disk is gone'") as caught:
        how(Gone(reads), QUICK)
    assert isinstance(caught.value.__cause__, RuntimeError)


class Written:
    """Takes labels as a zarr array does, and nothing else."""

    def __init__(self):
        self.labels = np.zeros(COINS.shape, np.int64)

    def __setitem__(self, window, labels):
        self.labels[window] = labels


@pytest.mark.parametrize("method", ["kmeans", "graph"])
def test_methods_without_a_network_write_where_they_are_told_to(method):
    params, out = Params(method=method, n_clusters=4), Written()
    result = finish(run(COINS, params, out=out))
    assert result.labels is out
    np.testing.assert_array_equal(out.labels, segment(COINS, params))
    assert out.labels.min() == 1


@pytest.mark.parametrize(
    ("image", "axes", "changes"),
    [
        (COINS, "YX", {}),
        (COINS, "YX", {"objects": "outlined", "initial_regions": "lines"}),
        (COINS, "YX", {"n_runs": 2}),
        (COINS, "YX", {"method": "kmeans"}),
        (np.stack([COINS] * 2), "TYX", {"objects": "bright"}),
    ],
    ids=["image", "outlined", "runs", "kmeans", "series"],
)
def test_a_record_is_of_plain_values_and_says_everything(image, axes, changes):
    record = finish(run(image, QUICK.replace(**changes), axes=axes, spacing=(0.5, 0.25))).record
    assert json.loads(json.dumps(record)) == record
    assert set(record) == {
        "params", "given", "kind", "axes", "image_shape", "channels", "spacing", "normalisation", "binning", "ridges",
        "crop", "device", "precision", "processor", "instructions", "threads", "notes", "finished", "versions",
        "regions", "stopped_by", "iterations", "seconds", "image_checksum",
    }  # fmt: skip
    assert Params.from_dict(record["params"]) == QUICK.replace(**changes)
    assert record["image_shape"] == [1, *image.shape]
    assert (record["axes"], record["spacing"], record["crop"]) == (axes, [2.0, 1.0], None)


def test_the_crop_of_training_is_recorded():
    record = finish(run(COINS, QUICK.replace(crop_pixels=40 * 40))).record
    assert record["crop"] == [40, 40]


@pytest.mark.parametrize(
    "given",
    [
        {"strokes": [[1, 2], [3]]},
        {"examples": [[1, 2], [3]]},
        {"examples": [(5, 5)], "counter_examples": [[1, 2], [3]]},
        {"spacing": [10**400, 1]},
        {"spacing": [1 + 0j, 2]},
        {"axes": np.zeros((2, 2))},
        {"channels": np.array(None)},
        {"channels": [[1, 2], [3]]},
        {"model": np.zeros(3)},
        {"model": ""},
        {"merge": 5},
        {"merge": None},
        {"progress": "often"},
    ],
    ids=", ".join,
)
def test_arguments_of_any_kind_are_refused_in_words(given):
    with pytest.raises(SegmentationError, match=f"^{list(given)[-1]} must be "):
        finish(run(COINS, QUICK, **given))


def test_a_model_is_applied_to_real_numbers_only():
    model = finish(run(COINS, QUICK)).model
    with pytest.raises(ImageError, match="image must be of a number type, got complex64; convert it first"):
        finish(run(COINS.astype(np.complex64), QUICK, model=model))
