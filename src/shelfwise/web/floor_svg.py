"""The floor map as SVG, drawn to scale: one user unit is one metre. Pure: the same view gives the same picture."""

from __future__ import annotations

from markupsafe import Markup, escape

from shelfwise.web.floor_view import BinView, FloorView, ZoneView

_INSET = 0.08


def draw(floor: FloorView) -> Markup:
    """The map: the site's outline, its zones, its bins, and a bar of ten metres. Colours come from the style sheet."""
    text = max(0.6, floor.width * 0.0155)
    margin = text * 0.6
    parts = [
        Markup(
            '<svg id="floor" class="floor" viewBox="{} {} {} {}" role="group" aria-label="{}" data-site="{}">'
            "<defs><pattern id='hatch' width='.34' height='.34' patternUnits='userSpaceOnUse' "
            "patternTransform='rotate(45)'><rect class='hatch-gap' width='.34' height='.34'/>"
            "<line class='hatch-line' x1='.17' x2='.17' y2='.34'/></pattern></defs>"
        ).format(
            n(-margin),
            n(-margin),
            n(floor.width + 2 * margin),
            n(floor.depth + 2 * margin + text * 1.8),
            f"Floor of {floor.site_name}: {len(floor.zones)} zones, {len(floor.bins)} bins. "
            "Arrow keys move between bins.",
            floor.site_code,
        ),
        Markup('<rect class="site-edge" width="{}" height="{}" rx="{}"/>').format(
            n(floor.width), n(floor.depth), n(text * 0.4)
        ),
        *(draw_zone(zone, text) for zone in floor.zones),
        *(draw_bin(view) for view in floor.bins),
        _scale_bar(floor, text, margin),
        Markup("</svg>"),
    ]
    return Markup("").join(parts)


def draw_zone(zone: ZoneView, text: float) -> Markup:
    """A zone: its area, name and temperature, linked to its page."""
    box = zone.facts.box
    return Markup(
        '<a class="zone zone-{} zone-{}" id="zone-{}" href="/zones/{}" aria-label="{}"><title>{}</title>'
        '<rect class="zone-area" x="{}" y="{}" width="{}" height="{}" rx="{}"/>'
        '<text class="zone-name" x="{}" y="{}" font-size="{}">{}</text>'
        '<text class="zone-reading" x="{}" y="{}" font-size="{}" text-anchor="end">{}</text></a>'
    ).format(
        zone.state,
        zone.facts.kind,
        zone.facts.zone_id,
        zone.facts.zone_id,
        zone.label,
        zone.label,
        n(box.x),
        n(box.y),
        n(box.width),
        n(box.depth),
        n(text * 0.3),
        n(box.x + text * 0.5),
        n(box.y + text * 1.15),
        n(text * 0.85),
        zone.facts.name,
        n(box.x + box.width - text * 0.5),
        n(box.y + text * 1.15),
        n(text * 0.95),
        zone.reading,
    )


def draw_bin(view: BinView) -> Markup:
    """A bin: filled from below by its level, hatched where the level is doubted, crossed where it is empty."""
    box, (fill_y, fill_height) = view.facts.box, fill_box(view)
    label, place = escape(view.label), int(view.facts.place_id)
    inset = _inset(view)
    whole = f'x="{n(box.x)}" y="{n(box.y)}" width="{n(box.width)}" height="{n(box.depth)}"'
    # Only the label is anybody's text; with some hundred bins, formatting each number through Markup takes 100 ms.
    return Markup(  # noqa: S704
        f'<a class="bin bin-{view.state}{" doubtful" if view.doubt else ""}" id="bin-{place}" href="/bins/{place}" '
        f'aria-label="{label}"><title>{label}</title><rect class="shell" {whole} rx=".1"/>'
        f'<rect class="fill" x="{n(box.x + inset)}" y="{n(fill_y)}" width="{n(box.width - 2 * inset)}" '
        f'height="{n(fill_height)}"/><rect class="doubt" {whole}/>'
        f'<path class="mark" d="{_cross(view) if view.state == "empty" else ""}"/></a>'
    )


def fill_box(view: BinView) -> tuple[float, float]:
    """Where the filling begins and how high it is, in metres."""
    box = view.facts.box
    inset = _inset(view)
    height = (box.depth - 2 * inset) * view.level
    return box.y + box.depth - inset - height, height


def _inset(view: BinView) -> float:
    """Between the filling and the edge; less where the level of a rack is a narrow strip."""
    return min(_INSET, view.facts.box.width * 0.15, view.facts.box.depth * 0.15)


def _cross(view: BinView) -> str:
    box = view.facts.box
    arm = min(box.width, box.depth) * 0.22
    x, y = box.x + box.width / 2, box.y + box.depth / 2
    left, right, top, low = n(x - arm), n(x + arm), n(y - arm), n(y + arm)
    return f"M{left} {top}L{right} {low}M{left} {low}L{right} {top}"


def _scale_bar(floor: FloorView, text: float, margin: float) -> Markup:
    length = 10 if floor.width >= 20 else 1
    y, tick = floor.depth + margin + text * 0.7, text * 0.25
    return Markup(
        '<g aria-hidden="true"><path class="scale-bar" d="M0 {0}V{1}H{2}V{0}"/>'
        '<text class="scale-text" x="{3}" y="{4}" font-size="{5}">{2} m</text></g>'
    ).format(n(y - tick), n(y), length, n(length + text * 0.4), n(y), n(text * 0.8))


def n(value: float) -> str:
    """A length as SVG reads it: a millimetre is fine enough."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
