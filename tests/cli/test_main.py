"""The command line, from arguments to files and exit codes."""

import csv
import dataclasses
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_backprop_segmentation import finish, run
from napari_backprop_segmentation.batch import running
from napari_backprop_segmentation.cli import demo, window
from napari_backprop_segmentation.cli import main as cli
from napari_backprop_segmentation.cli import progress as watching
from napari_backprop_segmentation.cli import run as commands
from napari_backprop_segmentation.cli.main import main
from napari_backprop_segmentation.cli.progress import Tally
from napari_backprop_segmentation.errors import EngineError, ParameterError
from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.io.record import read_record
from napari_backprop_segmentation.params.params import Params

INTERRUPTED = 130
SMALL = (
    *("--n-channels", "8", "--iterations", "3", "--min-labels", "0", "--precision", "float32"),
    *("--regions", "trained"),
)
SMALL_SETTINGS = {"n_channels": 8, "iterations": 3, "min_labels": 0, "precision": "float32", "regions": "trained"}


@pytest.fixture
def square(tmp_path):
    """A bright square on a dark ground, as a PNG."""
    pixels = np.full((24, 32), 20, np.uint8)
    pixels[8:16, 8:24] = 220
    path = tmp_path / "in" / "square.png"
    path.parent.mkdir()
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out" / "labels.tif"


def test_run_writes_labels_that_tell_the_square_from_its_ground(square, out, capsys):
    assert main(["run", str(square), "-o", str(out), *SMALL]) == cli.DONE
    labels = read_image(out)
    assert (labels.pixels.shape, labels.pixels.dtype, labels.axes) == ((24, 32), np.uint8, "YX")
    assert labels.pixels[12, 16] != labels.pixels[2, 2]
    said = capsys.readouterr()
    understood, done = said.out.splitlines()
    assert understood == f"{square}: 24 x 32 (axes YX)"
    assert done.startswith(f"{square} -> {out}: ")
    assert said.out.endswith("all 3 iterations done\n")
    assert said.err == ""


def test_black_and_white_images_are_images(square, out):
    Image.fromarray(read_image(square).pixels > 100).save(square)
    assert main(["run", str(square), "-o", str(out), *SMALL]) == cli.DONE
    labels = read_image(out).pixels
    assert labels[12, 16] != labels[2, 2]


def test_record_repeats_the_run(square, out, tmp_path):
    main(["run", str(square), "-o", str(out), "--seed", "5", *SMALL])
    record = read_record(out)
    assert record["input"] == str(square)
    assert record["strokes"] is None
    params = Params.from_dict(record["params"])
    assert params == Params(**SMALL_SETTINGS, seed=5)
    again = commands.run_files([commands.Job(square, tmp_path / "again.tif")], commands.Wanted(params))
    assert [o.error for o in again] == [False]
    np.testing.assert_array_equal(read_image(out).pixels, read_image(tmp_path / "again.tif").pixels)


def test_preset_is_where_flags_start_from(square, out):
    assert main(["run", str(square), "-o", str(out), "--preset", "published-2020", *SMALL]) == cli.DONE
    assert (
        read_record(out)["params"]
        == Params.preset("published-2020", n_channels=8, iterations=3, min_labels=0, precision="float32").to_dict()
    )


@pytest.mark.parametrize(("method", "options"), [("kmeans", ["--n-clusters", "2"]), ("graph", [])])
def test_methods_without_a_network(square, out, method, options):
    log = out.with_suffix(".csv")
    assert main(["run", str(square), "-o", str(out), "--method", method, *options, "--log", str(log)]) == cli.DONE
    assert len(np.unique(read_image(out).pixels)) > 1
    assert log.read_text() == ",".join(watching.LOG_COLUMNS) + "\n"


def test_what_strokes_have_taught_is_applied_to_another_image(square, tmp_path):
    plain = [flag for flag in SMALL if flag not in ("--regions", "trained")]
    drawn, model, other, again = (tmp_path / name for name in ("drawn.png", "m.safetensors", "other.png", "again.tif"))
    strokes = np.zeros((24, 32), np.uint8)
    strokes[11:13, 10:20], strokes[2:4, 4:20] = 3, 7
    Image.fromarray(strokes).save(drawn)
    given = ["--strokes", str(drawn), "--save-model", str(model), "-o", str(tmp_path / "first.tif")]
    assert main(["run", str(square), *given, "--n-superpixels", "50", "--min-region", "1", *plain]) == cli.DONE
    Image.fromarray(np.ascontiguousarray(read_image(square).pixels.T)).save(other)
    assert main(["apply", str(model), str(other), "-o", str(again)]) == cli.DONE
    labels = read_image(again).pixels
    assert (labels[16, 11], labels[2, 2]) == (3, 7)
    record = read_record(again)
    assert (record["regions"], record["model_file"]) == ("kinds", str(model))


