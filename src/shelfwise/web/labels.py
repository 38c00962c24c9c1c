"""Labels to print: of bins, docks and benches, chosen by aisle, zone or one by one, and of goods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.records import service as records
from shelfwise.records.model import Place, Site
from shelfwise.web import pages
from shelfwise.web.floor import chosen_site
from shelfwise.web.label_paper import MOST_LABELS, SHEETS, Label, Sheet, pdf
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Query(max_length=64)]
# A longer list helps nobody to tick.
_MOST_SHOWN = 300
USUAL_SHEET = "l7160"


@dataclass(frozen=True)
class Wanted:
    """Which places get a label; empty: any.

    Attributes:
        pick: ids of places; where there are some, only these.
    """

    aisle: str = ""
    zone: str = ""
    kind: str = ""
    pick: frozenset[int] = frozenset()

    def holds(self, place: Place, zones: dict[int, str]) -> bool:
        return (
            (not self.pick or place.place_id in self.pick)
            and self.aisle in ("", place.aisle)
            and self.zone in ("", zones.get(place.zone_id or 0))
            and self.kind in ("", place.kind)
        )


@router.get("/labels")
def page(
    visit: Visitor, site: str | None = None, aisle: Code = "", zone: Code = "", kind: Code = "", sku: Code = ""
) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.VIEW)
        here = chosen_site(ctx, site)
        if here is None:
            return pages.render(visit, ctx, "labels.html", here=None)
        wanted = Wanted(aisle, zone, kind)
        real = _places(ctx, here)
        found = _chosen(ctx, here, real, wanted)
        return pages.render(
            visit, ctx, "labels.html", at_site=here.site_id, here=here, sites=records.sites(ctx), wanted=wanted,
            zones=records.zones(ctx, here.site_id), aisles=sorted({one.aisle for one in real if one.aisle}),
            found=found[:_MOST_SHOWN], count=len(found), most=MOST_LABELS, sheets=SHEETS, sku=sku,
        )  # fmt: skip


def _places(ctx: Context, here: Site) -> list[Place]:
    return [one for one in records.places(ctx, here.site_id) if one.real]


def _chosen(ctx: Context, here: Site, real: list[Place], wanted: Wanted) -> list[Place]:
    """By bay and level within an aisle, so that a sheet is walked along the racks."""
    zones = {zone.zone_id: zone.code for zone in records.zones(ctx, here.site_id)}
    found = [one for one in real if wanted.holds(one, zones)]
    return sorted(found, key=lambda one: (one.aisle or "~", one.bay or 0, one.level or 0, one.position or 0, one.code))


@router.get("/labels.pdf")
def of_places(
    visit: Visitor,
    site: str | None = None,
    aisle: Code = "",
    zone: Code = "",
    kind: Code = "",
    pick: Annotated[list[int], Query(max_length=_MOST_SHOWN)] = [],  # noqa: B006 (FastAPI copies it)
    sheet: Code = USUAL_SHEET,
    skip: Annotated[int, Query(ge=0, le=99)] = 0,
    arrows: Code = "",
) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.VIEW)
        here = chosen_site(ctx, site)
        if here is None:
            raise NotFound("site", site)
        chosen = _chosen(ctx, here, _places(ctx, here), Wanted(aisle, zone, kind, frozenset(pick)))
        labels = [_label(one, here, bool(arrows)) for one in chosen]
    return paper(labels, sheet, skip, f"labels-{here.code}{f'-{aisle}' if aisle else ''}")


def _label(place: Place, here: Site, arrows: bool) -> Label:
    parts = [("Aisle", place.aisle), ("bay", place.bay), ("level", place.level), ("position", place.position)]
    where = ", ".join(f"{name} {number}" for name, number in parts if number is not None)
    load = "" if place.load_kg is None else f"carries {place.load_kg:g} kg"
    arrow = "" if place.level is None or not arrows else "down" if place.level == 1 else "up"
    return Label(place.code, place.code, tuple(line for line in (where, load, here.name) if line), arrow)


@router.get("/labels/item.pdf")
def of_item(
    visit: Visitor,
    sku: Code = "",
    lot: Code = "",
    sheet: Code = USUAL_SHEET,
    copies: Annotated[int, Query(ge=1, le=MOST_LABELS)] = 1,
    skip: Annotated[int, Query(ge=0, le=99)] = 0,
) -> Response:
    """The same label several times: the item's barcode, else its SKU, which scanners understand as well."""
    with visit.context() as ctx:
        item = records.item_by_sku(ctx, sku)
        known = [one.barcode for one in records.barcodes_of(ctx, item.item_id) if one.level is None]
    lines = (item.description[:60], f"Lot {lot}" if lot else "")
    label = Label(known[0] if known else item.sku, item.sku, tuple(line for line in lines if line))
    return paper([label] * copies, sheet, skip, "labels-of-an-item")


def paper(labels: list[Label], sheet: str, skip: int, name: str) -> Response:
    """Labels as a PDF for the browser to show.

    Raises:
        Invalid: there is no such sheet, nothing to print, or too much at once.
    """
    if sheet not in SHEETS:
        wanted = f"one of {', '.join(SHEETS)}"
        raise Invalid(Fault("sheet", wanted, shorten(sheet), "Choose the labels that lie in the printer."))
    if not 0 < len(labels) <= MOST_LABELS:
        wanted = f"1 to {MOST_LABELS} labels at once"
        raise Invalid(Fault("labels", wanted, str(len(labels)), "Choose some, one part after the other."))
    kind: Sheet = SHEETS[sheet]
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in name)
    return Response(
        pdf(labels, kind, skip),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{plain}.pdf"', "Cache-Control": "no-store"},
    )
