"""Tables of a whole batch: how each image ended, and the measurements of all."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from napari_backprop_segmentation.batch.entry import Entry
from napari_backprop_segmentation.io.overwrite import check_text
from napari_backprop_segmentation.io.tables import write_bytes
from napari_backprop_segmentation.io.write import replacing

ENCODING = "utf-8-sig"  # which spreadsheet programs expect
MARK = "\ufeff"  # with which it begins
COLUMNS = ("file", "state", "count", "of", "mean size", "unit", "seconds", "message")
FILE, LABEL = "file", "label"


@dataclass(frozen=True)
class Sheets:
    """Where the tables of a batch go.

    Attributes
    ----------
    summary : Path, optional
        One row an image.
    table : Path, optional
        One row a label of any image.
    """

    summary: Path | None = None
    table: Path | None = None

    @property
    def written(self) -> list[Path]:
        """Everything that will be written."""
        return [path for path in (self.summary, self.table) if path]

    def check(self, overwrite: bool = False) -> None:
        """Refuse to lose files that are no tables of ours.

        Raises
        ------
        OutputError
        """
        if overwrite:
            return
        if self.summary:
            check_text(self.summary, MARK + ",".join(COLUMNS))
        if self.table:
            check_text(self.table, f"{MARK}{FILE},{LABEL}")

    def write_summary(self, entries: Sequence[Entry]) -> None:
        """Write how far each image is; the file is whole at any time."""
        if self.summary:
            write_bytes(self.summary, summary_bytes(entries))

    def note(self, entries: Sequence[Entry]) -> None:
        """Write how far each image is, if that can be done now: a summary that is open elsewhere stops no batch."""
        with suppress(OSError):
            self.write_summary(entries)

    def write_table(self, parts: Sequence[tuple[str, Path]]) -> None:
        """Write the measurements of all images under each other, from the tables of each under its name."""
        if self.table:
            _join(self.table, parts)


def summary_bytes(entries: Sequence[Entry]) -> bytes:
    """Return the summary of a batch as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_row(entry) for entry in entries)
    return text.getvalue().encode(ENCODING)


def _row(entry: Entry) -> list[object]:
    found = entry.found
    numbers = ["", "", "", ""] if found is None else [found.count, found.of, found.mean_size, found.unit]
    return [entry.name, entry.state.value, *numbers, entry.seconds, entry.message]


def _join(path: Path, parts: Sequence[tuple[str, Path]]) -> None:
    """Join tables whose columns may differ: what one of them lacks stays empty."""
    there = [(name, part) for name, part in parts if part.exists()]
    columns = dict.fromkeys([FILE, LABEL])
    for _, part in there:
        columns |= dict.fromkeys(next(_rows(part), []))
    with replacing(path) as new, new.open("w", newline="", encoding=ENCODING) as file:
        writer = csv.DictWriter(file, list(columns), restval="")
        writer.writeheader()
        for name, part in there:
            rows = _rows(part)
            header = next(rows, [])
            writer.writerows({FILE: name, **dict(zip(header, row, strict=False))} for row in rows)


def _rows(part: Path) -> Iterator[list[str]]:
    with suppress(OSError), part.open(newline="", encoding=ENCODING) as file:
        yield from csv.reader(file)
