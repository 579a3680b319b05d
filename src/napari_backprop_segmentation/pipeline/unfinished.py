"""A run that may be interrupted: finished blocks are kept in a folder, with what tells the run from others."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout

from napari_backprop_segmentation.errors import OutputError, ParameterError
from napari_backprop_segmentation.image.checksum import pixel_checksum
from napari_backprop_segmentation.image.kept_blocks import KeptBlocks
from napari_backprop_segmentation.network.history import Kept
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.record import PACKAGE
from napari_backprop_segmentation.teaching.plain import recorded

LOCK = "run.lock"  # held while a run goes on
TOLD = "run.json"  # what tells the run from others
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CHANGED = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOENT)  # by somebody else
PLACE_ERRORS = (*FULL, *CHANGED, errno.EROFS, errno.EACCES)
FREE = frozenset({"detail", "n_regions"})  # settings that decide nothing of what is kept


@dataclass(frozen=True)
class Unfinished:
    """Where finished blocks are kept.

    Attributes
    ----------
    folder : Path
    image : str
        What tells the image from others, for those that are too large to be read for it.
    """

    folder: Path
    image: str = ""

    @property
    def begun(self) -> bool:
        """Whether anything is kept there, so that a run that is ended now can go on."""
        return (self.folder / TOLD).is_file()


def kept_of(unfinished: Unfinished, job: Job, image: Any) -> KeptBlocks:
    """Return what an earlier start of the same run has kept, or a place to keep it.

    Raises
    ------
    ParameterError
        If the folder holds something else.
    OutputError
        If it cannot be written to.
    """
    told = _told(job, image, unfinished.image)
    before = _told_before(unfinished.folder)
    if before is None:
        try:
            unfinished.folder.mkdir(parents=True, exist_ok=True)
            (unfinished.folder / TOLD).write_text(json.dumps(told, indent=1), encoding="utf-8")
        except OSError as error:
            raise no_room(unfinished.folder, error) from error
    elif before != told:
        different = ", ".join(_differing(before, told))
        raise ParameterError(
            f"finished blocks must be of the same run, got those of another one in {str(unfinished.folder)!r} "
            f"(different: {different}); ask for the same as then to go on, or remove that folder to begin anew"
        )
    return KeptBlocks(unfinished.folder, _locked(unfinished.folder))


def _locked(folder: Path) -> Callable[[], object]:
    """Keep other runs from a folder, also those of other processes; return what lets them use it again.

    Raises
    ------
    ParameterError
        If one is going on there. The lock of a process that was killed is gone with it.
    """
    lock = FileLock(folder / LOCK, timeout=0, thread_local=False)  # a window ends a run in another thread
    try:
        lock.acquire()
    except Timeout as error:
        raise ParameterError(
            f"finished blocks must be made by one run at a time, got another one that is going on in {str(folder)!r}; "
            "wait until it has ended, or choose another place"
        ) from error
    except (OSError, NotImplementedError):  # some shared disks know no locks
        return lambda: None
    return lock.release


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep runs from finished blocks while they are read or removed, if there are any.

    Raises
    ------
    ParameterError
        If a run is going on there.
    """
    if not (folder / TOLD).is_file():
        yield
        return
    release = _locked(folder)
    try:
        yield
    finally:
        release()
        if folder.is_dir() and {path.name for path in folder.iterdir()} <= {TOLD, LOCK}:
            shutil.rmtree(folder, ignore_errors=True)


def forget(folder: Path) -> None:
    """Remove finished blocks, if that is what a folder holds; whoever does must be `alone` with them.

    Windows keeps a file that is still mapped: what tells the run then stays beside it, for the next start.
    """
    if not (folder / TOLD).is_file():
        return
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in (TOLD, LOCK):
            with suppress(OSError):
                path.unlink()


def of_place(error: OSError) -> bool:
    """Return whether an error says that a place on a disk cannot be written to, and not one of the image."""
    return error.errno in PLACE_ERRORS


def no_room(folder: Path, error: OSError) -> OutputError:
    """Return an error that says that finished blocks cannot be kept, and what to do."""
    reason = error.strerror or str(error)
    advice = "make room there, and start again to go on" if error.errno not in CHANGED else "remove it to begin anew"
    return OutputError(f"finished blocks must be kept, got {reason!r} in {str(folder)!r}; {advice}")


@contextmanager
def room_told(kept: KeptBlocks) -> Iterator[None]:
    """Turn an error of the disk into one that says that finished blocks cannot be kept."""
    try:
        yield
    except OSError as error:
        if not of_place(error):
            raise
        raise no_room(kept.folder or Path(tempfile.gettempdir()), error) from error


def _told_before(folder: Path) -> dict[str, Any] | None:
    """Return what tells the run that has used a folder; None where it is new."""
    if not os.path.lexists(folder):
        return None
    with suppress(OSError, ValueError):
        found = json.loads((folder / TOLD).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    if folder.is_dir() and not any(folder.iterdir()):
        return None
    raise ParameterError(
        f"finished blocks must be kept in a folder of their own, got {str(folder)!r}, which holds something else; move "
        "it away, or choose another place"
    )


def _told(job: Job, image: Any, said: str) -> dict[str, Any]:
    """Return all that decides what is kept, in plain values."""
    source = job.source
    settings = {name: value for name, value in job.params.to_dict().items() if name not in FREE}
    told = {
        "version": version(PACKAGE),
        "image": said or pixel_checksum(image),
        "shape": list(source.shape),
        "axes": source.axes,
        "channels": source.preparation.channels,
        "spacing": list(source.spacing),
        "scaling": repr(source.preparation.scaling),
        "settings": settings,
        "network": _checksum(job.model),
        "start": _checksum(job.start),
        "examples": None if job.examples is None else _examples(job),
    }
    return dict(json.loads(json.dumps(told)))


def _examples(job: Job) -> list[Any]:
    return [recorded(job.examples or ()), recorded(job.counter_examples), job.how_alike]


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the names of what is different, settings by their own."""
    names = [name for name in now if before.get(name) != now[name] and name != "settings"]
    then = before.get("settings")
    settings = then if isinstance(then, dict) else {}
    return names + [name for name, value in now["settings"].items() if name not in settings or settings[name] != value]


def _checksum(start: Model | Kept | None) -> str | None:
    if start is None:
        return None
    weights = start.weights if isinstance(start, Kept) else start.on(torch.device("cpu")).network.state_dict()
    found = hashlib.blake2b(digest_size=16)
    for name, tensor in weights.items():
        found.update(name.encode())
        found.update(np.asarray(tensor).tobytes())
    return found.hexdigest()
