"""No two images ever get the same place for their results."""

from pathlib import Path

import pytest

from napari_backprop_segmentation.batch.jobs import plan_files
from napari_backprop_segmentation.batch.names import shown_names, unique_names

OUT = Path("out")


@pytest.mark.parametrize(
    ("images", "names"),
    [
        (["a.tif", "b.tif"], ["a", "b"]),
        (["a.tif", "a.png", "b.png"], ["a_tif", "a_png", "b"]),
        (["/x/a.tif", "/y/a.tif"], ["x_a", "y_a"]),
        (["/x/1/a.tif", "/y/1/a.tif"], ["x_1_a", "y_1_a"]),
        (["/x/a.tif", "/x/a.png", "/y/a.tif"], ["x_a_tif", "a_png", "y_a_tif"]),
        (["/x/A.tif", "/x/a.png"], ["A_tif", "a_png"]),  # one file to some file systems
        (["/x/a.tif", "/x/a.png", "/x/a_tif.png"], ["a_tif", "a_png", "a_tif_png"]),
    ],
)
def test_names_are_as_short_as_they_can_be(images, names):
    found = unique_names([Path(image) for image in images], [OUT] * len(images))
    assert found == names


def test_in_folders_of_their_own_they_may_be_alike():
    images = [Path("/x/a.tif"), Path("/y/a.tif")]
    assert unique_names(images, [image.parent for image in images]) == ["a", "a"]


def test_everything_that_is_written_has_a_name_of_its_own():
    images = [Path("/x/a.tif"), Path("/y/a.tif"), Path("/y/a.png")]
    options = {"log": Path("log.csv"), "agreement": Path("s.tif"), "model": Path("m.safetensors"), "tables": True}
    jobs = plan_files(images, OUT, **options)
    written = [path for job in jobs for path in job.written]
    assert len(set(written)) == len(written) == 5 * len(images)


def test_beside_the_files():
    images = [Path("/x/a.tif"), Path("/y/a.tif"), Path("/y/a.png")]
    places = [job.labels for job in plan_files(images, None, beside=True)]
    assert places == [Path("/x/a_labels.tif"), Path("/y/a_tif_labels.tif"), Path("/y/a_png_labels.tif")]


def test_tables_call_files_by_their_paths_where_names_are_alike():
    assert shown_names([Path("/x/a.tif"), Path("/x/b.tif")]) == ["a.tif", "b.tif"]
    assert shown_names([Path("/x/a.tif"), Path("/y/a.tif")]) == ["/x/a.tif", "/y/a.tif"]
