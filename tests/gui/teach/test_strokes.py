"""What becomes of strokes before anybody sees it: without a window."""

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.layers import run_input_of
from napari_backprop_segmentation.gui.input.run_input import LayerSelection, Part
from napari_backprop_segmentation.gui.run.worker import Failure, WorkerControl, watched
from napari_backprop_segmentation.gui.teach import strokes_layer
from napari_backprop_segmentation.gui.teach.answering import answer, changes, look, wanted_params
from napari_backprop_segmentation.gui.teach.asked import Question, Seen
from napari_backprop_segmentation.gui.teach.drawing import Drawing
from napari_backprop_segmentation.gui.teach.fitting import fitted
from napari_backprop_segmentation.gui.teach.sentences import advice, obstacle
from napari_backprop_segmentation.params.params import Params


def on(layer, axes, level=None, **spans):
    part = Part({int(axis[1:]): span for axis, span in spans.items()})
    return run_input_of(LayerSelection((layer,), axes, level=level, part=part))


# Parts


def test_a_part_has_the_strokes_that_lie_on_it():
    layer = Image(np.zeros((20, 30), np.uint8), scale=(2, 3), translate=(5, -4), rotate=30, units=("um", "um"))
    strokes = np.arange(600).reshape(20, 30)
    whole = on(layer, "YX")
    assert fitted(strokes, whole, whole) is not None
    part = on(layer, "YX", a0=(4, 12), a1=(7, 21))
    np.testing.assert_array_equal(fitted(strokes, whole, part), strokes[4:12, 7:21])


def test_one_frame_has_its_strokes_and_what_lies_outside_has_none():
    layer = Image(np.zeros((3, 20, 30), np.uint8), scale=(1, 0.5, 0.5))
    strokes = np.arange(1800).reshape(3, 20, 30)
    whole, frame = on(layer, "TYX"), on(layer, "TYX", a0=2)
    np.testing.assert_array_equal(fitted(strokes, whole, frame), strokes[2])
    back = fitted(strokes[2:], frame, whole)
    np.testing.assert_array_equal(back[2], strokes[2])
    assert not back[:2].any()


def test_another_level_of_a_pyramid_has_the_same_strokes():
    layer = Image([np.zeros((32, 64), np.uint8), np.zeros((16, 32), np.uint8)], multiscale=True)
    coarse = np.zeros((16, 32), np.uint16)
    coarse[3, 5] = 2
    fine = fitted(coarse, on(layer, "YX", level=1), on(layer, "YX", level=0))
    assert np.argwhere(fine).tolist() == [[6, 10], [6, 11], [7, 10], [7, 11]]


def test_axes_that_mean_something_else_now_are_refused():
    layer = Image(np.zeros((3, 20, 30), np.uint8))
    with pytest.raises(ImageError, match="draw in a new layer"):
        fitted(np.zeros((3, 20, 30), np.uint16), on(layer, "TYX"), on(layer, "CYX"))


# Looking and answering


def test_the_same_strokes_are_not_seen_twice():
    data = np.zeros((4, 5), np.uint16)
    data[1, 1:3], data[3] = 1, 7
    seen = look(data, Seen())
    assert (seen.counts, seen.total) == ({1: 2, 7: 5}, 7)
    assert look(data, seen) is seen
    data[0, 0] = 1
    again = look(data, seen)
    assert again.counts == {1: 3, 7: 5}
    assert seen.strokes[0, 0] == 0


def test_changes_by_number_and_by_what_has_most_in_common():
    before, after = np.array([[1, 1, 2, 2, 0]]), np.array([[2, 2, 1, 1, 0]])
    assert changes(before, after, True).tolist() == [[True] * 4 + [False]]
    assert not changes(before, after, False).any()
    divided = np.array([[5, 5, 5, 6, 0]])
    assert changes(np.array([[3, 3, 3, 3, 0]]), divided, False).tolist() == [[False] * 3 + [True, False]]
    joined = np.array([[4, 4, 4, 4, 4]])
    assert changes(before, joined, False).tolist() in (
        [[False, False, True, True, True]],
        [[True, True, False, False, True]],
    )


def test_an_error_of_whoever_answers_is_returned():
    def refuse(*_):
        raise RuntimeError("out of memory")

    segmentation = SimpleNamespace(teacher=SimpleNamespace(answer=refuse))
    strokes = np.ones((2, 2), np.uint16)
    question = Question(segmentation, Seen(strokes, {1: 4}), strokes, Params(), strokes)
    found = answer(question).found
    assert isinstance(found, Failure)
    assert "out of memory" in str(found.error)


