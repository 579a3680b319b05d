"""Whatever a run raises in its thread, and whatever is done to its layers meanwhile, it ends and the window lives."""

import numpy as np
import pytest
from qtpy.QtCore import QThreadPool

LABELS = "cells labels"
FAULTS = [
    ValueError("odd\nvalue"),
    RuntimeError("wrapped C/C++ object has been deleted"),
    StopIteration(5),
    KeyboardInterrupt(),
]
MORE_FAULTS = [
    MemoryError(),
    KeyError("key"),
    OSError(28, "No space left on device"),
    AssertionError(),
    RecursionError("too deep"),
    ImportError("no torch"),
    UnicodeDecodeError("utf8", b"\xff", 0, 1, "bad"),
    Warning("as an error"),
    SystemExit(3),
]
BY_HAND = [pytest.param(fault, marks=pytest.mark.slow) for fault in MORE_FAULTS]


@pytest.mark.parametrize("fault", FAULTS + BY_HAND, ids=lambda fault: type(fault).__name__)
def test_whatever_is_raised_the_run_ends_and_the_next_one_works(widget, engine, qtbot, notes, fault):
    engine.allow()
    widget.run()
    qtbot.waitUntil(lambda: len(widget.chart.points) == 1)
    engine.fail_with = fault
    engine.allow()
    qtbot.waitUntil(lambda: not widget.running)
    assert widget.status.startswith("Failed")
    assert [severity for severity, _ in notes] == ["error"]
    assert widget.run_button.enabled
    assert not widget.stop_button.enabled
    engine.fail_with = None
    engine.allow(30)
    widget.run()
    qtbot.waitUntil(lambda: not widget.running)
    assert widget.status.startswith("Done")
    assert QThreadPool.globalInstance().waitForDone(10_000)


def replace_image(viewer):
    viewer.layers["cells"].data = np.zeros((5, 6, 7), np.float32)


def replace_labels(viewer):
    viewer.layers[LABELS].data = np.zeros((3, 3), np.int64)


def remove_image(viewer):
    viewer.layers.remove("cells")


def remove_all(viewer):
    viewer.layers.clear()


def rename_all(viewer):
    for layer in viewer.layers:
        layer.name = "same"


def turn(viewer):
    viewer.dims.ndisplay = 3


@pytest.mark.parametrize("fault", [replace_image, replace_labels, remove_image, remove_all, rename_all, turn])
def test_whatever_is_done_to_layers_the_run_ends_and_the_next_one_works(
    widget, viewer, engine, image, qtbot, notes, fault
):
    widget.run()
    engine.allow()
    qtbot.waitUntil(lambda: len(widget.chart.points) == 1)
    fault(viewer)
    engine.allow(50)
    qtbot.waitUntil(lambda: not widget.running)
    assert notes == []
    if fault is not remove_all and fault is not rename_all:
        assert viewer.layers[LABELS].data.shape[-2:] == image.shape
    viewer.layers.clear()
    viewer.add_image(image, name="again")
    engine.allow(50)
    widget.run()
    qtbot.waitUntil(lambda: not widget.running)
    assert widget.status.startswith("Done")