def test_log_has_one_row_an_iteration(square, out):
    log = out.parent / "logs" / "run.csv"
    assert main(["run", str(square), "-o", str(out), "--log", str(log), "--method", "continuity", *SMALL]) == cli.DONE
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    losses = ["similarity", "strokes", "continuity", "cooccurrence"]
    assert list(rows[0]) == ["iteration", "n_labels", "loss", *losses, "seconds"]
    assert [row["iteration"] for row in rows] == ["1", "2", "3"]
    assert all(1 <= int(row["n_labels"]) <= 8 for row in rows)
    for row in rows:
        assert float(row["loss"]) == pytest.approx(float(row["similarity"]) + float(row["continuity"]), rel=1e-4)


def test_training_goes_on_from_a_file(square, out, tmp_path, capsys):
    model, further = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    run_it = ["run", str(square), "-o", str(out), "--overwrite"]
    assert main([*run_it, *SMALL, "--save-model", str(model)]) == cli.DONE
    before = model.read_bytes()
    go_on = ["--start", str(model), "--iterations", "2", "--min-labels", "0", "--regions", "trained"]
    assert main([*run_it, *go_on, "--save-model", str(further)]) == cli.DONE
    assert "training went on from a network of 3 iterations" in capsys.readouterr().out.lower()
    record = read_record(out)
    assert (record["start"], record["iterations"], record["params"]["n_channels"]) == (3, 2, 8)
    assert model.read_bytes() == before != further.read_bytes()
    assert main([*run_it, *go_on, "--n-channels", "9"]) == cli.BAD_INPUT
    assert "n_channels must be 8, as in the network that training goes on from, got 9;" in capsys.readouterr().err
    assert main([*run_it, *go_on, "--save-model", str(model)]) == cli.BAD_INPUT
    assert "output must not be an input" in capsys.readouterr().err
    assert model.read_bytes() == before


def test_several_images_into_a_folder(square, tmp_path):
    tifffile.imwrite(tmp_path / "in" / "second.tif", read_image(square).pixels.T)
    code = main(["run", str(square), str(tmp_path / "in" / "second.tif"), "-o", str(tmp_path / "out"),
                 "--log", str(tmp_path / "log.csv"), *SMALL])  # fmt: skip
    assert code == cli.DONE
    assert read_image(tmp_path / "out" / "square_labels.tif").pixels.shape == (24, 32)
    assert read_image(tmp_path / "out" / "second_labels.tif").pixels.shape == (32, 24)
    assert {path.name for path in tmp_path.glob("log*")} == {"log_square.csv", "log_second.csv"}


def test_one_bad_image_does_not_keep_the_others(square, tmp_path, capsys):
    constant = tmp_path / "in" / "constant.png"
    Image.fromarray(np.full((24, 24), 7, np.uint8)).save(constant)
    images = [str(constant), str(tmp_path / "none.png"), str(square)]
    assert main(["run", *images, "-o", str(tmp_path / "out"), *SMALL]) == cli.BAD_INPUT
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["square_labels.tif"]
    complaints = capsys.readouterr().err.splitlines()
    assert len(complaints) == 2
    assert "image must hold at least two different values, got 7" in complaints[0]
    assert "image must be an existing file" in complaints[1]


def test_axes_and_pixel_size_of_the_image(tmp_path, out):
    pixels = np.random.default_rng(0).integers(0, 4000, (2, 24, 32)).astype(np.uint16)
    metadata = {"axes": "CYX", "unit": "um"}
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, resolution=(4.0, 4.0), metadata=metadata)
    assert main(["run", str(tmp_path / "a.tif"), "-o", str(out), *SMALL]) == cli.DONE
    labels = read_image(out)
    assert labels.pixels.shape == (24, 32)
    assert labels.calibration.sizes == {"X": (0.25, "µm"), "Y": (0.25, "µm")}
    assert read_record(out)["axes"] == "CYX"


