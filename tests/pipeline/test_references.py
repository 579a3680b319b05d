"""One network for several images: the same kinds and classes in all of them."""

import numpy as np
import oracle
import pytest
from stepping import all_steps

from napari_backprop_segmentation import Params, finish, load_model, run, save_model, train_together
from napari_backprop_segmentation.errors import ImageError, ParameterError

SMALL = {"n_channels": 8, "iterations": 4, "n_superpixels": 100, "precision": "float32", "device": "cpu"}
# By the statistics of an image, what is brightest in it is bright, whatever it is.
CLASSES = Params(**SMALL, regions="classes", n_regions=3, statistics="trained")
GREYS = (30, 120, 210)


def materials(shape, seed, present=(1, 2)):
    """Return an image (Y, X) uint8 of materials in separate places on another one, and which is where."""
    rng = np.random.default_rng(seed)
    kinds = np.zeros(shape, np.int64)
    for y in range(6, shape[0] - 14, 20):
        for x in range(6, shape[1] - 14, 20):
            kinds[y : y + 12, x : x + 12] = rng.choice(present)
    return (np.array(GREYS)[kinds] + rng.normal(0, 4, shape)).clip(0, 255).astype(np.uint8), kinds


FIRST, SECOND = materials((64, 84), 1), materials((84, 64), 2)
OTHER = materials((48, 104), 3, present=(2,))


def numbers(labels, kinds, share=0.95):
    """Return the number that most of each material has."""
    found = {}
    for kind in np.unique(kinds).tolist():
        counts = np.bincount(labels[kinds == kind])
        found[kind] = int(counts.argmax())
        assert counts.max() > share * counts.sum()
    return found


@pytest.fixture(scope="module")
def classes():
    return finish(train_together([FIRST[0], SECOND[0]], CLASSES, axes="YX"))


def test_equal_materials_have_equal_numbers_in_all_images(classes, tmp_path):
    found = [finish(run(image, CLASSES, axes="YX", model=classes)) for image, _ in (FIRST, SECOND, OTHER)]
    first, second, other = (
        numbers(result.labels, kinds) for result, (_, kinds) in zip(found, (FIRST, SECOND, OTHER), strict=True)
    )
    assert len(set(first.values())) == 3
    assert first == second
    assert other == {kind: first[kind] for kind in (0, 2)}  # what is not there leaves its number free
    for detail in (20, 40, 60):  # at any position of the slider, whatever the size of an image
        cuts = [numbers(found[i].hierarchy.cut(detail), (FIRST, SECOND)[i][1], 0.6) for i in (0, 1)]
        assert cuts[0] == cuts[1]
    path = tmp_path / "model.safetensors"
    save_model(path, classes)
    again = finish(run(OTHER[0], CLASSES, axes="YX", model=load_model(path))).labels
    np.testing.assert_array_equal(again, found[2].labels)


def test_classes_of_one_image_are_those_of_the_next_and_of_all_frames():
    alone = finish(run(FIRST[0], CLASSES, axes="YX"))
    other = finish(run(OTHER[0], CLASSES, axes="YX", model=alone.model))
    known = numbers(alone.labels, FIRST[1])
    assert numbers(other.labels, OTHER[1]) == {kind: known[kind] for kind in (0, 2)}
    frames = [materials((64, 64), seed) for seed in range(3)]
    params = Params(**SMALL, regions="classes", detail=30)
    series = finish(run(np.stack([image for image, _ in frames]), params, axes="TYX"))
    first, *others = (numbers(labels, kinds) for labels, (_, kinds) in zip(series.labels, frames, strict=True))
    assert len(set(first.values())) == 3
    assert all(each == first for each in others)


def test_strokes_on_several_images_teach_the_same_kinds(tmp_path):
    params = Params(**SMALL)
    strokes = [np.zeros(image.shape, np.uint8) for image, _ in (FIRST, SECOND)]
    for drawn, (_, kinds), numbered in zip(strokes, (FIRST, SECOND), ({1: 7}, {0: 2, 2: 4}), strict=True):
        for kind, number in numbered.items():
            rows, columns = np.nonzero(kinds == kind)
            drawn[rows[::9], columns[::9]] = number
    model = finish(train_together([FIRST[0], SECOND[0]], params, axes="YX", strokes=strokes))
    assert model.statistics == "image"  # unless told otherwise
    path = tmp_path / "model.safetensors"
    save_model(path, model)
    for known in (model, load_model(path)):
        for image, kinds in (FIRST, SECOND, OTHER):
            result = finish(run(image, axes="YX", model=known))
            expected = {0: 2, 1: 7, 2: 4}
            assert numbers(result.labels, kinds, 0.6) == {kind: expected[kind] for kind in np.unique(kinds).tolist()}


