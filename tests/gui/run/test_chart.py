import numpy as np
import pytest

from napari_backprop_segmentation.gui.run.chart import COUNT, Chart, series
from napari_backprop_segmentation.gui.run.worker import Point


def points(**losses):
    length = len(next(iter(losses.values())))
    return [Point(i + 1, 9 - i, {name: values[i] for name, values in losses.items()}) for i in range(length)]


def test_every_loss_is_a_curve_but_those_that_are_always_zero():
    found = series(points(similarity=[3.0, 2.0], scribble=[0.0, 0.0], new=[0.0, 1.5]))
    assert {name: values.tolist() for name, values in found.items()} == {
        COUNT: [9, 8],
        "similarity": [3, 2],
        "new": [0, 1.5],
    }
    assert series([]) == {}


def test_a_loss_that_comes_late_has_no_value_before():
    found = series([*points(similarity=[3.0]), Point(2, 8, {"similarity": 2.0, "strokes": 0.5})])
    np.testing.assert_array_equal(found["strokes"], [np.nan, 0.5])


@pytest.mark.usefixtures("qapp")
def test_a_new_loss_appears_by_itself_and_goes_with_its_run(qtbot):
    chart = Chart()
    qtbot.addWidget(chart)
    chart.show_points(points(similarity=[3.0, 2.0], depth=[1.0, 0.25]))
    captions = [label.text for label in chart._captions.values()]
    assert "labels of the network <b>8</b>" in captions[0]
    assert "similarity <b>2</b>" in captions[1]
    assert "depth <b>0.25</b>" in captions[1]
    colours = [colour for _, colour in chart._curves.values()]
    assert len(set(colours)) == 3
    chart.show_points(points(similarity=[3.0]))
    assert "depth" not in chart._captions["losses"].text
    assert chart._curves["depth"][0].getData()[0].size == 0
    chart.show_points(())
    assert ">losses<" in chart._captions["losses"].text
    for box in chart._boxes.values():
        assert [round(end) for span in box.viewRange() for end in span] == [0, 1, 0, 1]
    chart.show_points(points(similarity=[30.0, 20.0]))
    chart.grab()  # which is when pyqtgraph finds the range
    assert chart._boxes["losses"].viewRange()[1][1] > 25
