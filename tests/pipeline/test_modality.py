import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from skimage import data
from skimage.draw import disk

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.image.context import HALO, input_halo, n_inputs, network_input
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.params.presets import PRESETS
from napari_backprop_segmentation.params.sections import Input
from napari_backprop_segmentation.pipeline.modality import kind_of, recognise

SIDE = 128


def discs():
    mask = np.zeros((SIDE, SIDE), bool)
    for centre in ((20, 30), (60, 90), (100, 40), (34, 104)):
        mask[disk(centre, 9)] = True
    return mask


def noise(sigma=0.0):
    found = np.random.default_rng(0).normal(size=(SIDE, SIDE))
    return gaussian_filter(found, sigma) if sigma else found


def stained_membranes(n=25, gaps=0.0):
    """Thin bright lines between cells that are as dark as can be; `gaps` is the share of the lines that is missing."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(0, SIDE, (n, 2))
    near = cKDTree(centres).query(np.indices((SIDE, SIDE)).reshape(2, -1).T, k=2)[0].reshape(SIDE, SIDE, 2)
    lines = near[..., 1] - near[..., 0] < 2
    lines &= rng.random(lines.shape) >= gaps
    return 200 * gaussian_filter(lines.astype(float), 1) + rng.normal(size=lines.shape)


def kind(array):
    return kind_of(ArraySource(array))


def test_bright_nuclei_on_a_dark_ground():
    assert kind(gaussian_filter(discs() * 200.0, 1) + 5 * noise()) == "nuclei"
    assert kind(200 - gaussian_filter(discs() * 200.0, 1) + 5 * noise()) == "fast"


@pytest.mark.parametrize("image", [stained_membranes(), stained_membranes(60), stained_membranes(gaps=0.2)])
def test_stained_membranes_are_no_nuclei(image):
    assert kind(image) == "em"
    assert kind(image.max() - image) != "nuclei"


def test_nuclei_that_touch_are_no_membranes():
    clumps = np.zeros((SIDE, SIDE))
    for y in (12, 31, 50, 88, 107):
        for x in range(12, SIDE, 32):
            clumps[disk((y, x), 9.5, shape=clumps.shape)] = 200
    assert kind(gaussian_filter(clumps, 1) + noise()) == "nuclei"


def test_violet_stain_is_tissue_and_the_same_in_green_is_not():
    stain = np.where(discs()[..., None], (90, 40, 120), (220, 180, 225)) + 4 * noise()[..., None]
    violet = np.clip(stain, 0, 255).astype(np.uint8)
    assert kind(violet) == "histology"
    assert kind(violet[..., [0, 2, 1]]) == "fast"


def test_halos_tell_phase_contrast_from_brightfield():
    circles = np.linalg.norm(np.indices((SIDE, SIDE)) % 32 - 16, axis=0)
    rims = gaussian_filter((np.abs(circles - 9) < 1).astype(float), 0.7)
    assert kind(0.3 * noise(0.7) + rims) == "phase"
    assert kind(0.3 * noise(0.7) - rims) == "brightfield"


def test_texture_by_how_fine_it_is():
    assert kind(noise(0.7)) == "brightfield"
    assert kind(noise(2.5)) == "em"
    assert kind(noise(8)) == "fast"


@pytest.mark.parametrize("photo", [data.astronaut, data.coffee, data.camera, data.coins])
def test_photographs_are_nothing_special(photo):
    assert kind(photo()) == "fast"


def test_no_kind_for_an_image_without_colour_or_contrast():
    assert recognise(np.full((1, 8, 8), 0.5, np.float32), False) == "fast"
    assert recognise(np.full((3, 8, 8), 0.5, np.float32), True) == "fast"


def test_the_automatic_preset_becomes_that_of_the_kind_but_keeps_what_was_changed():
    image = (gaussian_filter(discs() * 200.0, 1) + 5 * noise()).astype(np.float32)
    quick = {"iterations": 2, "n_channels": 8, "n_superpixels": 100}
    result = finish(run(image, Params.preset("auto", **quick)))
    assert result.record["kind"] == "nuclei"
    assert result.record["params"]["objects"] == "bright"
    assert result.labels.max() == 4
    kept = finish(run(image, Params.preset("auto", **quick, objects="dark")))
    assert kept.record["params"]["objects"] == "dark"
    assert finish(run(image, Params(**quick))).record["kind"] is None


@pytest.mark.parametrize("name", ["nuclei", "histology", "phase", "brightfield", "em", "fast"])
def test_a_kind_changes_nothing_that_was_counted_on_before_the_run(name):
    assert not {"iterations", "n_channels", "crop_pixels", "method", "normalisation"} & set(PRESETS[name].settings)


def test_surroundings_are_further_channels_that_need_a_halo():
    params = Input(context=True)
    pixels = np.random.default_rng(0).random((2, 60, 60), dtype=np.float32)
    whole = network_input(pixels, params)
    assert len(whole) == n_inputs(2, params)
    np.testing.assert_array_equal(whole[:2], pixels)
    np.testing.assert_allclose(whole[2:4].mean(), pixels.mean(), rtol=0.02)
    assert whole[2].std() > whole[4].std()
    halo = input_halo(params)
    inner = network_input(pixels[:, 30 - halo : 31 + halo, 30 - halo : 31 + halo], params)
    np.testing.assert_array_equal(inner[:, halo, halo], whole[:, 30, 30])
    short = HALO - 2
    cut = network_input(pixels[:, 30 - short : 31 + short, 30 - short : 31 + short], params)
    assert (cut[:, short, short] != whole[:, 30, 30]).any()
    assert (input_halo(Input()), n_inputs(2, Input())) == (0, 2)


@pytest.mark.parametrize("axes", ["CYX", "YXS"])
def test_of_stains_that_show_different_things_no_kind_is_recognised(axes):
    image = np.random.default_rng(0).normal(20, 3, (3, 60, 60))
    image[0, 10:30, 10:30] += 100
    image[2, 35:50, 35:50] += 100
    image = image.clip(0, 255).astype(np.uint8)
    assert kind_of(ArraySource(np.moveaxis(image, 0, -1) if axes == "YXS" else image, axes)) == "fast"
    assert kind_of(ArraySource(image[0], "YX")) != "fast"
