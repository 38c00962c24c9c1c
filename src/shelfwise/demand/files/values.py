"""Cells of a column as numbers, yes or no, or categories."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from shelfwise.demand.files.source import Source, is_plain
from shelfwise.demand.model import LARGEST_QUANTITY, Floats
from shelfwise.demand.panel import Numbers

MOST_LABELS = 1_000
"""A column with more different names than this is free text and says nothing of demand."""
ENOUGH_ON_SHELF = 0.9
"""A share of the day in stock below this counts as sold out."""
_YES_NO = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "t": 1.0, "f": 0.0, "y": 1.0, "n": 0.0}
_UNKNOWN = ("", "nan", "null", "none", "na", "n/a", "-")


def quantities(source: Source, heading: str) -> Floats:
    """The numbers of a column that must hold numbers; NaN where a cell is empty.

    Raises:
        Invalid: a cell is no number, not finite, or beyond belief; it is named.
    """
    cells = source.cells(heading)
    found = _numbers(cells)
    if found is None:
        found = cells.cast(pl.Float64, strict=False) if cells.dtype != pl.String else _decimal(cells)
        wrong = np.flatnonzero((found.is_null() & cells.is_not_null() & ~_is_unknown(cells)).to_numpy())
        if len(wrong):
            raise source.fault(int(wrong[0]), heading, "a number", cells[int(wrong[0])], "Correct the cell.")
    values = found.to_numpy().astype(np.float64)
    beyond = np.flatnonzero(np.abs(values) > LARGEST_QUANTITY)
    if len(beyond):
        raise source.fault(
            int(beyond[0]), heading, f"a number up to {LARGEST_QUANTITY:g}", cells[int(beyond[0])],
            "Correct the cell, or leave it empty where the demand is not known.",
        )  # fmt: skip
    return values


def told(cells: pl.Series) -> tuple[Numbers, tuple[str, ...]] | None:
    """Any column as numbers: itself, 0 and 1 for no and yes, or the places of its names in the second value.

    Returns:
        None where it has too many different names to be a category, or holds lists, bytes or the like.
    """
    if not is_plain(cells):
        return None
    found = _numbers(cells)
    if found is None and cells.dtype == pl.String:
        commas = _decimal(cells)
        found = commas.fill_null(float("nan")) if (commas.is_not_null() | _is_unknown(cells)).all() else None
    if found is not None:
        values = found.to_numpy().astype(np.float64)
        return np.where(np.abs(values) < np.finfo(np.float32).max, values, np.nan).astype(np.float32), ()
    text = cells.cast(pl.String, strict=False)
    names = text.drop_nulls().unique(maintain_order=True)
    if len(names) > MOST_LABELS:
        return None
    codes = text.replace_strict(names, np.arange(len(names)), default=None, return_dtype=pl.Float32)
    return codes.to_numpy().astype(np.float32), tuple(names)


def is_yes(cells: pl.Series, yes: bool) -> NDArray[np.bool_]:
    """Where a column says that it is sold out or closed.

    `yes`: whether it says so by yes, or by no. Of numbers zero is no; of shares everything clearly below all is. An
    empty cell says nothing.
    """
    found = told(cells)
    if found is None or found[1]:
        return np.zeros(len(cells), np.bool_)
    values = found[0]
    with np.errstate(invalid="ignore"):
        if yes:
            return np.asarray(values > 0)
        shares = np.nanmax(values, initial=0.0) <= 1.0
        return np.asarray(values < ENOUGH_ON_SHELF if shares else values <= 0)


def _numbers(cells: pl.Series) -> pl.Series | None:
    """The column as numbers, NaN where empty; None where it holds anything else."""
    if cells.dtype == pl.Boolean or cells.dtype.is_numeric():
        return cells.cast(pl.Float64).fill_null(float("nan"))
    if cells.dtype != pl.String:
        return None
    found = cells.cast(pl.Float64, strict=False)
    odd = cells.filter(found.is_null() & cells.is_not_null()).unique()
    if len(odd) and len(odd) <= MOST_LABELS:
        words = {one: one.strip().lower() for one in odd}
        known = {one: float("nan") for one, word in words.items() if word in _UNKNOWN}
        known |= {one: _YES_NO[word] for one, word in words.items() if word in _YES_NO}
        spaced = odd.str.strip_chars().cast(pl.Float64, strict=False)
        known |= {one: number for one, number in zip(odd, spaced, strict=True) if number is not None}
        if len(known) < len(words):
            return None
        found = found.fill_null(cells.replace_strict(known, default=None, return_dtype=pl.Float64))
    elif len(odd):
        return None
    return found.fill_null(float("nan"))


def _decimal(cells: pl.Series) -> pl.Series:
    """Numbers with a decimal comma or with commas between thousands, where all of the odd ones are written so."""
    odd = cells.filter(cells.cast(pl.Float64, strict=False).is_null() & cells.is_not_null() & ~_is_unknown(cells))
    if odd.str.contains(r"^\s*-?\d{1,3}(,\d{3})+(\.\d+)?\s*$").all():
        cells = cells.str.replace_all(",", "")
    elif odd.str.contains(r"^\s*-?\d{1,3}(\.\d{3})*,\d+\s*$|^\s*-?\d+,\d+\s*$").all():
        cells = cells.str.replace_all(r"\.(\d{3})", "$1").str.replace(",", ".")
    return cells.str.strip_chars().cast(pl.Float64, strict=False)


def _is_unknown(cells: pl.Series) -> pl.Series:
    if cells.dtype != pl.String:
        return cells.is_null()
    return cells.str.strip_chars().str.to_lowercase().is_in(_UNKNOWN).fill_null(True)
