"""Readings of images that do not fit the memory: judged on samples, and the same as in one piece."""

import numpy as np
import pytest

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.hierarchy import initial_regions
from napari_backprop_segmentation.image import crop, passes, windows
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.objects import reading
from napari_backprop_segmentation.objects.judgement import best_ious
from napari_backprop_segmentation.pipeline import count, estimate, sampled
from napari_backprop_segmentation.pipeline.messages import how_sure, remarks

QUICK = Params(n_channels=4, iterations=2, n_superpixels=60, precision="float32", device="cpu")
MADE = set(sampled.MADE_IN_BLOCKS)
SHAPES = {"plane": (100, 120), "volume": (12, 26, 30)}


def balls(shape):
    """Bright and dark balls on even grey, in noise."""
    image = np.full(shape, 100.0)
    radius = 9 if len(shape) == 2 else 4
    place = np.indices(shape)
    step = int(2.7 * radius)
    middles = np.stack(np.meshgrid(*[np.arange(step // 2, n, step) for n in shape], indexing="ij"), -1)
    for number, middle in enumerate(middles.reshape(-1, len(shape))):
        inside = sum((p - m) ** 2 for p, m in zip(place, middle, strict=True)) < radius**2
        image[inside] = 20 if number % 4 == 0 else 180
    return (image + np.random.default_rng(0).normal(0, 3, shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 48)


@pytest.fixture(scope="module", params=SHAPES, ids=list(SHAPES))
def seen(request):
    return in_one_piece(balls(SHAPES[request.param]))


def in_one_piece(image, axes=None):
    """Return an image, its axes, a network, and all readings, also those that are like better ones."""
    axes = axes or "ZYX"[-image.ndim :]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 48)
        monkeypatch.setattr(reading, "TWIN", 2.0)
        monkeypatch.setattr(reading, "OFFERED", 99)
        whole = finish(run(image, QUICK, axes=axes))
        return image, axes, whole.model, {offer.name: offer.labels() for offer in reversed(whole.readings)}


def test_a_reading_by_its_number_is_that_of_the_image_in_one_piece_in_any_blocks(seen, monkeypatch):
    image, axes, model, offers = seen
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    names = []
    for side in (30, 64, 200):
        monkeypatch.setitem(passes.PASS_SIDE, image.ndim, side)
        found = finish(run(image, QUICK.replace(reading=1), axes=axes, model=model))
        names.append(found.record["reading"])
        np.testing.assert_array_equal(found.labels, offers[names[-1]])
        assert found.labels.max() > 3
        assert found.record["params"]["reading"] == 1
    assert len(set(names)) == 1
    out = np.zeros(image.shape, np.uint16)
    finish(run(image, QUICK.replace(reading=1), axes=axes, model=model, out=out))
    np.testing.assert_array_equal(out, offers[names[0]])


def test_three_stains_are_read_alike_in_blocks(monkeypatch):
    nuclei = balls(SHAPES["plane"])
    noise = np.random.default_rng(1).normal(100, 3, (2, *nuclei.shape)).astype(np.uint8)
    image, axes, model, offers = in_one_piece(np.concatenate([noise, nuclei[None]]), "CYX")
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    monkeypatch.setitem(passes.PASS_SIDE, 2, 64)
    found = finish(run(image, QUICK.replace(reading=1), axes=axes, model=model))
    assert found.labels.max() > 3
    np.testing.assert_array_equal(found.labels, offers[found.record["reading"]])


def test_automatic_takes_the_best_reading_of_some_samples_for_all(monkeypatch, tmp_path):
    image, _, _, offers = in_one_piece(balls(SHAPES["plane"]))
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    monkeypatch.setitem(crop.CROP_SIDE, 2, 60)
    params = QUICK.replace(automatic=True)
    found = finish(run(image, params, resume=tmp_path / "kept"))
    assert found.record["kind"] == "fast"
    np.testing.assert_array_equal(found.labels, offers[found.record["reading"]])
    assert found.record["notes"][0] == "compared what can be counted on samples of the image"
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.sampled.some_crops", lambda _: pytest.fail("again"))
    again = finish(run(image, params, resume=tmp_path / "kept"))
    np.testing.assert_array_equal(again.labels, found.labels)
    assert 0.5 < found.record["sure"] == again.record["sure"] <= 1
    assert any(how_sure(found.record) in told for told in remarks(3, found.record))
    monkeypatch.undo()
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 48)
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    monkeypatch.setitem(crop.CROP_SIDE, 2, 60)
    recorded = Params.from_dict(found.record["params"])
    np.testing.assert_array_equal(finish(run(image, recorded)).labels, found.labels)


def test_other_readings_are_made_window_by_window(monkeypatch, sent_elsewhere):
    image, axes, model, offers = in_one_piece(balls(SHAPES["plane"]))
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    monkeypatch.setitem(windows.INNER_SIDE, 2, 60)
    monkeypatch.setitem(windows.HALO, 2, 30)
    kept = []
    once = lambda work, name, make: kept.append(make()) or kept[-1]  # noqa: E731
    monkeypatch.setattr(sampled, "kept_once", once)
    finish(run(image, QUICK.replace(reading=1), axes=axes, model=model))
    names = kept[0]["names"].tolist()
    assert set(names[: len(MADE & set(names))]) <= MADE
    monkeypatch.setattr(sampled, "kept_once", lambda *_: kept[0])
    found = finish(run(image, QUICK.replace(reading=names.index("bright") + 1), axes=axes, model=model))
    assert found.record["reading"] == "bright"
    assert any("one window after another" in note for note in found.record["notes"])
    assert found.labels.max() == offers["bright"].max()
    assert best_ious(offers["bright"], found.labels)[0] > 0.9
    params = QUICK.replace(reading=names.index("bright") + 1)
    of_workers = finish(run(image, params, axes=axes, model=model, client=object()))
    np.testing.assert_array_equal(of_workers.labels, found.labels)
    assert sent_elsewhere.count("read_window") == 4


def test_automatic_reads_window_by_window_where_that_is_clearly_better(monkeypatch):
    image, axes, _, offers = in_one_piece(balls(SHAPES["plane"]))
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    monkeypatch.setitem(crop.CROP_SIDE, 2, 60)
    scores = {"bright": 0.6, "bright on the ground": 0.5}
    monkeypatch.setattr(count, "summed_scores", lambda samples, among=None: _among(scores, among, len(samples)))
    found = finish(run(image, QUICK.replace(automatic=True), axes=axes))
    assert found.record["reading"] == "bright"
    assert found.labels.max() == offers["bright"].max()
    scores["bright"] = 0.52
    assert finish(run(image, QUICK.replace(automatic=True), axes=axes)).record["reading"] == "bright on the ground"


def _among(scores, among, n):
    return {name: n * score for name, score in scores.items() if among is None or name in among}


def test_automatic_shows_regions_where_nothing_can_be_counted(monkeypatch):
    noise = np.random.default_rng(0).normal(size=(90, 100)).astype(np.float32)
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.automatic.kind_of", lambda *_: "fast")
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 256)
    regions = finish(run(noise, QUICK, axes="YX"))
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    found = finish(run(noise, QUICK.replace(automatic=True), axes="YX"))
    assert "reading" not in found.record
    np.testing.assert_array_equal(found.labels, regions.labels)


def test_more_readings_than_there_are_are_refused(monkeypatch):
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    monkeypatch.setattr(sampled, "summed_scores", lambda *_: {"outlined": 0.5})
    with pytest.raises(ParameterError, match="reading must be from 0 to 1, as an image of this size has so"):
        finish(run(balls((60, 60)), QUICK.replace(reading=2)))


def test_samples_lie_where_there_is_something_to_see(monkeypatch):
    monkeypatch.setitem(crop.CROP_SIDE, 2, 20)
    image = np.random.default_rng(0).normal(0, 0.01, (200, 200)).astype(np.float32)
    image[10:60, 120:180:2] += 1
    image[110:160, 10:70:2] += 1
    source = ArraySource(image, "YX")
    found = crop.some_crops(source)
    assert [tuple(side.start // 100 for side in each.window) for each in found] == [(0, 1), (1, 0)]
    for each in found:
        np.testing.assert_array_equal(each.read(each.whole), source.read(each.window))
        np.testing.assert_array_equal(each.overview(3), source.read(each.window)[:, ::3, ::3])
