"""Tables of measurements as CSV files."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.io.files import replacing


def write_table(path: Path, table: Mapping[str, NDArray[Any]]) -> None:
    """Write columns of equal length under their names; the file appears only once it is complete.

    In the encoding that spreadsheet programs expect, who would else garble the units.
    """
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*(column.tolist() for column in table.values()), strict=True))
