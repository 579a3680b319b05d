"""Several processes on the command line: the same files, and nothing lost with what is killed."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
from clusters import two_workers
from distributed import Client
from skimage import data

from napari_backprop_segmentation.cli import signals
from napari_backprop_segmentation.cli.main import main
from napari_backprop_segmentation.cli.run import Sheets, Wanted, plan_files, run_files
from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.params.params import Params

FAST = Params(n_channels=8, iterations=2, min_labels=0, objects="bright", min_region=1, device="cpu")
ARGUMENTS = ("--n-channels", "8", "--iterations", "2", "--detail", "70", "--device", "cpu", "--quiet")
PATIENCE = 600  # seconds
# Blocks so small that there are many of them in an image that is segmented in a moment.
SMALL = """
import sys
from napari_backprop_segmentation.hierarchy import initial_regions
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE
from napari_backprop_segmentation.pipeline import estimate
initial_regions.LEAF_BLOCK, BLOCK_SIDE[2], estimate.MOST_TREE_PIXELS = 48, 24, 1000
from napari_backprop_segmentation.cli.main import main
if __name__ == "__main__":
    sys.exit(main())
"""


def image(seed):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(10, 40, (48, 64)).astype(np.uint8)
    for number in range(seed + 2):
        pixels[6 + 20 * (number % 2) :, 6 + 14 * (number // 2) :][:10, :8] += 180
    return pixels


def summary(path):
    return [line.split(",")[:2] for line in path.read_text(encoding="utf-8-sig").splitlines()[1:]]


def test_files_on_workers_are_those_of_one_process(tmp_path):
    files = [tmp_path / f"{name}.tif" for name in ("a", "b", "broken")]
    for number, path in enumerate(files):
        tifffile.imwrite(path, image(number))
    files[2].write_bytes(files[2].read_bytes()[:300])
    folders = tmp_path / "alone", tmp_path / "shared"
    jobs = [plan_files(files, folder, tables=True) for folder in folders]
    alone = list(run_files(jobs[0], Wanted(FAST), True))
    told = tmp_path / "summary.csv"
    with (
        two_workers(processes=False) as cluster,
        Client(cluster) as client,
    ):
        shared = list(run_files(jobs[1], Wanted(FAST), True, client=client, sheets=Sheets(told)))
        assert summary(told) == [[str(files[0]), "done"], [str(files[1]), "done"], [str(files[2]), "failed"]]
        again = list(run_files(jobs[1], Wanted(FAST), True, client=client))
    assert sorted(each.error for each in shared) == sorted(each.error for each in alone) == [False, False, True]
    assert sum("done before" in each.message for each in again) == 2
    assert [len({each.message for each in each_time if each.error}) for each_time in (alone, shared)] == [1, 1]
    for name in ("a_labels.tif", "b_labels.tif"):
        found = [read_image(folder / name).pixels for folder in folders]
        np.testing.assert_array_equal(*found)
        assert (folders[0] / name).with_suffix(".csv").read_bytes() == (folders[1] / name).with_suffix(
            ".csv"
        ).read_bytes()


def test_who_does_the_work_must_be_there(tmp_path, capsys, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", image(0))
    arguments = ["run", str(tmp_path / "a.tif"), "-o", str(tmp_path / "out.tif"), *ARGUMENTS]
    assert main([*arguments, "--workers", "0"]) == 2
    assert "workers must be at least 1, got 0" in capsys.readouterr().err
    assert main([*arguments, "--cluster", "nowhere"]) == 2
    assert "cluster must be the address of a dask scheduler that can be reached" in capsys.readouterr().err
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.cluster.find_spec", lambda _: None)
    assert main([*arguments, "--workers", "2"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "workers must have dask.distributed, got none; install it with: pip install" in line


@pytest.fixture
def large(tmp_path):
    """An image, the command that segments it in blocks, and the labels that it ends with if nothing happens."""
    np.save(tmp_path / "coins.npy", data.coins()[:192, :240])
    (tmp_path / "small.py").write_text(SMALL)
    command = [sys.executable, str(tmp_path / "small.py"), "run", str(tmp_path / "coins.npy"), *ARGUMENTS, "-o"]
    subprocess.run([*command, str(tmp_path / "whole.tif")], check=True, timeout=PATIENCE)
    return tmp_path, command, tifffile.imread(tmp_path / "whole.tif")


def wait_for(path, process=None):
    ends = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < ends
        assert process is None or process.poll() is None
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["out.tif", "out.zarr"])
def test_a_run_that_was_killed_goes_on(large, ending):
    folder, command, whole = large
    out, part = folder / ending, folder / f"{ending}.part"
    for block in ("regions/0000003.npz", "features/0000003.npz"):
        process = subprocess.Popen([*command, str(out)])
        wait_for(part / block, process)
        process.kill()
        process.wait()
        assert not out.exists()
    kept = {path: path.stat().st_mtime_ns for path in part.rglob("*.npz")}
    assert len(kept) > 20
    process = subprocess.Popen([*command, str(out)])
    assert process.wait(PATIENCE) == 0
    np.testing.assert_array_equal(read_labels(out), whole)
    assert not part.exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_run_that_is_asked_to_end_among_its_blocks_ends_at_once_and_goes_on(large, name, code):
    folder, command, whole = large
    out, number = folder / "out.tif", getattr(signal, name)
    before = signal.signal(number, signal.SIG_DFL if name != "SIGINT" else signal.default_int_handler)
    try:
        process = subprocess.Popen([*command, str(out)], stderr=subprocess.PIPE, text=True)
        wait_for(folder / "out.tif.part" / "regions" / "0000003.npz", process)
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        signal.signal(number, before)  # what started the tests may ignore it, as nohup does
    assert process.returncode == code
    assert said.splitlines() == [f"backprop-segment: {signals.GOES_ON}"]
    assert not out.exists()
    subprocess.run([*command, str(out)], check=True, timeout=PATIENCE)
    np.testing.assert_array_equal(read_labels(out), whole)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_overwriting_does_not_take_the_blocks_of_a_run_that_is_going_on(large):
    folder, command, whole = large
    out, part = folder / "out.tif", folder / "out.tif.part"
    first = subprocess.Popen([*command, str(out)])
    wait_for(part / "regions" / "0000003.npz", first)
    first.send_signal(signal.SIGSTOP)
    kept = sorted(part.rglob("*.npz"))
    again = [*command, str(out), "--overwrite"]
    second = subprocess.run(again, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert second.returncode == 2
    assert "must be made by one run at a time, got another one that is going on" in second.stderr
    assert second.stderr.count("\n") == 1
    assert sorted(part.rglob("*.npz")) == kept
    first.send_signal(signal.SIGCONT)
    assert first.wait(PATIENCE) == 0
    np.testing.assert_array_equal(read_labels(out), whole)
    subprocess.run(again, check=True, timeout=PATIENCE)
    assert not part.exists()


def read_labels(path):
    if path.suffix == ".tif":
        return tifffile.imread(path)
    import zarr

    return zarr.open(path, mode="r")["labels/backprop/0"][:]


def started(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


@pytest.mark.slow
def test_without_its_scheduler_a_run_ends_in_a_sentence_and_goes_on_with_another(large):
    folder, command, whole = large
    out, told = folder / "out.tif", folder / "scheduler.json"
    for last in (False, True):
        told.unlink(missing_ok=True)
        scheduler = started("dask", "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
        wait_for(told)
        one = ("dask", "worker", "--scheduler-file", str(told), "--nthreads", "1", "--no-dashboard")
        workers = [started(*one) for _ in range(2)]
        try:
            process = subprocess.Popen([*command, str(out), "--cluster", str(told)], stderr=subprocess.PIPE, text=True)
            if last:
                process.communicate(timeout=PATIENCE)
                assert process.returncode == 0
                break
            wait_for(folder / "out.tif.part" / "features" / "0000002.npz", process)
            scheduler.kill()
            _, complaint = process.communicate(timeout=PATIENCE)
            assert process.returncode == 2
            assert not out.exists()
            assert len(complaint.splitlines()) == 1, complaint
            line = complaint
            assert "cluster must stay there until the end, got no answer from" in line
            assert "what is finished is kept" in line
        finally:
            for each in (scheduler, *workers):
                os.killpg(each.pid, signal.SIGKILL)
                each.wait()
    np.testing.assert_array_equal(tifffile.imread(out), whole)
    assert not (folder / "out.tif.part").exists()


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(tmp_path):
    files = [tmp_path / f"{number}.tif" for number in range(6)]
    for number, path in enumerate(files):
        tifffile.imwrite(path, image(number))
    folders = tmp_path / "alone", tmp_path / "shared"
    jobs = [plan_files(files, folder) for folder in folders]
    list(run_files(jobs[0], Wanted(FAST), True))
    with (
        two_workers() as cluster,
        Client(cluster) as client,
    ):
        victim = next(iter(client.run(os.getpid).values()))
        outcomes = []
        for outcome in run_files(jobs[1], Wanted(FAST), True, client=client):
            if not outcomes:
                os.kill(victim, signal.SIGKILL)
            outcomes.append(outcome)
    assert len(outcomes) == 6
    assert not any(outcome.error for outcome in outcomes)
    for path in folders[0].iterdir():
        np.testing.assert_array_equal(tifffile.imread(path), tifffile.imread(folders[1] / path.name))
