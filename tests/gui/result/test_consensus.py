"""The layer of stable borders: where it lies, what it follows, and what it leaves alone."""

import numpy as np
import pytest

from napari_backprop_segmentation.params.params import Params

PARAMS = Params(n_channels=8, iterations=3, n_superpixels=50, min_labels=0, min_region=1, n_runs=3, response_weight=1.0)
NAME = "cells agreement"


def run(widget, qtbot, **changes):
    """Run to the end, and return the result."""
    widget.controls.fill(PARAMS.replace(**changes))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=300_000)
    return widget.state.result.segmentation


def assert_same_place(layer, labels):
    for name in ("scale", "translate", "rotate", "affine", "units", "axis_labels"):
        one, other = getattr(layer, name), getattr(labels, name)
        assert np.array_equal(np.asarray(one, dtype=object), np.asarray(other, dtype=object)), name
    np.testing.assert_allclose(layer.shear, labels.shear)


def test_the_map_is_a_new_layer_over_the_labels_and_the_slider_changes_both(widget, viewer, qtbot, notes):
    result = run(widget, qtbot)
    assert notes == []
    assert [layer.name for layer in viewer.layers] == ["cells", "cells labels", NAME]
    layer = viewer.layers[NAME]
    np.testing.assert_array_equal(layer.data, result.agreement.map(PARAMS.detail))
    assert layer.data.max() == 1
    assert (tuple(layer.contrast_limits), layer.blending) == ((0, 1), "translucent")
    clear, few, all_runs = layer.colormap.map(np.array([0, 1 / 50, 1]))
    assert clear[3] == 0
    assert 0 < few[3] < all_runs[3] == 1
    assert viewer.layers.selection.active.name == "cells labels"
    assert widget.input_form.image.value.name == "cells"
    assert "borders that all 3 runs have are yellow" in widget.status
    for detail in (0, 80, 100, 50):
        widget.controls["detail"].value = detail
        np.testing.assert_array_equal(viewer.layers["cells labels"].data, result.hierarchy.cut(detail))
        np.testing.assert_array_equal(viewer.layers[NAME].data, result.agreement.map(detail))


@pytest.mark.parametrize(
    ("shape", "placed"),
    [
        ((24, 32), {"scale": (0.5, 2.0), "translate": (3, 4), "rotate": 30, "units": ("um", "um")}),
        ((6, 24, 32), {"scale": (3.0, 0.5, 0.5), "translate": (1, 2, 3), "axis_labels": ("z", "y", "x")}),
        ((24, 32), {"affine": [[1, 0.3, 2], [0, 0.9, 1], [0, 0, 1]]}),
    ],
)
def test_the_map_lies_where_the_labels_lie(widget, viewer, qtbot, notes, image, shape, placed):
    viewer.add_image(np.broadcast_to(image, shape).copy(), name="placed", **placed)
    result = run(widget, qtbot)
    assert "error" not in [severity for severity, _ in notes]  # napari warns of layers with different units
    layer, labels = viewer.layers["placed agreement"], viewer.layers["placed labels"]
    assert layer.data.shape == labels.data.shape
    assert layer.data.size == np.prod(shape)
    assert_same_place(layer, labels)
    widget.controls["detail"].value = 90
    np.testing.assert_array_equal(layer.data, result.agreement.map(90).reshape(labels.data.shape))
    assert_same_place(layer, labels)


