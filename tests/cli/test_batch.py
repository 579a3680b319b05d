"""Many files on the command line: the whole folder, one start after the other, in one table."""

import csv
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_backprop_segmentation.cli.main import main
from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.io.record import read_record

FAST = ("--n-channels", "8", "--iterations", "2", "--min-labels", "0", "--objects", "bright", "--quiet")
FAST += ("--min-region", "1",)  # fmt: skip
INTERRUPTED = 130
PATIENCE = 120  # seconds


def image(seed=0, shape=(48, 64)):
    """Return bright squares on a noisy ground, as many as the seed and two more."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(10, 40, shape).astype(np.uint8)
    for number in range(seed + 2):
        pixels[6 + 20 * (number % 2) :, 6 + 14 * (number // 2) :][:10, :8] += 180
    return pixels


@pytest.fixture
def folder(tmp_path):
    """Images of three kinds, one of another size, one that is broken, and something else."""
    folder = tmp_path / "in"
    folder.mkdir()
    tifffile.imwrite(folder / "a.tif", image(0))
    Image.fromarray(np.stack([image(1), image(1) // 2, image(1) // 3], axis=-1)).save(folder / "b.png")
    tifffile.imwrite(folder / "broken.tif", image(0))
    (folder / "broken.tif").write_bytes((folder / "broken.tif").read_bytes()[:300])
    tifffile.imwrite(folder / "c.tif", image(2).astype(np.uint16) * 100)
    tifffile.imwrite(folder / "wide.tif", image(3, (40, 96)))
    (folder / "notes.txt").write_text("nothing to segment")
    return folder


def rows(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def run(folder, out, *arguments):
    return main(["run", str(folder), "-o", str(out), *FAST, *arguments])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_with_one_bad_file_ends_complete_and_says_so(folder, tmp_path, capsys):
    out, summary, table = tmp_path / "out", tmp_path / "summary.csv", tmp_path / "all.csv"
    assert run(folder, out, "--summary", str(summary), "--table-all", str(table)) == 2
    stems = ["a", "b", "c", "wide"]
    assert names(out) == sorted(f"{stem}_labels.{ending}" for stem in stems for ending in ("tif", "csv"))
    (complaint,) = capsys.readouterr().err.splitlines()
    assert str(folder / "broken.tif") in complaint
    found = rows(summary)
    assert [(row["file"].rsplit(os.sep, 1)[1], row["state"]) for row in found] == [
        ("a.tif", "done"), ("b.png", "done"), ("broken.tif", "failed"), ("c.tif", "done"), ("wide.tif", "done")
    ]  # fmt: skip
    assert "image" in found[2]["message"]
    assert found[2]["count"] == ""
    measured = rows(table)
    for row in found:
        if row["state"] == "done":
            stem = row["file"].rsplit(os.sep, 1)[1].split(".")[0]
            labels = read_image(out / f"{stem}_labels.tif").pixels
            own = [each for each in measured if each["file"] == row["file"]]
            assert len(own) == int(row["count"]) == len(np.unique(labels[labels > 0])) > 0
            assert row["of"] == "objects"
            assert row["unit"] == "px²"
            assert float(row["mean size"]) == pytest.approx(np.mean([float(each["area (px²)"]) for each in own]))
            # of three channels each has its own brightness
            assert [each["mean"] == "" for each in own] == [stem == "b"] * len(own)


def test_what_is_done_is_left_as_it_is_and_what_has_changed_is_done_again(folder, tmp_path, capsys):
    out, summary, table = tmp_path / "out", tmp_path / "summary.csv", tmp_path / "all.csv"
    sheets = ("--summary", str(summary), "--table-all", str(table))
    run(folder, out, *sheets)
    before = {name: (out / name).stat().st_mtime_ns for name in names(out)}
    told, measured = rows(summary), table.read_bytes()
    tifffile.imwrite(folder / "c.tif", image(4).astype(np.uint16) * 100)
    (out / "wide_labels.csv").unlink()
    tifffile.imwrite(folder / "broken.tif", image(0))
    assert run(folder, out, *sheets) == 0
    after = {name: (out / name).stat().st_mtime_ns for name in names(out)}
    assert {name for name in before if after[name] == before[name]} == {
        "a_labels.tif", "a_labels.csv", "b_labels.tif", "b_labels.csv"
    }  # fmt: skip
    assert "broken_labels.tif" in after
    again = rows(summary)
    assert again[0]["message"] == "done before, and nothing has changed since"
    assert [again[0][key] for key in ("count", "mean size", "unit")] == [
        told[0][key] for key in ("count", "mean size", "unit")
    ]
    assert len(rows(table)) > len(measured.splitlines()) - 1
    assert {row["file"] for row in rows(table)} == {row["file"] for row in again}


@pytest.mark.parametrize(
    ("change", "done_again"),
    [((), False), (("--seed", "3"), True), (("--spacing", "2,2"), True), (("--overwrite",), True)],
    ids=["the same", "a setting", "a reading", "told to"],
)
def test_other_settings_are_another_result(tmp_path, change, done_again):
    tifffile.imwrite(tmp_path / "a.tif", image())
    out = tmp_path / "out.tif"
    run(tmp_path / "a.tif", out)
    before = out.stat().st_mtime_ns
    assert run(tmp_path / "a.tif", out, *change) == 0
    assert (out.stat().st_mtime_ns != before) == done_again


def test_another_network_is_another_result(tmp_path):
    models = []
    for seed in (0, 1):
        tifffile.imwrite(tmp_path / f"{seed}.tif", image(seed))
        models.append(tmp_path / f"{seed}.safetensors")
        run(tmp_path / f"{seed}.tif", tmp_path / f"{seed}_labels.tif", "--save-model", str(models[-1]))
    out, settings = tmp_path / "out.tif", ["--quiet", "--objects", "bright"]
    times = []
    for model in (models[0], models[0], models[1]):
        assert main(["apply", str(model), str(tmp_path / "0.tif"), "-o", str(out), *settings]) == 0
        times.append(out.stat().st_mtime_ns)
    assert times[0] == times[1] != times[2]


def test_a_result_that_was_stopped_early_is_done_again(tmp_path, monkeypatch):
    from napari_backprop_segmentation.batch import running

    whole = running.run

    def interrupted(*args, **kwargs):
        steps = whole(*args, **kwargs)
        yield next(steps)
        signal.raise_signal(signal.SIGINT)
        command = yield next(steps)
        while True:
            try:
                command = yield steps.send(command)
            except StopIteration as done:
                return done.value

    tifffile.imwrite(tmp_path / "a.tif", image())
    out, summary = tmp_path / "out.tif", tmp_path / "summary.csv"
    arguments = (tmp_path / "a.tif", out, "--iterations", "40", "--summary", str(summary))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(running, "run", interrupted)
            assert run(*arguments) == INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, before)
    assert rows(summary)[0]["state"] == "stopped early"
    assert read_record(out)["iterations"] < 40
    assert run(*arguments) == 0
    assert rows(summary)[0]["state"] == "done"
    assert read_record(out)["iterations"] == 40


def test_what_was_edited_by_hand_is_not_done_again(tmp_path, capsys):
    tifffile.imwrite(tmp_path / "a.tif", image())
    out = tmp_path / "out"
    run(tmp_path / "a.tif", out)
    with tifffile.TiffFile(out / "a_labels.tif", mode="r+b") as tif:
        tif.pages.first.tags["ImageDescription"].overwrite(tif.ome_metadata.replace("YX", "YX"))
    labels = tifffile.imread(out / "a_labels.tif")
    tifffile.imwrite(out / "a_labels.tif", labels + 1)
    kept = (out / "a_labels.tif").read_bytes()
    assert run(tmp_path / "a.tif", out) == 2
    assert (out / "a_labels.tif").read_bytes() == kept


def test_equal_names_never_overwrite_each_other(tmp_path):
    for place, seed in (("x", 0), ("y", 1)):
        (tmp_path / place).mkdir()
        tifffile.imwrite(tmp_path / place / "a.tif", image(seed))
    Image.fromarray(image(2)).save(tmp_path / "y" / "a.png")
    images, out = [tmp_path / "x" / "a.tif", tmp_path / "y" / "a.tif", tmp_path / "y" / "a.png"], tmp_path / "out"
    assert main(["run", *map(str, images), "-o", str(out), *FAST]) == 0
    sources = {read_record(path)["source"] for path in out.iterdir()}
    assert sources == {str(path) for path in images}


def test_equal_names_of_two_starts_never_overwrite_each_other(tmp_path, capsys):
    for place, seed in (("x", 0), ("y", 1)):
        (tmp_path / place).mkdir()
        tifffile.imwrite(tmp_path / place / "a.tif", image(seed))
    out = tmp_path / "out"
    assert run(tmp_path / "x", out) == 0
    before = (out / "a_labels.tif").read_bytes()
    assert run(tmp_path / "y", out) == 2
    assert "output must be of the same image as before" in capsys.readouterr().err
    assert (out / "a_labels.tif").read_bytes() == before
    (tmp_path / "x").rename(tmp_path / "moved")  # the same file in another place is the same image
    assert run(tmp_path / "moved", out) == 0
    assert (out / "a_labels.tif").read_bytes() == before


def test_beside_the_files_results_are_no_images_of_the_next_start(folder):
    (folder / "broken.tif").unlink()
    before = names(folder)
    for _ in range(2):
        assert main(["run", str(folder), "--beside", "--pattern", "*.tif", *FAST]) == 0
        assert sorted(set(names(folder)) - set(before)) == ["a_labels.tif", "c_labels.tif", "wide_labels.tif"]
    images = [str(path) for path in sorted(folder.glob("*.tif"))]  # as a shell writes *.tif
    assert main(["run", *images, "--beside", *FAST]) == 0
    assert sorted(set(names(folder)) - set(before)) == ["a_labels.tif", "c_labels.tif", "wide_labels.tif"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["in", "-o", "out", "--pattern", "*.jpg"], "folder must hold images, got none in 'in' that fit '*.jpg'"),
        (["in", "-o", "out", "--pattern", "/x/*"], "pattern must be one of names within the folder, got '/x/*'"),
        (["in", "-o", "out", "--beside"], "beside must be left out where there is an output, got 'out'"),
        (["in", "-o", "out", "--summary", "in/notes.txt"], "which is another file"),
        (["in", "-o", "out", "--table-all", "in/notes.txt"], "which is another file"),
        (["in", "-o", "out", "--summary", "in/a.tif", "--overwrite"], "tables of all must have names of their own"),
        (["in", "-o", "out", "--summary", "out"], "output must not be a folder that other results go into, got 'out'"),
    ],
)
def test_what_does_not_fit_is_one_line(folder, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert main(["run", *arguments, *FAST]) == 2
    (complaint,) = capsys.readouterr().err.splitlines()
    assert words in complaint
    assert not (tmp_path / "out").exists()
    assert before == {path: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_a_second_start_after_a_kill_ends_complete(folder, tmp_path):
    out, summary, table = tmp_path / "out", tmp_path / "summary.csv", tmp_path / "all.csv"
    command = [sys.executable, "-m", "napari_backprop_segmentation.cli.entry", "run", str(folder), "-o", str(out)]
    command += [*FAST, "--summary", str(summary), "--table-all", str(table)]
    # long enough to be killed in the second file
    killed = subprocess.Popen([*command, "--iterations", "60"], stderr=subprocess.PIPE)
    began = time.monotonic()
    while not (summary.exists() and len(rows(summary)) and rows(summary)[0]["state"] == "done"):
        assert killed.poll() is None
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    assert "waiting" in {row["state"] for row in rows(summary)}
    first = (out / "a_labels.tif").stat().st_mtime_ns
    done = subprocess.run([*command, "--iterations", "60"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert (out / "a_labels.tif").stat().st_mtime_ns == first
    assert [row["state"] for row in rows(summary)] == ["done", "done", "failed", "done", "done"]
    assert {row["file"] for row in rows(table)} == {row["file"] for row in rows(summary) if row["state"] == "done"}
