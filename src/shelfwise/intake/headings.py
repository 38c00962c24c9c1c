"""Which column of a file is what, and which kind of file it is: by what its headings are called. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shelfwise.core.errors import Fault
from shelfwise.intake.kind import Kind
from shelfwise.intake.model import SYNONYMS as OF_SALES
from shelfwise.intake.model import Field, list_of, plain_header

_SKU = OF_SALES[Field.SKU]
_SUPPLIER = ("supplier", "suppliercode", "vendor", "vendorcode", "supplierno", "lieferant", "lieferantennummer",
             "fournisseur", "proveedor", "fornitore")  # fmt: skip
_SITE = ("site", "sitecode", "warehouse", "warehousecode", "location", "depot", "branch", "lager", "standort",
         "entrepot", "almacen", "magazzino")  # fmt: skip
_PLACE = ("place", "placecode", "bin", "bincode", "binlocation", "shelf", "slot", "storagebin", "lagerplatz", "platz",
          "fach", "emplacement", "ubicacion", "ubicazione")  # fmt: skip
_NAME = ("name", "title", "bezeichnung", "nom", "nombre", "nome")
_QUANTITY = OF_SALES[Field.QUANTITY]
_CURRENCY = ("currency", "currencycode", "waehrung", "wahrung", "devise", "moneda", "valuta")
_COST = ("unitcost", "cost", "purchaseprice", "buyingprice", "costprice", "netprice", "price", "einkaufspreis", "ek",
         "prixachat", "preciocompra")  # fmt: skip

# By column of `records.exchange`, letters and digits only, the most telling first. The column's own name always counts.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "sku": _SKU,
    "site": _SITE,
    "place": _PLACE,
    "supplier": _SUPPLIER,
    "name": _NAME,
    "description": OF_SALES[Field.DESCRIPTION],
    "quantity": (*_QUANTITY, "onhand", "stock", "stockonhand", "qtyonhand", "bestand", "count", "counted"),
    "currency": _CURRENCY,
    "unit_cost": _COST,
    "unit_price": OF_SALES[Field.UNIT_PRICE],
    "order_number": OF_SALES[Field.ORDER_NUMBER],
    "line": OF_SALES[Field.LINE],
    "ordered_at": OF_SALES[Field.ORDERED_AT],
    "customer": OF_SALES[Field.CUSTOMER],
    "country": OF_SALES[Field.COUNTRY],
    "number": ("number", "ponumber", "purchaseorder", "purchaseordernumber", "ordernumber", "orderno", "order", "po",
               "bestellnummer", "bestellung"),
    "expected_at": ("expectedat", "expected", "eta", "deliverydate", "duedate", "expecteddate", "liefertermin",
                    "lieferdatum"),
    "zone": ("zone", "zonecode", "area", "bereich"),
    "unit": ("unit", "uom", "unitofmeasure", "einheit", "unite", "unidad"),
    "quantum": ("quantum", "step", "smallestamount"),
    "tracking": ("tracking", "trackedby", "tracked"),
    "needs_expiry": ("needsexpiry", "expires", "perishable", "hasexpiry"),
    "shelf_life_days": ("shelflifedays", "shelflife", "haltbarkeit", "haltbarkeittage"),
    "catch_weight": ("catchweight", "variableweight"),
    "unit_weight_g": ("unitweightg", "weightg", "unitweight", "gewichtg", "grammage"),
    "barcode": ("barcode", "ean", "ean13", "gtin", "upc", "eancode", "strichcode", "codebarre", "codigodebarras"),
    "inner_quantity": ("innerquantity", "innerqty", "unitsperinner"),
    "case_quantity": ("casequantity", "caseqty", "unitspercase", "piecespercase", "cartonquantity", "unitspercarton",
                      "perkarton", "stueckprokarton"),
    "case_barcode": ("casebarcode", "caseean", "casegtin", "cartonbarcode"),
    "pallet_quantity": ("palletquantity", "palletqty", "unitsperpallet", "stueckpropalette"),
    "pallet_barcode": ("palletbarcode", "palletean", "palletgtin"),
    "pack": ("pack", "packaging", "packtype", "level"),
    "kind": ("kind", "type", "art"),
    "capacity": ("capacity", "maxquantity", "fits", "kapazitaet"),
    "time_zone": ("timezone", "tz", "zeitzone"),
    "email": ("email", "mail", "emailaddress", "orderemail"),
    "order_url": ("orderurl", "url", "website"),
    "account_number": ("accountnumber", "accountno", "account", "customernumber", "kundennummer"),
    "supplier_sku": ("suppliersku", "suppliercodeofitem", "supplieritemcode", "vendorsku", "theircode", "supplieritem",
                     "herstellernummer"),
    "from_quantity": ("fromquantity", "pricebreak", "breakquantity", "from", "abmenge", "minqty"),
    "pack_size": ("packsize", "multiple", "orderunit", "unitsperpack", "verpackungseinheit", "ve"),
    "minimum_order": ("minimumorder", "moq", "minimumquantity", "minorder", "mindestmenge"),
    "lead_time_days": ("leadtimedays", "leadtime", "deliverydays", "lieferzeit", "delai"),
    "lot": ("lot", "lotnumber", "lotno", "batch", "batchnumber", "batchno", "charge", "chargennummer", "lote"),
    "expires_on": ("expireson", "expiry", "expirydate", "bestbefore", "bbd", "mhd", "expirationdate", "useby"),
    "made_on": ("madeon", "productiondate", "made", "produced", "herstelldatum"),
    "status": ("status", "condition", "zustand"),
    "state": ("state",),
}  # fmt: skip


def names_of(kind: Kind, column: str) -> tuple[str, ...]:
    """What a column of this kind may be called, plain, the most telling first."""
    return (plain_header(column), *kind.synonyms.get(column, ()), *SYNONYMS.get(column, ()))


def propose(kind: Kind, headings: Sequence[str], said: Mapping[str, str]) -> tuple[dict[str, int], list[Fault]]:
    """Which heading stands for which column of a kind: as a person said, else by name.

    Args:
        said: heading by column; an empty heading: the column is not in the file, whatever headings there are.

    Returns:
        The place of the heading by column, and what is wrong: a heading that is not there or there twice, or a needed
        column that none stands for.
    """
    found: dict[str, int] = {}
    faults: list[Fault] = []
    plain = [plain_header(heading) for heading in headings]
    trimmed = [heading.strip() for heading in headings]
    spoken_for = {trimmed.index(one.strip()) for one in said.values() if one.strip() in trimmed and one.strip()}
    # What bears a column's own name is that column, before synonyms are looked at.
    own = {plain.index(plain_header(one.name)) for one in kind.sheet.columns if plain_header(one.name) in plain}
    for column in kind.sheet.columns:
        wanted = said.get(column.name)
        places: list[int] = []
        if wanted:
            places = [i for i, heading in enumerate(trimmed) if heading == wanted.strip()]
            if not places:
                faults.append(
                    Fault(f"column {column.name}", f"one of {list_of(headings)}", repr(wanted), "Choose a heading.")
                )
        elif wanted is None:
            for name in names_of(kind, column.name):
                taken = set(found.values()) | spoken_for | (own if name != plain_header(column.name) else set())
                places = [i for i, heading in enumerate(plain) if heading == name and i not in taken]
                if places:
                    break
        if len(places) > 1:
            numbers = " and ".join(str(i + 1) for i in places)
            faults.append(
                Fault(
                    f"heading {headings[places[0]]!r}", "each heading once", f"it in columns {numbers}",
                    "Rename one of them in the file, so that nobody has to guess which one counts.",
                )
            )  # fmt: skip
        elif places:
            found[column.name] = places[0]
        elif column.needed and not wanted:
            examples = ", ".join(dict.fromkeys((column.name, *SYNONYMS.get(column.name, ())[:2])))
            faults.append(
                Fault(
                    "headings", f"a column for {column.name.replace('_', ' ')} (such as {examples})", list_of(headings),
                    "Say which column holds it, or add it to the file.",
                )
            )  # fmt: skip
    return found, faults


def score(kind: Kind, name: str, headings: Sequence[str]) -> float:
    """How well a table fits a kind: 0 where a needed column is missing, more the more it says."""
    found, faults = propose(kind, headings, {})
    if faults:
        return 0.0
    named = plain_header(name).rstrip("0123456789") == plain_header(kind.name)
    exact = sum(1 for heading in headings if heading.strip() in kind.sheet.headings)
    return len(found) + exact + (100 if named else 0) - 0.5 * (len(headings) - len(found))


def recognise(kinds: Sequence[Kind], name: str, headings: Sequence[str]) -> Kind | None:
    """The kind that a table fits best; None where it fits none."""
    scored = [(score(kind, name, headings), -place, kind) for place, kind in enumerate(kinds)]
    best = max(scored, key=lambda one: one[:2], default=None)
    return best[2] if best is not None and best[0] > 0 else None


def recognised(kinds: Sequence[Kind], headings: Sequence[str]) -> int:
    """How many headings of a row some kind knows: tells headings from the titles above them."""
    plain = {plain_header(heading) for heading in headings if heading.strip()}
    known = {name for kind in kinds for column in kind.sheet.columns for name in names_of(kind, column.name)}
    return len(plain & known)
