// What stands on a floor while it is drawn: shapes that are never changed but replaced, so that undoing is looking back.
(() => {
  "use strict";
  const round = (value) => Math.round(value * 1000) / 1000;
  const snapped = (value, grid) => round(Math.round(value / grid) * grid);
  const drawn = (one) => one.x_m !== null && one.width_m !== null;
  const box = ({ x_m, y_m, width_m, depth_m }) => ({ x: x_m, y: y_m, w: width_m, d: depth_m });

  // A floor as the server tells it: by key, zones, aisles of racks as one shape each, and places that stand alone.
  const shapesOf = (floor) => {
    const shapes = new Map();
    shapes.set("floor", { key: "floor", kind: "floor", x: 0, y: 0, w: floor.width_m, d: floor.depth_m });
    for (const zone of floor.zones) shapes.set(`zone-${zone.zone_id}`, { key: `zone-${zone.zone_id}`, kind: "zone", ...box(zone), told: zone,
      code: zone.code, name: zone.name, zoneKind: zone.kind });
    const aisles = new Map();
    for (const place of floor.places) {
      if (place.aisle !== null && drawn(place)) aisles.set(place.aisle, [...(aisles.get(place.aisle) ?? []), place]);
      else shapes.set(`place-${place.place_id}`, { key: `place-${place.place_id}`, kind: "place", ...box(place), told: place, code: place.code,
        placeKind: place.kind });
    }
    for (const [aisle, bins] of aisles) {
      const x = Math.min(...bins.map((one) => one.x_m)), y = Math.min(...bins.map((one) => one.y_m));
      const w = Math.max(...bins.map((one) => one.x_m + one.width_m)) - x, d = Math.max(...bins.map((one) => one.y_m + one.depth_m)) - y;
      shapes.set(`rack-${aisle}`, { key: `rack-${aisle}`, kind: "rack", x, y, w: round(w), d: round(d), bins, from: { x, y }, code: aisle });
    }
    return shapes;
  };

  // The rectangles that a rack is drawn with, from its own corner; levels share one.
  const cells = (shape) => {
    if (shape.kind === "rack") {
      const found = new Map();
      for (const one of shape.bins) {
        const cell = [round(one.x_m - shape.from.x), round(one.y_m - shape.from.y), one.width_m, one.depth_m];
        found.set(cell.join(), cell);
      }
      return [...found.values()];
    }
    const step = shape.bayWidth;
    return Array.from({ length: shape.bays }, (_, bay) =>
      shape.upright ? [0, round(bay * step), shape.w, step] : [round(bay * step), 0, step, shape.d]);
  };

  // A new rack is as long as its bays; across it is as deep as it is drawn.
  const fitted = (shape) => {
    if (shape.kind !== "newrack") return shape;
    const length = round(shape.bays * shape.bayWidth);
    return shape.upright ? { ...shape, d: length } : { ...shape, w: length };
  };

  const resized = (shape, w, d, grid) => {
    const least = Math.max(grid, 0.1);
    const [wide, deep] = [Math.max(least, round(w)), Math.max(least, round(d))];
    if (shape.kind === "rack") return shape;
    if (shape.kind !== "newrack") return { ...shape, w: wide, d: deep };
    const bays = Math.max(1, Math.round((shape.upright ? deep : wide) / shape.bayWidth));
    return fitted({ ...shape, bays, ...(shape.upright ? { w: wide } : { d: deep }) });
  };

  const same = (one, other) => one && ["x", "y", "w", "d", "code", "name", "zoneKind"].every((name) => one[name] === other[name]);
  const isNew = (shape) => shape.key.startsWith("new-");
  const rect = (shape) => ({ x_m: shape.x, y_m: shape.y, width_m: shape.w, depth_m: shape.d });

  // What the server is told: only what differs from what it told.
  const draft = (base, shapes, seen) => {
    const told = { seen, zones: [], zones_gone: [], racks: [], places: [], moved: [], gone: [] };
    for (const [key, was] of base) {
      if (shapes.has(key)) continue;
      if (was.kind === "zone") told.zones_gone.push(was.told.zone_id);
      else told.gone.push(...(was.bins ?? [was.told]).map((one) => one.place_id));
    }
    for (const shape of shapes.values()) {
      const was = base.get(shape.key);
      if (same(was, shape)) continue;
      if (shape.kind === "floor") Object.assign(told, { width_m: shape.w, depth_m: shape.d });
      else if (shape.kind === "zone") {
        const { site_id, zone_id, ...kept } = shape.told ?? { zone_id: null };
        told.zones.push({ ...kept, ...(zone_id ? { zone_id } : {}), code: shape.code, name: shape.name, kind: shape.zoneKind, ...rect(shape) });
      } else if (shape.kind === "newrack") told.racks.push({ aisle: shape.code, x_m: shape.x, y_m: shape.y, bays: shape.bays, levels: shape.levels,
        positions: shape.positions, bay_width_m: shape.bayWidth, depth_m: shape.upright ? shape.w : shape.d, upright: shape.upright,
        backward: shape.backward, pattern: shape.pattern });
      else if (shape.kind === "rack") told.moved.push(...shape.bins.map((one) => ({ place_id: one.place_id, width_m: one.width_m, depth_m: one.depth_m,
        x_m: round(one.x_m + shape.x - shape.from.x), y_m: round(one.y_m + shape.y - shape.from.y) })));
      else if (isNew(shape)) told.places.push({ code: shape.code, kind: shape.placeKind, ...rect(shape) });
      else told.moved.push({ place_id: shape.told.place_id, ...rect(shape) });
    }
    return told;
  };

  // The same changes over another floor: what is mine stays mine, what others did to the rest is taken in.
  const rebased = (base, mine, fresh) => {
    const shapes = new Map(fresh);
    for (const [key, was] of base) if (!mine.has(key)) shapes.delete(key);
    for (const shape of mine.values()) {
      const was = base.get(shape.key), now = fresh.get(shape.key);
      if (isNew(shape)) shapes.set(shape.key, shape);
      else if (now && !same(was, shape)) shapes.set(shape.key, shape.kind === "rack"
        ? { ...now, x: round(now.x + shape.x - was.x), y: round(now.y + shape.y - was.y) }
        : { ...now, x: shape.x, y: shape.y, w: shape.w, d: shape.d, code: shape.code, name: shape.name, zoneKind: shape.zoneKind });
    }
    return shapes;
  };

  const words = (shape) => {
    const at = shape.x === null ? "not drawn yet" : `at ${shape.x} × ${shape.y} m, ${shape.w} × ${shape.d} m`;
    if (shape.kind === "floor") return `The floor, ${shape.w} × ${shape.d} m`;
    if (shape.kind === "zone") return `Zone ${shape.code}, ${shape.zoneKind}, ${at}`;
    if (shape.kind === "rack") return `Rack ${shape.code}, ${shape.bins.length} bins, ${at}`;
    if (shape.kind === "newrack") return `New rack ${shape.code}, ${shape.bays * shape.levels * shape.positions} bins, ${at}`;
    return `${{ bin: "Bin", dock: "Dock", packing: "Packing bench" }[shape.placeKind]} ${shape.code}, ${at}`;
  };

  window.shelfwiseFloor = { shapesOf, cells, fitted, resized, draft, rebased, words, same, snapped, round, isNew };
})();
