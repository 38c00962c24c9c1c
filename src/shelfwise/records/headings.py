"""What the columns of files are called by those who write them: one list for all who read files. Pure."""

from __future__ import annotations

import re

# Of lines of sales, by what a column can be; letters and digits only, the most telling first.
OF_SALES: dict[str, tuple[str, ...]] = {
    "order_number": (
        "ordernumber", "orderno", "orderid", "order", "salesorder", "invoicenumber", "invoiceno", "invoiceid",
        "invoice", "documentnumber", "documentno", "document", "receiptno", "bestellnummer", "auftrag",
        "auftragsnummer", "rechnung", "rechnungsnummer", "commande", "facture", "pedido", "factura",
    ),
    "line": ("line", "lineno", "linenumber", "orderline", "lineid", "position", "pos", "zeile"),
    "sku": (
        "sku", "stockcode", "itemcode", "itemnumber", "itemno", "itemid", "productcode", "productid", "articlecode",
        "articleno", "articlenumber", "article", "partnumber", "partno", "material", "materialnumber", "item",
        "product", "artikelnummer", "artikel", "reference", "ref", "articulo",
    ),
    "description": (
        "description", "itemdescription", "productdescription", "itemname", "productname", "name", "title",
        "bezeichnung", "beschreibung", "designation", "descripcion",
    ),
    "quantity": ("quantity", "qty", "orderqty", "quantityordered", "pieces", "units", "menge", "anzahl", "quantite",
                     "cantidad"),
    "ordered_at": (
        "orderedat", "orderdate", "orderdatetime", "invoicedate", "documentdate", "datetime", "timestamp", "soldat",
        "salesdate", "saledate", "date", "createdat", "created", "datum", "bestelldatum", "rechnungsdatum", "fecha",
    ),
    "unit_price": ("unitprice", "priceeach", "sellingprice", "salesprice", "netprice", "price", "preis",
                       "einzelpreis", "prixunitaire", "prix", "precio"),
    "customer": ("customerid", "customernumber", "customerno", "customer", "client", "clientid", "kunde",
                     "kundennummer", "cliente"),
    "site": ("site", "sitecode"),
    "country": ("country", "countrycode", "shipcountry", "customercountry", "land", "pays", "pais"),
}  # fmt: skip

_SKU = (
    *OF_SALES["sku"],
    "code", "itemref", "productref", "prodref", "artikelnr", "artnr", "artno", "articleref", "referencia",
    "codigo", "codigoarticulo", "codigoproducto", "codearticle", "codeproduit", "refarticle", "codice",
    "codicearticolo", "codiceprodotto", "artikelcode", "referentie", "codigodoartigo", "artigo", "bestellnr",
    "teilenummer", "teilenr", "partcode", "part", "sachnummer", "materialnummer", "itemnr", "skucode", "skuno",
    "skunumber", "stockno", "stocknumber", "plu", "no", "nr",
)  # fmt: skip
# What is a code in one file and a name in another: a heading that says more goes first.
_EITHER = ("code", "part", "material", "no", "nr", "item", "product", "article", "artikel", "articulo", "artigo")
_SKU = tuple(sorted(_SKU, key=lambda name: _EITHER.index(name) if name in _EITHER else -1))
_SUPPLIER = ("supplier", "suppliercode", "suppliername", "vendor", "vendorname", "lieferantenname", "leverancier",
             "fornecedor", "manufacturer", "hersteller", "vendorcode", "supplierno", "lieferant", "lieferantennummer",
             "fournisseur", "proveedor", "fornitore")  # fmt: skip
_SITE = ("site", "sitecode", "warehouse", "warehousecode", "depot", "branch", "store", "filiale", "magazijn", "armazem",
         "entrepot", "almacen", "magazzino", "lager", "standort", "location")  # fmt: skip
PLACES = ("place", "placecode", "bin", "bincode", "binlocation", "shelf", "slot", "storagebin", "lagerplatz", "platz",
          "fach", "emplacement", "ubicacion", "ubicazione", "lagerort", "regal", "regalplatz", "shelflocation",
          "stocklocation",
          "rayon", "estante", "estanteria", "posizione", "scaffale", "locatie", "plaats", "localizacao", "loc", "rack",
          "location", "standort", "binno", "binnumber", "aisle")  # fmt: skip
NAMES = ("name", "nom", "nombre", "nome", "naam", "raisonsociale", "firma", "company")
_QUANTITY = OF_SALES["quantity"]
_CURRENCY = ("currency", "currencycode", "waehrung", "wahrung", "devise", "moneda", "valuta")
_COST = ("unitcost", "cost", "purchaseprice", "buyingprice", "costprice", "netprice", "price", "einkaufspreis", "ek",
         "prixachat", "preciocompra", "prixdachat", "prixachatht", "puht", "pa", "costo", "coste", "preciocoste",
         "precio", "prezzoacquisto", "prezzo", "inkoopprijs", "inkoop", "precodecompra", "buyprice", "costperunit",
         "purchasecost", "tradeprice", "ekpreis", "eknetto", "nettoek", "einkauf", "preisnetto", "nettopreis", "preis",
         "prixnet", "prix", "costeach", "wholesale", "wholesaleprice")  # fmt: skip

