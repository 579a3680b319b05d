"""Nothing is lost and nothing stops a batch: damaged files, names, pipes, disks, signals, and edited results."""

import csv
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_backprop_segmentation.batch import jobs, opened, process, results, running
from napari_backprop_segmentation.cli import demo, one_file, progress, signals, terminal, window
from napari_backprop_segmentation.cli.main import main
from napari_backprop_segmentation.errors import OutputError
from napari_backprop_segmentation.hierarchy import initial_regions
from napari_backprop_segmentation.image.kept_blocks import Parts
from napari_backprop_segmentation.io import places, read, write
from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.io.record import read_record
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline import estimate, kept_training
from napari_backprop_segmentation.pipeline.run import run

FAST = ("--method", "graph")
SMALL = ("--n-channels", "8", "--iterations", "3", "--min-labels", "0", "--regions", "trained")
COMMAND = (sys.executable, "-m", "napari_backprop_segmentation.cli.main")


@pytest.fixture
def square(tmp_path):
    """A bright square on a dark ground, as a TIFF."""
    pixels = np.full((24, 32), 20, np.uint8)
    pixels[8:16, 8:24] = 220
    path = tmp_path / "in" / "square.tif"
    path.parent.mkdir()
    tifffile.imwrite(path, pixels)
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out" / "labels.tif"


def damaged(folder):
    """Damaged files, each of which makes a decoder raise something else."""
    folder.mkdir(exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    Image.fromarray(noise).save(folder / "lzw.tif", compression="tiff_lzw")
    Image.fromarray(noise).save(folder / "whole.png")
    Image.fromarray(noise).save(folder / "photo.jpg")
    tifffile.imwrite(folder / "zlib.tif", noise, compression="zlib", tile=(16, 16))
    for name in ("lzw.tif", "whole.png", "zlib.tif", "photo.jpg"):
        whole = (folder / name).read_bytes()
        (folder / f"half_{name}").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.tif").touch()
    (folder / "text.tif").write_bytes(b"II*\0" + b"\xff" * 40)
    (folder / "loop.tif").symlink_to(folder / "loop.tif")
    for name in ("lzw.tif", "whole.png", "zlib.tif", "photo.jpg"):
        (folder / name).unlink()
    return sorted(folder.iterdir())


def test_damaged_files_end_no_batch_and_are_a_line_each(square, tmp_path, capfd):
    files = damaged(tmp_path / "damaged")
    arguments = [str(path) for path in (*files[:4], square, *files[4:])]
    assert main(["run", *arguments, "-o", str(tmp_path / "out"), *FAST]) == 2
    said = capfd.readouterr()
    complaints = said.err.splitlines()
    refused = [path for path in files if not (tmp_path / "out" / f"{path.stem}_labels.tif").exists()]
    assert len(complaints) == len(refused) >= 5
    assert all(line.startswith("backprop-segment: ") and ": image must " in line for line in complaints)
    assert (tmp_path / "out" / "square_labels.tif").exists()


@pytest.mark.parametrize("error", [IndexError("list"), RuntimeError("a\nb"), AssertionError(), MemoryError()])
def test_whatever_one_file_raises_the_others_are_segmented(square, tmp_path, monkeypatch, capfd, error):
    whole = running.run

    def fails(image, *args, **kwargs):
        if image.shape == (5, 5):
            raise error
        return whole(image, *args, **kwargs)

    monkeypatch.setattr(running, "run", fails)
    tifffile.imwrite(tmp_path / "bad.tif", np.arange(25).reshape(5, 5))
    assert main(["run", str(tmp_path / "bad.tif"), str(square), "-o", str(tmp_path / "out"), *FAST]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"backprop-segment: {tmp_path / 'bad.tif'}: ")
    assert ("please report this" in line) is not isinstance(error, MemoryError)
    assert read_image(tmp_path / "out" / "square_labels.tif").pixels.shape == (24, 32)


def test_colours_of_which_two_are_chosen_are_channels(tmp_path, out):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 48, 3)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "rgb.tif", pixels, photometric="rgb")
    assert main(["run", str(tmp_path / "rgb.tif"), "-o", str(out), *SMALL, "--channels", "0,1"]) == 0
    assert read_record(out)["image_shape"] == [2, 40, 48]


