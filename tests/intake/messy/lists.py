"""The eight: a hardware store, a bakery's supplies, a vet, bicycles, a garden centre, wine, spare parts, a canteen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

from tests.intake.messy.making import Messy

HARDWARE = Messy(
    "hardware store.xlsx",
    {"Stock": [
        ["Bolt & Sons Hardware"], ["stock as of Friday"], [],
        ["Code", "Item", "Barcode", "Supplier", "Cost", "Qty", "Location"],
        ["Hand tools"],
        ["00123", "Claw hammer", "4006381333931", "Miller & Co", "£7.50", 12, "A1"],
        ["00456", "Pliers\u00a0", None, "Miller & Co", "£4.20", "10 pcs", "A2"],
        [789, "Wrench", 12345678905, "Tool Mart", "£3.10", "n/a", "A1"],
        [None, "Subtotal", None, None, None, 22],
        ["Code", "Item", "Barcode", "Supplier", "Cost", "Qty", "Location"],
        ["01001", "Salt &amp; sand", None, "Tool Mart", "£1.05", 3, "B1"],
        [None, "TOTAL", None, None, None, 25],
        ["Printed by Joe"],
    ]},
    {"titles-above", "group-headings", "leading-zeros", "spaces-around", "html-signs",
     "totals", "other-rows-of-headings", "notes-between-rows", "numbers-with-units", "unknown-marks",
     "currency-signs", "column-left-out"},
    {"00123": "Claw hammer", "00456": "Pliers", "00789": "Wrench", "01001": "Salt & sand"},
    barcodes={"00123": "4006381333931", "00789": "012345678905"},
    stock={("A1", "00123"): D(12), ("A2", "00456"): D(10), ("B1", "01001"): D(3)},
    costs={("Miller & Co", "00123"): D("7.5"), ("Miller & Co", "00456"): D("4.2"), ("Tool Mart", "00789"): D("3.1"),
           ("Tool Mart", "01001"): D("1.05")},
)  # fmt: skip
BAKERY = Messy(
    "bakery supplies.xlsx",
    {"Ingredients": [
        ["SKU", "Description", "Unit", "Quantity on hand", "Best before", "Batch", "Storage"],
        ["FL-1", "Flour 00", "kg", "25 kg", "3 March 2027", "L1", "DRY"],
        ["SU-1", "Sugar", "kg", "12,5", "12 Apr 27", "L2", "DRY"],
        ["BU-1", "Butter", "kg", "2.5", 46500, "L3", "COLD"],
        ["BU-1", "Butter", "kg", "2.5", 46500, "L3", "COLD"],
        ["EG-1", "Eggs", "each", "5 dz", "00.00.0000", None, "COLD"],
        ["VA-1", "Vanilla", "kg", "0.25", "tbd", None, "DRY"],
    ]},
    {"numbers-with-units", "decimal-marks-mixed", "text-dates", "serial-dates", "rows-twice", "empty-dates",
     "unknown-marks", "column-left-out"},
    {"FL-1": "Flour 00", "SU-1": "Sugar", "BU-1": "Butter", "EG-1": "Eggs", "VA-1": "Vanilla"},
    asked={"column-left-out"},
)  # fmt: skip
VET = Messy(
    "veterinary clinic.csv",
    {"cp1252 ,": [
        ["Ref", "Product name", "EAN", "Case qty"],
        ["ab-10", "Vaccine", "5.012345678900E+12", "12"],
        ["AB-11", "Syringe 5ml – sterile", "4.006381333931E+12", "100"],
        ["AB-12", "Bandage", "4006381333948", "?"],
        ["AB-13", "Collar", "", "k.A."],
    ]},
    {"scientific-codes", "unknown-marks"},
    {"ab-10": "Vaccine", "AB-11": "Syringe 5ml – sterile", "AB-12": "Bandage", "AB-13": "Collar"},
    barcodes={"ab-10": "5012345678900", "AB-11": "4006381333931", "AB-12": "4006381333948"},
)  # fmt: skip
BICYCLES = Messy(
    "bicycle shop.xlsx",
    {"Parts": [
        ["Part no.", "Part", "Price", None, "Stock"],
        [None, None, "net", "gross", None],
        ["TU-28", "Tube 28", 4.5, 5.36, 30],
        ["TU-26", "Tube 26", 4.25, 5.06, 12],
        ["--------", "--------", "--------", "--------", "--------"],
        ["CH\u200b-9", "Chain 9", 14, 16.66, 7],
    ]},
    {"two-rows-of-headings", "separator-rows", "invisible-characters"},
    {"TU-28": "Tube 28", "TU-26": "Tube 26", "CH-9": "Chain 9"},
    merged={"Parts": [(0, 2, 0, 3)]},
)  # fmt: skip
GARDEN = Messy(
    "Gartencenter.csv",
    {"utf-8 ;": [
        ["Bestandsliste Gärtnerei Grün"],
        ["Artikelnr.", "Bezeichnung", "Strichcode", "Lieferant", "EK-Preis", "Bestand", "Lagerplatz"],
        ['="00017"', "Blumenerde 40 l", "", "Erdwerk", "3,49 €", "120 Stk.", "HOF"],
        ['="00018"', "TÃ¶pfe rot", "", "Ton GmbH", "1.200,50 €", "12 Stück", "HOF"],
        ['="01900"', "Rosendünger", "", "Erdwerk", "k.A.", "7", "HALLE"],
        ["", "Zwischensumme", "", "", "", "139", ""],
        ["", "Gesamt", "", "", "", "139", ""],
    ]},
    {"titles-above", "codes-as-formulas", "mojibake", "currency-signs", "numbers-with-units", "unknown-marks",
     "totals"},
    {"00017": "Blumenerde 40 l", "00018": "Töpfe rot", "01900": "Rosendünger"},
    stock={("HOF", "00017"): D(120), ("HOF", "00018"): D(12), ("HALLE", "01900"): D(7)},
    costs={("Erdwerk", "00017"): D("3.49"), ("Ton GmbH", "00018"): D("1200.5")},
)  # fmt: skip
WINE = Messy(
    "caviste.xlsx",
    {"Cave": [
        ["Fournisseur", "Réf. article", "Désignation", "Prix d'achat", "Quantité", "Emplacement"],
        ["Château Brun", "RG-01", "Rouge 2019", "12,50 €", "24 bouteilles", "C1"],
        [None, "RG-02", "Rouge 2020", "9,90 €", "36", "C1"],
        [None, "BL-01", "Blanc sec", "8,00 €", "-", "C2"],
        ["Domaine Vert", "RO-01", "Rosé", "7,20 €", "18", "C2"],
        [None, "Total", None, None, "78", None],
    ]},
    {"merged-cells", "currency-signs", "numbers-with-units", "unknown-marks", "totals"},
    {"RG-01": "Rouge 2019", "RG-02": "Rouge 2020", "BL-01": "Blanc sec", "RO-01": "Rosé"},
    merged={"Cave": [(1, 0, 3, 0)]},
    stock={("C1", "RG-01"): D(24), ("C1", "RG-02"): D(36), ("C2", "RO-01"): D(18)},
    costs={("Château Brun", "RG-01"): D("12.5"), ("Château Brun", "RG-02"): D("9.9"),
           ("Château Brun", "BL-01"): D(8), ("Domaine Vert", "RO-01"): D("7.2")},
)  # fmt: skip
SPARES = Messy(
    "spare parts.xlsx",
    {"Jan": [["Part number", "Description", "Bin", "On hand"], ["0001234", "Seal", "R1-01", 4],
             ["0001235", "Gasket", "R1-01", 9], [1240, "Bearing", "R1-02", 2], ["0044000", "Pump", "R1-03", "(1)"]],
     "Feb": [["Part number", "Description", "Bin", "On hand"], ["0001250", "Belt", "R2-01", 5],
             [1251, "Belt long", "R2-01", 6]]},
    {"leading-zeros", "accounting-negatives", "several-sheets"},
    {"0001234": "Seal", "0001235": "Gasket", "0001240": "Bearing", "0044000": "Pump", "0001250": "Belt",
     "0001251": "Belt long"},
    stock={("R1-01", "0001234"): D(4), ("R1-01", "0001235"): D(9), ("R1-02", "0001240"): D(2),
           ("R2-01", "0001250"): D(5), ("R2-01", "0001251"): D(6)},
    bad=1,
)  # fmt: skip
CANTEEN = Messy(
    "comedor escolar.xlsx",
    {"Almacén": [
        ["Inventario del comedor"],
        ["Código", "Producto", "Uds/caja", "Cantidad", "Caducidad", "Lote", "Ubicación"],
        ["LE-1", "Leche entera", 6, "4 cajas", date(2027, 4, 3), "A", "F1"],
        ["YO-1", "Yogur", 12, "2 cajas", date(2027, 2, 1), "B", "F1"],
        ["QU-1", "Queso", 4, "3 uds", date(2027, 9, 5), "C", "F1"],
        ["HU-1", "Huevos", 12, "1 docena", date(2027, 12, 6), "D", "F2"],
        ["PA-1", "Pan", 10, "20", "31/01/2027", "E", "F2"],
        ["AG-1", "Agua", 6, "12", "15/08/2027", "F", "F2"],
        [None, "SUMA", None, None, None, None, None],
    ]},
    {"titles-above", "packs-as-amounts", "numbers-with-units", "day-and-month-swapped", "totals"},
    {"LE-1": "Leche entera", "YO-1": "Yogur", "QU-1": "Queso", "HU-1": "Huevos", "PA-1": "Pan", "AG-1": "Agua"},
    stock={("F1", "LE-1"): D(24), ("F1", "YO-1"): D(24), ("F1", "QU-1"): D(3), ("F2", "HU-1"): D(12),
           ("F2", "PA-1"): D(20), ("F2", "AG-1"): D(12)},
    expiries={"LE-1": date(2027, 3, 4), "YO-1": date(2027, 1, 2), "QU-1": date(2027, 5, 9), "HU-1": date(2027, 6, 12),
              "PA-1": date(2027, 1, 31), "AG-1": date(2027, 8, 15)},
)  # fmt: skip

ALL_LISTS = (HARDWARE, BAKERY, VET, BICYCLES, GARDEN, WINE, SPARES, CANTEEN)
