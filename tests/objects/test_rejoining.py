"""Pieces of one object in a volume are joined, objects that touch are not."""

import numpy as np
import pytest
from scipy import ndimage

from napari_backprop_segmentation.objects.foreground import foreground_objects
from napari_backprop_segmentation.objects.rejoining import rejoined
from napari_backprop_segmentation.params.sections import Objects

SHAPE = (40, 40, 64)


def ball(centre, radius, spacing=(1.0, 1.0, 1.0), shape=SHAPE):
    """Return the distance from a ball's surface, negative inside, in units of `spacing`."""
    grid = np.indices(shape) * np.reshape(spacing, (3, 1, 1, 1))
    return np.sqrt(((grid - np.reshape(centre, (3, 1, 1, 1))) ** 2).sum(axis=0)) - radius


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 1.0, 1.0)])
def test_eighths_of_a_ball_are_one(spacing):
    inside = ball(np.multiply((20, 20, 30), spacing), 16, spacing) < 0
    z, y, x = np.indices(SHAPE)
    parts = np.where(inside, 1 + (z > 20) + 2 * (y > 18) + 4 * (x > 32), 0)
    np.testing.assert_array_equal(rejoined(parts, spacing), inside)


@pytest.mark.parametrize("distance", [2.0, 1.6, 1.3])  # in radii
def test_two_balls_stay_two_also_where_one_reaches_into_the_other(distance):
    one, other = (ball((20, 20, 16 + shift), 14) for shift in (0, 14 * distance))
    parts = np.where(np.minimum(one, other) < 0, np.where(one < other, 1, 2), 0)
    np.testing.assert_array_equal(rejoined(parts), parts)


def test_parts_that_do_not_touch_are_not_joined_and_numbers_have_no_gaps():
    parts = np.zeros(SHAPE, int)
    for number, place in enumerate((2, 12, 13, 30), start=1):
        parts[5:15, 5:15, place : place + (1 if place == 12 else 9)] = number
    found = rejoined(parts)
    assert sorted(np.unique(found)) == [0, 1, 2, 3]
    assert found[8, 8, 12] == found[8, 8, 13]
    assert not rejoined(np.zeros(SHAPE, int)).any()


def test_nuclei_with_strong_texture_are_counted_once():
    """Clumps of chromatin twice as bright as what is between them, in nuclei that touch."""
    rng = np.random.default_rng(1)
    centres = [(20, 15, 15), (20, 15, 40), (20, 40, 15), (20, 40, 40)]
    shape = (40, 56, 56)
    inside = np.min([ball(centre, 13, shape=shape) for centre in centres], axis=0) < 0
    texture = ndimage.gaussian_filter(rng.standard_normal(shape), 3.5)
    light = inside * np.exp(0.4 * texture / texture.std())
    image = ndimage.gaussian_filter(light, 1) + 0.02 * rng.standard_normal(shape)
    regions = np.arange(image.size).reshape(shape)
    found = foreground_objects(regions, image[None].astype(np.float32), Objects(objects="bright"))
    assert found.max() == len(centres)
    assert len({int(found[centre]) for centre in centres}) == len(centres)
