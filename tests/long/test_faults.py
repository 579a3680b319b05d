"""Faults at every step that touches a file: one line each, exit code 0 or 2, and no finished labels are lost."""

import builtins
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from generated import LONG, arrays, share
from hypothesis import given
from hypothesis import strategies as st

from napari_backprop_segmentation.batch import running
from napari_backprop_segmentation.cli import run as commands
from napari_backprop_segmentation.cli.main import main
from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.io.record import read_record

ERRORS = [
    lambda: OSError(28, "No space left on device"),
    lambda: OSError(30, "Read-only file system"),
    lambda: PermissionError(13, "Permission denied"),
    lambda: FileNotFoundError(2, "No such file or directory"),
    MemoryError,
    lambda: RuntimeError("broken\nin two lines"),
    lambda: ValueError(""),
]
# Where files are touched, and how the fault is put there.
TOUCHED = {
    "open": (io, "open"),
    "imwrite": (tifffile, "imwrite"),
    "TiffFile": (tifffile, "TiffFile"),
    "stat": (os, "stat"),
    "replace": (os, "replace"),
    "mkdir": (os, "mkdir"),
    "unlink": (os, "unlink"),
    "checksum": (np, "ascontiguousarray"),
}
PIXELS = np.where(np.add.outer(np.arange(20) // 10, np.arange(24) // 12) % 2, 200, 20).astype(np.uint8)


class Fault:
    """Lets the n-th call of a function, and so many after it, fail."""

    def __init__(self, real, first, n_calls, error):
        self.real, self.first, self.last, self.error, self.calls = real, first, first + n_calls, error, 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        if self.first <= self.calls < self.last:
            raise self.error()
        return self.real(*args, **kwargs)


faults = st.tuples(
    st.sampled_from(list(TOUCHED)),
    st.integers(1, 12),
    st.sampled_from([1, 1, 3, 1000]),
    st.sampled_from(ERRORS),
    st.booleans(),
)


def check_fault(case, folder, capfd):
    touched, first, n_calls, error, fresh = case
    folder = Path(tempfile.mkdtemp(dir=folder))
    image, out = folder / "image.tif", folder / "out" / "labels.tif"
    arguments = ["run", str(image), "-o", str(out), "--method", "graph", "--table"]
    tifffile.imwrite(image, PIXELS)
    if not fresh:
        assert main([*arguments, "--seed", "1"]) == 0
        capfd.readouterr()
    before = out.read_bytes() if out.exists() else None
    computed = []
    real_run, (module, name) = running.run, TOUCHED[touched]

    def run(*args, **kwargs):
        result = yield from real_run(*args, **kwargs)
        computed.append(result.labels)
        return result

    def armed(jobs, others=()):
        patch.setattr(module, name, Fault(getattr(module, name), first, n_calls, error))
        prepare(jobs, others)

    prepare = commands.prepare
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "run", run)
        (folder / "temporary").mkdir()
        patch.setattr(tempfile, "tempdir", str(folder / "temporary"))
        patch.setattr(commands, "prepare", armed)
        code = main(arguments)
    said = capfd.readouterr()
    assert code in (0, 2)
    assert "Traceback" not in said.err
    assert said.err.count("\n") == (code != 0)
    np.testing.assert_array_equal(tifffile.imread(image), PIXELS)
    if code == 0:
        np.testing.assert_array_equal(read_image(out).pixels, computed[0])
    elif computed and "is kept as" in said.err:
        place = said.err.split("is kept as '")[1].split("'")[0]
        kept = np.load(place) if place.endswith(".npy") else tifffile.imread(place)
        np.testing.assert_array_equal(kept, computed[0])
        os.unlink(place)
    elif computed and "nothing could be written" not in said.err:
        np.testing.assert_array_equal(read_image(out).pixels, computed[0])  # another file failed
    elif before is not None and out.exists():
        assert out.read_bytes() == before
    if touched != "unlink":
        assert [path.name for path in folder.rglob("*.part*")] == []


@share(60)
@given(case=faults)
def test_share_of_faults(case, tmp_path, capfd):
    check_fault(case, tmp_path, capfd)


@pytest.mark.long
@LONG
@given(case=faults)
def test_faults(case, tmp_path, capfd):
    check_fault(case, tmp_path, capfd)


FLAGS = "--axes=YX --axes=CYX --axes= --axes=TYX --channels=0 --channels=0,1 --spacing=1,1 --spacing=0,nan --table"
MORE_FLAGS = "--normalisation=published --objects=bright --n-clusters=2 --overwrite --quiet"
flags = st.lists(st.sampled_from(f"{FLAGS} {MORE_FLAGS}".split()), max_size=4, unique=True)


def check_command(case, given_flags, folder, capfd):
    image, axes = case
    path = folder / "image.tif"
    try:
        metadata = {"axes": axes} if len(axes) == np.asarray(image).ndim else None
        tifffile.imwrite(path, np.asarray(image), metadata=metadata, photometric="minisblack")
    except Exception:  # noqa: BLE001 - not every array can be written as TIFF
        return
    out = folder / "out.tif"
    code = main(["run", str(path), "-o", str(out), "--method", "graph", *given_flags])
    said = capfd.readouterr()
    assert code in (0, 2)
    assert said.err.count("\n") == (code != 0)
    assert "please report" not in said.err
    if code == 0:
        assert read_record(out)["input"] == str(path)


@share(60)
@given(case=arrays(), given_flags=flags)
def test_share_of_commands(case, given_flags, tmp_path, capfd):
    check_command(case, given_flags, tmp_path, capfd)


@pytest.mark.long
@LONG
@given(case=arrays(), given_flags=flags)
def test_commands(case, given_flags, tmp_path, capfd):
    check_command(case, given_flags, tmp_path, capfd)


COMMAND = (sys.executable, "-m", "napari_backprop_segmentation.cli.main")
TRAINING = ("--iterations", "30", "--n-channels", "8", "--quiet", "--precision", "float32")


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"])
@pytest.mark.parametrize("after", np.linspace(0.5, 6, 8).round(1).tolist())
def test_a_run_that_is_killed_leaves_whole_files_only(tmp_path, name, after):
    rng = np.random.default_rng(0)
    tifffile.imwrite(tmp_path / "image.tif", rng.integers(0, 255, (200, 200)).astype(np.uint8))
    out = tmp_path / "out" / "labels.tif"
    arguments = ("run", tmp_path / "image.tif", "-o", out, *TRAINING)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen([*COMMAND, *map(str, arguments)], stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    time.sleep(after)
    process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=120)
    assert "Traceback" not in said
    if out.exists():
        assert read_image(out).pixels.shape == (200, 200)
        assert read_record(out)["input"]
    elif name != "SIGKILL":
        assert process.returncode != 0
    if name != "SIGKILL" and out.parent.exists():
        assert [path.name for path in out.parent.iterdir()] in ([], ["labels.tif"])


def test_builtins_are_as_they_were():
    assert builtins.open is io.open
