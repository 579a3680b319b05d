"""What is said of a result."""

import pytest

from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import PRESETS
from napari_backprop_segmentation.pipeline.messages import found, other_readings, remarks

HINT = (
    "to find some, lower Smallest object (min_object, now 30), "
    "or look for another kind of Objects (objects, now 'dark')"
)


def record(kind=None, regions="merged", **changes):
    params = Params(automatic=kind is not None, **changes)
    return {"params": (params.filled(kind) if kind else params).to_dict(), "kind": kind, "regions": regions}


def test_objects_are_called_objects_where_they_are_some():
    assert found(1, record()) == "1 label"
    assert found(2, record(objects="bright")) == "2 objects"
    assert found(2, record(objects="bright", regions="trained")) == "2 labels"  # too large an image for a tree


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        ("nuclei", {}, "taken for Nuclei (fluorescence), so bright objects of 30 pixels or more were looked for"),
        (
            "phase",
            {"min_object": 7},
            "taken for Phase contrast, so outlined objects of 7 pixels or more were looked for",
        ),
        ("brightfield", {}, "taken for Brightfield, so regions at Detail 65"),
        ("fast", {}, "no special kind of image recognised, so regions at Detail 40"),
    ],
)
def test_what_an_image_was_taken_for(kind, changes, said):
    assert remarks(3, record(kind, **changes)) == (said,)


def test_what_to_do_where_no_object_was_found():
    assert remarks(0, record(objects="dark")) == (HINT,)
    assert remarks(1, record(objects="dark")) == ()
    assert len(remarks(0, record("nuclei"))) == 2
    assert all(remarks(1, record(kind)) for kind in PRESETS)


def test_how_sure_a_reading_is_and_that_a_kind_was_mistaken_at_first_is_said():
    offered = [{"name": name, "count": 9} for name in ("dark", "bright")]
    read = record("fast", reading=1) | {"offered": offered, "reading": "dark", "sure": 0.8}
    assert remarks(9, read) == ("objects: dark, 80 % sure",)
    assert remarks(9, read | {"sure": 0.3}) == ("objects: dark, but only 30 % sure",)
    assert remarks(9, read | {"fixed": 7})[-1] == "objects: dark"  # what was edited has decided
    assert remarks(9, record("nuclei") | {"sure": 0.8})[0].endswith("were looked for, 80 % sure")
    first, second = remarks(9, read | {"mistaken": "em"})
    assert first.startswith("taken for Electron microscopy at first, but")
    assert second.startswith("objects: dark, 80 % sure")
    regions = record("fast") | {"offered": [], "mistaken": "em"}
    assert remarks(9, regions)[-1] == (
        "these are regions (Detail 40), as nothing stood out clearly enough to be objects"
    )
    assert remarks(9, record("brightfield") | {"offered": []}) == (
        "taken for Brightfield; these are regions (Detail 65), as nothing stood out clearly enough to be objects",
    )


def test_the_best_other_reading_of_each_kind_is_told_with_the_option_that_takes_it():
    names = ["bright", "bright", "dark", "between dark lines", "outlined", "dark"]
    offered = [{"name": name, "count": 10 * n} for n, name in enumerate(names, start=1)]
    told = other_readings(record("nuclei") | {"offered": offered})
    assert told == "10 bright (--reading 1), 30 dark (--reading 3), 40 between dark lines (--reading 4)"
    taken = record("fast", reading=1) | {"offered": offered, "reading": "bright"}
    assert other_readings(taken).startswith("30 dark (--reading 3), 40")
    assert other_readings(record()) == ""
