"""Places for results: whether anything can be written there, asked before anything is computed."""

import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from napari_backprop_segmentation.errors import OutputError
from napari_backprop_segmentation.io.nodes import is_node
from napari_backprop_segmentation.io.write import part_name

PROBE = b"written to find out whether this folder can be written to\n"
PART = re.compile(r"^\.(?P<stem>.+)\.(?P<pid>\d+)\.part\.(tiff?|csv|png|npy|zip|safetensors)$", re.IGNORECASE)
# Labels in a store: those that were being written, and those that were being replaced.
FOLDER = re.compile(r"^\.(?P<name>.+)\.(?P<pid>\d+)\.(part(\.zarr)?|(?P<old>old))$", re.IGNORECASE)
ABANDONED_SECONDS = 60  # a file that another machine is writing into the folder changes more often
LEAST_FREE = 2**20  # bytes: records, tables, logs
BYTES_A_PIXEL = 0.25  # of labels, compressed; what they take is often less and seldom more


def check_places(paths: Iterable[Path]) -> None:
    """Refuse places for files where nothing can be written, before anything is computed. Makes no folders.

    Parameters
    ----------
    paths : iterable of Path
        Of the files that will be written.

    Raises
    ------
    OutputError
        If a name is too long, a folder is a file, nothing may be written in it, or the disk is full.
    """
    probed: set[Path] = set()
    for path in paths:
        try:
            _check_names(path)
            folder = _existing_folder(path)
            if folder not in probed:
                probed.add(folder)
                _check_writable(folder)
        except OutputError:
            raise
        except (OSError, RuntimeError, ValueError) as error:  # pathlib tells loops of links as RuntimeError
            reason = getattr(error, "strerror", None) or str(error)
            raise OutputError(
                f"output must be in a place that can be written to, got {str(path)!r} ({reason}); choose another"
            ) from error


def check_space(path: Path, n_pixels: int) -> None:
    """Refuse a place on a disk that is too full for the labels of an image.

    Raises
    ------
    OutputError
    """
    needed = LEAST_FREE + int(BYTES_A_PIXEL * n_pixels)
    try:
        free = shutil.disk_usage(_existing_folder(path)).free
    except OSError:  # some file systems do not tell
        return
    if free < needed:
        raise OutputError(
            f"output must be on a disk with about {needed / 2**20:.0f} MiB free, got {free / 2**20:.1f} MiB at "
            f"{str(path)!r}; make room, or choose another place"
        )


def remove_abandoned(folders: Iterable[Path]) -> list[Path]:
    """Remove unfinished files that runs which were killed have left, and return their names."""
    removed = []
    for folder in set(folders):
        for path in _abandoned(folder):
            with suppress(OSError):
                path.unlink()
                removed.append(path)
        for path in _abandoned_folders(folder):
            with suppress(OSError):
                _remove_or_restore(path)
                removed.append(path)
    return removed


def _abandoned_folders(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        for path in list(folder.iterdir()):
            found = FOLDER.match(path.name)
            if found is None or psutil.pid_exists(int(found["pid"])) or path.is_symlink() or not is_node(path):
                continue
            if time.time() - max(each.stat().st_mtime for each in (path, *path.rglob("*"))) > ABANDONED_SECONDS:
                yield path


def _remove_or_restore(path: Path) -> None:
    """Remove labels that were being written; put those back that were being replaced by what never came."""
    found = FOLDER.match(path.name)
    if found and found["old"] and not os.path.lexists(path.with_name(found["name"])):
        path.rename(path.with_name(found["name"]))
    else:
        shutil.rmtree(path)


def _abandoned(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        for path in list(folder.iterdir()):
            found = PART.match(path.name)
            if found is None or psutil.pid_exists(int(found["pid"])) or not path.is_file():
                continue
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                yield path


def _check_names(path: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        os.stat(path)  # which a name that is too long fails otherwise than a file that is not there


def _existing_folder(path: Path) -> Path:
    """Return the folder of a file, or the nearest one above that is there."""
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    for folder in target.absolute().parents:
        if folder.is_dir():
            return folder
        if os.path.lexists(folder):
            raise OutputError(
                f"output must be in a folder, got {str(path)!r} where {str(folder)!r} is a file; choose another place"
            )
    return Path(target.absolute().anchor)


def _check_writable(folder: Path) -> None:
    probe = part_name(folder / "probe.tif")
    try:
        with probe.open("wb") as file:
            file.write(PROBE)
    finally:
        probe.unlink(missing_ok=True)
