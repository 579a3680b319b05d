"""What is done one after the other, or in threads."""

from threading import Event

import pytest

from napari_backprop_segmentation.image.each import in_threads, in_turn

SECONDS = 5.0


def added(common, item):
    return common + item


@pytest.mark.parametrize("each", [in_turn, in_threads])
def test_what_is_found_comes_in_the_order_of_the_items(each):
    assert list(each(added, 10, range(20))) == list(range(10, 30))


def test_an_error_comes_where_its_item_would():
    found = in_threads(lambda _, item: 1 / item, None, [1, 2, 0, 4])
    assert next(found) == 1
    assert next(found) == 0.5
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_nobody_waits_for_what_was_left_half_way():
    """A collection of garbage may close it, in a thread that holds what the others need to end."""
    begun, go_on, ended = Event(), Event(), Event()
    in_time = []

    def work(_, item):
        if item == 1:
            begun.set()
            in_time.append(go_on.wait(SECONDS))
            ended.set()

    found = in_threads(work, None, range(4))
    next(found)
    assert begun.wait(SECONDS)
    found.close()
    go_on.set()
    assert ended.wait(SECONDS)
    assert in_time == [True]