def test_an_odd_resolution_loses_no_result(square, out, capfd):
    tifffile.imwrite(square, read_image(square).pixels, resolution=(20_000, 20_000), resolutionunit="CENTIMETER")
    with tifffile.TiffFile(square, mode="r+") as tif:
        tif.pages.first.tags[296].overwrite(0)
    assert main(["run", str(square), "-o", str(out), *FAST]) == 0
    assert capfd.readouterr().err == ""


def test_a_result_that_cannot_be_written_is_kept_elsewhere_and_the_rest_goes_on(square, tmp_path, monkeypatch, capfd):
    second = square.with_name("second.tif")
    second.write_bytes(square.read_bytes())
    real = write._imwrite

    def fails(part, *args, **kwargs):
        if "square" in part.name and "kept" not in part.name:
            raise OSError(28, "No space left on device")
        real(part, *args, **kwargs)

    monkeypatch.setattr(write, "_imwrite", fails)
    assert main(["run", str(square), str(second), "-o", str(tmp_path / "out"), *FAST]) == 2
    kept = tmp_path / "out" / "square_labels.kept.tif"
    assert f"No space left on device; the result is kept as '{kept}'" in capfd.readouterr().err
    assert {path.name for path in kept.parent.iterdir()} == {kept.name, "second_labels.tif"}
    assert read_image(kept).pixels.shape == (24, 32)


@pytest.mark.parametrize("output", ["file/labels.tif", "file/deeper", "n" * 300 + ".tif"])
def test_places_that_take_nothing_are_found_before_anything_is_computed(square, tmp_path, monkeypatch, capfd, output):
    (tmp_path / "file").touch()
    monkeypatch.setattr(running, "run", lambda *_, **__: pytest.fail("nothing should be computed"))
    assert main(["run", str(square), "-o", str(tmp_path / output), *FAST]) == 2
    said = capfd.readouterr()
    assert said.err.startswith("backprop-segment: output must be in a ")
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_full_disk_is_found_before_anything_is_computed(square, out, monkeypatch, capfd):
    monkeypatch.setattr(places.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    monkeypatch.setattr(running, "run", lambda *_, **__: pytest.fail("nothing should be computed"))
    assert main(["run", str(square), "-o", str(out), *FAST]) == 2
    assert "output must be on a disk with about 1 MiB free, got 0.0 MiB" in capfd.readouterr().err


@pytest.mark.parametrize("before", [False, True])
def test_what_another_program_writes_during_the_run_is_left_alone(square, out, monkeypatch, capfd, before):
    if before:
        assert main(["run", str(square), "-o", str(out), *SMALL, "--quiet"]) == 0
    open_job = process.open_job

    def meanwhile(*given):
        out.parent.mkdir(exist_ok=True)
        tifffile.imwrite(out, np.full((5, 5), 7, np.uint8))
        return open_job(*given)

    monkeypatch.setattr(process, "open_job", meanwhile)
    more = ["--n-superpixels", "9"]
    assert main(["run", str(square), "-o", str(out), *FAST, *more]) != 0
    assert (tifffile.imread(out) == 7).all()
    told = capfd.readouterr().err
    place = re.search(r"kept as '([^']+)'", told).group(1)
    assert "was changed during the run" in told
    assert tifffile.imread(place).shape == read_image(square).pixels.shape[:2]
    monkeypatch.undo()
    assert main(["run", str(square), "-o", str(out), *FAST, *more, "--overwrite"]) == 0
    assert (tifffile.imread(out) != 7).any()


def test_files_that_are_not_ours_or_were_edited_are_not_overwritten(square, out, capfd):
    arguments = ["run", str(square), "-o", str(out), *FAST, "--table"]
    out.parent.mkdir()
    tifffile.imwrite(out, np.eye(5, dtype=np.uint8))
    before = out.read_bytes()
    assert main(arguments) == 2
    assert "written by this program, got" in capfd.readouterr().err
    assert out.read_bytes() == before
    assert main([*arguments, "--overwrite"]) == 0
    assert main(arguments) == 0  # as it was written
    assert main([*arguments, "--seed", "3"]) == 0  # even by other settings
    table = out.with_suffix(".csv")
    written = table.read_bytes()
    table.write_bytes(written + b"my,notes\r\n")
    capfd.readouterr()
    assert main(arguments) == 2
    assert "got the table" in capfd.readouterr().err
    table.write_bytes(written)
    assert main(arguments) == 0
    log = out.with_name("notes.csv")
    log.write_text("precious\n")
    assert main([*arguments, "--log", str(log)]) == 2
    assert log.read_text() == "precious\n"


def test_files_that_stand_beside_do_not_keep_other_files_of_a_batch(square, tmp_path, capfd):
    second = square.with_name("second.tif")
    second.write_bytes(square.read_bytes())
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "square_labels.tif").write_bytes(b"precious")
    assert main(["run", str(square), str(second), "-o", str(folder), *FAST]) == 2
    assert (folder / "square_labels.tif").read_bytes() == b"precious"
    assert (folder / "second_labels.tif").exists()


