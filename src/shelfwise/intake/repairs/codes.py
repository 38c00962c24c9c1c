"""What happens to codes: zeros and digits lost, dates made of them, capitals mixed up; barcodes with typing errors."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal

from shelfwise.core.quantities import plain
from shelfwise.intake.repairs.model import Cells, Proposal
from shelfwise.intake.workbooks import Cell

_DIGITS = re.compile(r"\d+")
_DECIMALS = re.compile(r"(\d+)[.,]0+")
_FORMULA = re.compile(r'=\s*"([^"]*)"')
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?[Ee]\+?(\d{1,2})")
_DATE_LIKE = re.compile(r"(\d{1,2})[-. ]?([A-Za-z]{3})|([A-Za-z]{3})[-. ]?(\d{1,4})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_GTIN_LENGTHS = (8, 12, 13, 14)
# From so many codes on, the length that half of them share is worth a question; barcodes are such where most fit.
_ENOUGH = 5
# A single code that begins with a zero may be the only one that does, among shorter ones that never did.
_LED = 2
_HALF = 0.5
_MOST = 0.8


def check_digit_fits(digits: str) -> bool:
    """Whether the last digit of a GTIN is the one that the others ask for."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return total % 10 == 0


def apostrophes(told: Cells) -> Iterator[Proposal]:
    after: dict[int, Cell] = {at: text[1:] for at, text in told.texts() if text[0] == "'" and text[1:2].isdigit()}
    if after:
        yield Proposal("apostrophes", "a spreadsheet marks numbers as text so; it is no part of the code", after)


def formulas(told: Cells) -> Iterator[Proposal]:
    after: dict[int, Cell] = {at: found[1] for at, text in told.texts() if (found := _FORMULA.fullmatch(text))}
    if after:
        yield Proposal("codes-as-formulas", 'an export writes ="..." so that a spreadsheet keeps the zeros', after)


def decimals(told: Cells) -> Iterator[Proposal]:
    after: dict[int, Cell] = {at: found[1] for at, text in told.texts() if (found := _DECIMALS.fullmatch(text))}
    if not after:
        return
    others = [text for at, text in told.texts() if at not in after]
    certain = all("." not in text for text in others) and not any(text in told.known() for _, text in told.texts())
    yield Proposal("trailing-decimals", "a program took the codes for numbers and gave them a decimal", after,
                   certain=certain)  # fmt: skip


def scientific(told: Cells) -> Iterator[Proposal]:
    """Codes of which a spreadsheet left three digits: put right only where one code alone can be meant."""
    whole: dict[int, Cell] = {}
    known: dict[int, Cell] = {}
    checked: dict[int, Cell] = {}
    for at, text in told.texts():
        found = _SCIENTIFIC.fullmatch(text)
        if found is None or text in told.known():
            continue
        digits, length = found[1] + (found[2] or ""), int(found[3]) + 1
        if len(digits) >= length >= 2:
            whole[at] = digits[:length] if len(digits) == length else None
            if whole[at] is None:
                del whole[at]
            continue
        fitting = [code for code in told.known() if len(code) == length and _rounds_to(code, digits)]
        if len(fitting) == 1:
            known[at] = fitting[0]
        elif not fitting and told.column.name.endswith("barcode") and length in _GTIN_LENGTHS:
            codes = _with_check_digit(digits, length)
            checked |= {at: codes[0]} if len(codes) == 1 else {}
    if whole:
        yield Proposal("scientific-codes", "all their digits are still there", whole)
    if known:
        yield Proposal("scientific-codes", "one known code alone has these digits and this length", known)
    if checked:
        yield Proposal("scientific-codes", "one code alone begins so and has a check digit that fits", checked,
                       certain=False)  # fmt: skip


