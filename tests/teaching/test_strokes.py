"""Strokes: kinds that alike pixels follow, pieces of the tree that follow their own stroke."""

import numpy as np
import pytest

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.network.step import NewStrokes
from napari_backprop_segmentation.teaching.kinds import apply, most_doubtful
from napari_backprop_segmentation.teaching.patches import SIDE, Patches, divided, make_patches
from napari_backprop_segmentation.teaching.pieces import Drawn, owners, pieces
from napari_backprop_segmentation.teaching.plain import runs_of, strokes_from

QUICK = Params(n_channels=8, iterations=3, n_superpixels=100, device="cpu")


def discs(shape=(120, 160), bright=True):
    """Two kinds of discs of one brightness, even and striped, on a noisy ground."""
    rng = np.random.default_rng(0)
    image = rng.normal(0, 0.03, shape).astype(np.float32)
    truth = np.zeros(shape, int)
    y, x = np.indices(shape)
    for number, (cy, cx) in enumerate([(r, c) for r in (20, 60, 100) for c in (20, 60, 100, 140)]):
        inside = (y - cy) ** 2 + (x - cx) ** 2 < 12**2
        striped = number % 2
        image[inside] += 0.6 + (0.35 * np.sign(np.sin(x[inside] * 1.6)) if striped else 0)
        truth[inside] = 2 if striped else 1
    return image, truth + (truth == 0) * 3


def drawn_on(truth):
    strokes = np.zeros(truth.shape, np.uint8)
    strokes[20, 14:26] = truth[20, 20]
    strokes[20, 54:66] = truth[20, 60]
    strokes[40, 5:100] = 3
    return strokes


@pytest.fixture(scope="module")
def result():
    image, truth = discs()
    return finish(run(image, QUICK, axes="YX", strokes=drawn_on(truth)))


def test_alike_pixels_follow_the_strokes_of_a_kind(result):
    _, truth = discs()
    for kind in (1, 2, 3):
        there = truth == kind
        assert (there & (result.labels == kind)).sum() / (there | (result.labels == kind)).sum() > 0.85
    assert result.record["regions"] == "kinds"


@pytest.mark.parametrize(("shape", "axes"), [((1, 30), "YX"), ((30, 1), "YX"), ((3, 1, 30), "ZYX")])
def test_strokes_on_an_image_of_one_row(shape, axes):
    image = np.zeros(30, np.uint8)
    image[12:] = 200
    strokes = np.zeros(30, int)
    strokes[:3], strokes[-3:] = 1, 2
    image, strokes = np.broadcast_to(image, (3, 30)), np.broadcast_to(strokes, (3, 30))
    rows = np.prod(shape) // 30
    found = finish(run(image[:rows].reshape(shape), QUICK, axes=axes, strokes=strokes[:rows].reshape(shape))).labels
    np.testing.assert_array_equal(found.reshape(rows, 30), np.where(image[:rows] > 0, 2, 1))


def test_what_is_drawn_keeps_its_number_even_against_all_likeness(result):
    _, truth = discs()
    strokes = drawn_on(truth)
    strokes[60, 60] = 1  # within a striped one
    labels = result.teacher.answer(strokes, QUICK).labels
    np.testing.assert_array_equal(labels[strokes > 0], strokes[strokes > 0])


def test_a_run_and_its_teacher_give_the_same_answer_and_the_same_again(result):
    _, truth = discs()
    strokes = drawn_on(truth)
    for _ in range(2):
        np.testing.assert_array_equal(result.teacher.answer(strokes, QUICK).labels, result.labels)
    other = strokes.copy()
    other[100, 90:110] = 3
    assert (result.teacher.answer(other, QUICK).labels != result.labels).any()


def test_strokes_can_come_during_the_run():
    image, truth = discs()
    steps = run(image, QUICK, axes="YX")
    next(steps)
    steps.send(NewStrokes(drawn_on(truth)))
    late = finish(steps)
    np.testing.assert_array_equal(late.labels, finish(run(image, QUICK, axes="YX", strokes=drawn_on(truth))).labels)


def test_strokes_of_one_kind_that_come_during_the_run_do_not_lose_its_result(caplog):
    image, _ = discs()
    steps = run(image, QUICK, axes="YX")
    next(steps)
    steps.send(NewStrokes(np.eye(*image.shape, dtype=int)))
    assert finish(steps).labels.max() > 1
    assert "the strokes were not followed: strokes must be of two kinds" in caplog.text


