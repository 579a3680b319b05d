"""A step is a snapshot: it says the same whenever it is asked, and what is told to a run counts from the next one."""

from itertools import pairwise

import numpy as np
import pytest
from skimage import data
from stepping import all_steps, training_steps

from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.network.step import NewStrokes
from napari_backprop_segmentation.params.params import Params

PHOTO = data.astronaut()[20:84, 180:260]
QUICK = Params(n_channels=8, iterations=6, n_superpixels=80, min_labels=0, precision="float32", device="cpu")
DRAWN = np.zeros(PHOTO.shape[:2], np.uint8)
DRAWN[::4], DRAWN[1::4] = 1, 5
ON_ALL_AND_ON_CROPS = pytest.mark.parametrize("crop_pixels", [0, 32 * 32], ids=["whole", "crops"])


def steps_on(crop_pixels, **changes):
    return training_steps(ArraySource(PHOTO), QUICK.replace(crop_pixels=crop_pixels, **changes))


@ON_ALL_AND_ON_CROPS
@pytest.mark.parametrize("method", ["superpixels", "continuity"])
def test_a_step_says_the_same_later_as_at_once(crop_pixels, method):
    at_once, kept = [], []
    for step in steps_on(crop_pixels, method=method):
        kept.append(step)
        at_once.append(step.labels)
    assert len(kept) == 6
    np.testing.assert_array_equal([step.labels for step in kept], at_once)
    assert all((one != other).any() for one, other in pairwise(at_once))  # else it proves little


@ON_ALL_AND_ON_CROPS
def test_looking_at_a_run_does_not_change_it(crop_pixels):
    seen = [(step.labels.shape, step.n_labels, step.changed, step.losses) for step in steps_on(crop_pixels)]
    unseen, _ = all_steps(steps_on(crop_pixels))
    assert seen == [(DRAWN.shape, step.n_labels, step.changed, step.losses) for step in unseen]


def test_the_loss_is_the_weighted_sum_of_all_losses():
    weights = {"similarity_weight": 0.5, "continuity_weight": 2.0, "stroke_weight": 3.0, "cooccurrence_weight": 0.25}
    step = next(training_steps(ArraySource(PHOTO), QUICK.replace(method="continuity", **weights), DRAWN))
    assert list(step.losses) == ["similarity", "strokes", "continuity", "cooccurrence"]
    assert min(step.losses.values()) > 0
    parts = step.losses
    known = {name.removesuffix("_weight").replace("stroke", "strokes"): weight for name, weight in weights.items()}
    assert step.loss == pytest.approx(sum(known[name] * value for name, value in parts.items()))


def test_losses_without_a_part_in_a_run_are_zero():
    losses = next(steps_on(0)).losses
    assert (losses["strokes"], losses["continuity"]) == (0, 0)


@ON_ALL_AND_ON_CROPS
def test_new_strokes_count_from_the_next_iteration_on(crop_pixels):
    steps, model = all_steps(steps_on(crop_pixels), commands={3: NewStrokes(DRAWN)})
    assert [step.losses["strokes"] > 0 for step in steps] == [False] * 3 + [True] * 3
    for step in steps[3:]:
        assert step.loss == step.losses["similarity"] + 0.5 * step.losses["strokes"]
    assert model.taught


def test_new_strokes_are_learned_and_change_nothing_before():
    later, _ = all_steps(steps_on(0), commands={1: NewStrokes(DRAWN)})
    first = next(training_steps(ArraySource(PHOTO), QUICK, DRAWN))
    assert first.losses["strokes"] > later[-1].losses["strokes"] > 0  # learned
    untaught, model = all_steps(steps_on(0))
    assert not model.taught
    assert later[0].losses == untaught[0].losses
    assert later[1].losses["similarity"] != untaught[1].losses["similarity"]


def test_strokes_in_one_of_two_images_leave_the_other_to_itself():
    both = [ArraySource(PHOTO), ArraySource(PHOTO[::-1])]
    steps, model = all_steps(training_steps(both, QUICK, [DRAWN, None]))
    assert [step.losses["strokes"] > 0 for step in steps] == [True, False] * 3
    assert [step.losses["similarity"] > 0 for step in steps] == [True] * 6
    assert model.taught
