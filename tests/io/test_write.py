"""What is written to files, that it comes back, and that no result is ever lost."""

import numpy as np
import pytest
import tifffile

from napari_backprop_segmentation.errors import ImageError, OutputError
from napari_backprop_segmentation.io import write
from napari_backprop_segmentation.io.calibration import Calibration
from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.io.record import CHECKSUM, checksum, read_record
from napari_backprop_segmentation.io.write import write_agreement, write_labels, write_png

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)
RGB = np.stack([GREY, GREY + 20, GREY + 40], axis=-1)
LABELS = np.array([[1, 1, 2], [1, 3, 2]], np.uint8)
RECORD = {"params": {"seed": 7}, "stopped_by": "all 20 iterations done, µ <&>", "shape": [1, 2, 3]}


@pytest.mark.parametrize(
    ("dtype", "stored"), [(np.uint8, np.uint8), (np.uint16, np.uint16), (np.int32, np.int32), (np.int64, np.uint8)]
)
def test_labels_come_back_with_record(tmp_path, dtype, stored):
    path = tmp_path / "new" / "folder" / "labels.tif"
    write_labels(path, LABELS.astype(dtype), RECORD)
    written = read_image(path)
    np.testing.assert_array_equal(written.pixels, LABELS)
    assert written.pixels.dtype == stored
    assert written.axes == "YX"
    assert read_record(path) == {**RECORD, CHECKSUM: checksum(LABELS)}
    assert [p.name for p in path.parent.iterdir()] == ["labels.tif"]


def test_large_labels_take_a_wider_type(tmp_path):
    write_labels(tmp_path / "a.tif", np.array([[0, 70_000]]), {})
    assert read_image(tmp_path / "a.tif").pixels.tolist() == [[0, 70_000]]


def test_labels_are_compressed_ome(tmp_path):
    write_labels(tmp_path / "a.tif", np.ones((64, 64), np.uint8), RECORD)
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert tif.is_ome
        assert tif.pages.first.compression == tifffile.COMPRESSION.ADOBE_DEFLATE


def test_labels_keep_the_sizes_of_the_image(tmp_path):
    calibration = Calibration({"X": (0.25, "µm"), "Y": (0.5, "µm"), "Z": (2.0, "µm")}, (4.0, 2.0), 1)
    write_labels(tmp_path / "a.tif", np.stack([LABELS, LABELS]), RECORD, "ZYX", calibration)
    written = read_image(tmp_path / "a.tif")
    assert written.axes == "ZYX"
    assert written.calibration == calibration


def test_labels_refuse_other_formats(tmp_path):
    with pytest.raises(ImageError, match=r"labels file must end in \.tif or \.tiff, got 'a\.png'"):
        write_labels(tmp_path / "a.png", LABELS, RECORD)


def test_failed_write_keeps_the_old_file_and_the_result(tmp_path, monkeypatch):
    write_labels(tmp_path / "a.tif", LABELS, RECORD)
    monkeypatch.setattr(write, "_imwrite", failing(OSError("No space left")))
    for number in ("", "1"):
        with pytest.raises(OutputError, match=r"labels must be written to '.*a\.tif', got: No space left; the result"):
            write_labels(tmp_path / "a.tif", LABELS + 1, RECORD)
        np.testing.assert_array_equal(read_image(tmp_path / f"a.kept{number}.tif").pixels, LABELS + 1)
    assert read_record(tmp_path / "a.tif") == {**RECORD, CHECKSUM: checksum(LABELS)}
    assert {p.name for p in tmp_path.iterdir()} == {"a.tif", "a.kept.tif", "a.kept1.tif"}


def failing(error):
    def fails(*_, **__):
        raise error

    return fails


def test_a_result_goes_to_the_temporary_folder_where_its_own_takes_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(write.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    with pytest.raises(OutputError, match=r"the result is kept as '.*temporary.a\.kept\.tif': move it"):
        write_labels(tmp_path / "file" / "a.tif", LABELS, RECORD)
    np.testing.assert_array_equal(read_image(tmp_path / "temporary" / "a.kept.tif").pixels, LABELS)


def test_a_result_is_kept_as_an_array_where_tiff_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(write.tifffile, "imwrite", failing(MemoryError()))
    with pytest.raises(OutputError, match=r"got: MemoryError; the result is kept as '.*a\.kept\.npy'"):
        write_labels(tmp_path / "a.tif", LABELS, RECORD)
    np.testing.assert_array_equal(np.load(tmp_path / "a.kept.npy"), LABELS)


def test_where_nothing_can_be_written_at_all_the_error_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(write.tempfile, "gettempdir", lambda: str(tmp_path / "file" / "too"))
    with pytest.raises(OutputError, match="nothing could be written in its folder nor in"):
        write_labels(tmp_path / "file" / "a.tif", LABELS, RECORD)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    "calibration",
    [
        Calibration({}, (72.0, 72.0), 0),
        Calibration({}, (NAN, INF), 2),
        Calibration({}, (0.0, -1.0), 77),
        Calibration({"X": (0.5, 'a "quoted" <unit>'), "Y": (0.5, "&")}),
        Calibration({"X": (NAN, "µm"), "Y": (INF, "")}),
    ],
)
def test_writing_never_fails_on_the_size_of_a_pixel(tmp_path, calibration):
    write_labels(tmp_path / "a.tif", LABELS, RECORD, "YX", calibration)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, LABELS)
    assert read_record(tmp_path / "a.tif")["params"] == RECORD["params"]


