import numpy as np
import pytest
from skimage.draw import ellipse
from skimage.measure import regionprops_table

from napari_backprop_segmentation.objects.shape import shapes

NAMES = {
    "perimeter": "perimeter",
    "equivalent diameter": "equivalent_diameter_area",
    "feret diameter max": "feret_diameter_max",
    "eccentricity": "eccentricity",
    "solidity": "solidity",
}


@pytest.fixture
def plane():
    objects = np.zeros((90, 120), np.int32)
    objects[ellipse(25, 25, 18, 9, rotation=0.4)] = 1
    objects[ellipse(60, 70, 20, 20)] = 2
    objects[50:60, 60:80] = 0  # a bay
    objects[75:85, 5:45] = 3
    return objects


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.5), (0.25, 1.0)])
def test_in_planes_they_are_those_of_scikit_image(plane, spacing):
    found = shapes(plane, spacing)
    names = [name for name in NAMES if name in found]
    assert names == [name for name in NAMES if name != "perimeter" or spacing[0] == spacing[1]]
    expected = regionprops_table(plane, spacing=spacing, properties=[NAMES[name] for name in names])
    for name in names:
        # scikit-image measures hulls from middle to middle of the sides of pixels, we from corner to corner
        slack = {"feret diameter max": 1.5 * max(spacing), "solidity": 0.04}.get(name, 1e-6)
        np.testing.assert_allclose(found[name], expected[NAMES[name]], atol=slack, rtol=1e-6)


def test_in_volumes_those_that_exist():
    solid = np.zeros((20, 20, 20), np.int32)
    solid[2:8, 3:9, 4:14] = 1
    solid[10:18, 10:18, 10:18] = 2
    solid[14:18, 14:18, 14:18] = 0
    found = shapes(solid, (2.0, 1.0, 1.0))
    assert list(found) == ["equivalent diameter", "feret diameter max", "solidity"]
    np.testing.assert_allclose(found["equivalent diameter"][0], 2 * (720 * 3 / 4 / np.pi) ** (1 / 3))
    np.testing.assert_allclose(found["feret diameter max"][0], np.sqrt(12**2 + 6**2 + 10**2))
    np.testing.assert_allclose(found["solidity"][0], 1)
    # a cube without one corner, of whose eighth the hull has all but a sixth
    np.testing.assert_allclose(found["solidity"][1], (512 - 64) / (512 - 64 / 6))


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (1, 1, 1), (1, 5, 1)])
def test_pixels_and_lines_have_shapes_too(shape):
    found = shapes(np.ones(shape, np.int32), (1.0,) * len(shape))
    np.testing.assert_allclose(found["solidity"], 1)
    np.testing.assert_allclose(found["feret diameter max"], np.linalg.norm(shape))
    if len(shape) == 2:
        np.testing.assert_allclose(found["eccentricity"], 0 if shape == (1, 1) else 1)
