"""What a heading means by its words, in any order and in six languages, where no list knows it as a whole. Pure.

A heading is taken apart into words, each word into an idea, and the ideas together mean a column. A heading with a word
that nobody knows means nothing: it is better to ask than to guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import cache

# Words by idea, without accents, as they stand in headings and in German and Dutch compounds; '': they add nothing.
_WORDS: dict[str, str] = {
    "": "dispo disponibilita of the a an to for on at de del della di da du des d l la le les el los las il lo en im "
        "auf je pro fur van het op dal al per our unser unsere notre nuestra nuestro ons onze current actual "
        "aktueller aktuelle actuel actuelle attuale huidige real reel reelle reale ist available verfugbar "
        "disponible disponibile beschikbaar preferred main haupt hoofd habitual principal principale abituale last "
        "letzter dernier ultimo laatste intern interne interna interno internal in line",
    "code": "cat catalog catalogue katalog no nr num nro number nummer code cod id ref reference referenz referencia "
            "referentie riferimento rif numero n codigo codice kode",
    "sku": "sku plu",
    "item": "item items product products produkt producto produit prodotto artikel art article articulo articolo "
            "part parts teil teile material goods ware waren prod",
    "name": "name names title description desc descr bezeichnung benennung beschreibung kurztext langtext text naam "
            "designation libelle intitule nom nombre nome benaming denominacion denominazione descripcion "
            "descrizione omschrijving",
    "barcode": "isbn barcode ean ean13 ean8 gtin upc strichcode gencod gencode streepjescode",
    "bars": "barres barras barre",
    "supplier": "distributor handler grossist grossiste distribuidor distributore distributeur supplier suppliers "
                "vendor vendors lieferant lieferanten lief fournisseur fourn proveedor prov fornitore forn "
                "leverancier manufacturer hersteller fabricant fabricante produttore mfr",
    "customer": "customer client kunde kunden kd cliente klant buyer debitor",
    "account": "account konto compte cuenta conto rekening acct",
    "company": "company firma firmen bedrijf raison razon ragione sociale social",
    "order": "kassenbon order orders auftrag auftrags commande pedido ordine invoice rechnung rechnungs facture "
             "factura fattura factuur receipt ticket beleg bon scontrino albaran document transaction bestel bestell",
    "date": "f date datum fecha data",
    "sale": "venduti vendidas vendidos vendus vendues pv verkauften sale sales sold selling verkauf verkaufs "
            "verkaufte vk vente vendu vendue venta vendida vendita venduta verkoop verkocht retail rrp pvp",
    "purchase": "acq purchase purchasing buy buying einkauf einkaufs ek achat pa compra acquisto inkoop trade "
                "wholesale",
    "cost": "cost coste costo kost cout revient",
    "price": "tarif tariff tarifa tariffa price preis prix precio prezzo prijs pu p",
    "each": "each einzel unitaire unitario",
    "net": "ex vat tva mwst iva zzgl net netto ht neto nett excl btw exkl hors taxe",
    "gross": "gross brutto bruto lordo ttc incl inkl inclusive",
    "quantity": "anz copies nb quantity qty qte quantite menge anzahl cantidad cant quantita qta aantal aant units "
                "uds ud unidades pieces pcs pezzi pz stk stuck stuckzahl stuks stuk piezas",
    "stock": "stock hand bestand vorrat inventory voorraad giacenza existencias existencia scorta soh count",
    "physical": "geteld gezahlt gezahlte contado contados contati physical counted",
    "warehouse": "lager warehouse depot almacen magazzino magazijn entrepot branch filiale",
    "place": "ubic plek schrank etagere balda ripiano plank drawer cabinet schublade tiroir cajon cassetto lade bin "
             "place shelf slot rack fach platz stellplatz regal lagerort emplacement casier rayon allee aisle "
             "ubicacion estanteria estante pasillo hueco posizione ubicazione scaffale corsia locatie vak schap "
             "stelling storage location loc",
    "case": "colis case cases carton cartons karton ctn caja cajas caisse cartone doos pack",
    "holds": "inhalt contents colisage pcb",
    "packs": "vpe",
    "min": "min minimum mini mindest minimo minima minimale",
    "max": "max maximum maxi hochst maximo massimo massima",
    "reorder": "reorder re melde alerte seuil riordino",
    "point": "point level punkt niveau punto livello",
    "lead": "lead delivery liefer livraison entrega consegna lever delai plazo",
    "time": "time zeit tempi tempo tijd days tage tagen jours dias giorni dagen gg j",
    "unit": "unit unite unidad unita eenheid einheit uom me um",
    "measure": "measure mesure medida misura",
    "currency": "currency devise moneda valuta wahrung",
    "lot": "lot batch charge chargen lote lotto partij",
    "expiry": "expiry exp expiration mhd tht peremption caducidad scadenza ablauf verfall verfalls",
    "best": "use houdbaar best haltbar",
    "before": "by tot before bis",
    "email": "email mail courriel correo electronico adres",
    "country": "country land pays pais paese",
    "ship": "ship shipping",
    "position": "pos position zeile ligne linea riga",
    "weight": "weight gewicht poids peso",
    "grams": "g gr gram grams gramm grammes grammi",
    "smallest": "moq mindestmenge",
    "take": "afname abnahme",
}  # fmt: skip
_IDEAS = {word: idea for idea, words in _WORDS.items() for word in words.split()}

# Which ideas together mean a column, the surest first: a heading further down yields to one further up. A kind may
# have a meaning of its own. What a customer paid is never a cost, and what was sold is never in stock.
_MEANS: dict[str, str] = {
    "sku": "sku, sku item, sku code, item code; code; item",
    "description": "item name, name; item",
    "barcode": "barcode, barcode code, barcode item, bars code",
    "supplier": "supplier, supplier name; supplier code",
    "supplier_sku": "supplier item code, supplier item, supplier sku, supplier order code; supplier code",
    "suppliers.name": "company, company name, supplier name",
    "quantity": "stock, quantity stock, quantity warehouse, stock warehouse, stock physical, "
                "quantity physical, stock quantity physical, quantity place; quantity",
    "sales.quantity": "sale quantity, item quantity, order quantity; quantity; sale",
    "unit_cost": "purchase price, purchase, cost, cost price, purchase cost, cost each, purchase price net, "
                 "purchase net, cost net, supplier price, supplier price net, cost unit, purchase price each",
    "sales.unit_price": "sale price, sale net, sale price net, sale price each, item price, price each, "
    "price each net, price unit, quantity price; price, price net; sale",
    "order_number": "order code; order",
    "ordered_at": "order date, sale date; date",
    "customer": "customer, customer name, customer code",
    "account_number": "account, account code, customer account; customer code",
    "country": "country, ship country, customer country",
    "line": "position, position code, order position",
    "place": "place, place code, place name, warehouse place, warehouse place code, stock place",
    "site": "warehouse, warehouse code, warehouse name",
    "case_quantity": "quantity case, unit case, holds case, holds, item case",
    "pack_size": "packs",
    "reorder_point": "min stock, reorder point, reorder stock, reorder, reorder order, order point; min, min quantity",
    "order_up_to": "max stock; max, max quantity",
    "minimum_order": "min order, min order quantity, smallest, min take; min quantity",
    "lead_time_days": "lead time; lead",
    "unit": "unit, unit measure, measure",
    "currency": "currency",
    "lot": "lot, lot code",
    "expires_on": "expiry, expiry date, best before, best before date, best",
    "email": "email, order email",
    "unit_weight_g": "weight grams, unit weight grams, item weight grams",
}  # fmt: skip
# The kinds that these meanings are of: what is called so elsewhere may be something else.
_OF_GOODS = frozenset(("items", "stock", "sales", "suppliers", "terms", "places", "purchase_orders"))
_RANKS: dict[str, dict[frozenset[str], int]] = {
    column: {frozenset(ideas.split()): rank for rank, alike in enumerate(told.split(";")) for ideas in alike.split(",")}
    for column, told in _MEANS.items()
}
_JOINTS = ("", "s", "n", "en", "es")
_SHORTEST = 3


def rank(kind: str, column: str, heading: str) -> int | None:
    """How surely a heading means a column of a kind: 0 is surest; None where it does not."""
    if kind not in _OF_GOODS:
        return None
    told = ideas(heading)
    ranks = _RANKS.get(f"{kind}.{column}", _RANKS.get(column, {}))
    return ranks.get(told) if told else None


def surest(kind: str, column: str, headings: Sequence[str], taken: Collection[int]) -> list[int]:
    """The places of the headings that mean a column, of the surest alone."""
    ranks = {place: told for place, heading in enumerate(headings)
             if place not in taken and (told := rank(kind, column, heading)) is not None}  # fmt: skip
    return [place for place, told in ranks.items() if told == min(ranks.values())]


def prices(heading: str) -> bool:
    """Whether a heading speaks of prices, of whatever kind."""
    return bool((ideas(heading) or frozenset()) & {"price", "cost", "purchase"})


def known(heading: str) -> bool:
    """Whether a heading means a column of any kind."""
    told = ideas(heading)
    return bool(told) and any(told in ranks for ranks in _RANKS.values())


@cache
def ideas(heading: str) -> frozenset[str] | None:
    """The ideas of a heading's words; None where one of them is unknown, unless it only explains in brackets."""
    bare = re.sub(r"[#\u2116]", " no ", heading.casefold())
    bare = unicodedata.normalize("NFKD", bare.replace("ß", "ss"))
    bare = "".join(one for one in bare if not unicodedata.combining(one))
    outer = _ideas_of(re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", bare))
    if outer is None:
        return None
    for inner in re.findall(r"[(\[]([^)\]]*)[)\]]", bare):
        if (told := _ideas_of(inner)) is None:
            return None
        outer |= told
    return outer


def _ideas_of(text: str) -> frozenset[str] | None:
    found: set[str] = set()
    for chunk in re.split(r"[^a-z0-9.]+", text):
        words = [word for word in chunk.split(".") if word and not word.isdigit()]
        told = [_word(word) for word in words]
        if None in told:
            # Q.tà and U.M. are one word each.
            told = [_word("".join(words))]
        for one in told:
            if one is None:
                return None
            found |= one
    return frozenset(found)


@cache
def _word(word: str) -> frozenset[str] | None:
    if word in _IDEAS:
        return frozenset({_IDEAS[word]} - {""})
    for at in range(len(word) - 2, _SHORTEST - 1, -1):
        first = _IDEAS.get(word[:at])
        if first is None:
            continue
        for joint in _JOINTS:
            rest = word[at + len(joint) :]
            if word[at:].startswith(joint) and (len(rest) >= _SHORTEST or rest in ("nr", "no")):
                told = _word(rest)
                if told is not None:
                    return told | ({first} - {""})
    return None