def test_the_published_training_from_outside():
    photos = [np.stack([image] * 3, axis=-1) for image, _ in (FIRST, SECOND)]
    settings = {"iterations": 2, "reference_side": 20, "n_channels": 16, "device": "cpu", "precision": "float32"}
    params = Params.preset("published-2020-reference", **settings)
    steps, model = all_steps(train_together(photos, params, axes="YXS"))
    expected = list(oracle.train_on_references(photos, params))
    np.testing.assert_allclose([step.loss for step in steps], expected, rtol=1e-3)
    np.testing.assert_allclose(steps[0].loss, expected[0], rtol=1e-5)
    assert model.statistics == "image"
    result = finish(run(photos[0], model=model, axes="YXS"))
    assert result.record["params"]["statistics"] == "image"
    assert result.record["params"]["regions"] == "merged"  # what is wanted of an image is said when it is labelled


def test_statistics_of_an_image_do_not_mind_another_brightness():
    params = Params(**SMALL, regions="trained", normalisation="published", min_labels=0)
    model = finish(train_together([FIRST[0], SECOND[0]], params, axes="YX"))
    darker = (OTHER[0] // 2).astype(np.uint8)
    wanted = {name: params.replace(statistics=name) for name in ("trained", "image")}
    labels = {
        name: [finish(run(image, each, axes="YX", model=model)).labels for image in (OTHER[0], darker)]
        for name, each in wanted.items()
    }
    same = {name: (bright == dark).mean() for name, (bright, dark) in labels.items()}
    assert same["image"] > 0.85
    assert same["trained"] < same["image"]


def test_a_network_is_not_applied_to_other_channels():
    model = finish(train_together([FIRST[0], SECOND[0]], Params(**SMALL, statistics="image"), axes="YX"))
    with pytest.raises(ImageError, match="image must have 1 channels, as the network was trained on so many, got 2"):
        finish(run(np.stack([FIRST[0]] * 2), Params(**SMALL), axes="CYX", model=model))


@pytest.mark.parametrize(
    ("images", "changes", "arguments", "words"),
    [
        ([], {}, {}, "images must be one at least"),
        (7, {}, {}, "images must be a list of images, got int"),
        ([FIRST[0]], {}, {"axes": 7}, "axes must be one for all images, or one for each of 1, got 7"),
        ([FIRST[0]], {}, {"spacing": 0.5}, "spacing must be one for all images"),
        ([FIRST[0]], {}, {"strokes": "x"}, "strokes must be one for all images"),
        ([FIRST[0]], {}, {"merge": 7}, "merge must be callable, got int"),
        (
            [FIRST[0], np.stack([FIRST[0]] * 3, -1)],
            {},
            {"axes": ["YX", "YXS"]},
            "image must have the channels of image 1",
        ),
        ([FIRST[0], FIRST[0][None]], {}, {"axes": ["YX", "ZYX", "YX"]}, "axes must be one for all images"),
        ([FIRST[0], FIRST[0] * 0], {}, {"axes": "YX"}, "image 2: image must hold at least two different values"),
        (
            [FIRST[0], SECOND[0]],
            {"images_at_once": 2},
            {"axes": "YX"},
            "images_at_once must be 1 for images of several",
        ),
        ([FIRST[0]], {"images_at_once": 2}, {"axes": "YX"}, "images_at_once must be at most 1"),
        ([FIRST[0]], {"method": "kmeans"}, {"axes": "YX"}, "method must be superpixels or continuity"),
        ([FIRST[0], SECOND[0]], {}, {"axes": "YX", "strokes": [None, SECOND[0] * 0 + 1]}, "two kinds at least"),
    ],
)
def test_what_does_not_go_together_is_refused_in_words(images, changes, arguments, words):
    with pytest.raises((ImageError, ParameterError), match=words):
        finish(train_together(images, Params(**{**SMALL, **changes}), **arguments))