def test_objects_of_the_first_kind_are_numbered(result):
    _, truth = discs()
    params = QUICK.replace(strokes_as="objects", min_object=50)
    labels = result.teacher.answer(drawn_on(truth), params).labels
    assert labels.max() == 6
    centres = [
        (r, c) for n, (r, c) in enumerate((r, c) for r in (20, 60, 100) for c in (20, 60, 100, 140)) if not n % 2
    ]
    assert len({int(labels[place]) for place in centres} - {0}) == 6
    assert labels[60, 60] == 0 == labels[40, 40]


@pytest.mark.parametrize("counts", ["off", "bright"])
def test_a_run_with_strokes_finds_the_objects_that_they_show_live(counts):
    image, truth = discs()
    params = QUICK.replace(strokes_as="objects", objects=counts, min_object=50)
    live = finish(run(image, params)).teacher.answer(drawn_on(truth), params).labels
    np.testing.assert_array_equal(finish(run(image, params, strokes=drawn_on(truth))).labels, live)


@pytest.mark.parametrize("shape", [(60, 80), (12, 30, 40)])
def test_volumes_and_planes_with_two_channels(shape):
    image = np.random.default_rng(0).normal(0, 0.1, (2, *shape)).astype(np.float32)
    image[1][..., :20] += 1
    strokes = np.zeros(shape, int)
    strokes[..., 5:9, 2:8], strokes[..., 5:9, 24:29] = 1, 2
    labels = finish(run(image, QUICK, axes="CZYX" if len(shape) == 3 else "CYX", strokes=strokes)).labels
    assert (labels[..., :18] == 1).mean() > 0.95
    assert (labels[..., 22:] == 2).mean() > 0.95


def test_many_channels():
    image = np.random.default_rng(0).normal(0, 0.1, (8, 40, 60)).astype(np.float32)
    image[6, :, :30] += 1
    strokes = np.zeros((40, 60), int)
    strokes[5:9, 4], strokes[5:9, 50] = 1, 2
    labels = finish(run(image, QUICK, axes="CYX", strokes=strokes)).labels
    assert (labels[:, :28] == 1).mean() > 0.95


def test_a_network_trained_before_is_applied_with_strokes(result):
    image, truth = discs()
    again = finish(run(image, QUICK, axes="YX", model=result.model, strokes=drawn_on(truth)))
    np.testing.assert_array_equal(again.labels, result.labels)


@pytest.mark.parametrize(
    ("strokes", "changes", "options", "words"),
    [
        (np.eye(120, 160, dtype=int), {}, {}, "strokes must be of two kinds at least, got only kind 1; draw on"),
        (np.ones((3, 3), int), {}, {}, r"strokes must have the spatial shape of the image \(120, 160\)"),
        (np.eye(120, 160), {}, {}, "strokes must be whole numbers"),
        (drawn_on(discs()[1]), {"method": "kmeans"}, {}, "strokes must be left out for the method 'kmeans'"),
        (
            drawn_on(discs()[1]),
            {"initial_regions": "network"},
            {"out": np.zeros((120, 160), int)},
            "strokes must be left out where labels are",
        ),
    ],
)
def test_what_cannot_be_answered_is_said_before_anything_is_computed(strokes, changes, options, words, monkeypatch):
    monkeypatch.setattr("napari_backprop_segmentation.network.loop.train", lambda *_, **__: pytest.fail("trained"))
    with pytest.raises((ImageError, ParameterError), match=words):
        finish(run(discs()[0], QUICK.replace(**changes), axes="YX", strokes=strokes, **options))


def test_pieces_of_a_series_are_refused_and_kinds_count_in_all_frames():
    image, truth = discs()
    series = np.stack([image, image[::-1]])
    strokes = np.stack([drawn_on(truth), np.zeros(truth.shape, np.uint8)])
    with pytest.raises(ParameterError, match="strokes must be left out frame by frame"):
        next(run(series, QUICK.replace(strokes_as="pieces"), axes="TYX", strokes=strokes))
    found = finish(run(series, QUICK, axes="TYX", strokes=strokes))
    assert ((found.labels[1] == 2) == (truth[::-1] == 2)).mean() > 0.95
    objects = found.teacher.answer(strokes, QUICK.replace(strokes_as="objects", min_object=50)).labels
    assert objects.shape == series.shape
    assert objects[0, 20, 20] == objects[1, 20, 20] > 0