def _rounds_to(code: str, digits: str) -> bool:
    if not code.isdigit():
        return False
    kept = len(digits)
    step: int = 10 ** (len(code) - kept)
    return (int(code) + step // 2) // step == int(digits)


def _with_check_digit(digits: str, length: int) -> list[str]:
    if length - len(digits) > 1:
        return []
    middle = int(digits) * 10
    return [str(one) for one in range(middle - 5, middle + 5) if len(str(one)) == length and check_digit_fits(str(one))]


def zeros(told: Cells) -> Iterator[Proposal]:
    """Numbers that were codes with zeros in front: known with them, or shorter than the others in the column."""
    numbers = {at: text for at, cell in enumerate(told.cells) if (text := _whole(cell)) is not None}
    if not numbers:
        return
    known = {code.lstrip("0"): code for code in told.known() if code.isdigit() and code.startswith("0")}
    doubtful = {code.lstrip("0") for code in told.known() if code.isdigit() and not code.startswith("0")}
    after: dict[int, Cell] = {at: known[text] for at, text in numbers.items() if text in known and text not in doubtful}
    if after:
        yield Proposal("leading-zeros", "the books know these codes with zeros in front", after)
    left = {at: text for at, text in numbers.items() if at not in after and text not in told.known()}
    if told.column.name.endswith("barcode"):
        yield from _short_barcodes(left)
    else:
        yield from _short_codes(told, left)


def _short_barcodes(numbers: dict[int, str]) -> Iterator[Proposal]:
    if not numbers or sum(map(check_digit_fits, numbers.values())) < _MOST * len(numbers):
        return
    after: dict[int, Cell] = {}
    for at, text in numbers.items():
        wanted = next((length for length in _GTIN_LENGTHS if length >= len(text)), None)
        if wanted is not None and 6 < len(text) < wanted and check_digit_fits(text):
            after[at] = text.zfill(wanted)
    if after:
        yield Proposal("leading-zeros", "with zeros in front they are as long as barcodes are, and their check digits "
                       "fit", after)  # fmt: skip


def _short_codes(told: Cells, numbers: dict[int, str]) -> Iterator[Proposal]:
    digits = [text for _, text in told.texts() if _DIGITS.fullmatch(text)] + [
        plain(cell) for cell in told.cells if isinstance(cell, Decimal) and cell == cell.to_integral_value()
    ]
    beside = told.books.beside if told.column.name == "sku" else frozenset()
    leading = {text for text in (*digits, *beside) if text.startswith("0") and len(text) > 1}
    led = {len(text) for text in leading}
    lengths = Counter(len(text) for text in {*digits, *beside})
    width, most = max(lengths.items(), key=lambda one: (one[1], one[0]))
    short = {at: text for at, text in numbers.items() if len(text) < (max(led) if led else width)}
    if not short:
        return
    if led:
        width = max(led)
        padded: dict[int, Cell] = {at: text.zfill(width) for at, text in short.items()}
        taken = set(digits) & {str(cell) for cell in padded.values()}
        certain = len(led) == 1 and len(leading) >= _LED and max(lengths) == width and not taken and width >= 3
        where = "the column" if any(text.startswith("0") for text in digits) else "another table of the file"
        yield Proposal("leading-zeros", f"other codes in {where} begin with a zero and have {width} digits", padded,
                       certain=certain)  # fmt: skip
    elif width == max(lengths) and width >= 4 and len(set(digits)) >= _ENOUGH and most >= _HALF * len(set(digits)):
        yield Proposal(
            "leading-zeros", f"{most} of {len(set(digits))} codes in the column have {width} digits",
            {at: text.zfill(width) for at, text in short.items()}, certain=False,
        )  # fmt: skip


def _whole(cell: Cell) -> str | None:
    """The digits of a cell that has lost zeros, if it has."""
    if isinstance(cell, Decimal) and cell == cell.to_integral_value() and 0 < cell < Decimal(10) ** 14:
        return plain(cell)
    return cell if isinstance(cell, str) and _DIGITS.fullmatch(cell) and cell[0] != "0" else None


def dates(told: Cells) -> Iterator[Proposal]:
    """Codes such as MAR-12 or 1-2 that a spreadsheet took for a date: known ones alone can be put right."""
    after: dict[int, Cell] = {}
    noticed = []
    for at, cell in enumerate(told.cells):
        if isinstance(cell, date):
            forms = _forms(cell.day, cell.month, cell.year)
        elif isinstance(cell, str) and (found := _DATE_LIKE.fullmatch(cell)) and cell not in told.known():
            name, number = (found[2], found[1]) if found[2] else (found[3], found[4])
            if name.lower() not in _MONTHS or not (found[2] or len(number) == 2):
                continue
            forms = _forms(int(number), _MONTHS.index(name.lower()) + 1, 2000 + int(number))
            forms.discard(cell)
        else:
            continue
        if len(known := forms & {*told.known()}) == 1:
            after[at] = known.pop()
        elif isinstance(cell, str) and re.fullmatch(r"\d{1,2}-[A-Z][a-z]{2}", cell):
            noticed.append(at)
    if after:
        yield Proposal("dates-in-codes", "one known code alone becomes this date", after)
    if noticed:
        yield Proposal("dates-in-codes", "a spreadsheet writes MAR-12 and 3-12 like this. Look whether these are the "
                       "codes; they are taken as they stand", noticed=tuple(noticed))  # fmt: skip


def _forms(day: int, month: int, year: int) -> set[str]:
    """What may have been typed before it became this date."""
    names = {_MONTHS[month - 1][:3], _MONTHS[month - 1][:3].upper(), _MONTHS[month - 1][:3].title()}
    short = f"{year % 100:02d}"
    forms = {f"{a}{mark}{b}" for mark in ("-", "/", ".") for a, b in (
        (str(day), str(month)), (str(month), str(day)), (f"{day:02d}", f"{month:02d}"), (f"{month:02d}", f"{day:02d}"),
        (str(month), short), (f"{month:02d}", short),
    )}  # fmt: skip
    for name in names:
        forms |= {
            f"{name}{mark}{part}" for mark in ("-", "", " ") for part in (str(day), f"{day:02d}", short, str(year))
        }
        forms |= {f"{part}{mark}{name}" for mark in ("-", "", " ") for part in (str(day), f"{day:02d}")}
    return forms


def capitals(told: Cells) -> Iterator[Proposal]:
    """Codes that are known in other capitals; or that stand in the file in two ways."""
    known = _by_letters(told.known())
    after: dict[int, Cell] = {}
    for at, text in told.texts():
        others = known.get(text.casefold(), set())
        if text not in others and len(others) == 1:
            after[at] = next(iter(others))
    if after:
        yield Proposal("capitals", "the books know these codes in other capitals", after)
    count = Counter(text for at, text in told.texts() if at not in after)
    mixed: dict[int, Cell] = {}
    for ways in _by_letters(count).values():
        if len(ways) > 1 and not any(way in told.known() for way in ways):
            best = max(ways, key=lambda way: (count[way], way.isupper(), way))
            mixed |= {at: best for at, text in told.texts() if text in ways and text != best}
    if mixed:
        yield Proposal("capitals", "the same code stands in the file in other capitals", mixed, certain=False)


def _by_letters(codes: Collection[str]) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for code in codes:
        found[code.casefold()].add(code)
    return found


def names(told: Cells) -> Iterator[Proposal]:
    """A supplier's or site's name where its code belongs."""
    known = told.books.names.get(told.column.name, {})
    after: dict[int, Cell] = {
        at: known[text.casefold()] for at, text in told.texts() if text.casefold() in known and text not in told.known()
    }
    if after:
        yield Proposal("names-for-codes", "the books know these names, and their codes", after)


def wrong_check_digits(told: Cells) -> Iterator[Proposal]:
    if not told.column.name.endswith("barcode"):
        return
    codes = {
        at: text
        for at, cell in enumerate(told.cells)
        if (text := plain(cell) if isinstance(cell, Decimal) else cell if isinstance(cell, str) else "").isdigit()
        and len(text) in _GTIN_LENGTHS
    }
    wrong = tuple(at for at, text in codes.items() if not check_digit_fits(text))
    if wrong and 2 * len(wrong) <= len(codes):
        yield Proposal("check-digits", "the last digit does not fit the others, as it does in the rest of the column: "
                       "compare them with the goods. They are taken as they stand", noticed=wrong)  # fmt: skip


RULES = (apostrophes, formulas, decimals, scientific, zeros, dates, names, capitals, wrong_check_digits)
