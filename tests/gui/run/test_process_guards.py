"""What runs switch for the whole process is switched back, in whatever order they end."""

import gc

import pytest
from qtpy.QtGui import QMovie

from napari_backprop_segmentation.gui.run import process_guards
from napari_backprop_segmentation.gui.run.process_guards import Guard, frozen_objects, no_collection, slow_movies


def test_the_first_holder_switches_on_and_the_last_one_off():
    calls = []
    guard = Guard(lambda: calls.append("on"), lambda: calls.append("off"))
    first, second = guard.hold(), guard.hold()
    first.release()
    first.release()  # twice does not count for the other
    assert calls == ["on"]
    second.release()
    assert calls == ["on", "off"]


def test_a_hold_that_is_forgotten_is_released():
    calls = []
    guard = Guard(lambda: calls.append("on"), lambda: calls.append("off"))
    guard.hold()
    assert calls == ["on", "off"]


def test_collection_is_put_off_and_goes_on_even_after_an_error():
    with pytest.raises(KeyError), no_collection():
        assert not gc.isenabled()
        with no_collection():
            pass
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_who_has_collection_switched_off_keeps_it_off():
    gc.disable()
    try:
        with no_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_objects_stay_frozen_until_the_last_of_two_runs_has_ended():
    first, second = frozen_objects.hold(), frozen_objects.hold()
    assert gc.get_freeze_count() > 1000
    first.release()
    assert gc.get_freeze_count() > 1000
    second.release()
    assert gc.get_freeze_count() == 0


def test_new_objects_are_frozen_too_but_only_while_somebody_holds():
    process_guards.pass_over_new_objects()
    assert gc.get_freeze_count() == 0
    hold = frozen_objects.hold()
    before = gc.get_freeze_count()
    more = [[i] for i in range(1000)]
    process_guards.pass_over_new_objects()
    assert gc.get_freeze_count() >= before + len(more)
    hold.release()


def test_what_others_have_frozen_stays_frozen():
    gc.freeze()
    try:
        frozen_objects.hold().release()
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()


def test_animations_get_back_the_speed_they_had(qapp):
    movies = [QMovie(), QMovie()]
    movies[1].setSpeed(250)
    first = slow_movies.hold(movies)
    second = slow_movies.hold(movies[:1])
    assert [movie.speed() for movie in movies] == [10, 10]
    for hold in first:
        hold.release()
    assert [movie.speed() for movie in movies] == [10, 250]
    second[0].release()
    assert movies[0].speed() == 100
