"""Carriers' rate cards: a row for each price; what is said of the card and of a zone is the same in all its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.core.errors import Fault, Invalid
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing
from shelfwise.planning.carriers import service
from shelfwise.planning.carriers.cells import DEFAULTS, SPELT, card_of, records_of
from shelfwise.records import service as records
from shelfwise.records import sheets_carriers

_CARD = 4
"""So many parts of a key name the card; the others the price in it."""
_OF_CARD = tuple(column.name for column in sheets_carriers.OF_CARD)
_OF_ZONE = sheets_carriers.OF_ZONE
_NUMBERS = tuple(column.name for column in sheets_carriers.RATE_CARDS.columns if column.kind == "number")
Rows = dict[Key, Record]


def _known(ctx: Context, keys: Collection[Key] | None) -> Rows:
    every: Rows = {}
    for stored in service.cards(ctx):
        for record in records_of(stored.card, stored.carrier_name):
            every[RATE_CARDS.key_of(record)] = record
    return every if keys is None else {key: every[key] for key in keys if key in every}


def _of_cards(ctx: Context, cards: Collection[Key]) -> dict[Key, Rows]:
    """All rows that are there of some cards."""
    found: dict[Key, Rows] = {card: {} for card in cards}
    for key, record in _known(ctx, None).items():
        if key[:_CARD] in found:
            found[key[:_CARD]][key] = record
    return found


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    sites = {site.code for site in records.sites(ctx)}
    told: dict[Key, list[Row]] = {}
    for row in rows:
        if row.values.get("site") is not None and row.values["site"] not in sites:
            yield missing(row, "site", "a site")
        told.setdefault(RATE_CARDS.key_of(row.values)[:_CARD], []).append(row)
    there = _of_cards(ctx, told.keys())
    for card, of_card in told.items():
        yield from _contradictions(of_card)
        changed = {RATE_CARDS.key_of(row.values): _filled(row.values) for row in of_card}
        try:
            card_of(_merged(there[card], changed))
        except Invalid as error:
            yield from (_on_row(of_card, fault) for fault in error.faults)


def _contradictions(rows: Sequence[Row]) -> Iterator[RowFault]:
    """Rows of one card, or of one of its zones, that say different things of it."""
    firsts: dict[tuple[object, str], Row] = {}
    for row in rows:
        for name in (*_OF_CARD, *_OF_ZONE):
            value = row.values.get(name)
            if value is None:
                continue
            of = row.values.get("zone") if name in _OF_ZONE else None
            first = firsts.setdefault((of, name), row)
            if value != first.values[name]:
                of_what = "all prices of the zone" if name in _OF_ZONE else "all prices of the card"
                yield RowFault(
                    row.number, name, f"{first.values[name]}, as in row {first.number}", str(value),
                    f"It holds for {of_what}: correct one of the two rows.",
                )  # fmt: skip


def _on_row(rows: Sequence[Row], fault: Fault) -> RowFault:
    """A fault of a card, on the first of its rows, or the first of the zone that it is about."""
    column, _, zone = fault.where.partition(", ")
    row = next((row for row in rows if zone and row.values.get("zone") == zone), rows[0])
    return RowFault(row.number, column, fault.expected, fault.got, fault.remedy)


def _filled(record: Record) -> Record:
    return {**DEFAULTS, **{name: value for name, value in record.items() if value is not None}}


def _merged(there: Rows, changed: Rows) -> list[Record]:
    """The rows of a card after a change: what the changed ones say of the card, or of a zone, holds for the others."""
    newest = next(iter(changed.values()))
    merged: list[Record] = []
    for key, record in {**there, **changed}.items():
        of_zone = next((one for other, one in changed.items() if other[_CARD] == key[_CARD]), record)
        shared = {name: newest.get(name, record.get(name)) for name in _OF_CARD}
        merged.append({**record, **shared, **{name: of_zone.get(name) for name in _OF_ZONE}})
    return merged


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    by_card: dict[Key, Rows] = {}
    for one in changes:
        by_card.setdefault(one.key[:_CARD], {})[one.key] = one.after
    there = _of_cards(ctx, by_card.keys())
    service.import_cards(
        ctx,
        [
            (card_of(_merged(there[card], changed)), str(next(iter(changed.values())).get("carrier_name") or ""))
            for card, changed in by_card.items()
        ],
    )
    return Posted()


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    gone = set(keys)
    whole, less = [], []
    for rows in _of_cards(ctx, {key[:_CARD] for key in keys}).values():
        left = [record for key, record in rows.items() if key not in gone]
        if left:
            less.append((card_of(left), ""))
        elif rows:
            whole.append(card_of(list(rows.values())))
    service.import_cards(ctx, less)
    stayed = service.remove_imported(ctx, whole)
    return {key: stayed[key[:_CARD]] for key in keys if key[:_CARD] in stayed}


RATE_CARDS = Kind(
    sheet=sheets_carriers.RATE_CARDS,
    noun=("carrier's price", "carriers' prices"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults=DEFAULTS,
    spelt=SPELT,
    synonyms={
        "carrier": ("carriercode", "forwarder", "spediteur", "transporteur", "frachtfuehrer"),
        "service_code": ("service", "product", "servicelevel", "dienst", "produkt"),
        "service_name": ("servicedescription", "productname", "produktname"),
        "zone": ("zonecode", "zonenumber", "ratezone", "tarifzone"),
        "areas": ("postcodes", "postalcodes", "postleitzahlen", "plz", "countries", "laender"),
        "transit_days": ("transit", "days", "leadtime", "laufzeit", "transittime"),
        "up_to_kg": ("weight", "weightto", "maxweight", "upto", "toweight", "bis", "biskg", "gewicht"),
        "price": ("rate", "cost", "charge", "preis", "tarif"),
        "per_kg": ("perkg", "additionalkg", "jeweitereskg"),
        "dim_factor": ("divisor", "dimdivisor", "volumetricdivisor", "volumenteiler"),
        "fuel": ("fuelsurcharge", "fuelpercent", "treibstoffzuschlag", "dieselzuschlag"),
    },
)
