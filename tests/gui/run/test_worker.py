"""The worker's generator, without a thread and without Qt."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from napari_backprop_segmentation.errors import EngineError, ImageError, MemoryLimitError
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.run import worker
from napari_backprop_segmentation.gui.run.worker import Cancellable, WorkerControl, watched
from napari_backprop_segmentation.image.checksum import pixel_checksum
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.params.params import Params

IMAGE = np.zeros((3, 4), np.uint8)


def start(engine, iterations, control):
    run_input = RunInput("", IMAGE, "YX", {}, IMAGE.shape, (1.0, 1.0))
    return watched(partial(engine, run_input, Params(iterations=iterations)), control)


def exhaust(generator, control):
    """Take all messages as the GUI would; return them and the result."""
    messages = []
    while True:
        try:
            message = next(generator)
        except StopIteration as done:
            return messages, done.value
        if message is not None:
            messages.append(message)
        control.heard = True


def test_every_iteration_is_reported_once_and_the_first_message_has_labels(engine, monkeypatch):
    engine.allow(5)
    control = WorkerControl(message_seconds=1e9)  # nothing is due before the end but the first step
    messages, result = exhaust(start(engine, 5, control), control)
    assert [[p.iteration for p in m.points] for m in messages] == [[1], [2, 3, 4, 5]]
    assert messages[0].labels.tolist() == np.ones((3, 4)).tolist()
    assert result.labels[0, 0] == 205


def test_no_message_before_the_last_was_drawn(engine):
    engine.allow(4)
    control = WorkerControl(message_seconds=0.0)
    run = start(engine, 4, control)
    assert len(next(run).points) == 1
    assert next(run) is None
    assert next(run) is None
    control.heard = True
    assert [p.iteration for p in next(run).points] == [2, 3, 4]


def test_no_message_before_its_time(engine):
    engine.allow(3)
    control = WorkerControl(message_seconds=1e9)
    run = start(engine, 3, control)
    assert len(next(run).points) == 1
    control.heard = True
    assert next(run) is None
    control.message_seconds = 0.0
    assert [p.iteration for p in next(run).points] == [2, 3]


@pytest.mark.parametrize(("seconds", "carried"), [(0.0, [1, 2, 3]), (1e9, [1, None, None])])
def test_labels_are_sent_now_and_then(engine, monkeypatch, seconds, carried):
    monkeypatch.setattr(worker, "PREVIEW_SECONDS", seconds)
    engine.allow(3)
    control = WorkerControl(message_seconds=0.0)
    messages, _ = exhaust(start(engine, 3, control), control)
    assert [None if m.labels is None else m.labels[0, 0] for m in messages] == carried


def test_no_more_steps_are_held_back_than_the_device_can_bear(engine, monkeypatch):
    read = []
    monkeypatch.setattr(worker, "Point", lambda iteration, *numbers: read.append(iteration) or iteration)
    monkeypatch.setattr(worker, "UNREAD_STEPS", 3)
    engine.allow(4)
    run = start(engine, 9, WorkerControl())
    for expected in ([1], [1], [1], [1, 2, 3, 4]):  # the first message was never heard
        next(run)
        assert read == expected


def test_stop_ends_after_this_step_and_keeps_the_labels(engine):
    engine.allow(9)
    control = WorkerControl()
    run = start(engine, 9, control)
    next(run)
    control.command = "stop"
    messages, result = exhaust(run, control)
    assert messages == []
    assert (result.record["stopped_by"], result.record["iterations"]) == ("stopped by you", 1)


def test_stop_before_the_first_step_still_gives_labels(engine):
    engine.allow(1)
    control = WorkerControl(command="stop")
    messages, result = exhaust(start(engine, 9, control), control)
    assert [p.iteration for m in messages for p in m.points] == [1]
    assert result.labels[0, 0] == 201


def test_cancel_closes_the_loop(engine):
    engine.allow(1)
    control = WorkerControl()
    run = start(engine, 9, control)
    next(run)
    control.command = "cancel"
    assert exhaust(run, control) == ([], None)
    assert engine.closed.is_set()


def test_cancel_drops_the_result_of_a_method_without_steps():
    control = WorkerControl()

    def stepless():
        control.command = "cancel"
        yield from ()
        return SimpleNamespace(labels=IMAGE)

    assert exhaust(watched(stepless, control), control) == ([], None)


def test_cancel_ends_a_run_that_has_no_steps_at_its_next_look_at_the_image():
    control = WorkerControl()
    array = Cancellable(IMAGE, control)

    def labelling():
        yield from ()
        for row in range(3):
            assert array[row].shape == (4,)
            assert row < 2, "the image was read after the cancel"
            control.command = "cancel" if row == 1 else None

    assert exhaust(watched(labelling, control), control) == ([], None)


@pytest.mark.parametrize(
    ("raised", "shown", "text"),
    [
        (RuntimeError("mat1 and mat2"), EngineError, "the engine stopped: mat1 and mat2"),
        (MemoryError(), MemoryLimitError, "out of memory; choose a faster preset"),
        (ImageError("image must hold pixels"), ImageError, "^image must hold pixels$"),
        (KeyError("x"), KeyError, "x"),
    ],
)
def test_no_runtime_error_leaves_the_worker(engine, raised, shown, text):
    engine.allow(1)
    engine.fail_with = raised
    with pytest.raises(shown, match=text) as caught:
        next(start(engine, 3, WorkerControl()))
    assert not isinstance(caught.value, RuntimeError)


def test_step_time_forgets_the_first_iteration_which_makes_the_superpixels(engine, monkeypatch):
    clock = iter([0.0, 100.0, 100.0, 100.0, 100.0, 101.0, 101.0, 101.0, 101.0])
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: next(clock, 101.0)))
    engine.allow(2)
    control = WorkerControl()
    messages, _ = exhaust(start(engine, 2, control), control)
    assert messages[0].step_seconds == 100
    assert messages[-1].step_seconds <= 1


def test_labelled_frames_reach_the_control_of_a_real_run():
    film = np.random.default_rng(0).integers(0, 99, (3, 16, 16)).astype(np.uint8)
    run_input = RunInput("film", film, "TYX", {}, film.shape, (1.0, 1.0))
    control = WorkerControl()
    params = Params(n_channels=4, iterations=2, n_superpixels=10, frames="once", regions="trained")
    exhaust(watched(partial(worker.start_steps, run_input, params, control), control), control)
    assert control.labelled == (3, 3)


def test_a_record_tells_the_pixels_of_a_run_in_the_window_apart():
    control = WorkerControl()
    array = Cancellable(IMAGE, control)
    assert pixel_checksum(array) == pixel_checksum(IMAGE) != pixel_checksum(IMAGE + 1)


def test_a_cancel_while_the_image_is_read_is_no_fault_of_the_image():
    control = WorkerControl()
    source = ArraySource(Cancellable(np.arange(12).reshape(3, 4), control), "YX")

    def labelling():
        yield from ()
        control.command = "cancel"
        source.read(source.whole)

    assert exhaust(watched(labelling, control), control) == ([], None)
