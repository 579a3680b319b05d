"""What all labels of a table come to: in one line, and per frame; no Qt here."""

import numpy as np
import pandas as pd

from napari_backprop_segmentation.pipeline.messages import count

FRAME, LABEL, SHARE = "frame", "label", "share (%)"
SIZES = ("area (", "volume (")
KINDS = ("kind", "class")  # columns by which users sort labels
MOST_KINDS = 8


def size_column(table: pd.DataFrame) -> str | None:
    """Return the column of areas or volumes, with its unit; None where there is none."""
    return next((name for name in table.columns if str(name).startswith(SIZES)), None)


def in_one_line(table: pd.DataFrame, noun: str = "label", n_frames: int = 1) -> str:
    """Return how many labels there are, how large, and how much of the image they take.

    Parameters
    ----------
    table : DataFrame
        One row a label, and of a series a label and frame.
    noun : str
        What a label is.
    n_frames : int
        Of the series.

    Examples
    --------
    >>> in_one_line(pd.DataFrame({"label": [1, 7], "area (µm²)": [4.0, 8.0], "share (%)": [2.0, 4.0]}), "object")
    '2 objects, mean area 6 µm², 6 % of the image'
    >>> in_one_line(pd.DataFrame({"label": [1], "area (px²) (measured)": [4.0]}))  # beside a column of the user's own
    '1 label, mean area 4 px²'
    """
    if LABEL not in table:
        return ""
    parts = [count(table[LABEL].nunique(), noun)]
    series = FRAME in table
    if series:
        counts = per_frame(table, n_frames)["count"]
        few, most = int(counts.min()), int(counts.max())
        each = f"{few}" if few == most else f"{few} to {most}"
        parts[0] += f" in {count(n_frames, 'frame')}: {each} a frame, on average {short(float(counts.mean()))}"
    size = size_column(table)
    if size is not None and len(table):
        name, unit = size.split(")")[0].split(" (")  # of "area (µm²) (measured)", too
        parts.append(f"mean {name} {short(float(table[size].mean()))} {unit}")
    if SHARE in table:
        share = float(table[SHARE].sum()) / (n_frames if series else 1)
        parts.append(f"{short(share)} % of the {'frames' if series else 'image'}")
    parts += [text for name in KINDS if name in table and (text := _per_kind(table, name))]
    return ", ".join(parts)


def per_frame(table: pd.DataFrame, n_frames: int) -> pd.DataFrame:
    """Return one row a frame: how many labels, how large together and on average, how much of the frame they take."""
    groups = table.groupby(FRAME)
    found = pd.DataFrame({"count": groups.size()}).reindex(range(n_frames), fill_value=0)
    size = size_column(table)
    if size is not None:
        found[f"total {size}"] = groups[size].sum().reindex(range(n_frames), fill_value=0.0)
        found[f"mean {size}"] = groups[size].mean().reindex(range(n_frames))
    if SHARE in table:
        found[SHARE] = groups[SHARE].sum().reindex(range(n_frames), fill_value=0.0)
    return found.rename_axis(FRAME).reset_index()


def short(value: float) -> str:
    """Return a number as it is read, not calculated with.

    Examples
    --------
    >>> short(0.012345), short(12.3456), short(123456.7), short(float("nan"))
    ('0.01235', '12.35', '123457', '')
    """
    if np.isnan(value):
        return ""
    return f"{value:.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:.4g}"


def _per_kind(table: pd.DataFrame, name: str) -> str:
    """Return how many labels of each kind there are; nothing where there are too many kinds to list."""
    counts = table.drop_duplicates(LABEL)[name].value_counts()
    if not 0 < len(counts) <= MOST_KINDS:
        return ""
    return f"{name} " + ", ".join(f"{kind}: {number}" for kind, number in counts.items())