def test_the_settings_of_an_answer_are_those_of_the_run_but_for_what_is_asked_for_now():
    segmentation = SimpleNamespace(record={"params": Params(min_object=70, seed=5, detail=20).to_dict()})
    found = wanted_params(segmentation, Params(strokes_as="objects", split_objects=False, seed=9), 60)
    assert (found.strokes_as, found.split_objects, found.min_object, found.seed, found.detail) == (
        "objects",
        False,
        70,
        5,
        60,
    )


# Sentences


@pytest.mark.parametrize(
    ("counts", "meaning", "words"),
    [
        ({}, "kinds", "Nothing is drawn"),
        ({3: 9}, "kinds", "Draw on something else, such as the ground."),
        ({3: 9}, "objects", "Draw on something else, such as the ground."),
        ({3: 9}, "pieces", ""),
        ({1: 1, 2: 1}, "kinds", ""),
        ({1: 1, 70_000: 1}, "kinds", "numbers from 1 to 65535, got 1 to 70000"),
        ({-1: 1, 2: 1}, "pieces", "numbers from 1 to 65535, got -1 to 2"),
    ],
)
def test_what_is_to_be_drawn_is_said(counts, meaning, words):
    text = advice(Seen(counts=counts), meaning)
    assert words in text
    assert bool(words) == bool(text)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"method": "kmeans"}, "left out for the method 'kmeans'"),
        ({"n_runs": 3}, "n_runs must be 1 with strokes, got 3"),
        ({"regions": "trained"}, "got labels as trained"),
        ({"regions": "classes"}, "got classes"),
        ({"regions": "trained", "strokes_as": "network"}, ""),
        ({}, ""),
    ],
)
def test_what_cannot_go_together_is_said_before_a_run(settings, words):
    text = obstacle((1, 2), Params(**settings))
    assert words in text
    assert bool(words) == bool(text)


# Layers and state


def test_names_and_colours_are_kept_in_the_layer():
    layer = Labels(np.zeros((4, 5), np.uint8), metadata={strokes_layer.NAMES: {1: "object"}})
    strokes_layer.rename(layer, 1, "  ")
    strokes_layer.recolour(layer, 2, (1, 0, 0))
    assert strokes_layer.add_kind(layer, {4: 10}) == 5 == layer.selected_label
    kinds = strokes_layer.kinds_of(layer, {2: 3, 4: 10})
    assert [(kind.number, kind.name, kind.pixels) for kind in kinds] == [
        (1, "object", 0),
        (2, "kind 2", 3),
        (4, "kind 4", 10),
        (5, "kind 5", 0),
    ]
    assert kinds[1].colour == (1, 0, 0, 1)


@pytest.mark.parametrize(("zoom", "scale", "size"), [(1, 1, 10), (2, 1, 5), (100, 1, 1), (0.01, 1, 40), (4, 0.5, 5)])
def test_the_brush_is_as_wide_on_the_screen_at_any_zoom(zoom, scale, size):
    assert strokes_layer.brush_size(Labels(np.zeros((4, 5), np.uint8), scale=(scale, scale)), zoom) == size


def test_a_layer_of_the_user_counts_only_while_it_is_chosen():
    image = Image(np.zeros((20, 30), np.uint8))
    mine, drawing = Labels(np.eye(20, 30, dtype=int)), Drawing()
    strokes_layer.choose(mine, on(image, "YX"), (image,))
    drawing.draw_in(mine)
    found = drawing.strokes_on(on(image, "YX"), (image,))
    np.testing.assert_array_equal(found, mine.data)
    assert found is not mine.data
    assert drawing.strokes_on(on(image, "YX"), ()) is None
    strokes_layer.let_go(mine)
    assert strokes_layer.ground_of(mine) is None


# Runs


def test_strokes_drawn_during_a_run_are_sent_once_before_the_next_iteration():
    control, heard = WorkerControl(), []

    def steps():
        for number in range(4):
            if number == 1:
                control.new_strokes = np.array([[1, 2]])
            heard.append(
                (yield SimpleNamespace(iteration=number, n_labels=1, losses={}, labels=None, place=(), run=(1, 1)))
            )

    for _ in watched(steps, control):
        control.heard = True
    assert [None if each is None else each.strokes.tolist() for each in heard] == [None, [[1, 2]], None, None]
