"""A floor that is not there yet, as SVG: what a plain warehouse would look like. Pure."""

from __future__ import annotations

from markupsafe import Markup

from shelfwise.records.model import Zone
from shelfwise.records.racks import Layout, Rack
from shelfwise.web.floor_svg import n


def draw_plan(layout: Layout) -> Markup:
    """Zones, racks with their bays, docks and benches, to scale: one user unit is one metre."""
    text = max(0.5, layout.width_m * 0.016)
    parts = [
        Markup(
            '<svg class="floor" viewBox="{0} {0} {1} {2}" role="img" aria-label="{3}">'
            '<rect class="site-edge" width="{4}" height="{5}"/>'
        ).format(
            n(-text), n(layout.width_m + 2 * text), n(layout.depth_m + 2 * text),
            f"{len(layout.racks)} rows of racks on a floor of {layout.width_m:g} × {layout.depth_m:g} m",
            n(layout.width_m), n(layout.depth_m),
        )
    ]  # fmt: skip
    parts += [_draw_zone(zone, text) for zone in layout.zones]
    parts += [_draw_rack(rack, text) for rack in layout.racks]
    for place in layout.places:
        x, y, width, depth = (part or 0 for part in (place.x_m, place.y_m, place.width_m, place.depth_m))
        parts.append(_box("plan-place", x, y, width, depth, place.code, min(text, width / len(place.code) * 1.5)))
    return Markup("").join([*parts, Markup("</svg>")])


def _draw_zone(zone: Zone, text: float) -> Markup:
    return Markup(
        '<g class="zone zone-plain zone-{}"><rect class="zone-area" x="{}" y="{}" width="{}" height="{}"/>'
        '<text class="zone-name" x="{}" y="{}" font-size="{}">{}</text></g>'
    ).format(
        zone.kind, n(zone.x_m), n(zone.y_m), n(zone.width_m), n(zone.depth_m), n(zone.x_m + text * 0.4),
        n(zone.y_m + zone.depth_m - text * 0.4), n(text * 0.8), zone.name,
    )  # fmt: skip


def _draw_rack(rack: Rack, text: float) -> Markup:
    bays = Markup("").join(
        Markup('<rect class="plan-bay" x="{}" y="{}" width="{}" height="{}"/>').format(
            n(rack.x_m + bay * rack.bay_width_m), n(rack.y_m), n(rack.bay_width_m), n(rack.depth_m)
        )
        for bay in range(rack.bays)
    )
    name = _text(rack.x_m - text * 0.9, rack.y_m + rack.depth_m / 2, rack.aisle, min(text, rack.depth_m))
    first = (rack.length_m - rack.bay_width_m if rack.backward else 0) + rack.bay_width_m / 2
    return bays + name + _text(rack.x_m + first, rack.y_m + rack.depth_m / 2, "1", min(text, rack.depth_m) * 0.8)


def _box(kind: str, x: float, y: float, width: float, depth: float, said: str, text: float) -> Markup:
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        kind, n(x), n(y), n(width), n(depth)
    ) + _text(x + width / 2, y + depth / 2, said, text)


def _text(x: float, y: float, said: str, size: float) -> Markup:
    return Markup(
        '<text class="plan-text" x="{}" y="{}" font-size="{}" text-anchor="middle" '
        'dominant-baseline="central">{}</text>'
    ).format(n(x), n(y), n(size), said)