def test_doubt_is_between_kinds_and_a_drawn_place_is_never_asked_for(result):
    _, truth = discs()
    strokes = drawn_on(truth)
    answer = result.teacher.answer(strokes, QUICK)
    assert answer.doubt.shape == truth.shape
    assert answer.doubt.max() > answer.doubt[strokes > 0].max() == 0
    places = [answer.doubtful_place(i) for i in range(5)]
    assert len(set(places)) == 5
    assert all(strokes[place] == 0 for place in places)


def test_what_was_drawn_can_be_written_down():
    strokes = np.random.default_rng(0).integers(0, 3, (7, 11)).astype(np.uint8)
    np.testing.assert_array_equal(strokes_from(runs_of(strokes), strokes.shape), strokes)
    assert runs_of(np.zeros((2, 2), int)) == {}


# By hand


def test_patches_keep_to_regions_and_squares():
    regions = np.zeros((4 * SIDE, 2 * SIDE), np.int32)
    regions[:, SIDE + 1 :] = 1
    index, region = divided(regions)
    assert len(region) == 3 * 4  # the second column of squares is cut in two
    for patch in range(len(region)):
        rows, columns = np.nonzero(index == patch)
        assert len(set(regions[index == patch])) == 1
        assert regions[rows[0], columns[0]] == region[patch]
        assert len(set(rows // SIDE)) == len(set(columns // SIDE)) == 1


class Certain:
    """Forests that know everything: whether the one figure of a patch is 0 or 1."""

    kinds = np.array([1, 2])

    def sure(self, looks):
        return np.concatenate([1 - looks, looks], axis=1).astype(float)


def test_half_of_the_evidence_is_that_of_the_region():
    index = np.arange(4, dtype=np.int32).reshape(1, 4)
    patches = Patches(index, np.array([0, 0, 1, 1]), np.ones(4), np.array([[0.0], [1.0], [1.0], [1.0]], np.float32))
    strokes = np.array([[1, 0, 0, 2]])
    taught = apply(Certain(), patches, strokes)
    np.testing.assert_allclose(taught.sure, [[0.75, 0.25], [0.25, 0.75], [0, 1], [0, 1]])
    assert taught.kinds.tolist() == [[1, 2, 2, 2]]
    np.testing.assert_allclose(taught.doubt, [[0, 0.5, 0, 0]], atol=1e-6)
    assert most_doubtful([taught]) == (0, (0, 1))


def tree_of_four():
    """((0 1) (2 3)) over one row of four regions of three pixels."""
    index = np.repeat(np.arange(4, dtype=np.int32), 3)[None]
    return Hierarchy(
        index, np.array([4, 4, 5, 5, 6, 6, 6]), np.array([0.0, 0, 0, 0, 1, 2, 3]), np.array([0, 1, 2, 3, 0, 2, 0])
    )


def under(strokes):
    found = Drawn.on(tree_of_four().index, strokes)
    return found.leaves, found.numbers


def test_a_region_goes_to_the_stroke_it_merges_with_first():
    strokes = np.array([[7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0]])
    assert owners(tree_of_four(), *under(strokes)).tolist() == [7, 7, 8, 8]
    both = np.array([[7, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]])
    assert owners(tree_of_four(), *under(both)).tolist() == [-1, -1, -1, -1]


def test_regions_that_a_stroke_crosses_become_one_and_one_that_several_cross_is_divided():
    tree = tree_of_four()
    joined = pieces(tree, np.array([[0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]]), 100.0)
    assert joined[0, :9].tolist() == [1] * 9
    assert joined[0, 9] != 1
    divided_ = pieces(tree, np.array([[2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]]), 0.0)
    assert divided_.tolist() == [[2] * 6 + [3] * 6]
    within = pieces(tree, np.array([[2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]]), 100.0)
    assert within[0, [0, 2]].tolist() == [2, 3]
    assert len(set(within[0, 3:])) == 3


def test_the_look_of_patches_does_not_depend_on_their_order():
    image, _ = discs((40, 40))
    tree = finish(run(image, QUICK, axes="YX")).hierarchy
    made = make_patches(image[None], [image], tree)
    assert made.looks.shape[0] == len(made.areas) == len(made.region)
    assert made.areas.sum() == image.size
    own = np.bincount(made.index.ravel(), image.ravel()) / made.areas
    assert any(np.allclose(column, own, atol=1e-5) for column in made.looks.T)