def test_axes_flag_wins_over_the_file(tmp_path, out):
    tifffile.imwrite(tmp_path / "a.tif", np.eye(24, dtype=np.uint8).reshape(2, 12, 24), metadata={"axes": "ZYX"})
    assert main(["run", str(tmp_path / "a.tif"), "-o", str(out), "--axes", "CYX", *SMALL]) == cli.DONE
    assert read_image(out).pixels.shape == (12, 24)


def test_scribbles_leave_objects_out_and_the_command_says_so(square, out, tmp_path):
    drawn = np.zeros((24, 32), np.uint8)
    drawn[2:4, 2:30] = 1
    drawn[20:22, 2:30] = 2
    Image.fromarray(drawn).save(tmp_path / "drawn.png")
    flags = ["--strokes", str(tmp_path / "drawn.png"), "--preset", "nuclei", *SMALL]
    command = [
        sys.executable,
        "-m",
        "napari_backprop_segmentation.cli.main",
        "run",
        str(square),
        "-o",
        str(out),
        *flags,
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "this run looks for no objects, though objects is 'bright'" in told.stderr
    assert " kinds, 3 iterations" in told.stdout


def test_a_file_of_time_or_depth_that_says_channels_is_doubted(tmp_path, out, capsys):
    pixels = np.random.default_rng(0).integers(0, 255, (70, 12, 16)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, ome=True, metadata={"axes": "CYX"})
    assert main(["run", str(tmp_path / "a.tif"), "-o", str(out), *SMALL]) == cli.DONE
    said = capsys.readouterr().out
    assert "12 x 16, 70 channels (unusually many: if they are slices or frames, call this axis depth, Z," in said


def test_scribbles_pull_their_pixels(square, out, tmp_path):
    drawn = np.zeros((24, 32), np.uint8)
    drawn[10:14, 10:22] = 5
    drawn[:4] = 2
    Image.fromarray(drawn).save(tmp_path / "drawn.png")
    flags = ["--strokes", str(tmp_path / "drawn.png"), "--stroke-weight", "5", *SMALL]
    flags += ["--iterations", "40", "--strokes-as", "network"]
    assert main(["run", str(square), "-o", str(out), "--method", "continuity", *flags]) == cli.DONE
    labels = read_image(out).pixels
    assert (labels[10:14, 10:22] == 5).mean() > 0.9
    assert (labels[:4] == 2).mean() > 0.9
    assert read_record(out)["strokes"] == str(tmp_path / "drawn.png")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.png"], "image must be an existing file, got 'none.png'; check the path"),
        (["square.png", "--iterations", "0"], "iterations must be a whole number from 1 to 100000, got 0"),
        (["square.png", "--iterations", "few"], "iterations must be a whole number from 1 to 100000, got 'few'"),
        (["square.png", "--method", "magic"], "method must be one of superpixels, continuity"),
        (["square.png", "--axes", "ZYX"], "axes must be 2 different letters"),
        (["square.png", "--strokes", "none.png"], "strokes must be an existing file, got 'none.png'"),
    ],
)
def test_bad_input_is_one_line_and_code_2(square, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(square.parent)
    assert main(["run", *arguments, "-o", str(tmp_path / "labels.tif")]) == cli.BAD_INPUT
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.startswith("backprop-segment: ")
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert not (tmp_path / "labels.tif").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["run"], "the following arguments are required: IN"),
        (["run", "a.png", "-o", "b.tif", "--preset", "best"], "invalid choice: 'best'"),
        (["run", "a.png", "-o", "b.tif", "--iter", "5"], "unrecognized arguments: --iter 5"),
    ],
)
def test_bad_arguments_are_one_line_and_code_2(capsys, arguments, words):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == cli.BAD_INPUT
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_an_output_is_asked_for_where_there_is_no_store(square, capsys):
    assert main(["run", str(square), *SMALL]) == cli.BAD_INPUT
    said = capsys.readouterr().err
    assert "output must be given for an image that is no OME-Zarr store, got none for" in said
    assert said.count("\n") == 1


def test_unwritable_output_is_one_line(square, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["run", str(square), "-o", str(tmp_path / "file" / "labels.tif"), *SMALL]) == cli.BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1


def test_failure_of_the_engine_is_one_line(square, out, monkeypatch, capsys):
    def fails(*_, **__):
        yield from ()
        raise EngineError("the engine stopped: first line\nsecond line")

    monkeypatch.setattr(running, "run", fails)
    assert main(["run", str(square), "-o", str(out)]) == cli.BAD_INPUT
    assert capsys.readouterr().err == f"backprop-segment: {square}: the engine stopped: first line second line\n"


