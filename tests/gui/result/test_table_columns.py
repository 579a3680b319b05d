"""The columns of the user stay, whatever is measured."""

import pandas as pd

from napari_backprop_segmentation.gui.result.table_columns import ours_in, with_ours, without_ours

MEASURED = pd.DataFrame({"index": [1, 2, 5], "area (px²)": [10.0, 20.0, 50.0]})


def test_an_empty_table_is_filled():
    found = with_ours(pd.DataFrame(), MEASURED, ())
    pd.testing.assert_frame_equal(found, MEASURED)
    assert ours_in(found, pd.DataFrame(), ()) == ("index", "area (px²)")


def test_columns_of_the_user_stay_with_their_labels():
    theirs = pd.DataFrame({"index": [5, 1, 3], "kind": ["e", "a", "c"]})
    found = with_ours(theirs, MEASURED, ())
    assert found["index"].tolist() == [1, 2, 5]
    assert found["kind"].fillna("").tolist() == ["a", "", "e"]
    assert ours_in(found, theirs, ()) == ("index", "area (px²)")


def test_without_an_index_rows_follow_the_labels_from_0():
    theirs = pd.DataFrame({"kind": ["ground", "a", "b", "c", "d", "e"]})
    assert with_ours(theirs, MEASURED, ())["kind"].tolist() == ["a", "b", "e"]


def test_what_was_measured_before_is_replaced_and_can_go():
    theirs = pd.DataFrame({"index": [1, 2], "kind": ["a", "b"]})
    first = with_ours(theirs, MEASURED, ())
    ours = ours_in(first, theirs, ())
    again = with_ours(first, MEASURED.assign(**{"area (px²)": [11.0, 21.0, 51.0]}), ours)
    assert again["area (px²)"].tolist() == [11, 21, 51]
    assert again["kind"].fillna("").tolist() == ["a", "b", ""]
    assert without_ours(again, ours_in(again, first, ours)).columns.tolist() == ["index", "kind"]
    assert without_ours(MEASURED, ours).empty


def test_a_name_that_the_user_has_given_is_the_users():
    theirs = pd.DataFrame({"index": [1, 2, 5], "area (px²)": ["large", "small", "large"]})
    found = with_ours(theirs, MEASURED, ())
    assert found["area (px²)"].tolist() == ["large", "small", "large"]
    assert found["area (px²) (measured)"].tolist() == [10, 20, 50]
