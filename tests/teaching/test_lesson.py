"""What strokes have taught goes with the network: the same kinds in another image, without pickle."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from napari_backprop_segmentation import Params, SegmentationError, finish, run
from napari_backprop_segmentation.errors import ImageError, ModelFileError
from napari_backprop_segmentation.io.model_file import load_model, save_model
from napari_backprop_segmentation.pipeline.lesson import taught_model
from napari_backprop_segmentation.teaching.lesson import PlainForest

QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 60, "min_labels": 0, "min_region": 1}
TOLD = {"1": {"name": "vein", "colour": [1.0, 0.0, 0.0, 1.0]}, "2": {"name": "ground", "colour": []}}


def stripes(vertical=False, seed=0):
    """Three stripes of different brightness: 30, 120, 210."""
    plane = np.repeat([30, 120, 210], 24)[:, None] + np.zeros((1, 72), int)
    plane = plane.T if vertical else plane
    return (plane + np.random.default_rng(seed).integers(0, 20, plane.shape)).astype(np.uint8)


def strokes():
    drawn = np.zeros((72, 72), np.int32)
    drawn[60:64, 20:50], drawn[10:14, 20:50], drawn[34:38, 20:50] = 1, 2, 5
    return drawn


@pytest.fixture(scope="module")
def taught():
    found = finish(run(stripes(), Params(**QUICK), strokes=strokes()))
    return found, taught_model(found, {**found.record, "kinds": TOLD})


@pytest.fixture
def saved(taught, tmp_path):
    save_model(tmp_path / "taught.safetensors", taught[1])
    return tmp_path / "taught.safetensors"


@pytest.mark.parametrize("kind", [ExtraTreesClassifier, RandomForestClassifier])
def test_plain_arrays_answer_as_the_forest_they_were(kind):
    rng = np.random.default_rng(0)
    looks, kinds = rng.normal(size=(400, 7)).astype(np.float32), rng.integers(0, 3, 400)
    weights = rng.integers(1, 9, 400).astype(float)
    forest = kind(n_estimators=5, random_state=0).fit(looks, kinds, sample_weight=weights)
    asked = rng.normal(size=(1000, 7)).astype(np.float32)
    np.testing.assert_allclose(PlainForest.of(forest).predict_proba(asked), forest.predict_proba(asked), atol=1e-12)


def test_another_image_shows_the_same_kinds(taught, saved):
    model = load_model(saved)
    assert model.lesson.told == TOLD
    found = finish(run(stripes(vertical=True, seed=1), Params(), model=model))
    assert set(np.unique(found.labels)) == {1, 2, 5}
    for columns, number in ((slice(4, 20), 2), (slice(28, 44), 5), (slice(52, 68), 1)):
        assert (found.labels[:, columns] == number).mean() > 0.95
    assert (found.record["regions"], found.record["kinds"]) == ("kinds", TOLD)


def test_the_image_that_was_drawn_on_looks_as_it_did(taught, saved):
    first, _ = taught
    again = finish(run(stripes(), Params(), model=load_model(saved)))
    assert (again.labels == first.labels).mean() > 0.98


def test_strokes_and_examples_come_before_what_was_taught(taught):
    drawn = np.where(strokes() == 5, 0, strokes())
    found = finish(run(stripes(), Params(), model=taught[1], strokes=drawn))
    assert set(np.unique(found.labels)) == {1, 2}
    assert "kinds" not in finish(run(stripes(), Params(), model=taught[1], examples=[(60, 30)])).record


def test_objects_of_the_first_kind_are_divided(tmp_path):
    image, drawn = stripes(), strokes()
    found = finish(run(image, Params(**QUICK, strokes_as="objects"), strokes=drawn))
    model = taught_model(found)
    assert model.lesson.strokes_as == "objects"
    again = finish(run(image, Params(), model=model))
    assert again.labels[62, 30] > 0
    assert again.labels[12, 30] == again.labels[36, 30] == 0


def test_every_frame_of_a_series_shows_the_kinds(taught):
    series = np.stack([stripes(), stripes(vertical=True)])
    found = finish(run(series, Params(), axes="TYX", model=taught[1]))
    assert (found.labels[0, 62, 10], found.labels[1, 10, 62]) == (1, 1)


def test_other_channels_are_refused_in_words(taught):
    lesson = taught[1].lesson
    with pytest.raises(ImageError, match="channels that the kinds were taught on"):
        lesson.sure(np.zeros((3, lesson.n_looks + 1), np.float32))


def header_of(path):
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return dict(file.metadata())


def rewrite(path, arrays=None, **lesson):
    header, tensors = header_of(path), load_file(path) | (arrays or {})
    model = json.loads(header["model"])
    model["lesson"] |= lesson
    save_file(tensors, path, metadata={**header, "model": json.dumps(model)})


@pytest.mark.parametrize(
    "lesson",
    [
        {"kinds": [2, 1, 5]},
        {"kinds": [1]},
        {"kinds": "all"},
        {"forests": [[2**30, 2**30], [1, 1]]},
        {"forests": [[25]]},
        {"n_looks": 0},
        {"strokes_as": "pieces"},
        {"more": 1},
        {"told": 3},
    ],
)
def test_headers_that_cannot_be_are_refused(saved, lesson):
    rewrite(saved, **lesson)
    with pytest.raises(ModelFileError, match="; save the model again"):
        load_model(saved)


@pytest.mark.parametrize(("name", "value"), [("left", 0), ("looked_at", 10**6), ("roots", -5), ("limits", np.nan)])
def test_trees_that_lead_nowhere_are_refused(saved, name, value):
    full = f"lesson.0.{name}"
    array = load_file(saved)[full].copy()
    array[0] = value
    rewrite(saved, {full: array})
    with pytest.raises(ModelFileError, match="trees that cannot be"):
        load_model(saved)


def test_damaged_files_give_sentences_only(saved):
    whole, rng = saved.read_bytes(), np.random.default_rng(0)
    for _ in range(100):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            damaged[place] = rng.integers(256)
        saved.write_bytes(damaged)
        try:
            load_model(saved).lesson.sure(np.zeros((2, 3), np.float32))
        except SegmentationError as error:
            assert "; " in str(error)


def test_files_without_a_lesson_stay_as_they_were(taught, tmp_path):
    save_model(tmp_path / "plain.safetensors", taught[0].model)
    assert header_of(tmp_path / "plain.safetensors")["format"] == "1"
    assert load_model(tmp_path / "plain.safetensors").lesson is None