def test_a_slice_of_a_volume_lies_in_its_place(widget, viewer, qtbot, image):
    viewer.add_image(np.stack([image // 2, image, image // 3]), name="stack", axis_labels=["z", "y", "x"])
    widget.input_form.roi.range.value = "Z"
    viewer.dims.set_current_step(0, 1)
    run(widget, qtbot)
    layer = viewer.layers["stack agreement"]
    assert layer.data.shape == (1, 24, 32)
    assert_same_place(layer, viewer.layers["stack labels"])


def test_what_the_user_has_changed_or_deleted_is_left_alone(widget, viewer, qtbot):
    run(widget, qtbot)
    layer, labels = viewer.layers[NAME], viewer.layers["cells labels"]
    layer.data[0, 0] = 7
    edited = layer.data.copy()
    widget.controls["detail"].value = 90
    np.testing.assert_array_equal(layer.data, edited)
    assert labels.data.max() > 10
    layer.data = np.ones((5, 5), np.float32)
    widget.controls["detail"].value = 80
    assert layer.data.shape == (5, 5)
    viewer.layers.remove(NAME)
    widget.controls["detail"].value = 0
    assert [layer.name for layer in viewer.layers] == ["cells", "cells labels"]
    assert labels.data.max() < 10


def test_the_status_forgets_a_map_that_was_deleted(widget, viewer, qtbot):
    run(widget, qtbot)
    assert "In the agreement layer, borders" in widget.status
    viewer.layers.remove("cells labels")
    assert "In the agreement layer, borders" in widget.status
    viewer.layers.remove(NAME)
    assert widget.status.endswith(", all 3 runs done.")


def test_edited_labels_and_their_map_stay_together(widget, viewer, qtbot):
    run(widget, qtbot)
    before = viewer.layers[NAME].data.copy()
    viewer.layers["cells labels"].data_setitem((np.array([0]), np.array([0])), 99)
    widget.controls["detail"].value = 90
    np.testing.assert_array_equal(viewer.layers[NAME].data, before)


def test_a_second_run_makes_new_layers_where_the_first_is_kept(widget, viewer, qtbot):
    run(widget, qtbot)
    before = viewer.layers[NAME].data.copy()
    widget.curation.keep_button.native.click()
    run(widget, qtbot, seed=10)
    names = [layer.name for layer in viewer.layers]
    assert names == ["cells", "cells labels", NAME, "cells labels [1]", f"{NAME} [1]"]
    widget.controls["detail"].value = 90
    np.testing.assert_array_equal(viewer.layers[NAME].data, before)
    assert viewer.layers[f"{NAME} [1]"].data.sum() > before.sum()
    assert run(widget, qtbot, n_runs=1).agreement is None
    assert [layer.name for layer in viewer.layers] == names[:-1]  # the second has given way, with its map


def test_a_map_gives_way_to_that_of_the_next_run_unless_it_was_changed(widget, viewer, qtbot):
    run(widget, qtbot)
    first = viewer.layers[NAME]
    run(widget, qtbot, seed=10)
    assert [layer.name for layer in viewer.layers] == ["cells", "cells labels", NAME]
    second = viewer.layers[NAME]
    assert second != first
    second.data = 1 - second.data
    run(widget, qtbot, seed=11)
    assert [layer.name for layer in viewer.layers] == ["cells", "cells labels", NAME, f"{NAME} [1]"]
    assert viewer.layers[NAME] == second
    assert not second.visible


def test_of_objects_the_slider_changes_the_map_alone(widget, viewer, qtbot):
    result = run(widget, qtbot, objects="bright", min_object=5)
    labels = viewer.layers["cells labels"]
    qtbot.waitUntil(lambda: len(labels.features) > 0, timeout=20_000)
    before, status = labels.data.copy(), widget.status
    widget.controls["detail"].value = 90
    np.testing.assert_array_equal(viewer.layers[NAME].data, result.agreement.map(90))
    np.testing.assert_array_equal(labels.data, before)
    assert len(labels.features) > 0
    assert widget.status == status


def test_what_cannot_be_compared_is_refused_in_words(widget, viewer, qtbot, notes):
    widget.controls.fill(PARAMS.replace(regions="trained"))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=300_000)
    assert "n_runs must be 1 where regions are not merged, got 3" in widget.status
    assert [severity for severity, _ in notes] == ["error"]
    assert [layer.name for layer in viewer.layers] == ["cells"]


def test_the_first_network_of_several_is_applied_to_the_rest(widget, viewer, qtbot, notes, image):
    viewer.add_image(np.stack([image // 2, image, image // 3]), name="stack", axis_labels=["z", "y", "x"])
    widget.input_form.roi.range.value = "Z"
    run(widget, qtbot)
    widget.apply()
    qtbot.waitUntil(lambda: not widget.running, timeout=300_000)
    assert notes == []
    assert viewer.layers["stack labels [1]"].data.shape == (3, 24, 32)
    assert "stack agreement [1]" not in viewer.layers