def test_input_is_never_overwritten(tmp_path, square):
    image = tmp_path / "in" / "a.tif"
    tifffile.imwrite(image, read_image(square).pixels)
    link = tmp_path / "link.tif"
    os.link(image, link)
    before = image.read_bytes()
    for output in (image, link, tmp_path / "in" / ".." / "in" / "a.tif"):
        assert main(["run", str(image), "-o", str(output), *SMALL]) == cli.BAD_INPUT
    assert main(["run", str(image), "-o", str(tmp_path / "l.tif"), "--log", str(image), *SMALL]) == cli.BAD_INPUT
    assert image.read_bytes() == before


@pytest.mark.parametrize(
    ("images", "output", "options", "words"),
    [
        (["a.png", "b.png"], "out.tif", {}, "output must be a folder for 2 images, got 'out.tif'"),
        (["a.png"], "out.png", {}, r"output must be a folder or end in \.tif or \.zarr, got 'out\.png'"),
        (["a.png", "./a.png"], "out", {}, r"outputs must have different names, got '.*a_labels\.tif' twice"),
        (["a.png"], "a.tif", {"log": "a.tif"}, "outputs must have different names"),
        (["a.png", "b.png"], "out", {"strokes": "s.png"}, "strokes must belong to one image, got 2 images"),
        (["a.png"], "s.tif", {"strokes": "s.tif"}, "output must not be an input, got 's.tif' for both"),
        (["x/a.png", "out/a_labels.tif"], "out", {}, "output must not be an input"),
    ],
)
def test_files_that_do_not_fit_together(images, output, options, words):
    path = type(cli.Path())
    options = {name: path(value) for name, value in options.items()}
    with pytest.raises(ParameterError, match=words):
        commands.plan_files([path(i) for i in images], path(output), **options)


def test_a_table_of_the_objects_goes_beside_the_labels(tmp_path, capsys):
    image = np.zeros((40, 40), np.uint8)
    image[5:15, 5:15], image[20:32, 22:30] = 200, 150
    tifffile.imwrite(
        tmp_path / "a.tif", image, ome=True, metadata={"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    )
    options = ["--objects", "bright", "--iterations", "2", "--n-channels", "8", "--table"]
    assert cli.main(["run", str(tmp_path / "a.tif"), "-o", str(tmp_path / "out.tif"), *options]) == 0
    written = f"{tmp_path / 'out.tif'} and {tmp_path / 'out.csv'}: 2 objects, 2 iterations, "
    assert written in capsys.readouterr().out
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["1", "2"]
    labels = tifffile.imread(tmp_path / "out.tif")
    assert float(rows[0]["area (µm²)"]) == pytest.approx((labels == 1).sum() / 4)
    assert float(rows[0]["mean"]) == pytest.approx(image[labels == 1].mean())
    with pytest.raises(ParameterError, match="outputs must have different names"):
        commands.plan_files([tmp_path / "a.tif"], tmp_path / "out.tif", log=tmp_path / "out.csv", tables=True)


MERGED = [*SMALL, "--regions", "merged", "--n-runs", "3", "--response-weight", "2"]


def test_the_agreement_of_several_runs_is_written(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 4000, (24, 32)).astype(np.uint16)
    metadata = {"axes": "YX", "unit": "um"}
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, resolution=(4.0, 4.0), metadata=metadata)
    labels, stable = tmp_path / "out.tif", tmp_path / "maps" / "stable.tif"
    arguments = [str(tmp_path / "a.tif"), "-o", str(labels), "--agreement", str(stable), *MERGED, "--detail", "80"]
    assert main(["run", *arguments]) == cli.DONE
    found = read_image(stable)
    assert (found.pixels.shape, found.pixels.dtype, found.axes) == ((24, 32), np.float32, "YX")
    assert found.calibration.sizes == read_image(labels).calibration.sizes == {"X": (0.25, "µm"), "Y": (0.25, "µm")}
    again = finish(run(pixels, Params.from_dict(read_record(stable)["params"]))).agreement
    np.testing.assert_array_equal(found.pixels, again.map(80))
    assert 0 < found.pixels.max() <= 1


def test_agreements_of_several_images_have_their_names(square, tmp_path, capsys):
    second = square.with_name("second.png")
    second.write_bytes(square.read_bytes())
    stable = tmp_path / "stable.tif"
    assert main(["run", str(square), str(second), "-o", str(tmp_path), "--agreement", str(stable), *MERGED]) == cli.DONE
    assert {path.name for path in tmp_path.glob("stable*")} == {"stable_square.tif", "stable_second.tif"}
    assert f"{tmp_path / 'square_labels.tif'} and {tmp_path / 'stable_square.tif'}: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--agreement", "a.tif"], "n_runs must be at least 2 for an agreement, got 1; add --n-runs 5"),
        (["--agreement", "a.png", "--n-runs", "2"], "agreement must end in .tif, got 'a.png'"),
        (["--agreement", "out.tif", "--n-runs", "2"], "outputs must have different names"),
        (["--n-runs", "51"], "n_runs must be a whole number from 1 to 50, got 51"),
        (["--n-runs", "2", "--method", "graph"], "n_runs must be 1 for the method 'graph', got 2"),
    ],
)
def test_agreements_that_cannot_be_are_refused(square, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(square), "-o", "out.tif", *arguments]) == cli.BAD_INPUT
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not list(tmp_path.glob("*.tif"))


