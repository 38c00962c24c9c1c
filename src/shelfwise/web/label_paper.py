"""Labels on paper: which sheets there are, and a PDF of labels with a QR code, bars, and large letters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import segno

from shelfwise.core.code128 import QUIET, encodable, modules, widths

_TEMPLATE = Path(__file__).with_name("label.typ")
# Thinner bars are not read by every scanner.
_FINEST_MM = 0.19
_PADDING_MM = 2.0
# So many take some seconds.
MOST_LABELS = 1500


@dataclass(frozen=True)
class Sheet:
    """How labels lie on a page, in mm; one label a page for printers with a roll.

    Attributes:
        left, top: where the first label begins.
        step_x, step_y: from one label to the next.
    """

    words: str
    page_width: float
    page_height: float
    columns: int
    rows: int
    width: float
    height: float
    left: float = 0
    top: float = 0
    step_x: float = 0
    step_y: float = 0


SHEETS: dict[str, Sheet] = {
    "l7160": Sheet("A4, 21 labels of 63.5 × 38.1 mm (L7160)", 210, 297, 3, 7, 63.5, 38.1, 7.2, 15.15, 66.04, 38.1),
    "l7163": Sheet("A4, 14 labels of 99.1 × 38.1 mm (L7163)", 210, 297, 2, 7, 99.1, 38.1, 4.65, 15.15, 101.6, 38.1),
    "5160": Sheet("Letter, 30 labels of 2⅝ × 1 in (5160)", 215.9, 279.4, 3, 10, 66.68, 25.4, 4.76, 12.7, 69.85, 25.4),
    "5163": Sheet("Letter, 10 labels of 4 × 2 in (5163)", 215.9, 279.4, 2, 5, 101.6, 50.8, 3.97, 12.7, 106.36, 50.8),
    "62x29": Sheet("Roll, one label of 62 × 29 mm", 62, 29, 1, 1, 62, 29),
    "100x50": Sheet("Roll, one label of 100 × 50 mm", 100, 50, 1, 1, 100, 50),
}  # fmt: skip


@dataclass(frozen=True)
class Label:
    """What one label says.

    Attributes:
        code: what scanners read, exactly.
        title: what people read from afar; mostly the code.
        lines: small print.
        arrow: 'up', 'down' or none: whether the bin is above or below its label.
    """

    code: str
    title: str
    lines: tuple[str, ...] = ()
    arrow: str = ""


def pdf(labels: Sequence[Label], sheet: Sheet, skip: int = 0) -> bytes:
    """The labels as a PDF.

    Args:
        skip: so many places of the first sheet are used up already.
    """
    made = _set(labels, sheet, skip, "pdf")
    if not isinstance(made, bytes):
        raise TypeError(f"one PDF was expected, {type(made).__name__} came")
    return made


def png(labels: Sequence[Label], sheet: Sheet, skip: int = 0, dots_per_inch: float = 300) -> list[bytes]:
    """Its pages as pictures, to see whether a scanner reads them."""
    made = _set(labels, sheet, skip, "png", dots_per_inch)
    return made if isinstance(made, list) else [made]


def _set(
    labels: Sequence[Label], sheet: Sheet, skip: int, form: Literal["pdf", "png"], dots_per_inch: float = 144
) -> bytes | list[bytes]:
    import typst  # 34 MB of machine code: only whoever sets a paper loads it

    shown = {
        "sheet": asdict(sheet),
        "skip": skip % (sheet.columns * sheet.rows),
        "padding": _PADDING_MM,
        "labels": [
            asdict(label) | {"qr": qr_svg(label.code), "bars": bars_svg(label.code, sheet.width)} for label in labels
        ],
    }
    return typst.compile(_template(), sys_inputs={"labels": json.dumps(shown)}, format=form, ppi=dots_per_inch)


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def qr_svg(code: str) -> str:
    """A QR code with its quiet zone; a quarter of it may be scratched away."""
    matrix = segno.make_qr(code, error="m").matrix
    size = len(matrix) + 8
    path = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            dark = x
            while x < len(row) and row[x]:
                x += 1
            if x > dark:
                path.append(f"M{dark + 4} {y + 4}h{x - dark}v1h{dark - x}z")
            x += 1
    return _svg(size, size, "".join(path))


def bars_svg(code: str, label_mm: float) -> str:
    """The bars of a code over the width of a label; empty where they would be too fine to be read."""
    if not encodable(code) or (label_mm - 2 * _PADDING_MM) / modules(code) < _FINEST_MM:
        return ""
    path, x = [], QUIET
    for turn, width in enumerate(widths(code)):
        if turn % 2 == 0:
            path.append(f"M{x} 0h{width}v10h{-width}z")
        x += width
    return _svg(x + QUIET, 10, "".join(path))


def _svg(width: int, height: int, path: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none" '
        f'width="{width}" height="{height}" shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )
