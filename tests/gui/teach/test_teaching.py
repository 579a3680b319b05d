"""What clicks make of the examples, without a viewer and without an image."""

from types import SimpleNamespace

import numpy as np
import pytest

from napari_backprop_segmentation.gui.teach.examples import Example, Examples
from napari_backprop_segmentation.gui.teach.outlines import borders
from napari_backprop_segmentation.gui.teach.state import Teaching
from napari_backprop_segmentation.teaching.pointed import Sized

# node: (first column, last column) along one row of 20 pixels
NODES = {0: (2, 3), 1: (1, 6), 2: (0, 9), 3: (12, 14)}
LIKELIEST = 1


class Row:
    """Stands for a finder: objects are stretches of one row."""

    def around(self, place):
        found = [node for node, (first, last) in NODES.items() if first <= place[1] <= last]
        return np.array(found, np.int64)

    def sizes(self, nodes):
        return np.array([NODES[int(node)][1] - NODES[int(node)][0] + 1 for node in nodes], np.int64)

    def node(self, place, name="examples"):
        nodes = self.around(place)
        if not len(nodes):
            raise ValueError(f"{name} must lie on an object, got {place}, the background; click elsewhere")
        return LIKELIEST if LIKELIEST in nodes else int(nodes[0])


@pytest.fixture
def teaching():
    found = Teaching()
    found.begin(SimpleNamespace(segmentation=object(), examples=None))
    found.ready(Row())
    return found


def click(teaching, column, kind="examples"):
    teaching.point((0, column))
    return teaching.click(kind)


def test_nothing_is_pointed_at_before_the_finder_is_ready():
    teaching = Teaching()
    teaching.begin(SimpleNamespace(segmentation=object(), examples=None))
    assert click(teaching, 3) == ""
    assert teaching.pointer is None
    assert teaching.examples.empty


def test_the_likeliest_object_comes_first_and_others_are_chosen_from_there(teaching):
    teaching.point((0, 3))
    assert (teaching.pointer.node, teaching.pointer.size) == (1, None)
    teaching.larger()
    assert (teaching.pointer.node, teaching.pointer.size) == (2, 10)
    teaching.larger()
    assert teaching.pointer.node == 2
    teaching.smaller()
    teaching.smaller()
    assert (teaching.pointer.node, teaching.pointer.size) == (0, 2)
    teaching.smaller()
    assert teaching.pointer.node == 0


def test_what_was_chosen_stays_while_the_mouse_is_on_it(teaching):
    teaching.point((0, 3))
    teaching.larger()
    teaching.point((0, 5))
    assert teaching.pointer.node == 2
    teaching.point((0, 13))
    assert (teaching.pointer.node, teaching.pointer.size) == (3, None)
    teaching.point((0, 5))
    assert teaching.pointer.node == 1


def test_outside_and_on_the_ground_there_is_nothing(teaching):
    teaching.point(None)
    teaching.larger()
    assert click(teaching, 17) == "examples must lie on an object, got (0, 17), the background; click elsewhere"
    teaching.smaller()
    assert teaching.examples.empty


def test_a_second_click_takes_back_what_is_there(teaching):
    assert click(teaching, 3) == ""
    assert click(teaching, 13, "counter_examples") == ""
    assert teaching.examples.in_words() == "1 example and 1 counter-example"
    click(teaching, 5)
    click(teaching, 12)
    assert teaching.examples.empty
    teaching.take_back()
    assert teaching.examples.in_words() == "0 examples and 1 counter-example"
    teaching.take_back()
    teaching.take_back()
    assert teaching.examples.in_words() == "1 example"
    teaching.take_back()
    teaching.take_back()
    assert teaching.examples.empty


def test_how_alike_stays_when_clicks_are_taken_back(teaching):
    click(teaching, 3)
    teaching.set_how_alike(0.3)
    teaching.clear()
    assert teaching.examples.how_alike == 0.3
    teaching.take_back()
    assert (len(teaching.examples.examples), teaching.examples.how_alike) == (1, 0.3)


@pytest.mark.parametrize("kind", ["examples", "counter_examples"])
def test_what_cannot_go_together_is_refused(teaching, kind):
    teaching.point((0, 3))
    teaching.smaller()
    teaching.click("examples")
    assert click(teaching, 5, kind) == (
        f"{kind.replace('_', '-')} must not lie over others, got one over the example at (0, 3); take that back first, "
        "or choose a smaller object"
    )
    assert len(teaching.examples.examples) == 1


def test_the_examples_stay_with_their_result(teaching):
    result = teaching.result
    click(teaching, 3)
    told = []
    teaching.events.examples.connect(told.append)
    teaching.end()
    assert teaching.examples.empty
    teaching.begin(result)
    assert len(teaching.examples.examples) == 1
    assert len(told) == 2


def test_another_layer_of_the_same_run_needs_no_other_finder(teaching):
    finder, segmentation = teaching.finder, teaching.result.segmentation
    teaching.begin(SimpleNamespace(segmentation=segmentation, examples=None))
    assert teaching.finder is finder
    teaching.begin(SimpleNamespace(segmentation=object(), examples=None))
    assert teaching.finder is None


def test_the_record_holds_plain_values():
    found = Examples((Example((3, 4), 7), Example((9, 9), 8, 21)), (Example((1, 2), 5),), 0.4)
    assert found.record() == {
        "examples": [[3, 4], [[9, 9], 21]],
        "counter_examples": [[1, 2]],
        "how_alike": 0.4,
    }
    assert [each.given for each in found.examples] == [(3, 4), Sized((9, 9), 21)]


def lines(mask, corner):
    return {tuple(map(tuple, line)) for line in borders(SimpleNamespace(mask=mask, corner=corner)).tolist()}


def test_borders_are_straight_lines_between_pixels():
    assert lines(np.ones((1, 2), bool), (10, 20)) == {
        ((9.5, 19.5), (0, 2)),
        ((10.5, 19.5), (0, 2)),
        ((9.5, 19.5), (1, 0)),
        ((9.5, 21.5), (1, 0)),
    }


@pytest.mark.parametrize("shape", [(9, 11), (3, 9, 11)])
def test_borders_are_as_long_as_pixels_have_other_neighbours(shape):
    mask = np.random.default_rng(0).random(shape) > 0.5
    found = borders(SimpleNamespace(mask=mask, corner=(2,) * len(shape)))
    padded = np.pad(mask, [(0, 0)] * (len(shape) - 2) + [(1, 1)] * 2)
    wanted = sum(np.count_nonzero(np.diff(padded, axis=axis)) for axis in (-2, -1))
    assert np.abs(found[:, 1]).sum() == wanted
    if len(shape) == 3:
        assert set(found[:, 0, 0]) == {2, 3, 4}
        assert not found[:, 1, 0].any()
