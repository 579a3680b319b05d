"""OME-Zarr as napari-ome-zarr opens it: lazy layers that the widget understands, and our labels over them."""

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels, Layer
from stores import contents, image_store

from napari_backprop_segmentation.gui.input.axis_labels import meanings
from napari_backprop_segmentation.gui.input.layers import run_input_of
from napari_backprop_segmentation.gui.input.run_input import LayerSelection
from napari_backprop_segmentation.io.files import open_image
from napari_backprop_segmentation.io.label_store import write_label_store

reader = pytest.importorskip("napari_ome_zarr._reader")
pytest.importorskip("ome_zarr_models")
PIXELS = np.arange(2 * 3 * 40 * 60, dtype=np.uint16).reshape(1, 2, 3, 40, 60)


def layers_of(path):
    """Return what napari makes of a store."""
    found = []
    for data, settings, kind in reader.napari_get_reader(str(path))(str(path)):
        axis = settings.pop("channel_axis", None)
        if axis is None:
            found.append(Layer.create(data, settings, kind))
            continue
        for channel in range(data[0].shape[axis]):
            of_channel = {k: v[channel] if k in ("name", "colormap", "visible") else v for k, v in settings.items()}
            of_channel = {k: v for k, v in of_channel.items() if k != "contrast_limits"}
            found.append(Image([da.take(level, channel, axis) for level in data], multiscale=True, **of_channel))
    return found


@pytest.fixture(params=["0.4", "0.5"])
def store(request, tmp_path):
    scale = (1.0, 1.0, 0.9, 0.25, 0.3)
    return image_store(tmp_path / "a.zarr", request.param, PIXELS, "tczyx", scale, channels=("DAPI", "GFP"))


def test_the_widget_understands_the_layers_of_a_store(store):
    layer = layers_of(store)[1]
    assert layer.multiscale
    axes = meanings(layer, layer.data[0].shape)
    assert axes == "-ZYX"
    for level, step in ((0, 1), (1, 2)):
        run_input = run_input_of(LayerSelection((layer,), axes, level=level))
        np.testing.assert_array_equal(np.asarray(run_input.array), PIXELS[0, 1, :, ::step, ::step])
        np.testing.assert_allclose(run_input.spacing, (0.9, 0.25 * step, 0.3 * step))


@pytest.mark.parametrize("level", [0, 1])
def test_labels_of_a_store_lie_over_its_image(store, tmp_path, level):
    image = open_image(store, level=level)
    labels = (image.pixels[0] % 7).astype(np.uint8)
    new = tmp_path / "new.zarr"
    write_label_store(store / "labels" / "backprop", labels, {}, image.grid)
    write_label_store(new, labels, {}, image.grid)
    before = contents(tmp_path)
    for path in (store, new / "labels"):
        ours = next(layer for layer in layers_of(path) if isinstance(layer, Labels))
        shown = layers_of(store)[0]
        assert all(isinstance(data, da.Array) for data in ours.data)
        np.testing.assert_array_equal(np.asarray(ours.data[0])[0], labels)
        step = 2**level
        for pixel in ((0, 0, 0, 0), (0, 2, 5, 7)):
            world = ours.data_to_world(pixel)
            np.testing.assert_allclose(world, shown.data_to_world((*pixel[:2], pixel[2] * step, pixel[3] * step)))
        assert (ours.units, ours.axis_labels) == (shown.units, shown.axis_labels)
    assert contents(tmp_path) == before  # opening writes nothing
