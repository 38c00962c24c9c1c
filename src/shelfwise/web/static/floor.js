// Redraws the bins and zones that changed, and moves the focus between bins by arrow keys.
(() => {
  "use strict";
  const map = document.getElementById("floor");
  const shown = new Map();
  let busy = false;
  let again = false;

  const label = (node, text) => {
    if (node.getAttribute("aria-label") === text) return;
    node.setAttribute("aria-label", text);
    node.querySelector("title").textContent = text;
  };

  const drawBin = (id, [state, doubt, y, height, text]) => {
    const bin = document.getElementById(`bin-${id}`);
    if (!bin) return;
    const fill = bin.querySelector(".fill");
    const key = `${state} ${doubt} ${y} ${height}`;
    if (shown.get(id) !== key) {
      if (shown.has(id)) {
        bin.classList.remove("fresh");
        void bin.getBBox();
        bin.classList.add("fresh");
      }
      shown.set(id, key);
      for (const one of ["well", "low", "empty", "free"]) bin.classList.toggle(`bin-${one}`, one === state);
      bin.classList.toggle("doubtful", doubt);
      fill.setAttribute("y", y);
      fill.setAttribute("height", height);
      bin.querySelector(".mark").setAttribute("d", state === "empty" ? cross(bin.querySelector(".shell")) : "");
    }
    label(bin, text);
  };

  const cross = (shell) => {
    const at = (name) => Number(shell.getAttribute(name));
    const arm = Math.min(at("width"), at("height")) * 0.22;
    const x = at("x") + at("width") / 2, y = at("y") + at("height") / 2;
    return `M${x - arm} ${y - arm}L${x + arm} ${y + arm}M${x - arm} ${y + arm}L${x + arm} ${y - arm}`;
  };

  const drawZone = (id, [state, reading, text]) => {
    const zone = document.getElementById(`zone-${id}`);
    if (!zone) return;
    for (const one of ["well", "attention", "danger", "unknown", "plain"]) zone.classList.toggle(`zone-${one}`, one === state);
    zone.querySelector(".zone-reading").textContent = reading;
    label(zone, text);
  };

  const refresh = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(`/floor/state?site=${encodeURIComponent(map.dataset.site)}`);
      if (answer.ok) {
        const state = await answer.json();
        for (const [id, bin] of Object.entries(state.bins)) drawBin(id, bin);
        for (const [id, zone] of Object.entries(state.zones)) drawZone(id, zone);
        map.dataset.updates = Number(map.dataset.updates || 0) + 1;
      }
    } catch {
      // The line is down; the next hint, or the reconnect, asks again.
    } finally {
      busy = false;
      if (again) { again = false; refresh(); }
    }
  };

  // One stop in the tab order for all bins; arrows go to the nearest one in their direction.
  const bins = [...map.querySelectorAll("a.bin")];
  const middle = (bin) => {
    const box = bin.querySelector(".shell").getBBox();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  const stop = (bin) => {
    for (const one of bins) one.setAttribute("tabindex", one === bin ? "0" : "-1");
  };
  if (bins.length) stop(bins[0]);
  map.addEventListener("focusin", (event) => {
    const bin = event.target.closest("a.bin");
    if (bin) stop(bin);
  });
  map.addEventListener("keydown", (event) => {
    const way = ways[event.key];
    const from = event.target.closest("a.bin");
    if (!way || !from) return;
    event.preventDefault();
    const [x, y] = middle(from);
    let best = null, least = Infinity;
    for (const bin of bins) {
      const [u, v] = middle(bin);
      const along = (u - x) * way[0] + (v - y) * way[1];
      const aside = Math.abs((u - x) * way[1]) + Math.abs((v - y) * way[0]);
      if (along > 0.01 && along + 3 * aside < least) { least = along + 3 * aside; best = bin; }
    }
    best?.focus();
  });

  document.body.addEventListener("live-floor", refresh);
  document.body.addEventListener("live-alerts", refresh);
  refresh();
  // Silence is a state too: what has become stale is shown without a hint.
  setInterval(refresh, 30000);
})();
