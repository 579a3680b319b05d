"""Columns of a features table that are ours, and those that are the user's: measuring only ever changes ours."""

from collections.abc import Collection

import pandas as pd

INDEX, SUFFIX = "index", " (measured)"


def with_ours(table: pd.DataFrame, measured: pd.DataFrame, before: Collection[str]) -> pd.DataFrame:
    """Return measurements beside what the user has in the table.

    Parameters
    ----------
    table : DataFrame
        What is there: of napari, with the label in the column ``index``, or else in the order of the labels from 0.
    measured : DataFrame
        With the label in the column ``index``.
    before : collection of str
        Columns that were measured earlier, which go.

    Returns
    -------
    DataFrame
        One row for each measured label, those of the user's for labels that are gone are left out. A measured column
        whose name the user has given already gets another name.
    """
    theirs = without_ours(table, before)
    if not theirs.columns.difference([INDEX]).size:
        return measured
    if INDEX not in theirs:
        theirs = theirs.assign(**{INDEX: range(len(theirs))})
    clashes = {name: f"{name}{SUFFIX}" for name in measured if name != INDEX and name in theirs}
    return measured.rename(columns=clashes).merge(theirs, on=INDEX, how="left")


def without_ours(table: pd.DataFrame, ours: Collection[str]) -> pd.DataFrame:
    """Return a table without measured columns; empty where nothing else is left."""
    rest = table.drop(columns=[name for name in ours if name in table and name != INDEX])
    return rest if rest.columns.difference([INDEX]).size else pd.DataFrame()


def ours_in(table: pd.DataFrame, theirs: pd.DataFrame, before: Collection[str]) -> tuple[str, ...]:
    """Return which columns of a table that `with_ours` has made are measured, given what was there before."""
    kept = set(without_ours(theirs, before).columns)
    return tuple(name for name in table.columns if name not in kept or name == INDEX)