def test_an_agreement_and_a_log_of_ours_are_overwritten(square, out):
    stable, log = out.with_name("stable.tif"), out.with_name("log.csv")
    options = [*SMALL[:-2], "--n-runs", "2", "--agreement", str(stable), "--log", str(log)]
    for _ in range(2):
        assert main(["run", str(square), "-o", str(out), *options]) == 0
    tifffile.imwrite(stable, np.eye(4, dtype=np.float32))
    assert main(["run", str(square), "-o", str(out), *options]) == 2


def test_an_image_that_changes_during_the_run_gives_no_labels(square, out, monkeypatch, capfd):
    monkeypatch.setattr(read, "COPIED_BYTES", 100)
    whole = one_file.watch

    def watch(*args, **kwargs):
        result = whole(*args, **kwargs)
        os.utime(square, ns=(5, 5))
        return result

    monkeypatch.setattr(one_file, "watch", watch)
    assert main(["run", str(square), "-o", str(out), *FAST]) == 2
    assert "image must not change while it is segmented" in capfd.readouterr().err
    assert not out.exists()


def test_a_table_that_fails_costs_no_labels(square, out, monkeypatch, capfd):
    def fails(*_, **__):
        raise MemoryError("no room")

    monkeypatch.setattr(results, "measure", fails)
    assert main(["run", str(square), "-o", str(out), *FAST, "--table"]) == 2
    assert out.exists()
    assert "no room" in capfd.readouterr().err


class Full:
    """A text file on a full disk."""

    def __init__(self, rows):
        self.rows = rows

    def write(self, text):
        self.rows -= 1
        if self.rows < 0:
            raise OSError(28, "No space left on device")
        return len(text)

    def close(self):
        raise OSError(28, "No space left on device")


def test_a_full_disk_under_the_log_is_told_once_and_the_run_goes_on(square, out, monkeypatch, capfd):
    log = out.with_name("log.csv")
    monkeypatch.setattr(progress, "opened", lambda _: Full(2))
    assert main(["run", str(square), "-o", str(out), *SMALL, "--log", str(log)]) == 0
    said = capfd.readouterr().err
    assert said.count("log ") == said.count("\n") == 1
    assert "No space left on device); the run goes on without it" in said
    assert read_record(out)["iterations"] == 3


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_the_log_of_a_device_that_is_full(square, out, capfd):
    log = out.with_name("log.csv")
    out.parent.mkdir()
    log.symlink_to("/dev/full")
    assert main(["run", str(square), "-o", str(out), *SMALL, "--log", str(log), "--overwrite"]) == 0
    assert "the run goes on without it" in capfd.readouterr().err
    assert read_record(out)["iterations"] == 3


def run_command(*arguments, **options):
    return subprocess.run([*COMMAND, *map(str, arguments)], text=True, check=False, timeout=120, **options)


