"""Memory that runs out ends no run: it goes on with less, once, and says so."""

import logging

import numpy as np
import pytest
import torch

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import MemoryLimitError, engine_errors, of_memory
from napari_backprop_segmentation.hierarchy.merge import merge_regions
from napari_backprop_segmentation.network import fallback, loop, objective, planning, seeing
from napari_backprop_segmentation.network.planning import Plan, smaller_plan
from napari_backprop_segmentation.network.step import NewStrokes
from napari_backprop_segmentation.params.sections import Training
from napari_backprop_segmentation.pipeline import resources
from napari_backprop_segmentation.pipeline.messages import remarks

PIXELS = np.where(np.add.outer(np.arange(128) // 32, np.arange(128) // 32) % 2, 200, 20)
IMAGE = (PIXELS + np.random.default_rng(0).integers(0, 40, PIXELS.shape)).astype(np.uint8)
SMALL = Params(
    n_channels=8, iterations=4, n_superpixels=50, min_labels=0, precision="float32", device="cpu", crop_pixels=0
)
QUARTER = 64 * 64
ERRORS = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("MPS backend out of memory (MPS allocated: 5.00 GB). Tried to allocate 2 GB on private pool."),
    RuntimeError("Invalid buffer size: 24.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried 4 bytes"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:115] data. DefaultCPUAllocator: not enough memory: you tried 4 bytes"),
    RuntimeError("could not create a memory object"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("bad allocation"),
    OSError(12, "Cannot allocate memory"),
    OSError(1455, "Die Auslagerungsdatei ist zu klein, um diesen Vorgang durchzuführen"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: str(error)[:30])
def test_every_way_to_say_it_is_understood(error):
    assert of_memory(error)
    with pytest.raises(MemoryLimitError, match="image must fit the memory"), engine_errors():
        raise error


def test_other_errors_are_not_taken_for_it():
    for error in (
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        OSError(28, "No space left"),
        ValueError(),
    ):
        assert not of_memory(error)
    with pytest.raises(OSError, match="No space"), engine_errors():
        raise OSError(28, "No space left")


class Short:
    """Fails in some of its calls, and works in the others."""

    def __init__(self, real, error, calls):
        self.real, self.error, self.failing, self.calls = real, error, calls, 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        if self.calls in self.failing:
            raise self.error
        return self.real(*args, **kwargs)


@pytest.fixture
def short(monkeypatch):
    """Let memory run out in some calls of a function."""

    def arm(where, name, *calls, error=ERRORS[1]):
        fake = Short(getattr(where, name), error, calls)
        monkeypatch.setattr(where, name, fake)
        return fake

    return arm


def test_training_goes_on_with_smaller_crops_and_can_be_repeated(short, caplog):
    expected = finish(run(IMAGE, SMALL.replace(crop_pixels=QUARTER)))
    short(objective, "losses_and_gradient", 1)
    with caplog.at_level(logging.WARNING):
        steps = run(IMAGE, SMALL)
        assert [next(steps).iteration for _ in range(4)] == [1, 2, 3, 4]
        result = finish(steps)
    note = "trains on crops of 4096 pixels instead of 16384 from iteration 1 on, as memory ran out"
    assert result.record["notes"] == [note]
    assert f"this run {note}" in caplog.text
    assert remarks(3, result.record)[0] == f"this run {note}"
    assert result.record["crop"] == expected.record["crop"] == [64, 64]
    np.testing.assert_array_equal(result.labels, expected.labels)


@pytest.mark.parametrize(
    ("where", "name"),
    [("loop", "strongest"), ("objective", "majority_vote"), ("crops", "superpixel_index"), ("crops", "network_input")],
)
@pytest.mark.parametrize("error", [ERRORS[0], ERRORS[2]], ids=["processor", "card"])
def test_wherever_it_runs_out_in_training(short, where, name, error):
    from napari_backprop_segmentation.network import crops

    short({"loop": loop, "crops": crops, "objective": objective}[where], name, 1, error=error)
    result = finish(run(IMAGE, SMALL))
    assert result.record["iterations"] == 4
    assert result.record["crop"] == [64, 64]


def test_what_was_learned_and_drawn_before_is_kept(short):
    strokes = np.zeros(IMAGE.shape, np.uint8)
    strokes[::4], strokes[1::4] = 1, 2
    short(objective, "losses_and_gradient", 4)
    steps = run(IMAGE, SMALL.replace(strokes_as="network"))
    next(steps), next(steps)
    assert steps.send(NewStrokes(strokes)).losses["strokes"] > 0
    last = next(steps)
    assert last.losses["strokes"] > 0
    result = finish(steps)
    assert result.model.taught
    assert "from iteration 4 on" in result.record["notes"][0]


def test_it_is_tried_once(short):
    short(objective, "losses_and_gradient", 1, 3)
    with pytest.raises(MemoryLimitError, match="image must fit the memory of the device, got: CUDA out of memory"):
        finish(run(IMAGE, SMALL))


def test_later_frames_begin_with_what_is_left(short):
    fake = short(objective, "losses_and_gradient", 1)
    result = finish(run(np.stack([IMAGE, IMAGE]), SMALL, axes="TYX"))
    assert len(result.record["notes"]) == 1
    assert result.record["crop"] == [64, 64]
    assert fake.calls == 1 + result.record["iterations"]


def test_a_small_image_has_nothing_smaller(short):
    short(objective, "losses_and_gradient", 1)
    with pytest.raises(MemoryLimitError):
        finish(run(IMAGE[:64, :64], SMALL))


def test_a_full_card_leaves_the_processor(monkeypatch):
    card = Plan(torch.device("cuda"), torch.bfloat16)
    training = Training.of(SMALL)
    monkeypatch.setattr(planning, "free_memory", lambda _: 1e9)
    plan, change = smaller_plan(card, training, IMAGE.shape)
    assert (plan.device.type, plan.crop, plan.dtype) == ("cuda", (64, 64), torch.bfloat16)
    monkeypatch.setattr(planning, "free_memory", lambda _: 1e5)
    plan, change = smaller_plan(card, training, IMAGE.shape)
    assert (plan.device.type, plan.crop, plan.dtype) == ("cpu", None, torch.float32)
    assert change == "trains on the processor in float32"


def test_the_labels_are_those_of_larger_parts(short, monkeypatch):
    expected = finish(run(IMAGE, SMALL.replace(regions="trained")))
    calls = short(seeing, "network_input", 1, 2)
    found = finish(run(IMAGE, SMALL.replace(regions="trained")))
    assert calls.calls > 2
    np.testing.assert_array_equal(found.labels, expected.labels)


def test_labels_as_trained_where_the_tree_has_no_room():
    def no_room(_):
        raise MemoryError

    result = finish(run(IMAGE, SMALL, merge=no_room))
    expected = finish(run(IMAGE, SMALL.replace(regions="trained")))
    np.testing.assert_array_equal(result.labels, expected.labels)
    assert (result.record["regions"], result.hierarchy) == ("trained", None)
    assert result.record["notes"] == ["labels stay as trained, as memory ran out while regions were merged"]
    assert result.model is not None


def test_defects_of_the_tree_are_not_hidden():
    def broken(regions):
        return merge_regions(None)

    with pytest.raises(AttributeError):
        finish(run(IMAGE, SMALL, merge=broken))


def test_what_failed_is_let_go_of_before_it_is_tried_again(short, monkeypatch):
    alive = []

    class Held:
        pass

    real = fallback.release_cached

    def hold(*_):
        from weakref import ref

        large = Held()
        alive.append(ref(large))
        raise MemoryError

    def released(device):
        assert alive[0]() is None
        real(device)

    monkeypatch.setattr(fallback, "release_cached", released)
    whole = loop.strongest
    monkeypatch.setattr(loop, "strongest", lambda *args: hold() if not alive else whole(*args))
    assert finish(run(IMAGE, SMALL)).record["crop"] == [64, 64]


def test_what_may_not_fit_is_said_before(monkeypatch, caplog):
    monkeypatch.setattr(resources, "free_memory", lambda _: 1e8)
    with caplog.at_level(logging.WARNING):
        next(run(IMAGE, SMALL))
    assert "this run may not fit the memory, as about 0.2 GB are needed and 0.1 GB are free" in caplog.text