# By column of `records.exchange`, letters and digits only, the most telling first. The column's own name always counts.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "sku": _SKU,
    "site": _SITE,
    "place": PLACES,
    "supplier": _SUPPLIER,
    "name": NAMES,
    "description": (*OF_SALES["description"], "article", "artikel", "artikelbezeichnung", "artikelname", "produkt",
                    "produktname", "produktbezeichnung", "warenbezeichnung", "produit", "libelle", "nom",
                    "nomduproduit",
                    "producto", "nombre", "nombredelproducto", "articulo", "descrizione", "prodotto", "nome",
                    "omschrijving", "naam", "productnaam", "descricao", "produto", "item", "product", "itemdesc",
                    "desc",
                    "details", "part", "partname", "teil", "plant", "wine", "vin", "sorte", "pflanze"),
    "quantity": (*_QUANTITY, "onhand", "quantityonhand", "stock", "stockonhand", "qtyonhand", "bestand", "count",
                 "counted",
                 "currentstock",
                 "qtyinstock", "instock", "soh", "stockqty", "stocklevel", "stockquantity", "available", "inventory",
                 "lagerbestand", "istbestand", "stueck", "stuck", "stk", "stockactuel", "enstock", "qte", "qtestock",
                 "existencias", "stockactual", "unidades", "cant", "giacenza", "quantita", "esistenza", "voorraad",
                 "aantal", "quantidade", "estoque", "qtd"),
    "currency": _CURRENCY,
    "unit_cost": _COST,
    "unit_price": OF_SALES["unit_price"],
    "order_number": OF_SALES["order_number"],
    "line": OF_SALES["line"],
    "ordered_at": OF_SALES["ordered_at"],
    "customer": OF_SALES["customer"],
    "country": OF_SALES["country"],
    "number": ("number", "ponumber", "purchaseorder", "purchaseordernumber", "ordernumber", "orderno", "order", "po",
               "bestellnummer", "bestellung"),
    "expected_at": ("expectedat", "expected", "eta", "deliverydate", "duedate", "expecteddate", "liefertermin",
                    "lieferdatum"),
    "zone": ("zone", "zonecode", "area", "bereich"),
    "unit": ("unit", "uom", "unitofmeasure", "einheit", "unite", "unidad", "unita", "eenheid", "unidade", "me",
             "mengeneinheit", "um", "ud", "measure"),
    "quantum": ("quantum", "step", "smallestamount"),
    "tracking": ("tracking", "trackedby", "tracked"),
    "needs_expiry": ("needsexpiry", "expires", "perishable", "hasexpiry"),
    "shelf_life_days": ("shelflifedays", "shelflife", "haltbarkeit", "haltbarkeittage"),
    "catch_weight": ("catchweight", "variableweight"),
    "unit_weight_g": ("unitweightg", "weightg", "unitweight", "gewichtg", "grammage"),
    "barcode": ("barcode", "ean", "ean13", "gtin", "upc", "eancode", "strichcode", "barcodenumber", "barcodeno",
                "barcodeean", "codeean", "gencod", "gencode",
                "codigoean", "codicebarre", "codiceean", "streepjescode", "codigodebarra", "eangtin", "gtinean",
                "upccode",
                "eannummer", "ean8", "codebarre", "codigodebarras"),
    "inner_quantity": ("innerquantity", "innerqty", "unitsperinner"),
    "case_quantity": ("casequantity", "caseqty", "unitspercase", "piecespercase", "cartonquantity", "unitspercarton",
                      "perkarton", "stueckprokarton", "percase", "qtypercase", "casesize", "unitspercarton", "packof",
                      "colisage", "pcb", "unidadesporcaja", "udscaja", "pezzipercartone", "bottlespercase",
                      "stkprokarton", "inhaltkarton"),
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
                     "herstellernummer", "herstellernr", "supplierref", "supplierpartno", "mpn", "vendorpartno",
                     "refournisseur", "reffournisseur", "refproveedor", "lieferantenartikelnummer",
                     "lieferantenartikelnr"),
    "from_quantity": ("fromquantity", "pricebreak", "breakquantity", "from", "abmenge", "minqty"),
    "pack_size": ("packsize", "multiple", "orderunit", "unitsperpack", "verpackungseinheit", "ve"),
    "minimum_order": ("minimumorder", "moq", "minimumquantity", "minorder", "mindestmenge", "mindestbestellmenge",
                      "qtemini", "pedidominimo"),
    "lead_time_days": ("leadtimedays", "leadtime", "deliverydays", "lieferzeit", "lieferzeittage", "delai",
                       "delailivraison", "plazo", "plazoentrega", "levertijd", "lead",
                       "deliverytime", "consegna"),
    "lot": ("lot", "lotnumber", "lotno", "batch", "batchnumber", "batchno", "charge", "chargennummer", "lote",
            "lotto", "partij", "chargennr", "numerodelot", "nlot"),
    "expires_on": ("expireson", "expiry", "expirydate", "bestbefore", "bestbeforedate", "bbe", "exp", "expdate",
                   "verfall",
                   "verfallsdatum", "ablaufdatum", "haltbarbis", "dluo", "dlc", "ddm", "peremption", "datedeperemption",
                   "caducidad", "fechacaducidad", "fechadecaducidad", "vencimiento", "scadenza", "houdbaarheid", "tht",
                   "validade", "bbd", "mhd", "expirationdate", "useby"),
    "made_on": ("madeon", "productiondate", "made", "produced", "herstelldatum"),
    "status": ("status", "condition", "zustand"),
    "state": ("state",),
}  # fmt: skip


def plain_header(header: str) -> str:
    """A header's letters and digits in lower case, without accents on Latin letters: 'Unit Price' -> 'unitprice'."""
    import unicodedata

    bare = unicodedata.normalize("NFKD", header.casefold())
    return re.sub(r"[^0-9a-z]", "", bare)
