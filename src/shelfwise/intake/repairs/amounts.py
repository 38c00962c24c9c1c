"""What is no number yet in columns of numbers: marks for unknown, currencies, units, packs, mixed decimal marks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from shelfwise.intake.repairs.model import Books, Cells, Proposal, Rule
from shelfwise.intake.workbooks import Cell

UNKNOWN = frozenset((
    "-", "--", "---", "–", "—", "?", "??", "???", "n/a", "n.a.", "na", "#n/a", "none", "null", "nil", "tbd", "tba",
    "tbc", "k.a.", "k. a.", "ka", "o.a.", "unbekannt", "unknown", "keine", "nd", "n.d.", "n/d", "s/n", "s/d", "inconnu",
    "nc", "x", "xx",
    "xxx", ".", "/", "nvt", "n.v.t.", "nan", "leer", "vide", "(blank)", "(leer)",
))  # fmt: skip
# Columns of codes in which one of these words is a value.
_WORDS_MEAN = frozenset(("tracking", "status", "state", "kind", "pack", "sku", "unit"))
_IN_CODES = frozenset(
    (
        "n/a",
        "n.a.",
        "#n/a",
        "null",
        "tbd",
        "k.a.",
        "k. a.",
        "unknown",
        "unbekannt",
        "?",
        "??",
        "???",
        "-",
        "--",
        "—",
        "–",
        "none",
        "keine",
        "(blank)",
        "(leer)",
    )
)

_SIGNS = {
    "€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY", "EURO": "EUR", "EUROS": "EUR", "ZŁ": "PLN", "KČ": "CZK",
    "FR": "CHF", "SFR": "CHF",
}  # fmt: skip
# A sign of several currencies is that of the books, where it is theirs too.
_SHARED = {
    "$": {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP"},
    "¥": {"JPY", "CNY"},
    "KR": {"SEK", "NOK", "DKK", "ISK"},
}
_MONEY = r"(€|£|\$|¥|eur(?:o|os)?|gbp|usd|chf|s?fr\.?|pln|zł|kr\.?|sek|nok|dkk|czk|kč)"
_NUMBER = r"(-?[\d.,'’\s\u00a0\u202f]*\d)"
# What has no column beside it that says its currency: it is that of the books.
_IN_OUR_CURRENCY = {"unit_price", "value"}
_CURRENCY = re.compile(rf"(?i)^(-?)\s*{_MONEY}\s*{_NUMBER}\s*$|^{_NUMBER}\s*{_MONEY}\s*$")
_DASH_CENTS = re.compile(r"^(\d[\d.'’ ]*),[-–—]{1,2}$")
_BRACKETED = re.compile(r"^\(\s*([€£$]?\s*\d[\d.,' ]*)\s*\)$")
_BEHIND = re.compile(r"^(\d[\d.,' ]*)\s*-$")
_WITH_UNIT = re.compile(r"^([-+]?\d[\d.,'’\u00a0\u202f]*)\s*([^\W\d_]{1,12}\.?)$")
_ONE_MARK = re.compile(r"^[-+]?\d+([.,])(\d+)$")

# Words for one piece, and how much of its base unit a word stands for.
PIECES = frozenset((
    "pc", "pcs", "pce", "piece", "pieces", "ea", "each", "unit", "units", "stk", "stck", "st", "stück", "stueck",
    "stücke", "pz", "pzs", "pza", "pezzi", "pezzo", "pièce", "pièces", "pieza", "piezas", "ud", "uds", "unid",
    "unidad", "unidades", "u", "stuk", "stuks", "un", "peça", "peças", "bt", "btl", "bouteille", "bouteilles", "off",
))  # fmt: skip
_DOZEN = frozenset(("dz", "dzn", "doz", "dozen", "dutzend", "douzaine", "docena", "docenas", "dozzina"))
_PACKS: dict[str, str] = {
    **dict.fromkeys(("case", "cases", "cs", "carton", "cartons", "ctn", "ctns", "box", "boxes", "karton", "kartons",
                     "ktn", "kiste", "kisten", "caja", "cajas", "caisse", "caisses", "cartone", "doos", "caixa",
                     "caixas", "kt", "krt"), "case"),
    **dict.fromkeys(("inner", "inners", "pack", "packs", "pk", "pkt", "packung", "packungen", "paquete", "paquetes",
                     "paquet", "paquets", "pak", "pck", "gebinde", "ve"), "inner"),
    **dict.fromkeys(("pallet", "pallets", "plt", "pal", "palette", "paletten", "palettes", "palet", "palé"), "pallet"),
}  # fmt: skip
_FACTORS: dict[str, tuple[str, Decimal]] = {
    "kg": ("mass", Decimal(1000)), "kgs": ("mass", Decimal(1000)), "kilo": ("mass", Decimal(1000)),
    "kilos": ("mass", Decimal(1000)), "g": ("mass", Decimal(1)), "gr": ("mass", Decimal(1)),
    "gramm": ("mass", Decimal(1)), "t": ("mass", Decimal(1000000)), "mg": ("mass", Decimal("0.001")),
    "l": ("volume", Decimal(1000)), "lt": ("volume", Decimal(1000)), "ltr": ("volume", Decimal(1000)),
    "liter": ("volume", Decimal(1000)), "litre": ("volume", Decimal(1000)), "litres": ("volume", Decimal(1000)),
    "litro": ("volume", Decimal(1000)), "litros": ("volume", Decimal(1000)),
    "cl": ("volume", Decimal(10)), "dl": ("volume", Decimal(100)), "ml": ("volume", Decimal(1)),
    "m": ("length", Decimal(1000)), "cm": ("length", Decimal(10)), "mm": ("length", Decimal(1)),
}  # fmt: skip
# The unit of columns whose unit is fixed.
_OF_COLUMN = {"unit_weight_g": "g", "catch_weight_g": "g", "x_m": "m", "y_m": "m", "width_m": "m", "depth_m": "m"}
_DAYS: dict[str, int] = {
    **dict.fromkeys(("d", "day", "days", "tag", "tage", "tagen", "jour", "jours", "dia", "dias", "día", "días",
                     "giorni",
                     "dagen", "wd", "at"), 1),
    **dict.fromkeys(("w", "wk", "week", "weeks", "woche", "wochen", "semaine", "semaines", "semana", "semanas",
                     "settimane", "weken"), 7),
    **dict.fromkeys(("month", "months", "monat", "monate", "mois", "mes", "meses", "mesi"), 30),
}  # fmt: skip
_PACK_OF = re.compile(
    r"(?i)^(\d+)\s*(?:ctns?|cs|cases?|cartons?|box|boxes|packs?|kartons?|kisten?|cajas?|caisses?|x)?\s*"
    r"(?:\((\d+)(?:\s*(?:pcs?|stk|st|u|ea)\.?)?\)|(?:of|à|a|de|zu)\s*(\d+)|[x×*]\s*(\d+))$"
)
_EACH_SIZE = re.compile(r"(?i)^(\d+)\s*[x×*]\s*\d+(?:[.,]\d+)?\s*(?:ml|cl|l|g|kg|mm|cm|m)$")


def unknown(told: Cells) -> Iterator[Proposal]:
    if told.column.kind == "text" and told.column.name == "description":
        return
    words = _IN_CODES if told.column.kind in ("code", "text") else UNKNOWN
    if told.column.name in _WORDS_MEAN:
        return
    after: dict[int, Cell] = {
        at: None for at, text in told.texts() if text.casefold() in words and text not in told.known()
    }
    if after:
        yield Proposal("unknown-marks", "they say that nobody knows, which an empty cell says", after)


def currencies(told: Cells) -> Iterator[Proposal]:
    after: dict[int, Cell] = {}
    signs: Counter[str] = Counter()
    for at, text in told.texts():
        if found := _CURRENCY.match(text):
            after[at] = (found[1] or "") + (found[3] or found[4]).strip()
            signs[_meant(found[2] or found[5], told.books.currency)] += 1
        elif found := _DASH_CENTS.match(text):
            after[at] = found[1]
    books, in_ours = told.books.currency, told.column.name in _IN_OUR_CURRENCY
    if after and books and in_ours and {*signs} - {books}:
        yield Proposal("currency-signs", f"they say {' and '.join(sorted(signs))}, and the books are in {books}: the "
                       "numbers would count as they stand", after, certain=False)  # fmt: skip
    elif after and len(signs) < 2:
        yield Proposal("currency-signs", f"all of them say {next(iter(signs), 'that there are no cents')}", after)
    elif after:
        yield Proposal("currency-signs", f"they say {' and '.join(sorted(signs))}: without the signs nobody can tell "
                       "them apart", after, certain=False)  # fmt: skip


def _meant(sign: str, books: str) -> str:
    sign = sign.upper().rstrip(".")
    return books if books in _SHARED.get(sign, ()) else _SIGNS.get(sign, sign)


def currency_of(cells: Sequence[Cell], heading: str, books: str = "") -> str | None:
    """The one currency that a column of prices names, in its cells or its heading.

    Args:
        books: the currency of the books, which a sign of several stands for.
    """
    signs = set()
    for text in [cell for cell in cells if isinstance(cell, str)]:
        if found := _CURRENCY.match(text):
            signs.add(_meant(found[2] or found[5], books))
    for word in re.findall(r"[€£$¥]|\b[A-Z]{3}\b", heading):
        if word in _SIGNS or word in ("EUR", "GBP", "USD", "CHF", "PLN", "SEK", "NOK", "DKK", "CZK"):
            signs.add(_meant(word, books))
    one = signs.pop() if len(signs) == 1 else None
    return one if one is not None and len(one) == 3 else None


def negatives(told: Cells) -> Iterator[Proposal]:
    after: dict[int, Cell] = {}
    for at, text in told.texts():
        if found := _BRACKETED.match(text) or _BEHIND.match(text):
            after[at] = "-" + found[1].strip()
    if after:
        yield Proposal("accounting-negatives", "brackets, or a minus behind the number, mean below zero", after)


def mixed_decimals(told: Cells) -> Iterator[Proposal]:
    """Numbers with a comma among numbers with a point, each of which can be read one way alone."""
    sure: dict[str, dict[int, str]] = {".": {}, ",": {}}
    either = 0
    for at, text in told.texts():
        found = _ONE_MARK.match(text.strip())
        if found is None:
            continue
        if len(found[2]) == 3 and len(text.lstrip("+-").split(found[1])[0]) <= 3 and text.lstrip("+-")[0] != "0":
            either += 1
        else:
            sure[found[1]][at] = text
    if not sure["."] or not sure[","]:
        return
    usual, other = (".", ",") if len(sure["."]) >= len(sure[","]) else (",", ".")
    yield Proposal(
        "decimal-marks-mixed",
        f"{len(sure[usual])} numbers have a {'point' if usual == '.' else 'comma'}, {len(sure[other])} a "
        f"{'point' if other == '.' else 'comma'}; none of these can be read in another way"
        + (f". {either} others can be: look at them first" if either else ""),
        {at: text.replace(other, usual) for at, text in sure[other].items()}, certain=not either,
    )  # fmt: skip


def days(told: Cells) -> Iterator[Proposal]:
    """Lead times and shelf lives with the word for days, weeks or months."""
    after: dict[int, Cell] = {}
    weeks = False
    for at, text in told.texts():
        found = _WITH_UNIT.match(text)
        factor = _DAYS.get(found[2].rstrip(".").casefold()) if found else None
        if found and factor and (factor == 1 or found[1].isdigit()):
            after[at] = found[1] if factor == 1 else str(int(found[1]) * factor)
            weeks |= factor > 7
    if after:
        why = "the column counts days" + (", and a month has 30" if weeks else "")
        yield Proposal("numbers-with-units", why, after, certain=not weeks)


def is_measure(unit: str) -> bool:
    """Whether a unit is one of mass, volume or length, of which there are parts."""
    return unit.strip().rstrip(".").casefold() in _FACTORS


def in_parts(text: str) -> bool:
    """Whether an amount has decimals, in one way of writing or the other."""
    return re.fullmatch(r"\d+[.,](?!0+$)\d{1,2}", _WITH_UNIT.sub(r"\1", text.strip())) is not None


def fixed_units(told: Cells) -> Iterator[Proposal]:
    """Measures in a column whose unit its name says."""
    after: dict[int, Cell] = {}
    for at, text in told.texts():
        if (value := _converted(text, _OF_COLUMN[told.column.name])) is not None:
            after[at] = value
    if after:
        yield Proposal("numbers-with-units", f"the column counts {_OF_COLUMN[told.column.name]}", after)


def _converted(text: str, unit: str) -> Cell:
    """A number with a unit as a number of another unit; None where it cannot be."""
    found = _WITH_UNIT.match(text)
    if found is None:
        return None
    word = found[2].rstrip(".").casefold()
    one, other = _FACTORS.get(word), _FACTORS.get(unit.casefold())
    if word == unit.casefold() or (one and one == other):
        return found[1]
    if one is None or other is None or one[0] != other[0]:
        return None
    number = simple_number(found[1])
    return None if number is None else number * one[1] / other[1]


def simple_number(text: str) -> Decimal | None:
    """A number that can be read one way alone: whole, or with one mark and not three digits behind it."""
    if re.fullmatch(r"[-+]?\d+", text):
        return Decimal(text)
    found = _ONE_MARK.match(text)
    return Decimal(text.replace(",", ".")) if found and len(found[2]) != 3 else None


def in_units(
    cells: Sequence[Cell],
    skus: Sequence[Cell],
    units: Sequence[Cell],
    packs: Mapping[str, Sequence[Cell]],
    books: Books,
) -> Iterator[Proposal]:
    """Amounts with a unit or a pack beside them, in the unit of their item.

    Args:
        skus, units, packs: of the same rows: the item, its unit, and units in its packs by level, as far as the table
            says so.
    """
    plainly: dict[int, Cell] = {}
    by_pack: dict[int, Cell] = {}
    by_text: dict[int, Cell] = {}
    for at, cell in enumerate(cells):
        if not isinstance(cell, str):
            continue
        sku = str(skus[at]) if at < len(skus) else ""
        unit = books.units.get(sku) or (str(units[at]) if at < len(units) and units[at] is not None else "each")
        unit = "each" if unit.rstrip(".").casefold() in PIECES else unit
        if found := _PACK_OF.match(cell):
            by_text[at] = Decimal(found[1]) * Decimal(found[2] or found[3] or found[4])
        elif found := _EACH_SIZE.match(cell):
            by_text[at] = Decimal(found[1])
        elif found := _WITH_UNIT.match(cell):
            word, number = found[2].rstrip(".").casefold(), simple_number(found[1])
            level = _PACKS.get(word)
            held = _held(sku, level, at, packs, books) if level else None
            if word in PIECES and unit == "each":
                plainly[at] = found[1]
            elif word in _DOZEN and unit == "each" and number is not None:
                plainly[at] = number * 12
            elif level and held and number is not None:
                by_pack[at] = number * held
            elif (value := _converted(cell, unit)) is not None:
                plainly[at] = value
    if plainly:
        yield Proposal("numbers-with-units", "they are in the item's own unit, or one that is a fixed multiple of it",
                       plainly)  # fmt: skip
    if by_pack:
        yield Proposal("packs-as-amounts", "it is known how many units are in a pack of these items", by_pack)
    if by_text:
        yield Proposal("packs-as-amounts", "the cell says itself how many are in a pack; look whether it counts packs",
                       by_text, certain=False)  # fmt: skip


def _held(sku: str, level: str | None, at: int, packs: Mapping[str, Sequence[Cell]], books: Books) -> Decimal | None:
    here = packs.get(f"{level}_quantity", ())
    told = here[at] if at < len(here) else None
    if told is not None:
        return told if isinstance(told, Decimal) else simple_number(str(told))
    return books.packs.get(sku, {}).get(level or "")


_IN_NAMES = re.compile(
    r"(?i)(?<![\w,.])(?:(\d{1,3})\s?[x×]\s?\d+(?:[.,]\d+)?\s?(?:ml|cl|l|g|kg|gr)\b|(?:case|box|pack|carton|caja|caisse|kiste)"
    r"\s(?:of|de|à|mit)\s(\d{1,3})\b|(\d{1,3})er[\s-]?(?:pack|karton|kiste)\b|\bctn\s?\((\d{1,3})\))"
)


def pack_in_name(name: str) -> int | None:
    """Units in a case, as far as a name such as "Cola 12x500ML" or "Soap, case of 6" says so."""
    found = _IN_NAMES.search(name)
    return int(next(one for one in found.groups() if one)) if found else None


def rules_of(column: str) -> tuple[Rule, ...]:
    """The rules for a column of numbers, in their order."""
    fixed: tuple[Rule, ...] = (fixed_units,) if column in _OF_COLUMN else (days,) if column.endswith("_days") else ()
    return (unknown, currencies, negatives, *fixed, mixed_decimals)