def test_ctrl_c_in_the_first_run_leaves_no_agreement_and_says_so(square, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(running, "run", interrupting(step=2))
    labels, stable = tmp_path / "out.tif", tmp_path / "stable.tif"
    assert main(["run", str(square), "-o", str(labels), "--agreement", str(stable), *MERGED]) == INTERRUPTED
    assert labels.exists()
    assert not stable.exists()
    assert "no agreement, as only one run was completed" in capsys.readouterr().err


def test_an_existing_folder_may_have_a_dot(tmp_path):
    folder = tmp_path / "results.v1"
    folder.mkdir()
    (job,) = commands.plan_files([tmp_path / "a.png"], folder)
    assert job.labels == folder / "a_labels.tif"


@pytest.fixture(autouse=True)
def ctrl_c():
    """Ctrl-C works as in a terminal: a shell ignores it for what it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupting(step, presses=1):
    """Return a stand-in of `run` in which Ctrl-C is pressed while it works on a step."""

    def run(*args, **kwargs):
        from napari_backprop_segmentation.pipeline.run import run

        steps, command = run(*args, **kwargs), None
        while True:
            try:
                found = steps.send(command)
            except StopIteration as done:
                return done.value
            if found.iteration == step:
                for _ in range(presses):
                    signal.raise_signal(signal.SIGINT)
            command = yield found

    return run


def test_ctrl_c_keeps_the_partial_result(square, out, monkeypatch, capsys):
    monkeypatch.setattr(running, "run", interrupting(step=2))
    log = out.with_suffix(".csv")
    before = signal.getsignal(signal.SIGINT)
    code = main(["run", str(square), "-o", str(out), "--log", str(log), *SMALL, "--iterations", "50"])
    assert code == INTERRUPTED
    assert signal.getsignal(signal.SIGINT) is before
    record = read_record(out)
    assert (record["iterations"], record["stopped_by"]) == (2, "stopped by you")
    assert len(log.read_text().splitlines()) == 1 + 2
    said = capsys.readouterr().err
    assert said.startswith("backprop-segment: interrupted, the result so far is kept: ")
    assert str(out) in said


def test_ctrl_c_starts_no_further_image(square, tmp_path, monkeypatch, capsys):
    second = square.with_name("second.png")
    second.write_bytes(square.read_bytes())
    monkeypatch.setattr(running, "run", interrupting(step=2))
    assert main(["run", str(square), str(second), "-o", str(tmp_path / "out"), *SMALL]) == INTERRUPTED
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["square_labels.tif"]
    assert "1 more images not started" in capsys.readouterr().err


@pytest.mark.parametrize(("step", "presses"), [(1, 1), (2, 2)], ids=["before the first step", "twice"])
def test_ctrl_c_that_aborts(square, out, monkeypatch, capsys, step, presses):
    monkeypatch.setattr(running, "run", interrupting(step, presses))
    before = signal.getsignal(signal.SIGINT)
    assert main(["run", str(square), "-o", str(out), *SMALL]) == INTERRUPTED
    assert signal.getsignal(signal.SIGINT) is before
    assert not out.exists()
    assert capsys.readouterr().err == "backprop-segment: interrupted; the run in progress was not written\n"


class Terminal:
    """Stands for stderr as a terminal and keeps what is written."""

    encoding = "utf-8"

    def __init__(self, real):
        self.written = ""
        self._real = real

    def isatty(self):
        return True

    def write(self, text):
        self.written += text

    def flush(self):
        pass

    def fileno(self):
        return self._real.fileno()


@pytest.mark.parametrize(("quiet", "shown"), [([], True), (["--quiet"], False)])
def test_progress_is_drawn_on_a_terminal(square, out, monkeypatch, capsys, quiet, shown):
    terminal = Terminal(sys.stderr)
    monkeypatch.setattr(sys, "stderr", terminal)
    tqdm = watching.tqdm
    monkeypatch.setattr(watching, "tqdm", lambda **kwargs: tqdm(mininterval=0, **kwargs))
    assert main(["run", str(square), "-o", str(out), *SMALL, *quiet]) == cli.DONE
    assert ("3/3" in terminal.written and "labels=" in terminal.written and "loss=" in terminal.written) is shown
    assert (capsys.readouterr().out != "") is shown


@pytest.mark.parametrize(("quiet", "shown"), [([], True), (["--quiet"], False)])
def test_where_lines_are_kept_one_is_written_now_and_then(square, out, monkeypatch, capsys, quiet, shown):
    assert main(["run", str(square), "-o", str(out), *SMALL, *quiet]) == cli.DONE
    assert "iterations" not in capsys.readouterr().err  # too soon
    monkeypatch.setattr(watching, "EVERY", 0.0)
    assert main(["run", str(square), "-o", str(out), *SMALL, *quiet, "--overwrite"]) == cli.DONE
    told = capsys.readouterr().err
    assert (f"{square.name}: 2 of 3 iterations\n" in told and "3 of 3 iterations, labelling\n" in told) is shown


def test_progress_counts_all_runs_and_says_which_it_is(square, out, monkeypatch):
    terminal = Terminal(sys.stderr)
    monkeypatch.setattr(sys, "stderr", terminal)
    tqdm = watching.tqdm
    monkeypatch.setattr(watching, "tqdm", lambda **kwargs: tqdm(mininterval=0, **kwargs))
    flags = ["--n-runs", "2", "--regions", "merged"]
    assert main(["run", str(square), "-o", str(out), *SMALL, *flags]) == cli.DONE
    assert all(words in terminal.written for words in ("1/6", "6/6", "run=1/2", "run=2/2"))
    assert read_record(out)["stopped_by"] == "all 2 runs done"


def test_passes_over_a_large_image_are_counted():
    said, tally = [], Tally()
    tally.show = said.append
    for done, total in [(1, 2), (2, 2), (1, 3), (3, 3), (1, 1)]:
        tally(done, total)
    assert said == ["labelled 1 of 2", "labelled 2 of 2", "pass 2, 1 of 3", "pass 2, 3 of 3", "pass 3, 1 of 1"]


def test_progress_shows_how_many_frames_are_labelled(square, tmp_path, out, monkeypatch):
    terminal = Terminal(sys.stderr)
    monkeypatch.setattr(sys, "stderr", terminal)
    pixels = read_image(square).pixels
    tifffile.imwrite(tmp_path / "a.tif", np.stack([pixels] * 3), ome=True, metadata={"axes": "TYX"})
    assert main(["run", str(tmp_path / "a.tif"), "-o", str(out), *SMALL, "--frames", "once"]) == cli.DONE
    assert "labelled 1 of 3" in terminal.written
    assert "labelled 3 of 3" in terminal.written


def test_every_setting_is_a_flag_described_by_its_metadata():
    text = cli.make_parser()._subparsers._group_actions[0].choices["run"].format_help()
    flat = " ".join(text.split())
    for setting in dataclasses.fields(Params):
        assert f"--{setting.name.replace('_', '-')} " in flat
        assert " ".join(setting.metadata["description"].split()[:5]) in flat


def test_a_new_setting_is_a_flag_without_further_code():
    metadata = {"group": "new", "title": "New", "description": "Half of 50% of it."}
    kind = dataclasses.make_dataclass(
        "Extended",
        [
            ("new_share", float, dataclasses.field(default=0.5, metadata={**metadata, "minimum": 0.0, "maximum": 1.0})),
            ("new_switch", bool, dataclasses.field(default=False, metadata=metadata)),
        ],
        bases=(Params,),
        frozen=True,
        kw_only=True,
    )
    parser = cli.argparse.ArgumentParser()
    cli.add_settings(parser, kind)
    assert "Half of 50% of it. (a number from 0.0 to 1.0; default of fast: 0.5)" in " ".join(
        parser.format_help().split()
    )
    assert cli.settings_of(parser.parse_args([]), kind) == {}
    given = cli.settings_of(parser.parse_args(["--new-share", "1e-1", "--new-switch", "--seed", "3"]), kind)
    assert given == {"new_share": 0.1, "new_switch": True, "seed": 3}
    assert kind(**given).new_share == 0.1


def test_parser_and_help_import_nothing_heavy():
    code = (
        "import sys\n"
        "from napari_backprop_segmentation.cli.main import main\n"
        "try: main(['run', '--help'])\n"
        "except SystemExit as ended: assert ended.code == 0\n"
        "heavy = {'torch', 'numpy', 'napari', 'qtpy', 'skimage', 'tifffile', 'tqdm', 'PIL'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert "--n-channels N" in done.stdout


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("backprop-segment ")


def test_info_says_what_a_bug_report_needs(capsys):
    assert main(["info"]) == cli.DONE
    facts = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert facts["python"].startswith(".".join(map(str, sys.version_info[:3])))
    assert facts["torch"][0].isdigit()
    assert facts["napari"][0].isdigit()
    assert "fast bfloat16: " in facts["device cpu"]
    assert "GiB free" in facts["memory"]
    assert {"Qt binding", "display", "processor capabilities", "napari-backprop-segmentation"} <= set(facts)


@pytest.fixture
def quick_demo(monkeypatch, tmp_path):
    """A demo of a tiny image with few iterations, in an empty folder."""
    image = np.zeros((24, 32, 3), np.uint8)
    image[8:16, 8:24] = (200, 40, 90)
    monkeypatch.setattr(demo, "sample_image", lambda _: (image, "YXS"))
    monkeypatch.setattr(demo, "Params", lambda: Params(n_channels=8, iterations=3))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_demo_without_display_writes_files(quick_demo, monkeypatch, capsys):
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert main(["demo"]) == cli.DONE
    folder = quick_demo / "backprop-demo"
    assert read_image(folder / "histology_overlay.png").pixels.shape == (24, 32, 3)
    assert read_record(folder / "histology_labels.tif")["input"] == "sample histology"
    said = capsys.readouterr().out
    assert "no display" in said
    assert str(folder / "histology_labels.tif") in said


def test_demo_names_its_folder_and_needs_no_window(quick_demo, monkeypatch):
    monkeypatch.setattr(demo, "show", lambda *_: pytest.fail("no window was wanted"))
    assert main(["demo", "--no-window", "--output", "here/there"]) == cli.DONE
    assert {path.name for path in (quick_demo / "here" / "there").iterdir()} == {
        "histology_labels.tif",
        "histology_overlay.png",
    }


def test_demo_with_a_display_shows_and_writes_nothing(quick_demo, monkeypatch):
    shown = []
    monkeypatch.setattr(demo, "window_obstacle", lambda: None)
    monkeypatch.setattr(demo, "show", lambda *given: shown.append(given))
    assert main(["demo"]) == cli.DONE
    ((image, result, axes, name),) = shown
    assert (image.shape, result.labels.shape, axes, name) == ((24, 32, 3), (24, 32), "YXS", "histology")
    assert list(quick_demo.iterdir()) == []


def test_demo_where_no_window_opens_falls_back_to_files(quick_demo, monkeypatch, capsys):
    monkeypatch.setattr(window, "OPEN_WINDOW", "raise ImportError('no Qt bindings could be found')")
    monkeypatch.setenv("DISPLAY", ":1234")
    assert main(["demo"]) == cli.DONE
    assert (quick_demo / "backprop-demo" / "histology_overlay.png").is_file()
    assert "napari cannot open a window: ImportError: no Qt bindings could be found" in capsys.readouterr().out


def test_a_dead_display_is_an_obstacle(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":1234")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert window.window_obstacle().startswith("napari cannot open a window: ")


def test_a_real_display_is_none():
    if not os.environ.get("DISPLAY"):
        pytest.skip("needs a display")
    assert window.window_obstacle() is None


@pytest.mark.parametrize(("axes", "shape"), [("YX", (24, 32)), ("YXS", (32, 32, 3)), ("CYX", (2, 24, 32))])
def test_show_opens_napari_with_image_and_labels(make_napari_viewer, monkeypatch, axes, shape):
    import napari

    viewers, ran = [], []
    monkeypatch.setattr(napari, "Viewer", lambda **_: viewers.append(make_napari_viewer()) or viewers[-1])
    monkeypatch.setattr(napari, "run", lambda: ran.append(True))
    image = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    result = finish(run(image, Params(n_channels=8, iterations=1, n_superpixels=20), axes=axes))
    window.show(image, result, axes)
    assert ran == [True]
    kinds = [type(layer).__name__ for layer in viewers[0].layers]
    assert kinds == ["Image", "Labels"]
    np.testing.assert_array_equal(viewers[0].layers[-1].data, result.labels)


def test_the_installed_command(square, out):
    command = [
        sys.executable,
        "-m",
        "napari_backprop_segmentation.cli.main",
        "run",
        str(square),
        "-o",
        str(out),
        *SMALL,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert read_record(out)["stopped_by"] == "all 3 iterations done"


@pytest.fixture
def movie(tmp_path):
    """Two channels, three frames and four slices of a square that moves."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 20, (3, 4, 2, 24, 32)).astype(np.uint8)  # TZCYX
    for t in range(3):
        pixels[t, 1:, 0, 8:16, 6 + t : 20 + t] += 200
    path = tmp_path / "in" / "movie.tif"
    path.parent.mkdir(exist_ok=True)
    sizes = {"PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1, "PhysicalSizeZ": 0.4}
    tifffile.imwrite(path, pixels, ome=True, metadata={"axes": "TZCYX", **sizes})
    return path


def test_axes_and_spacing_are_those_of_the_file_and_told_before_the_run(movie, out, capsys):
    assert main(["run", str(movie), "-o", str(out), *SMALL[:-2], "--objects", "bright"]) == cli.DONE
    labels, record = read_image(out), read_record(out)
    assert (labels.axes, labels.pixels.shape) == ("TZYX", (3, 4, 24, 32))
    assert record["axes"] == "TZCYX"
    assert record["spacing"] == pytest.approx([4, 1, 1])
    assert len({labels.pixels[t, 2, 12, 14] for t in range(3)} - {0}) == 1
    understood = capsys.readouterr().out.splitlines()[0]
    assert understood == (f"{movie}: time 3 x depth 4 x 24 x 32, 2 channels (axes TZCYX), pixels of 0.4 x 0.1 x 0.1")


def test_flags_go_before_what_the_file_says(movie, out, capsys):
    flags = ["--axes", "TZCYX", "--channels", "0", "--spacing", "1,2,2", "--frames", "once", "--volumes", "slices"]
    assert main(["run", str(movie), "-o", str(out), *SMALL, *flags]) == cli.DONE
    record = read_record(out)
    assert record["image_shape"] == [1, 3, 4, 24, 32]
    assert record["spacing"] == [1, 2, 2]
    assert (record["params"]["frames"], record["params"]["volumes"]) == ("once", "slices")
    assert "of these channels 0, pixels of 1 x 2 x 2" in capsys.readouterr().out


def test_an_image_that_could_mean_several_things_is_refused_with_the_options(tmp_path, capsys):
    tifffile.imwrite(tmp_path / "in.tif", np.zeros((5, 24, 32), np.uint8), metadata=None)
    assert main(["run", str(tmp_path / "in.tif"), "-o", str(tmp_path / "out.tif"), *SMALL]) == cli.BAD_INPUT
    said = capsys.readouterr().err
    assert (
        "shape (5, 24, 32), which could mean several things; say axes CYX or YXC (channels), ZYX (a volume) or TYX"
        in said
    )
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--channels", "0,7"], "channels must be different numbers from 0 to 1, got 0, 7; the image has 2 channels"),
        (["--spacing", "1,1"], "spacing must be 3 positive numbers"),
        (["--axes", "ZTCYX"], "axes must be in the order T, Z, Y, X"),
    ],
)
def test_what_does_not_fit_the_image_is_one_line(movie, out, capsys, flags, words):
    assert main(["run", str(movie), "-o", str(out), *SMALL, *flags]) == cli.BAD_INPUT
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_a_list_of_numbers_must_be_one(movie, out, capsys):
    with pytest.raises(SystemExit):
        main(["run", str(movie), "-o", str(out), "--spacing", "one"])
    assert "argument --spacing: invalid list of numbers value: 'one'" in capsys.readouterr().err
    assert main(["run", str(movie), "-o", str(out), "--channels", "one"]) == cli.BAD_INPUT
    assert "channels must be numbers or names of the image, got 'one'; choose of: " in capsys.readouterr().err
