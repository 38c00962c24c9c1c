"""Code 128, the bars that every scanner reads (ISO/IEC 15417): code sets B and C, with the check character."""

from __future__ import annotations

from collections.abc import Iterator

# Widths of bars and spaces of the characters 0 to 102, the three starts, and the stop.
_WIDTHS = (
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213", "221312",
    "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212",
    "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321", "232121",
    "111323", "131123", "131321", "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331",
    "132131", "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131", "311123",
    "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111", "111224", "111422", "121124",
    "121421", "141122", "141221", "112214", "112412", "122114", "122411", "142112", "142211", "241211", "221114",
    "413111", "241112", "134111", "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112",
    "421211", "212141", "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
    "113141", "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
)  # fmt: skip
_TO_C, _TO_B, _START_B, _START_C, _STOP = 99, 100, 104, 105, 106
# A reader needs so many modules of white on each side.
QUIET = 10


def encodable(text: str) -> bool:
    """Whether the text can be written with printable ASCII characters alone."""
    return bool(text) and text.isascii() and text.isprintable()


def widths(text: str) -> list[int]:
    """How many modules wide the bars and spaces are, in turn, beginning with a bar; without the quiet zones.

    Raises:
        ValueError: the text is empty, or has characters that are not printable ASCII.
    """
    if not encodable(text):
        raise ValueError(f"printable ASCII was expected, {text!r} came")
    values = list(_values(text))
    check = (values[0] + sum(place * one for place, one in enumerate(values))) % 103
    return [int(width) for one in [*values, check, _STOP] for width in _WIDTHS[one]]


def modules(text: str) -> int:
    """How wide it all is with its quiet zones, in modules."""
    return sum(widths(text)) + 2 * QUIET


def _values(text: str) -> Iterator[int]:
    """The start and the characters; four digits or more, at an end, or six elsewhere, go by twos in set C."""
    at, in_c = 0, _in_c(text, 0, True)
    yield _START_C if in_c else _START_B
    while at < len(text):
        if in_c and _digits(text, at) >= 2:
            yield int(text[at : at + 2])
            at += 2
        elif in_c:
            yield _TO_B
            in_c = False
        elif _in_c(text, at, False):
            if _digits(text, at) % 2:
                yield ord(text[at]) - 32
                at += 1
            yield _TO_C
            in_c = True
        else:
            yield ord(text[at]) - 32
            at += 1


def _in_c(text: str, at: int, beginning: bool) -> bool:
    digits = _digits(text, at)
    return digits >= (4 if beginning or at + digits == len(text) else 6)


def _digits(text: str, at: int) -> int:
    """How many digits follow."""
    end = at
    while end < len(text) and text[end] in "0123456789":
        end += 1
    return end - at
