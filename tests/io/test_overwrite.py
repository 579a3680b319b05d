"""What may be overwritten, where something may be written, and what killed runs leave behind."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_backprop_segmentation.errors import OutputError
from napari_backprop_segmentation.io import places
from napari_backprop_segmentation.io.overwrite import check_labels, check_png, check_table, check_text
from napari_backprop_segmentation.io.places import check_places, check_space, remove_abandoned
from napari_backprop_segmentation.io.record import CHECKSUM, OTHERS, checksum_of_bytes, read_record
from napari_backprop_segmentation.io.tables import table_bytes, write_bytes, write_table
from napari_backprop_segmentation.io.write import part_name, write_agreement, write_labels, write_png

LABELS = np.array([[1, 1, 2], [1, 3, 2]], np.uint8)
RECORD = {"params": {"seed": 7}}
OTHER_FILE = r"output must be new or written by this program, got '.*', which is another file; .* --overwrite"
EDITED = r"output must be new or as this program wrote it, got '.*', which was edited since or is of an earlier version"


def test_what_is_new_or_as_we_wrote_it_may_be_overwritten(tmp_path):
    path = tmp_path / "a.tif"
    check_labels(path)
    write_labels(path, LABELS.astype(np.int64), RECORD)
    check_labels(path)
    write_agreement(path, (LABELS / 3).astype(np.float32), RECORD)
    check_labels(path)


def test_another_image_is_not_overwritten(tmp_path):
    path = tmp_path / "a.tif"
    for write in (
        lambda: tifffile.imwrite(path, LABELS),
        lambda: tifffile.imwrite(path, LABELS, ome=True),
        lambda: path.write_bytes(b"my notes"),
        lambda: path.write_bytes(b""),
    ):
        write()
        with pytest.raises(OutputError, match=OTHER_FILE):
            check_labels(path)


def test_labels_that_were_corrected_by_hand_are_not_overwritten(tmp_path):
    path = tmp_path / "a.tif"
    write_labels(path, LABELS, RECORD)
    with tifffile.TiffFile(path) as tif:
        described = tif.ome_metadata
    edited = LABELS.copy()
    edited[0, 0] = 3
    tifffile.imwrite(path, edited, description=described.encode(), metadata=None)
    assert read_record(path)["params"] == RECORD["params"]
    with pytest.raises(OutputError, match=EDITED):
        check_labels(path)


def test_labels_of_an_earlier_version_without_a_checksum_are_not_overwritten(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, LABELS, ome=True, metadata={"axes": "YX", "Description": '{"params": {"seed": 7}}'})
    with pytest.raises(OutputError, match=EDITED):
        check_labels(path)


@pytest.mark.parametrize("check", [check_labels, check_png, lambda path: check_text(path, "a")])
def test_a_folder_in_place_of_a_file_is_refused(tmp_path, check):
    (tmp_path / "a.tif").mkdir()
    with pytest.raises(OutputError, match="output must be a file or new, got"):
        check(tmp_path / "a.tif")


def test_a_link_to_nothing_is_new(tmp_path):
    (tmp_path / "a.tif").symlink_to(tmp_path / "b.tif")
    check_labels(tmp_path / "a.tif")


def test_tables_are_known_by_the_labels_beside_them(tmp_path):
    labels, table = tmp_path / "a.tif", tmp_path / "a.csv"
    content = table_bytes({"label": np.array([1, 2]), "area (µm²)": np.array([1.5, 2.0])})
    assert content.decode("utf-8-sig") == "label,area (µm²)\r\n1,1.5\r\n2,2.0\r\n"
    check_table(table, labels)
    write_bytes(table, content)
    with pytest.raises(OutputError, match=r"got the table '.*', which is another one; .*--overwrite"):
        check_table(table, labels)
    write_labels(labels, LABELS, {**RECORD, OTHERS: {"table": checksum_of_bytes(content)}})
    check_table(table, labels)
    write_table(table, {"label": np.array([1])})
    with pytest.raises(OutputError, match="got the table"):
        check_table(table, labels)


def test_logs_are_known_by_their_first_line(tmp_path):
    log = tmp_path / "log.csv"
    check_text(log, "iteration,")
    for content, ours in ((b"iteration,loss\n", True), (b"", True), (b"name,date\n", False)):
        log.write_bytes(content)
        if ours:
            check_text(log, "iteration,")
        else:
            with pytest.raises(OutputError, match=OTHER_FILE):
                check_text(log, "iteration,")


def test_pictures_say_that_they_are_ours(tmp_path):
    path = tmp_path / "a.png"
    check_png(path)
    write_png(path, LABELS)
    check_png(path)
    Image.fromarray(LABELS).save(path)
    with pytest.raises(OutputError, match=OTHER_FILE):
        check_png(path)
    path.write_bytes(b"none")
    with pytest.raises(OutputError, match=OTHER_FILE):
        check_png(path)


def test_a_place_that_is_fine_is_left_as_it_was(tmp_path):
    check_places([tmp_path / "a.tif", tmp_path / "new" / "deeper" / "b.tif", tmp_path / ("n" * 250 + ".tif")])
    assert list(tmp_path.iterdir()) == []
    check_space(tmp_path / "new" / "b.tif", 10)


def test_places_where_nothing_can_be_written_are_refused(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path, words in (
        (tmp_path / "file" / "a.tif", "output must be in a folder, got '.*' where '.*file' is a file"),
        (tmp_path / "file" / "deeper" / "a.tif", "where '.*file' is a file"),
        (tmp_path / ("n" * 300 + ".tif"), r"output must be in a place that can be written to, got .*name too long"),
        (tmp_path / ("n" * 300) / "a.tif", "name too long"),
        (tmp_path / "loop" / "a.tif", "output must be"),
        (tmp_path / "nul\0.tif", "output must be in a place that can be written to"),
    ):
        with pytest.raises(OutputError, match=words):
            check_places([path])


def test_each_folder_is_probed_once_and_a_refusal_says_why(tmp_path, monkeypatch):
    probed = []

    def fails(folder):
        probed.append(folder)
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(places, "_check_writable", probed.append)
    check_places([tmp_path / "a.tif", tmp_path / "b.tif", tmp_path / "new" / "c.tif"])
    assert probed == [tmp_path]
    monkeypatch.setattr(places, "_check_writable", fails)
    with pytest.raises(OutputError, match=r"got '.*a\.tif' \(Read-only file system\); choose another"):
        check_places([tmp_path / "a.tif"])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything may be written by root")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        check_places([tmp_path / "a.tif"])


def test_a_disk_without_room_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(places.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 2**20})())
    with pytest.raises(OutputError, match=r"output must be on a disk with about 26 MiB free, got 1\.0 MiB at"):
        check_space(tmp_path / "a.tif", 100 * 2**20)


def test_what_killed_runs_have_left_is_removed_and_nothing_else(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    old = time.time() - 10 * places.ABANDONED_SECONDS
    kept = [part_name(tmp_path / "mine.tif").name, "a.tif", ".hidden.part.tif", f".a.{dead.pid}.part.txt"]
    gone = [f".a_labels.{dead.pid}.part.tif", f".a.b.{dead.pid}.part.csv"]
    fresh = f".new.{dead.pid}.part.tif"
    for name in (*kept, *gone, fresh):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (old, old) if name != fresh else None)
    assert {path.name for path in remove_abandoned([tmp_path, tmp_path / "none"])} == set(gone)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, fresh}


def test_a_checksum_stays_with_a_copy(tmp_path):
    write_labels(tmp_path / "a.tif", LABELS, RECORD)
    (tmp_path / "b.tif").write_bytes((tmp_path / "a.tif").read_bytes())
    check_labels(tmp_path / "b.tif")
    assert read_record(tmp_path / "b.tif")[CHECKSUM] == read_record(tmp_path / "a.tif")[CHECKSUM]