def test_names_that_a_terminal_cannot_show_stop_nothing(square, tmp_path):
    named = square.with_name("Bild-µ-\udcff.tif")
    named.write_bytes(square.read_bytes())
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C.UTF-8"}
    done = run_command("run", named, square, "-o", tmp_path / "out", *FAST, capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Bild-\\xb5-\\udcff.tif" in done.stdout
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize("closed", [">&- 2>&- <&-", "| true"])
def test_closed_pipes_and_streams_stop_nothing(square, tmp_path, closed):
    arguments = " ".join(map(str, ("run", square, tmp_path / "none.tif", square, "-o", "out", *FAST)))
    second = square.with_name("second.tif")
    second.write_bytes(square.read_bytes())
    arguments = f"run {square} {tmp_path / 'none.tif'} {second} -o {tmp_path / 'out'} {' '.join(FAST)}"
    script = f"set -o pipefail; {' '.join(COMMAND)} {arguments} {closed}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr + done.stdout
    assert "Exception ignored" not in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"square_labels.tif", "second_labels.tif"}


def started(square, out, *options):
    """Start a run that takes long, and wait until it is training."""
    log = out.with_name("log.csv")
    arguments = ("run", square, "-o", out, "--log", log, *SMALL, "--iterations", "90000", "--quiet", *options)
    process = subprocess.Popen([*COMMAND, *map(str, arguments)], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 90
    while time.monotonic() < until and (not log.exists() or log.read_bytes().count(b"\n") < 3):
        time.sleep(0.05)
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_run_that_is_asked_to_end_keeps_its_result(square, out, name, code):
    number = getattr(signal, name)
    before = signal.signal(number, signal.SIG_DFL if name != "SIGINT" else signal.default_int_handler)
    process = started(square, out)
    try:
        process.send_signal(number)
        _, said = process.communicate(timeout=90)
    finally:
        process.kill()  # as far as it has not ended
        signal.signal(number, before)  # what started the tests may ignore it, as nohup does
    assert process.returncode == code
    assert said.startswith("backprop-segment: interrupted, the result so far is kept: ")
    assert said.count("\n") == 1
    assert read_record(out)["stopped_by"] == "stopped by you"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_run_under_nohup_outlives_its_terminal(square, out):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = started(square, out)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=90)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.returncode == 143


