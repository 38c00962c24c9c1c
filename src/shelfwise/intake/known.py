"""What the books know that helps with damaged files: codes, names, packs; and what stands for columns a file lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault
from shelfwise.intake import headings
from shelfwise.intake.kind import Kind
from shelfwise.intake.kinds import KINDS, kind_of
from shelfwise.intake.repairs import amounts, missing
from shelfwise.intake.repairs.missing import Filling
from shelfwise.intake.repairs.model import Books
from shelfwise.intake.repairs.rows import text_of
from shelfwise.intake.workbooks import Cell
from shelfwise.records import service as records
from shelfwise.records.company import company
from shelfwise.records.exchange import Value
from shelfwise.records.headings import plain_header
from shelfwise.records.packs import LEVELS
from shelfwise.stock.model import STATUSES
from shelfwise.store.database import values

if TYPE_CHECKING:
    from shelfwise.intake.grids import Grid

# Where everything lies whose place a file does not say, and how long a supplier takes of whom it does not say that.
ONE_PLACE = "STORE"
USUAL_LEAD_TIME = Decimal(7)
# How finely goods are counted that are weighed or measured, where a file counts them in parts: grams of kilograms.
FINEST = Decimal("0.001")
_LOOKED_AT = 2000


def books(ctx: Context) -> Books:
    """The codes, names and packs that the books know."""
    packs: defaultdict[str, dict[str, Decimal]] = defaultdict(dict)
    told = values(
        ctx.tx,
        """select distinct on (item_id, level) i.sku, p.level, p.quantity
           from item_pack p join item i using (tenant_id, item_id) where p.tenant_id = %s and p.valid_from <= %s
           order by item_id, level, valid_from desc""",
        (ctx.tenant, ctx.now.date()),
    )
    for sku, level, quantity in told:
        if quantity is not None:
            packs[sku][level] = quantity
    units: dict[str, str] = dict(values(ctx.tx, "select sku, unit from item where tenant_id = %s", (ctx.tenant,)))
    barcodes = values(ctx.tx, "select barcode from item_barcode where tenant_id = %s", (ctx.tenant,))
    places = values(ctx.tx, "select distinct code from place where tenant_id = %s", (ctx.tenant,))
    sites = values(ctx.tx, "select code, name from site where tenant_id = %s", (ctx.tenant,))
    suppliers = values(ctx.tx, "select code, name from supplier where tenant_id = %s", (ctx.tenant,))
    return Books(
        {
            "sku": units.keys(),
            "barcode": {one for (one,) in barcodes},
            "place": {one for (one,) in places},
            "site": {code for code, _ in sites},
            "supplier": {code for code, _ in suppliers},
            "unit": {"each", *units.values()},
            "tracking": {"none", "lot", "serial"},
            "status": {*STATUSES},
            "pack": {*LEVELS},
        },
        packs,
        units,
        {
            column: {name.casefold(): code for code, name in told if name}
            for column, told in (("site", sites), ("supplier", suppliers))
        },
        currency=company(ctx).currency,
    )


def zeros_in_front(grids: Sequence[tuple[Grid, Kind | None]]) -> frozenset[str]:
    """The codes of goods that begin with a zero in any table of a file: what another of its tables has lost."""
    found: set[str] = set()
    for grid, kind in grids if len(grids) > 1 else ():
        places = headings.propose(kind, grid.headings, {}, {*kind.sheet.headings})[0] if kind is not None else {}
        if (place := places.get("sku")) is not None:
            codes = (text_of(row[place]) for _, row in islice(grid.rows(), _LOOKED_AT))
            found |= {code for code in codes if code.isdigit() and code.startswith("0") and len(code) > 1}
    return frozenset(found)


def fillings(ctx: Context, kind: Kind, grid: Grid, places: Mapping[str, int]) -> dict[str, Filling]:
    """What stands for the needed columns that a table does not have, as far as there is something."""
    found: dict[str, Filling] = {}
    for column in kind.sheet.columns:
        if column.needed and column.name not in places:
            one = _filling(ctx, kind, column.name, grid, places)
            if one is not None:
                found[column.name] = one
    if kind.name == "items" and "quantum" not in places and (one := _quantum(ctx, grid, places)) is not None:
        found["quantum"] = one
    name = places.get("description")
    if kind.name == "items" and "case_quantity" not in places and name is not None:
        held = {text: number for _, row in islice(grid.rows(), _LOOKED_AT)
                if (number := amounts.pack_in_name(text := text_of(row[name])))}  # fmt: skip
        if held:
            text, number = next(iter(held.items()))
            found["case_quantity"] = Filling(
                "case_quantity", f"names such as {text!r} say how many are in a case", str(number),
                lambda row, cells: _decimal(amounts.pack_in_name(text_of(cells[name]))), certain=False,
            )  # fmt: skip
    return found


def _decimal(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number)


def _filling(ctx: Context, kind: Kind, column: str, grid: Grid, places: Mapping[str, int]) -> Filling | None:
    match column:
        case "site":
            allowed = ctx.sites(Right.IMPORT_DATA)
            sites = [one for one in records.sites(ctx) if allowed is None or one.site_id in allowed]
            return missing.constant("site", sites[0].code, "there is but one site") if len(sites) == 1 else None
        case "place" if kind.name in ("stock", "places"):
            bins = [code for (code,) in values(
                ctx.tx, "select code from place where tenant_id = %s and kind = 'bin' order by code limit 2",
                (ctx.tenant,))]  # fmt: skip
            if len(bins) == 1:
                return missing.constant("place", bins[0], "there is but one bin")
            return missing.constant("place", ONE_PLACE, "all of it is put into one place; places can be made and stock "
                                    "moved there later", certain=False)  # fmt: skip
        case "sku":
            return _sku(kind, grid)
        case "name" if kind.name == "suppliers" and "supplier" in places:
            return Filling("name", "they are called as the file calls them", "the supplier",
                           lambda row, cells: row.get("supplier"))  # fmt: skip
        case "supplier" if kind.name == "suppliers" and "name" in places:
            return Filling("supplier", "their names serve as codes", "the name", lambda row, cells: row.get("name"))
        case "currency":
            return _currency(ctx, grid, places)
        case "lead_time_days":
            return missing.constant("lead_time_days", USUAL_LEAD_TIME, "a week is assumed until it is corrected on the "
                                    "supplier's page", certain=False)  # fmt: skip
    return None


def _quantum(ctx: Context, grid: Grid, places: Mapping[str, int]) -> Filling | None:
    """How finely goods are counted that are weighed or measured, where the file counts them in parts of their unit."""
    beside, _ = headings.propose(kind_of("stock"), grid.headings, {}, {*kind_of("stock").sheet.headings})
    unit, amount = places.get("unit"), beside.get("quantity")
    if unit is None or amount is None:
        return None
    parts = [text_of(row[amount]) for _, row in islice(grid.rows(), _LOOKED_AT)
             if amounts.is_measure(text_of(row[unit])) and amounts.in_parts(text_of(row[amount]))]  # fmt: skip
    if not parts:
        return None
    told = {sku for (sku,) in values(ctx.tx, "select sku from item where tenant_id = %s", (ctx.tenant,))}

    def quantum(row: Mapping[str, Value], cells: Sequence[Cell]) -> Value:
        new = row.get("sku") not in told
        return FINEST if new and amounts.is_measure(text_of(cells[unit])) else None

    return Filling("quantum", f"amounts such as {parts[0]!r} are no whole ones", str(FINEST), quantum)


def _currency(ctx: Context, grid: Grid, places: Mapping[str, int]) -> Filling | None:
    place = places.get("unit_cost")
    if place is None:
        return None
    cells = [row[place] for _, row in islice(grid.rows(), _LOOKED_AT)]
    ours = company(ctx).currency
    if told := amounts.currency_of(cells, grid.headings[place], ours):
        return missing.constant("currency", told, "the prices say so")
    used = values(ctx.tx, "select distinct currency from supplier_item where tenant_id = %s", (ctx.tenant,))
    if len(used) == 1:
        return missing.constant("currency", used[0][0], "all prices in the books are in it")
    return missing.constant("currency", ours, "it is the currency of your books")


def _sku(kind: Kind, grid: Grid) -> Filling | None:
    """Codes for a list without any: its barcodes where each row has one, else made of the names."""
    known, _ = headings.propose(kind_of("items"), grid.headings, {}, {"sku"})
    told = [row for _, row in islice(grid.rows(), _LOOKED_AT)]
    barcode, name = known.get("barcode"), known.get("description")
    if barcode is not None:
        codes = [text_of(row[barcode]) for row in told]
        if all(codes) and len({*codes}) == len(codes):
            return Filling("sku", "each row has a barcode of its own, which serves as the code", codes[0],
                           lambda row, cells: row.get("barcode") or text_of(cells[barcode]) or None)  # fmt: skip
    if name is not None:
        names = [text_of(row[name]) for row in told]
        if all(names) and len({missing.code_of(one) for one in names}) == len({*names}):
            return missing.codes_from(names, name, "codes are made of the names, the same the next time")
    return None


def parts(ctx: Context, grid: Grid, main: Kind, seen: Books) -> Iterator[tuple[Grid, Kind, bool]]:
    """The further kinds that one table holds: a list of items that says how many lie where, from whom, at what price.

    Yields:
        The table as read for that kind, the kind, and whether all it lacks is sure.
    """
    if main.name not in ("items", "stock") or tuple(grid.headings) == main.sheet.headings:
        return
    for kind in KINDS:
        if kind is main or kind.name not in _TELLING:
            continue
        unsaid = _unsaid(kind, grid, main)
        places, _ = headings.propose(kind, grid.headings, unsaid, {*kind.sheet.headings})
        telling = {*_TELLING[kind.name]}
        if kind.name == "places" and _nowhere(grid, seen):
            telling = set()
        if not telling <= places.keys() or not _new(kind, grid, places, seen):
            continue
        if kind.name == "terms" and grid.headings[places["unit_cost"]].strip().casefold() in ("price", "net price"):
            continue
        filled = fillings(ctx, kind, grid, places)
        needed = {one.name for one in kind.sheet.columns if one.needed}
        if needed <= places.keys() | filled.keys():
            # A typing error in a list of stock must not make a place.
            sure = kind.name != "places" or main.name != "stock"
            sure = sure and all(one.certain for one in filled.values() if one.column in needed)
            name = f"{grid.name}: {kind.sheet.title}"
            yield replace(grid, name=name, sheet=grid.name, part_kind=kind.name, repairs=(), unsaid=unsaid), kind, sure


def _nowhere(grid: Grid, seen: Books) -> bool:
    """Whether a table counts goods without a word of where they lie, and the one place for them is still to be made."""
    stock, _ = headings.propose(kind_of("stock"), grid.headings, {}, {*kind_of("stock").sheet.headings})
    return "quantity" in stock and "place" not in stock and ONE_PLACE not in seen.codes["place"]


# By kind that can be a part of another's table: what it must have to be one.
_TELLING: dict[str, tuple[str, ...]] = {
    "items": ("description",), "places": ("place",), "suppliers": ("supplier",),
    "terms": ("supplier", "unit_cost"), "stock": ("quantity",),
}  # fmt: skip


def _unsaid(kind: Kind, grid: Grid, main: Kind) -> dict[str, str]:
    """The columns that a part does not say: of what is named beside goods nothing but that it is one, and nowhere what
    is another thing in the table as a whole."""
    told, _ = headings.propose(main, grid.headings, {}, {*main.sheet.headings})
    places, _ = headings.propose(kind, grid.headings, {}, {*kind.sheet.headings})
    beside = kind.name in ("places", "suppliers")
    return {
        one.name: "" for one in kind.sheet.columns
        if (beside and (not one.needed or (kind.name, one.name) == ("suppliers", "name")))
        or (not one.needed and places.get(one.name, -1) in told.values() and told.get(one.name) != places[one.name])
    }  # fmt: skip


def numbers_of_rows(grid: Grid, places: Mapping[str, int]) -> Iterator[Fault]:
    """What looks like codes by its heading, and only counts the rows."""
    place = places.get("sku")
    if place is None or plain_header(grid.headings[place]) not in ("no", "nr"):
        return
    codes = [text_of(row[place]) for _, row in islice(grid.rows(), _LOOKED_AT)]
    if len(codes) > 2 and codes == [str(number) for number in range(1, len(codes) + 1)]:
        yield Fault(
            f"column {grid.headings[place]!r}", "codes of goods", "the numbers of the rows, 1 and so on",
            "Say which column holds the codes, or that none does: then they are made of the names.",
        )  # fmt: skip


def rules_left(ctx: Context, kind: Kind, grid: Grid, places: Mapping[str, int]) -> dict[str, str]:
    """The columns of your own rules that cannot be taken in, for a rule is for one site; why, in a sentence each."""
    count = len(records.sites(ctx)) if kind.name == "items" else 1
    if count == 1:
        return {}
    return {
        name: f"{grid.headings[places[name]]!r} is left out: a rule is for one site, and there "
        + ("is none yet. Make a site first, and import again." if not count else
           f"are {count}. Say the rule of each site on the item's page.")
        for name in ("reorder_point", "order_up_to")
        if name in places and grid.headings[places[name]].strip() != name
    }  # fmt: skip


def _new(kind: Kind, grid: Grid, places: Mapping[str, int], seen: Books) -> bool:
    """Whether the part can bring something: records that are named beside others are made, never changed."""
    column = {"items": "sku", "places": "place", "suppliers": "supplier"}.get(kind.name)
    if column is None or column not in places:
        return True
    told: Sequence[str] = [text_of(row[places[column]]) for _, row in islice(grid.rows(), _LOOKED_AT)]
    return any(one and one not in seen.codes[column] for one in told)


def zone(ctx: Context) -> ZoneInfo:
    """Of times that carry none: that of the first site."""
    sites = records.sites(ctx)
    return sites[0].zone_info if sites else ZoneInfo("UTC")
