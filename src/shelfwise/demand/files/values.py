"""Cells of a column as numbers, yes or no, or categories."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.demand.files.source import Source, is_plain
from shelfwise.demand.model import LARGEST_QUANTITY, Floats
from shelfwise.demand.panel import Numbers

MOST_LABELS = 1_000
"""A column with more different names than this is free text and says nothing of demand."""
ENOUGH_ON_SHELF = 0.9
"""A share of the day in stock below this counts as sold out."""
_YES_NO = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "t": 1.0, "f": 0.0, "y": 1.0, "n": 0.0}
_UNKNOWN = ("", "nan", "null", "none", "na", "n/a", "-")
# What people write of a shelf or a door. An answer is to the question of the heading, a state speaks for itself.
_YES = ("yes", "true", "y", "t", "x", "ja", "j", "oui", "si", "sí", "sim")
_NO = ("no", "false", "n", "f", "nein", "nee", "non", "não")
_GOOD = (
    "in", "in stock", "instock", "available", "on shelf", "open", "opened", "vorrätig", "auf lager", "verfügbar",
    "offen", "geöffnet", "en stock", "disponible", "ouvert", "abierto",
)  # fmt: skip
_BAD = (
    "out", "out of stock", "outofstock", "oos", "stockout", "sold out", "soldout", "unavailable", "not available",
    "closed", "shut", "ausverkauft", "nicht vorrätig", "nicht verfügbar", "geschlossen", "rupture", "fermé", "agotado",
    "cerrado",
)  # fmt: skip
_BARE = r"^\s*-?\d+\s*$"
_THOUSANDS = {",": r"^-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$", ".": r"^-?[1-9]\d{0,2}(\.\d{3})+$"}
_DECIMAL = {",": r"^-?(\d+|[1-9]\d{0,2}(\.\d{3})+),\d+$", ".": r"^[^.]*\.[^.]*$"}
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s*%")
_SHOWN = 3


def quantities(source: Source, heading: str) -> Floats:
    """The numbers of a column that must hold numbers; NaN where a cell is empty.

    Raises:
        Invalid: a cell is no number, not finite, or beyond belief; it is named.
    """
    cells = source.cells(heading)
    plain, doubtful = _plainly(cells)
    if doubtful is not None:
        got = cells[doubtful].strip()
        mark = "," if "," in got else "."
        raise source.fault(
            doubtful, heading, "a number that can be read in one way", got,
            f"Write it as {got.replace(mark, '')}, or with another place as {got}0; and the others like it.",
        )  # fmt: skip
    found = _numbers(plain)
    if found is None:
        found = (plain.str.strip_chars() if plain.dtype == pl.String else plain).cast(pl.Float64, strict=False)
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
    found = _numbers(_plainly(cells)[0])
    if found is not None:
        values = found.to_numpy().astype(np.float64)
        return np.where(np.abs(values) < np.finfo(np.float32).max, values, np.nan).astype(np.float32), ()
    text = cells.cast(pl.String, strict=False)
    names = text.drop_nulls().unique(maintain_order=True)
    if len(names) > MOST_LABELS:
        return None
    codes = text.replace_strict(names, np.arange(len(names)), default=None, return_dtype=pl.Float32)
    return codes.to_numpy().astype(np.float32), tuple(names)


def is_yes(source: Source, heading: str, yes: bool) -> NDArray[np.bool_]:
    """Where a column says that it is sold out or closed.

    `yes`: whether it says so by yes, or by no. Of numbers zero is no; of shares everything clearly below all is. An
    empty cell says nothing.

    Raises:
        Invalid: it has words that nobody knows here: to take them for "not sold out" would teach what was not wanted.
    """
    cells = source.column(heading)
    if cells.dtype == pl.Null:
        return np.zeros(len(cells), np.bool_)
    found = _numbers(_plainly(cells)[0])
    if found is None:
        text = source.cells(heading).cast(pl.String, strict=False)
        meanings = {one: _meaning(one, yes) for one in text.drop_nulls().unique(maintain_order=True)}
        unknown = [one for one, meaning in meanings.items() if meaning is None]
        if unknown:
            raise Invalid(
                Fault(
                    f"{source.path.name}, column {heading}",
                    "yes or no, 1 or 0, a share, or words such as 'sold out' or 'closed'",
                    " and ".join(map(shorten, unknown[:_SHOWN])) + (" and more" if len(unknown) > _SHOWN else ""),
                    "Write it so, or rename the column if it is about something else.",
                )
            )  # fmt: skip
        found = text.replace_strict(meanings, default=None, return_dtype=pl.Float64)
    values = found.to_numpy().astype(np.float64)
    with np.errstate(invalid="ignore"):
        if yes:
            return np.asarray(values > 0)
        shares = np.nanmax(values, initial=0.0) <= 1.0
        return np.asarray(values < ENOUGH_ON_SHELF if shares else values <= 0)


def _meaning(cell: str, bad: bool) -> float | None:
    """A word as 1 for yes and 0 for no; None where it is not known. `bad`: whether yes is sold out or closed."""
    word = cell.strip().lower()
    if word in _UNKNOWN:
        return float("nan")
    if share := _PERCENT.fullmatch(word):
        return float(share[1].replace(",", ".")) / 100
    word = re.sub(r"[\s_-]+", " ", word)
    for words, number in ((_YES, 1.0), (_NO, 0.0), (_GOOD, float(not bad)), (_BAD, float(bad))):
        if word in words:
            return number
    try:
        return float(word)
    except ValueError:
        return None


def _numbers(cells: pl.Series) -> pl.Series | None:
    """The column as numbers, NaN where empty; None where it holds anything else."""
    if cells.dtype == pl.Boolean or cells.dtype.is_numeric():
        return cells.cast(pl.Float64).fill_null(float("nan"))
    if cells.dtype != pl.String:
        return None
    found = cells.str.strip_chars().cast(pl.Float64, strict=False)
    odd = cells.filter(found.is_null() & cells.is_not_null()).unique()
    if len(odd) > MOST_LABELS:
        return None
    if len(odd):
        words = {one: one.strip().lower() for one in odd}
        known = {one: float("nan") for one, word in words.items() if word in _UNKNOWN}
        known |= {one: _YES_NO[word] for one, word in words.items() if word in _YES_NO}
        if len(known) < len(words):
            return None
        found = found.fill_null(cells.replace_strict(known, default=None, return_dtype=pl.Float64))
    return found.fill_null(float("nan"))


def _plainly(cells: pl.Series) -> tuple[pl.Series, int | None]:
    """The column with a point for decimals and nothing between thousands, where all of it is written otherwise.

    Returns:
        With the place of the first cell that can be read in two ways, such as 1,250, where no other cell decides.
    """
    if cells.dtype != pl.String:
        return cells, None
    marked = cells.filter(cells.str.contains(r"[.,]")).unique().str.strip_chars()
    mark = "," if marked.str.contains(",", literal=True).any() else "."
    with_mark = marked.filter(marked.str.contains(mark, literal=True))
    if with_mark.is_empty():
        return cells, None
    thousands = with_mark.str.contains(_THOUSANDS[mark]).all()
    decimal = with_mark.str.contains(_DECIMAL[mark]).all()
    doubtful = None
    if thousands and decimal and len(with_mark) == len(marked) and not _go_on_to_a_thousand(cells):
        doubtful = cells.str.contains(mark, literal=True).arg_max()
        thousands = mark == ","
    if thousands:
        return cells.str.replace_all(mark, "", literal=True), doubtful
    if decimal and mark == ",":
        # A point that stands between thousands goes, one with a zero before it or other places behind it does not.
        whole = cells.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        return cells.to_frame("cells").select(
            pl.when(pl.col("cells").str.contains(r"^\s*-?[1-9]\d{0,2}(\.\d{3})+(,\d+)?\s*$|,")).then(whole)
            .otherwise(pl.col("cells"))
        ).to_series(), None  # fmt: skip
    return cells, doubtful


def _go_on_to_a_thousand(cells: pl.Series) -> bool:
    """Whether whole numbers are written without a mark up to hundreds and never above: so it parts thousands."""
    whole = cells.filter(cells.str.contains(_BARE)).str.strip_chars().cast(pl.Float64, strict=False).abs()
    highest = whole.max()
    return isinstance(highest, float) and 100 <= highest < 1_000


def _is_unknown(cells: pl.Series) -> pl.Series:
    if cells.dtype != pl.String:
        return cells.is_null()
    return cells.str.strip_chars().str.to_lowercase().is_in(_UNKNOWN).fill_null(True)