@pytest.fixture
def ctrl_c():
    """Ctrl-C works as in a terminal: a shell ignores it for what it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_asked_to_end_while_writing_finishes_the_file_and_starts_no_other(
    square, tmp_path, monkeypatch, capfd, ctrl_c, name
):
    number = getattr(signal, name)
    second = square.with_name("second.tif")
    second.write_bytes(square.read_bytes())
    real = write._imwrite

    def interrupted(*args, **kwargs):
        signal.raise_signal(number)
        signal.raise_signal(number)
        real(*args, **kwargs)

    monkeypatch.setattr(write, "_imwrite", interrupted)
    before = signal.getsignal(number)
    assert main(["run", str(square), str(second), "-o", str(tmp_path / "out"), *FAST]) == 128 + number
    assert signal.getsignal(number) is before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["square_labels.tif"]
    said = capfd.readouterr().err
    assert "the result so far is kept" in said
    assert "1 more images not started" in said


@pytest.fixture
def in_blocks(monkeypatch, square):
    """The command that merges an image in six blocks."""
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 100)
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 12)
    return ["run", str(square), "--n-channels", "8", "--iterations", "2", "--device", "cpu", "--overwrite", "-o"]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_asked_to_end_among_blocks_ends_at_once_and_goes_on(in_blocks, tmp_path, monkeypatch, capfd, ctrl_c, name):
    number, real, labels = getattr(signal, name), Parts.put, [tmp_path / f"{each}.tif" for each in ("whole", "out")]
    assert main([*in_blocks, str(labels[0])]) == 0
    capfd.readouterr()

    def interrupted(self, n, arrays):
        real(self, n, arrays)
        if self.folder.name == "regions" and n == 2:
            signal.raise_signal(number)

    with monkeypatch.context() as patch:
        patch.setattr(Parts, "put", interrupted)
        before = signal.getsignal(number)
        assert main([*in_blocks, str(labels[1])]) == 128 + number
        assert signal.getsignal(number) is before
    assert capfd.readouterr().err.splitlines()[-1] == f"backprop-segment: {signals.GOES_ON}"
    assert len(list((tmp_path / "out.tif.part" / "regions").iterdir())) == 3
    in_blocks.remove("--overwrite")
    assert main([*in_blocks, str(labels[1])]) == 0
    np.testing.assert_array_equal(*(tifffile.imread(path) for path in labels))


def test_asked_to_end_in_the_last_step_ends_at_the_first_block(in_blocks, tmp_path, monkeypatch, capfd, ctrl_c):
    def trained(*args):
        signal.raise_signal(signal.SIGTERM)
        return real(*args)

    real = kept_training.keep_model
    monkeypatch.setattr(kept_training, "keep_model", trained)
    assert main([*in_blocks, str(tmp_path / "out.tif")]) == 143
    assert signals.GOES_ON in capfd.readouterr().err
    assert len(list((tmp_path / "out.tif.part" / "regions").iterdir())) == 1


def test_overwriting_does_not_take_the_blocks_of_a_run_that_is_going_on(in_blocks, tmp_path, capfd):
    out, part = tmp_path / "out.tif", tmp_path / "out.tif.part"
    going_on = run(np.arange(1024.0).reshape(32, 32), Params(n_channels=8, iterations=2, device="cpu"), resume=part)
    next(going_on)
    there = sorted(part.rglob("*"))
    assert main([*in_blocks, str(out)]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "must be made by one run at a time, got another one that is going on" in line
    assert sorted(part.rglob("*")) == there
    going_on.close()
    assert main([*in_blocks, str(out)]) == 0
    assert not part.exists()


def test_nobody_takes_finished_blocks_while_labels_are_written(in_blocks, tmp_path, monkeypatch, capfd):
    real, second = write._imwrite, []

    def while_writing(*args, **kwargs):
        if not second:
            second.append(main([*in_blocks, str(tmp_path / "out.tif")]))
        real(*args, **kwargs)

    monkeypatch.setattr(write, "_imwrite", while_writing)
    assert main([*in_blocks, str(tmp_path / "out.tif")]) == 0
    assert second == [2]
    assert "one run at a time" in capfd.readouterr().err


def test_asked_to_end_while_a_write_fails_is_both_told(square, out, monkeypatch, capfd, ctrl_c):
    def fails(*_, **__):
        signal.raise_signal(signal.SIGINT)
        raise OSError("full")

    monkeypatch.setattr(write, "_imwrite", fails)
    assert main(["run", str(square), "-o", str(out), *FAST]) == 130
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("backprop-segment: interrupted: ")
    assert "the result is kept as" in line


def test_asked_to_end_before_there_is_anything_to_keep(square, out, monkeypatch, capfd, ctrl_c):
    def reads(*_, **__):
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(opened, "open_image", reads)
    assert main(["run", str(square), "-o", str(out), *FAST]) == 143
    assert capfd.readouterr().err == "backprop-segment: interrupted; the run in progress was not written\n"


def test_ctrl_c_during_the_import_is_no_traceback(square, out):
    code = (
        "import signal, sys, builtins\n"
        "from napari_backprop_segmentation.cli import main as cli\n"
        "real = builtins.__import__\n"
        "def slow(name, *args, **kwargs):\n"
        "    if name == 'torch':\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "    return real(name, *args, **kwargs)\n"
        "builtins.__import__ = slow\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"sys.argv = ['x', 'run', {str(square)!r}, '-o', {str(out)!r}]\n"
        "code = cli.main()\n"
        "signal.raise_signal(signal.SIGINT)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr == "backprop-segment: interrupted; the run in progress was not written\n"


def test_leftovers_of_killed_runs_are_removed_at_the_next_start(square, out):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    out.parent.mkdir()
    left = out.with_name(f".labels.{dead.pid}.part.tif")
    left.touch()
    os.utime(left, (1, 1))
    assert main(["run", str(square), "-o", str(out), *FAST]) == 0
    assert [path.name for path in out.parent.iterdir()] == ["labels.tif"]


def test_progress_goes_on_where_its_stream_breaks():
    class Broken:
        encoding = "utf-8"

        def write(self, *_):
            raise BrokenPipeError

        flush = isatty = write

    steady = terminal.Steady(Broken())
    assert steady.write("x") == 0
    steady.flush()
    assert steady.encoding == "utf-8"
    assert not terminal.is_terminal(Broken())
    assert not terminal.is_terminal(None)


def test_loops_of_links_as_output_are_one_line(square, tmp_path, capfd):
    (tmp_path / "loop.tif").symlink_to(tmp_path / "loop.tif")
    assert main(["run", str(square), "-o", str(tmp_path / "loop.tif"), *FAST]) == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_demo_overwrites_nothing_that_is_not_its_own(tmp_path, monkeypatch):
    image = np.zeros((24, 32, 3), np.uint8)
    image[8:16, 8:24] = (200, 40, 90)
    monkeypatch.setattr(demo, "sample_image", lambda _: (image, "YXS"))
    monkeypatch.setattr(demo, "Params", lambda: Params(n_channels=8, iterations=3))
    arguments = ["demo", "--no-window", "--output", str(tmp_path)]
    for _ in range(2):
        assert main(arguments) == 0
    Image.fromarray(image).save(tmp_path / "histology_overlay.png")
    before = (tmp_path / "histology_overlay.png").read_bytes()
    assert main(arguments) == 2
    assert (tmp_path / "histology_overlay.png").read_bytes() == before


def test_a_napari_of_the_working_folder_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "napari.py").write_text("open('was_run', 'w').close()\n")
    (tmp_path / "torch.py").write_text("open('was_run', 'w').close()\n")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":1234")
    assert window.window_obstacle()
    done = run_command("info", capture_output=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "was_run").exists()


def test_the_exit_code_names_the_signal():
    assert signals.exit_code(KeyboardInterrupt()) == 130
    assert signals.exit_code(signals.Ended(signal.SIGTERM)) == 143


def test_jobs_know_everything_they_write(tmp_path):
    job = jobs.Job(tmp_path / "a.tif", tmp_path / "b.tif", log=tmp_path / "c.csv")
    assert job.written == [tmp_path / "b.tif", tmp_path / "c.csv"]
    with pytest.raises(OutputError):
        jobs.prepare([jobs.Job(tmp_path / "a.tif", tmp_path / ("n" * 300))])


def test_the_table_of_the_log_is_as_csv_reads_it(square, out):
    log = out.with_name("log.csv")
    assert main(["run", str(square), "-o", str(out), *SMALL, "--log", str(log)]) == 0
    with log.open(newline="") as file:
        assert [row["iteration"] for row in csv.DictReader(file)] == ["1", "2", "3"]


def test_whatever_goes_wrong_is_one_line(monkeypatch, capfd):
    def fails():
        raise LookupError("what\nnobody thought of")

    monkeypatch.setattr("napari_backprop_segmentation.cli.environment.report", fails)
    assert main(["info"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("backprop-segment: LookupError: what nobody thought of; please report this")


def test_a_table_that_fails_in_any_way_costs_no_labels(square, out, monkeypatch, capfd):
    def fails(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(results, "table_bytes", fails)
    assert main(["run", str(square), "-o", str(out), *FAST, "--table"]) == 2
    assert out.exists()
    assert not out.with_suffix(".csv").exists()


@pytest.mark.parametrize("module", ["dataclasses", "argparse", "napari_backprop_segmentation.params.presets"])
def test_ctrl_c_before_the_program_has_begun_is_no_traceback(module):
    code = (
        "import builtins, signal, sys\n"
        "from napari_backprop_segmentation.cli import entry\n"
        "real = builtins.__import__\n"
        "def slow(name, *args, **kwargs):\n"
        f"    if name == {module!r}:\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "    return real(name, *args, **kwargs)\n"
        "builtins.__import__ = slow\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "code = entry.main()\n"
        "signal.raise_signal(signal.SIGINT)\n"
        "sys.exit(code)\n"
    )
    done = run_command_of(code)
    assert (done.returncode, done.stderr) == (130, "backprop-segment: interrupted before anything was begun\n")


def run_command_of(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
