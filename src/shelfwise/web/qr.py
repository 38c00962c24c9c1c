"""Codes for cameras."""

from __future__ import annotations

import segno
from markupsafe import Markup


def picture(content: str, title: str) -> Markup:
    """A code for cameras. Dark on light in both themes: not every camera reads the other way round."""
    drawn: str = segno.make(content, micro=False).svg_inline(
        omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", title=title
    )
    return Markup(drawn)  # noqa: S704 (segno escapes the title, and the rest is its own)
