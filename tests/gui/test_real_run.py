"""The whole way, with the real engine, in a real window; writes the image of the documentation."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.hierarchy.merge import MergeProcess  # the real one, whatever else stands for it
from napari_backprop_segmentation.params.params import Params

IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZE = (1280, 800)


def finish(widget, qtbot):
    qtbot.waitUntil(lambda: not widget.running, timeout=300_000)


@pytest.fixture
def quick(widget):
    widget.controls.fill(Params(n_channels=8, iterations=3, n_superpixels=50, min_labels=0))
    return widget


@pytest.mark.parametrize("method", ["superpixels", "kmeans"])
def test_every_method_gives_labels_and_a_record(quick, viewer, qtbot, notes, method):
    quick.controls["method"].value = method
    quick.run()
    finish(quick, qtbot)
    layer = viewer.layers["cells labels"]
    assert quick.status.startswith("Done in ")
    assert notes == []
    assert layer.data.shape == (24, 32)
    assert layer.data.min() >= 1
    assert layer.metadata[METADATA]["params"]["method"] == method
    record = layer.metadata[METADATA]
    early = record["iterations"] < record["params"]["iterations"]
    assert (record["stopped_by"] in quick.status) == early
    if method in ("superpixels", "continuity"):
        assert [p.iteration for p in quick.chart.points] == [1, 2, 3]


@pytest.mark.parametrize(
    ("pixels", "text"),
    [
        (np.full((24, 32), 7, np.uint8), "at least two different values, got 7"),
        (np.full((24, 32), np.nan, np.float32), "must hold finite values"),
    ],
)
def test_an_image_without_contrast_is_refused_in_words(quick, viewer, qtbot, notes, pixels, text):
    viewer.add_image(pixels, name="blank", contrast_limits=(0, 1))
    quick.run()
    finish(quick, qtbot)
    assert text in quick.status
    assert [severity for severity, _ in notes] == ["error"]
    assert "blank labels" not in viewer.layers
    assert quick.run_button.enabled


def test_regions_are_merged_in_a_process_of_their_own(quick, viewer, qtbot, notes, monkeypatch):
    started = []

    class Seen(MergeProcess):
        def __init__(self):
            super().__init__()
            started.append(self._process)

    monkeypatch.setattr("napari_backprop_segmentation.hierarchy.merge.MergeProcess", Seen)
    quick.run()
    finish(quick, qtbot)
    assert notes == []
    assert len(np.unique(viewer.layers["cells labels"].data)) > 1
    assert started[0].poll() is not None  # it has ended with the run


def test_not_a_number_here_and_there_does_no_harm(quick, viewer, qtbot, notes, image):
    holes = image.astype(np.float32)
    holes[::5, ::7] = np.nan
    viewer.add_image(holes, name="holes")
    quick.run()
    finish(quick, qtbot)
    assert notes == []
    assert viewer.layers["holes labels"].data.min() >= 1


@pytest.mark.parametrize(
    ("axes", "changes"),
    [
        ("ZYX", {}),
        ("TCYX", {"frames": "once"}),
        pytest.param("ZYX", {"volumes": "slices", "objects": "auto"}, marks=pytest.mark.slow),
        pytest.param("TYX", {"frames": "adapt"}, marks=pytest.mark.slow),
        pytest.param("TZYX", {"volumes": "slices"}, marks=pytest.mark.slow),
    ],
)
def test_volumes_and_series_overlay_and_follow_the_slider(quick, viewer, qtbot, notes, image, axes, changes):
    array = np.broadcast_to(image, (*[{"T": 3, "C": 2, "Z": 6}[letter] for letter in axes[:-2]], *image.shape))
    viewer.add_image(array, name="more", axis_labels=list(axes.lower()), scale=[2.0] * array.ndim)
    for name, value in {**changes, "n_superpixels": 50}.items():
        quick.controls[name].value = value
    quick.run()
    finish(quick, qtbot)
    assert notes == []
    layer = viewer.layers["more labels"]
    assert layer.data.shape == tuple(1 if letter == "C" else n for letter, n in zip(axes, array.shape, strict=True))
    inside, outside = layer.data[..., 12, 16], layer.data[..., 2, 2]
    assert (inside != outside).all()
    if "objects" in changes:
        return
    assert len(np.unique(inside)) == len(np.unique(outside)) == 1  # numbers go through time and depth
    quick.controls["detail"].value = 0
    coarse = layer.data.max()
    quick.controls["detail"].value = 100
    assert quick.status == f"Detail 100: {len(np.unique(layer.data))} labels."
    assert layer.data.max() > coarse


def test_what_is_learned_on_a_slice_is_applied_to_the_volume(quick, viewer, qtbot, notes, image):
    stack = np.stack([image // 2, image, image // 3])
    viewer.add_image(stack, name="stack", axis_labels=["z", "y", "x"])
    quick.input_form.roi.range.value = "Z"
    viewer.dims.set_current_step(0, 1)
    quick.run()
    finish(quick, qtbot)
    quick.apply()
    finish(quick, qtbot)
    assert notes == []
    part, whole = viewer.layers["stack labels"], viewer.layers["stack labels [1]"]
    assert (part.data.shape, whole.data.shape) == ((1, 24, 32), (3, 24, 32))
    np.testing.assert_array_equal(
        part.data[0, ::4] == part.data[0, 12, 16], whole.data[1, ::4] == whole.data[1, 12, 16]
    )
    assert (whole.data[:, 12, 16] != whole.data[:, 2, 2]).all()
    assert whole.metadata[METADATA]["iterations"] == 0


def test_several_runs_are_told_apart_and_counted_on(quick, viewer, qtbot, notes, monkeypatch):
    said = []
    quick.state.events.run.connect(lambda _: said.append(quick.state.status))
    quick.controls["n_runs"].value = 3
    quick.run()
    finish(quick, qtbot)
    assert notes == []
    assert [p.iteration for p in quick.chart.points] == list(range(1, 10))
    assert any(text.startswith("Run 1 of 3: Iteration ") and " of 9, " in text for text in said)
    assert ", all 3 runs done. In the agreement layer, borders that all 3" in said[-1]


def test_torch_is_imported_when_a_run_starts_and_not_before():
    code = """
import sys
from napari_backprop_segmentation.gui.run import torch_startup, worker
loaded = torch_startup.load_torch_library()
assert loaded == (sys.platform in torch_startup.LIBRARIES), loaded
assert "torch" not in sys.modules
import torch
assert torch.ones(2).sum() == 2
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_the_screenshot_of_the_documentation(open_viewer, qtbot, monkeypatch):
    """A run on the synthetic cells as the user sees it; kept only where WRITE_SCREENSHOTS is set."""
    from napari_backprop_segmentation.gui.samples import open_sample
    from napari_backprop_segmentation.gui.widget import BackpropWidget

    wanted = bool(os.environ.get("WRITE_SCREENSHOTS"))
    viewer = open_viewer(show=True, proxy=False)
    viewer.window.resize(*SIZE)
    ((array, settings, _),) = open_sample("fluorescence")
    viewer.add_image(array if wanted else array[:, :96, :96], **settings)
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    if not wanted:
        widget.controls.fill(Params(n_channels=8, iterations=3, n_superpixels=100))
    widget.run()
    finish(widget, qtbot)
    viewer.reset_view()
    qtbot.wait(200)
    run_input = viewer.screenshot(canvas_only=False, flash=False)
    if wanted:
        from skimage.io import imsave

        IMAGES.mkdir(parents=True, exist_ok=True)
        imsave(IMAGES / "widget.png", run_input[..., :3])
    # Dark theme, colourful labels, nothing cut off: the dock is as wide as it wants to be.
    assert run_input.shape[0] >= SIZE[1]
    assert run_input[..., :3].std() > 20
    assert widget.native.width() >= widget.native.minimumSizeHint().width()


def test_detail_of_an_image_that_is_merged_in_blocks(quick, viewer, qtbot, notes, monkeypatch):
    from napari_backprop_segmentation.pipeline import estimate

    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 100)
    quick.controls.fill(Params(n_channels=8, iterations=3, n_superpixels=50, min_labels=0, min_region=1, detail=100.0))
    quick.run()
    finish(quick, qtbot)
    layer = viewer.layers["cells labels"]
    fine = layer.data.copy()
    quick.controls["detail"].value = 0.0
    qtbot.waitUntil(lambda: not np.array_equal(layer.data, fine), timeout=20_000)
    assert layer.data.max() < fine.max()
    quick.controls["detail"].value = 100.0
    qtbot.waitUntil(lambda: np.array_equal(layer.data, fine), timeout=20_000)
    assert notes == []
