"""Tables of measurements as CSV files."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.io.write import replacing


def table_bytes(table: Mapping[str, NDArray[Any]]) -> bytes:
    """Return columns of equal length under their names, in the encoding that spreadsheet programs expect.

    They would else garble the units.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table)
    writer.writerows(zip(*(column.tolist() for column in table.values()), strict=True))
    return text.getvalue().encode("utf-8-sig")


def write_table(path: Path, table: Mapping[str, NDArray[Any]]) -> None:
    """Write columns of equal length under their names; the file appears only once it is complete."""
    write_bytes(path, table_bytes(table))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file that appears only once it is complete."""
    with replacing(path) as part:
        part.write_bytes(content)
