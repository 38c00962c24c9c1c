// Draws the charts that a page describes in data-chart; colours come from the style sheet, so they follow day and night.
(() => {
  "use strict";
  const DAY = 86400;
  const colours = () => {
    const probe = document.body.appendChild(document.createElement("i"));
    const read = (name) => {
      probe.className = `ink-of-${name}`;
      return getComputedStyle(probe).color;
    };
    const found = {};
    for (const name of ["ink", "soft", "line", "well", "attention", "danger", "unknown"]) found[name] = read(name);
    probe.remove();
    return found;
  };
  const fade = (colour, alpha) => `rgba(${colour.match(/[\d.]+/g).slice(0, 3).join(", ")}, ${alpha})`;
  const seconds = (day) => Date.parse(`${day}T00:00:00Z`) / 1000;
  const font = `12px ${getComputedStyle(document.documentElement).fontFamily}`;

  const axes = (c, unit, days) => [
    { stroke: c.soft, font, grid: { show: false }, ticks: { stroke: c.line, width: 1 },
      values: days ? (u, splits) => splits.map((at) => new Date(at * 1000).toLocaleDateString("en-GB",
        { day: "numeric", month: "short", timeZone: "UTC" })) : undefined },
    { stroke: c.soft, font, size: 54, grid: { stroke: c.line, width: 1 }, ticks: { show: false },
      values: (u, splits) => splits.map((one) => `${one}${unit}`) },
  ];
  const still = { cursor: { drag: { x: false, y: false }, points: { show: false }, y: false }, legend: { show: false },
    padding: [12, 26, 0, 0] };
  const pad = (before, values, after) => [...Array(before).fill(null), ...values, ...Array(after).fill(null)];

  const shade = (spans, colour) => (u) => {
    u.ctx.save();
    u.ctx.fillStyle = colour;
    for (const [from, to] of spans) {
      const left = u.valToPos(from, "x", true), right = u.valToPos(to, "x", true);
      u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
    }
    u.ctx.restore();
  };
  // Doubt is hatched here as on the floor map.
  const hatch = (spans, colour) => (u) => {
    const gap = 9 * devicePixelRatio, box = u.bbox;
    u.ctx.save();
    u.ctx.strokeStyle = colour;
    u.ctx.lineWidth = 1.5 * devicePixelRatio;
    u.ctx.beginPath();
    for (const [from, to] of spans) u.ctx.rect(u.valToPos(from, "x", true), box.top, u.valToPos(to, "x", true) - u.valToPos(from, "x", true), box.height);
    u.ctx.clip();
    u.ctx.beginPath();
    for (let x = box.left - box.height; x < box.left + box.width; x += gap) {
      u.ctx.moveTo(x, box.top + box.height);
      u.ctx.lineTo(x + box.height, box.top);
    }
    u.ctx.stroke();
    u.ctx.restore();
  };
  // Promotions: a strip along the top, hollow where they are yet to come.
  const strips = (spans, from, colour) => (u) => {
    const high = 6 * devicePixelRatio;
    u.ctx.save();
    u.ctx.strokeStyle = u.ctx.fillStyle = colour;
    u.ctx.lineWidth = devicePixelRatio;
    for (const [begins, ends] of spans) {
      const left = u.valToPos(begins, "x", true), wide = u.valToPos(ends, "x", true) - left;
      if (begins < from) u.ctx.fillRect(left, u.bbox.top, wide, high);
      else u.ctx.strokeRect(left, u.bbox.top + 1, wide, high);
    }
    u.ctx.restore();
  };
  const lineAt = (u, axis, value, colour, dash) => {
    const at = Math.round(u.valToPos(value, axis, true)) + 0.5;
    const box = u.bbox;
    if (axis === "y" ? at < box.top || at > box.top + box.height : at < box.left || at > box.left + box.width) return;
    u.ctx.save();
    u.ctx.strokeStyle = colour;
    u.ctx.lineWidth = 1.5 * devicePixelRatio;
    u.ctx.setLineDash(dash.map((one) => one * devicePixelRatio));
    u.ctx.beginPath();
    if (axis === "y") { u.ctx.moveTo(box.left, at); u.ctx.lineTo(box.left + box.width, at); }
    else { u.ctx.moveTo(at, box.top); u.ctx.lineTo(at, box.top + box.height); }
    u.ctx.stroke();
    u.ctx.restore();
  };

  // Demand: bars for what was sold, a band for what may come, washes where the shelf was empty.
  const demand = (d, c) => {
    const known = d.history.length, ahead = d.q50.length;
    const start = seconds(d.first_day);
    const x = Array.from({ length: known + ahead }, (_, n) => start + n * DAY);
    const gaps = d.masked.flatMap((masked, n) => masked ? [[x[n] - DAY / 2, x[n] + DAY / 2]] : []);
    const promoted = (d.promoted || []).map(([first, last]) => [x[first] - DAY / 2, x[last] + DAY / 2]);
    return {
      data: [x, pad(0, d.history, ahead), pad(known, d.q90, 0), pad(known, d.q10, 0), pad(known, d.q50, 0)],
      options: {
        scales: { x: { time: true, range: (u, low, high) => [low - 0.6 * DAY, high + 0.6 * DAY] },
          y: { range: (u, low, high) => [0, Math.max(high * 1.08, 1)] } },
        axes: axes(c, "", true),
        series: [{},
          { fill: fade(c.soft, 0.55), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.72, 14] }) },
          { stroke: "transparent", points: { show: false } },
          { stroke: "transparent", points: { show: false } },
          { stroke: c.ink, width: 2, points: { show: false } }],
        bands: [{ series: [2, 3], fill: fade(c.ink, 0.16) }],
        hooks: { drawClear: [shade(gaps, fade(c.danger, 0.16))],
          draw: [strips(promoted, start + (known - 0.5) * DAY, c.ink), (u) => { if (ahead) lineAt(u, "x", start + (known - 0.5) * DAY, c.soft, [3, 3]); }] },
      },
    };
  };

  // Projection: what will be available without the order and with it, and when it should arrive.
  const projection = (d, c) => {
    const start = seconds(d.first_day);
    const x = d.without.p50.map((_, n) => start + n * DAY);
    return {
      data: [x, d.without.p90, d.without.p10, d.without.p50, d.with.p90, d.with.p10, d.with.p50],
      options: {
        scales: { x: { time: true } },
        axes: axes(c, "", true),
        series: [{}, ...["attention", "well"].flatMap((name) => [
          { stroke: "transparent", points: { show: false } },
          { stroke: "transparent", points: { show: false } },
          { stroke: c[name], width: 2.5, points: { show: false }, dash: name === "attention" ? [6, 4] : undefined }])],
        bands: [{ series: [1, 2], fill: fade(c.attention, 0.18) }, { series: [4, 5], fill: fade(c.well, 0.18) }],
        hooks: { draw: [(u) => {
          lineAt(u, "y", 0, c.danger, []);
          if (d.arrives_on_day !== null) lineAt(u, "x", start + d.arrives_on_day * DAY, c.soft, [3, 3]);
        }] },
      },
    };
  };

  // History: a band from lowest to highest with the mean in it, or bars of how often; a silence is a gap.
  const history = (d, c, zone) => {
    const limits = d.limits.filter((limit) => limit !== null);
    const long = d.until - d.since > 2 * DAY;
    const words = long ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
    const x = { ...axes(c, "", false)[0], values: (u, splits) => splits.map((at) =>
      new Date(at * 1000).toLocaleString("en-GB", { ...words, timeZone: zone })) };
    const range = { x: { time: true, range: () => [d.since, d.until] } };
    const tzDate = (at) => uPlot.tzDate(new Date(at * 1000), zone);
    const clear = [shade(d.silent, fade(c.unknown, 0.16)), shade(d.outside, fade(c.danger, 0.16)),
      hatch(d.doubted, fade(c.attention, 0.6))];
    if (d.count) return {
      data: [d.at, d.count],
      options: { tzDate, scales: { ...range, y: { range: (u, low, high) => [0, Math.max(high * 1.08, 1)] } },
        axes: [x, axes(c, "", false)[1]],
        series: [{}, { fill: fade(c.soft, 0.55), width: 0, points: { show: false },
          paths: uPlot.paths.bars({ size: [0.8, 14] }) }], hooks: { drawClear: clear } },
    };
    return {
      data: [d.at, d.high, d.low, d.mean],
      options: {
        tzDate,
        scales: { ...range, y: { range: (u, low, high) => {
          const least = Math.min(low, ...limits), most = Math.max(high, ...limits), room = (most - least || 2) * 0.12;
          return [least - room, most + room];
        } } },
        axes: [x, axes(c, d.unit, false)[1]],
        series: [{}, { stroke: "transparent", points: { show: false } }, { stroke: "transparent", points: { show: false } },
          { stroke: c.ink, width: 2, points: { show: (u, s, from, to) => to - from < 40, size: 5 } }],
        bands: [{ series: [1, 2], fill: fade(c.ink, 0.16) }],
        hooks: { drawClear: clear, draw: [(u) => { for (const limit of limits) lineAt(u, "y", limit, c.danger, [6, 4]); }] },
      },
    };
  };

  const kinds = { demand, projection, history };
  const drawn = new Map();
  const draw = (box) => {
    const description = JSON.parse(box.dataset.chart);
    const { data, options } = kinds[description.kind](description, colours(), document.body.dataset.zone);
    drawn.get(box)?.destroy();
    const size = { width: Math.max(box.clientWidth, 240), height: Math.round(Math.min(Math.max(box.clientWidth * 0.36, 220), 340)) };
    drawn.set(box, new uPlot({ ...still, ...options, ...size }, data, box));
    box.dataset.drawn = "yes";
  };
  const drawAll = () => {
    for (const box of [...drawn.keys()]) if (!box.isConnected) { drawn.get(box).destroy(); drawn.delete(box); }
    document.querySelectorAll("[data-chart]").forEach(draw);
  };
  let waiting = 0;
  const later = () => { clearTimeout(waiting); waiting = setTimeout(drawAll, 120); };

  drawAll();
  window.addEventListener("resize", later);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);
  document.addEventListener("htmx:after:swap", later);
})();
