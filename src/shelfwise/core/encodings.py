"""Which encoding a text file is in: found out from all of it, never guessed from the first rows."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

from shelfwise.core.errors import Fault, Invalid

_SAMPLE_BYTES = 256 * 1024
ENCODINGS = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "utf-16": "UTF-16", "mac-roman": "Mac Roman",
             "cp850": "DOS (850)", "utf-32": "UTF-32", "utf-32-le": "UTF-32",
             "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32-be": "UTF-32"}  # fmt: skip

# Where each letter is a byte, what the letters are is known by whether they make words.
_OF_BYTES = ("cp1252", "mac-roman", "cp850")
# Windows is what nearly every such file is from: one odd sign alone tells nothing against it.
_USUAL = 3
_LETTERS = frozenset(
    "äöüßÄÖÜéèêëàâçîïôùûœæÉÀÇñÑáíóúãõåøÅØò\u20ac\u00a3\u00a7\u00b0\u201e\u201c\u201d\u2019\u2013\u00a0º²³½®µ"
)
# A capital letter inside a word: of another encoding.
_INSIDE = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f](?=[a-z])")
# A letter with an accent before a digit: the hard space of another encoding.
_BEFORE_DIGIT = re.compile(r"[à-ÿ](?=\d)")
_ASCII = dict.fromkeys(range(128))


def find_encoding(path: Path) -> str:
    """UTF-8, UTF-16 or UTF-32 with or without a mark, else Windows-1252, Mac Roman or DOS; the whole file is tried.

    Raises:
        Invalid: it is none of them, or holds control characters that no text has.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    if sample.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        candidates: Sequence[str] = ("utf-32",)
    elif sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ("utf-16",)
    elif sample.count(b"\0") > 2 * len(sample) // 3:
        candidates = ("utf-32-le",) if sample[1:4] == b"\0\0\0" else ("utf-32-be",)
    elif sample.count(b"\0") > len(sample) // 4:
        # Latin letters in UTF-16 without a mark: every second byte is zero.
        candidates = ("utf-16-le",) if sample[1::2].count(0) > sample[0::2].count(0) else ("utf-16-be",)
    else:
        sense = {one: _letters(sample, one) + (_USUAL if one == "cp1252" else 0) for one in _OF_BYTES}
        candidates = ("utf-8-sig", *sorted(_OF_BYTES, key=lambda one: -sense[one]))
    for encoding in candidates:
        if _decodes(path, encoding):
            return encoding
    raise Invalid(
        Fault(
            f"file {path.name}", "a CSV file or a workbook", "bytes that are no text",
            "Export the file again as CSV with the encoding UTF-8.",
        )
    )  # fmt: skip


def _letters(sample: bytes, encoding: str) -> int:
    """How much sense a text makes when it is read so: letters of Europe's languages, against other signs."""
    text = sample.decode(encoding, "replace")
    capitals = sum(1 for found in _INSIDE.findall(text) if found.isupper())
    odd = capitals + len(_BEFORE_DIGIT.findall(text))
    return sum(1 if letter in _LETTERS else -1 for letter in text.translate(_ASCII)) - 2 * odd


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as file:
        try:
            while True:
                block = file.read(1 << 20)
                text = decoder.decode(block, final=not block)
                # NUL and its like: what binary files are full of, and no text file has.
                if any(chr(code) in text for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 27, 127)):
                    return False
                if not block:
                    return True
        except UnicodeError:
            return False
