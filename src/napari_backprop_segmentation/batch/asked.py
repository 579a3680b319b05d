"""What was asked for labels that are there: whether they are what this run would make, so that it need not."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.batch.entry import Found
from napari_backprop_segmentation.batch.jobs import Job
from napari_backprop_segmentation.batch.wanted import Wanted
from napari_backprop_segmentation.errors import ImageError, OutputError
from napari_backprop_segmentation.io.nodes import NODE_FILES, is_node, plain_attributes
from napari_backprop_segmentation.io.record import (
    ASKED,
    FOUND,
    LABELS,
    SOFTWARE,
    WITHOUT,
    checksum_of_bytes,
    read_record,
)
from napari_backprop_segmentation.io.write import kept

OTHER_METADATA = (*NODE_FILES, ".zmetadata")  # rewritten where labels are added to a store


def asked_of(job: Job, wanted: Wanted) -> str:
    """Return what tells what is asked of a file: its content, settings, network, marks, version of this program.

    Content is told by size and time of change, as that of large files takes long to read.
    """
    told = {
        "version": version(SOFTWARE),
        "settings": wanted.told,
        "read": [_stamp(path) for path in job.read],
        "marks": [job.strokes is not None, job.examples is not None, job.counter_examples is not None],
    }
    return checksum_of_bytes(json.dumps(told, sort_keys=True, default=str).encode())


def done_before(job: Job, asked: str) -> Found | None:
    """Return what was found where everything that is asked for is there already; None where it is to be made.

    Whether anybody has edited it since is not looked at, see `jobs.check_overwriting`.
    """
    try:
        record = read_record(job.labels)
        found = Found.from_dict(record[FOUND])
        without = set(record.get(WITHOUT, ()))
    except (ImageError, KeyError, TypeError):
        return None
    there = all(path.exists() for kind, path in job.beside.items() if kind not in without)
    return found if there and record.get(ASKED) == asked else None


def there_of(job: Job) -> dict[Path, Any]:
    """Return what tells the content of all files that a job will write over, see `check_untouched`."""
    return {path: _stamp(path) for kind, path in {"labels": job.labels, **job.beside}.items() if kind != "log"}


def check_untouched(job: Job, before: Mapping[Path, Any], labels: NDArray[Any]) -> None:
    """Refuse to write over what somebody else has written during the run: the labels are then kept beside it.

    Raises
    ------
    OutputError
    """
    changed = [path for path, stamped in before.items() if _stamp(path) != stamped]
    if changed:
        raise kept(job.labels, labels, "labels", OutputError(f"{str(changed[0])!r} was changed during the run"))


def stamp(path: Path) -> str:
    """Return what tells the content of a file or store from others, without reading its pixels."""
    return checksum_of_bytes(json.dumps(_stamp(path), sort_keys=True, default=str).encode())


def _stamp(path: Path) -> Any:
    if not is_node(path):
        with suppress(OSError):  # what is not there is told when it is read
            status = path.stat()
            return [status.st_size, status.st_mtime_ns]
        return None
    with suppress(OSError, ValueError):
        return [plain_attributes(path), *_chunks(path)]
    return None


def _chunks(folder: Path, inside: str = "") -> Iterator[Any]:
    """Yield what tells the pixels of a store from others; labels in it come and go."""
    for each in sorted(folder.iterdir()):
        if each.is_dir():
            if inside or each.name != LABELS:
                yield from _chunks(each, f"{inside}{each.name}/")
        elif each.name not in OTHER_METADATA:
            status = each.stat()
            yield [inside + each.name, status.st_size, status.st_mtime_ns]
