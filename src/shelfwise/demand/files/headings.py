"""Which column of a file is what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.records.headings import plain_header

# By role, names that are taken for it, the surest first. Of names of one line a file may have one only.
NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    "item": (
        ("item",),
        ("sku", "product", "article", "itemid", "productid", "skuid", "articleid", "itemnbr", "itemno", "itemnumber",
         "itemnum", "itemcode", "productcode", "productno", "productnum", "productnumber", "productnbr", "skucode",
         "skuno", "skunumber", "articleno", "articlenum", "articlenumber", "articlecode", "stockcode", "partno",
         "partnum", "partnumber", "part", "upc", "upcid", "ean", "material", "uniqueid", "artikel", "artikelnummer"),
        ("itemname", "productname", "skuname", "articlename"),
        ("family", "department", "dept", "productfamily", "category"),
    ),
    "location": (
        ("location",),
        ("store", "site", "shop", "branch", "outlet", "warehouse", "storeid", "storenbr", "storeno", "storenumber",
         "storenum", "storecode", "locationid", "locationcode", "locationno", "siteid", "sitecode", "shopid",
         "shopcode", "warehouseid", "warehousecode", "branchid", "branchcode", "outletid", "outletcode", "filiale",
         "standort"),
        ("locationname", "storename", "sitename", "shopname", "branchname", "outletname", "warehousename"),
    ),
    "date": (
        ("date",),
        ("ds", "day", "datetime", "timestamp", "weekenddate", "weekending", "weekstart", "weekstartdate", "weekdate",
         "monthstart", "orderdate", "orderedat", "soldat", "saledate", "salesdate", "transactiondate", "datum",
         "fecha"),
        ("week", "month", "period", "time"),
    ),
    "quantity": (
        ("quantity",),
        ("qty", "units", "demand", "unitsales", "unitssold", "soldunits", "quantitysold", "soldquantity", "orderqty",
         "salesqty", "salesquantity", "menge", "cantidad"),
        ("sales", "sold", "weeklysales", "dailysales", "monthlysales", "volume", "y"),
    ),
}  # fmt: skip
NEEDED = ("date", "quantity")

IN_STOCK = {"instock", "available", "availability", "isavailable", "isinstock", "onshelf"}
SOLD_OUT = {"stockout", "outofstock", "soldout", "oos", "isoutofstock", "isstockout"}
OPEN = {"open", "isopen"}
CLOSED = {"closed", "isclosed"}
_SPOKEN_FOR = IN_STOCK | SOLD_OUT | OPEN | CLOSED


@dataclass(frozen=True)
class Headings:
    """What the columns of a file were taken for.

    Attributes:
        roles: heading by role: item, location, date, quantity; without those that the file does not have.
        sold_out: headings that say whether there was anything to sell, and whether they say so by 'yes'.
        closed: the same for whether the place was open.
        others: everything else that is told.
    """

    roles: dict[str, str]
    sold_out: dict[str, bool]
    closed: dict[str, bool]
    others: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not called by its own name."""
        taken = [f"{heading!r} for {role}" for role, heading in self.roles.items() if heading.lower() != role]
        notes = [f"Taken: {', '.join(taken)}."] if taken else []
        missing = [role for role in ("item", "location") if role not in self.roles]
        if missing:
            notes.append(f"There is no column for {' and '.join(missing)}: all rows are of one.")
        return tuple(notes)


def understood(headings: Sequence[str], file: str, needed: Sequence[str] = NEEDED) -> Headings:
    """Find the columns.

    Raises:
        Invalid: one that is needed is missing, or two could be it.
    """
    roles = matched(headings, NAMES, needed, file)
    free = [one for one in headings if one not in roles.values()]
    return Headings(
        roles,
        {one: plain_header(one) in SOLD_OUT for one in free if plain_header(one) in IN_STOCK | SOLD_OUT},
        {one: plain_header(one) in CLOSED for one in free if plain_header(one) in OPEN | CLOSED},
        tuple(one for one in free if plain_header(one) not in _SPOKEN_FOR and one),
    )


def matched(
    headings: Sequence[str], names: Mapping[str, tuple[tuple[str, ...], ...]], needed: Sequence[str], file: str
) -> dict[str, str]:
    """Heading by role, without the roles that the file does not have.

    Args:
        names: see `NAMES`. What bears a role's first name is that role and no other.

    Raises:
        Invalid: one that is needed is missing, or two could be it.
    """
    own = {lines[0][0]: role for role, lines in names.items()}
    roles: dict[str, str] = {}
    faults: list[Fault] = []
    for role, lines in names.items():
        free = [one for one in headings if one not in roles.values() and own.get(plain_header(one), role) == role]
        for line in lines:
            found = [one for one in free if plain_header(one) in line]
            if len(found) > 1:
                faults.append(
                    Fault(
                        f"{file}, headings", f"one column for {role}", " and ".join(map(shorten, found)),
                        f"Rename the one that counts to {role!r}.",
                    )
                )  # fmt: skip
            if found:
                roles[role] = found[0]
                break
        else:
            if role in needed:
                faults.append(
                    Fault(
                        f"{file}, headings", f"a column {role!r}", ", ".join(map(shorten, headings[:12])) or "none",
                        f"Rename the column that holds it to {role!r}.",
                    )
                )  # fmt: skip
    if faults:
        raise Invalid(*faults)
    return roles