@pytest.mark.parametrize(
    ("labels", "axes", "record"),
    [
        (LABELS, "QQ", RECORD),
        (LABELS.astype(np.int64) * 2**40, "YX", RECORD),
        (LABELS, "YX", {**RECORD, "object": object(), "number": np.float32(3), 5: {1, 2}}),
        (LABELS, "YX", {**RECORD, "name": "control \x00\x1b\udc80"}),
        (LABELS > 1, "YX", RECORD),
    ],
)
def test_writing_never_fails_on_axes_types_or_records(tmp_path, labels, axes, record):
    remarks = write_labels(tmp_path / "a.tif", labels, record, axes)
    assert [bool(r) for r in remarks] == [True] * len(remarks)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, labels)
    assert read_record(tmp_path / "a.tif")["params"] == RECORD["params"]


def test_what_was_left_out_is_said(tmp_path):
    (remark,) = write_labels(tmp_path / "a.tif", LABELS, RECORD, "YX", Calibration({}, (NAN, INF), 2))
    assert remark == "the size of a pixel was left out, as it cannot be written"


def test_a_long_name_is_written(tmp_path):
    name = "n" * 251 + ".tif"
    write_labels(tmp_path / name, LABELS, RECORD)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "a.tif").symlink_to(tmp_path / "there" / "b.tif")
    write_labels(tmp_path / "a.tif", LABELS, RECORD)
    assert (tmp_path / "a.tif").is_symlink()
    np.testing.assert_array_equal(read_image(tmp_path / "there" / "b.tif").pixels, LABELS)


def test_the_checksum_knows_values_and_shape_but_not_the_type():
    assert checksum(LABELS) == checksum(LABELS.astype(np.int32))
    assert checksum(LABELS) != checksum(LABELS.reshape(3, 2))
    assert checksum(LABELS) != checksum(LABELS + 1)
    assert checksum(LABELS / 7) != checksum(LABELS / 8)


def test_an_agreement_has_its_own_checksum(tmp_path):
    write_agreement(tmp_path / "a.tif", (LABELS / 7).astype(np.float32), RECORD)
    assert read_record(tmp_path / "a.tif")[CHECKSUM] == checksum(LABELS / 7)


@pytest.mark.parametrize("make", ["plain", "garbage", "ome without record", "missing"])
def test_file_without_record(tmp_path, make):
    path = tmp_path / "a.tif"
    if make == "garbage":
        path.write_bytes(b"nothing")
    elif make != "missing":
        tifffile.imwrite(path, GREY, ome=make != "plain")
    with pytest.raises(ImageError, match="label file must carry the record of a run"):
        read_record(path)


def test_png_comes_back(tmp_path):
    write_png(tmp_path / "deep" / "a.png", RGB)
    np.testing.assert_array_equal(read_image(tmp_path / "deep" / "a.png").pixels, RGB)


def test_a_checksum_that_fails_costs_no_labels(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "with_checksum", failing(MemoryError()))
    with pytest.raises(OutputError, match=r"the result is kept as '.*a\.kept\.tif'"):
        write_labels(tmp_path / "a.tif", LABELS, RECORD)
    np.testing.assert_array_equal(read_image(tmp_path / "a.kept.tif").pixels, LABELS)


def test_large_labels_become_tiles_and_a_bigtiff(tmp_path, monkeypatch):
    labels = (np.indices((600, 700)).sum(axis=0) // 50).astype(np.int32)
    layout = write.tiff_layout
    assert layout(labels) == {"bigtiff": False}
    monkeypatch.setattr(write, "tiff_layout", lambda pixels: layout(pixels, large_pixels=1000, big_bytes=10_000))
    write.write_labels(tmp_path / "large.tif", labels, {})
    with tifffile.TiffFile(tmp_path / "large.tif") as file:
        assert file.is_bigtiff
        assert file.is_ome
        assert file.pages[0].is_tiled
        assert file.pages[0].tile == (512, 512)
        np.testing.assert_array_equal(file.asarray(), labels)
    assert layout(np.broadcast_to(labels, (3000, 600, 700))) == {"bigtiff": True}
