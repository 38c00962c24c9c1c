// The editor of a floor: draws shapes, moves them by pointer and keys, and sends the draft as a whole.
(() => {
  "use strict";
  const floors = window.shelfwiseFloor;
  const root = document.getElementById("drawing");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const [svg, list, form, say, faults, sure] = ["picture", "list", "fields", "say", "faults", "sure"].map(part);
  const layers = { zone: part("zones"), rack: part("racks"), newrack: part("places"), place: part("places") };
  const address = root.dataset.address;
  const nodes = new Map();
  let base = new Map(), shapes = new Map(), seen = "", chosen = null, grid = 0.5, drag = null, made = 0;
  let before = [], after = [];

  const element = (name, attributes = {}, text = "") => {
    const node = document.createElementNS(svg.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text) node.textContent = text;
    return node;
  };

  // Drawing: a shape that is the same object as before is left alone.
  const put = (shape) => {
    const node = element("g", { class: `draw draw-${shape.kind} draw-${shape.zoneKind ?? shape.placeKind ?? "rack"}`, tabindex: "0", role: "button",
      "data-key": shape.key, transform: `translate(${shape.x} ${shape.y})`, "aria-label": floors.words(shape) });
    node.append(element("rect", { class: "draw-area", width: shape.w, height: shape.d }));
    if (shape.kind.endsWith("rack")) node.append(element("path", { class: "draw-cells",
      d: floors.cells(shape).map(([x, y, w, d]) => `M${x} ${y}h${w}v${d}h${-w}z`).join("") }));
    const size = Math.min(shape.kind === "zone" ? 0.8 : shape.d * 0.7, shape.w / Math.max(shape.code.length, 2) * 1.3, 0.9);
    if (shape.kind === "zone") node.append(element("text", { x: 0.2, y: size + 0.1, "font-size": size }, shape.name || shape.code));
    else node.append(element("text", { class: "draw-name", x: shape.w / 2, y: shape.d / 2, "font-size": size }, shape.code));
    return node;
  };

  const show = (next) => {
    const floor = next.get("floor"), was = shapes.get("floor");
    if (floor !== was) {
      svg.setAttribute("viewBox", `-1 -1 ${floor.w + 2} ${floor.d + 2}`);
      for (const name of ["edge", "grid"]) { part(name).setAttribute("width", floor.w); part(name).setAttribute("height", floor.d); }
    }
    for (const [key, node] of nodes) if (!next.has(key)) { node.remove(); nodes.delete(key); }
    for (const [key, shape] of next) {
      if (shape === shapes.get(key) || !layers[shape.kind] || shape.x === null) continue;
      const node = put(shape), old = nodes.get(key), focused = old === document.activeElement;
      if (old) old.replaceWith(node); else layers[shape.kind].append(node);
      nodes.set(key, node);
      if (focused) node.focus({ preventScroll: true });
    }
    shapes = next;
    if (!shapes.has(chosen)) chosen = null;
    mark();
  };

  const mark = () => {
    for (const node of svg.querySelectorAll(".chosen")) node.classList.remove("chosen");
    const shape = shapes.get(chosen), handle = part("handle");
    nodes.get(chosen)?.classList.add("chosen");
    const resizable = shape && shape.kind !== "rack" && shape.kind !== "floor" && shape.x !== null;
    handle.classList.toggle("shown", Boolean(resizable));
    if (resizable) {
      const size = 18 * (shapes.get("floor").w + 2) / svg.getBoundingClientRect().width;
      for (const [name, value] of Object.entries({ x: shape.x + shape.w - size / 2, y: shape.y + shape.d - size / 2, width: size, height: size })) {
        handle.setAttribute(name, value);
      }
    }
    fill(shape ?? shapes.get("floor"));
    part("undo").disabled = !before.length;
    part("redo").disabled = !after.length;
    part("save").disabled = !changed();
  };

  const changed = () => shapes.size !== base.size || [...shapes.values()].some((one) => !floors.same(base.get(one.key), one));

  // The list and the fields: all that the picture can, without it.
  const tell = () => {
    const wanted = part("filter").value.trim().toLowerCase();
    const found = [...shapes.values()].filter((one) => floors.words(one).toLowerCase().includes(wanted));
    list.replaceChildren(...found.slice(0, 200).map((shape) => {
      const row = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.dataset.key = shape.key;
      button.textContent = floors.words(shape);
      if (shape.key === chosen) button.setAttribute("aria-current", "true");
      row.append(button);
      return row;
    }));
    part("more").textContent = found.length > 200 ? `and ${found.length - 200} more; search for them` : "";
  };

  const FIELDS = ["x", "y", "w", "d", "code", "name", "zoneKind", "placeKind", "bays", "levels", "positions", "bayWidth", "pattern", "upright", "backward"];
  const fill = (shape) => {
    part("which").textContent = floors.words(shape);
    for (const label of form.querySelectorAll("[data-for]")) {
      label.hidden = !label.dataset.for.split(" ").includes(floors.isNew(shape) ? `new${shape.kind.replace("new", "")}` : shape.kind);
    }
    for (const name of FIELDS) {
      const field = form.elements[name];
      if (field.type === "checkbox") field.checked = Boolean(shape[name]);
      else if (field !== document.activeElement) field.value = shape[name] ?? "";
    }
    part("remove").hidden = shape.kind === "floor";
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    const shape = shapes.get(chosen ?? "floor"), field = event.target;
    const number = field.type === "number" ? Number(field.value) : null;
    if (number !== null && (!Number.isFinite(number) || field.value === "" || (!["x", "y"].includes(field.name) && number <= 0))) return mark();
    const value = field.type === "checkbox" ? field.checked : number ?? field.value.trim();
    const spot = shape.x === null ? { x: 0, y: 0, w: 2, d: 2 } : {};
    let next = { ...shape, ...spot, [field.name]: value };
    if (field.name === "upright") next = { ...next, w: shape.d, d: shape.w };
    else if (["w", "d"].includes(field.name)) next = floors.resized(shape, next.w, next.d, 0.1);
    return change(floors.fitted(next));
  });

  // Changes: each step can be taken back.
  const step = (next) => {
    before = [...before.slice(-199), shapes];
    after = [];
    show(next);
    tell();
  };
  const change = (shape) => step(new Map(shapes).set(shape.key, shape));
  const back = (from, to) => {
    if (!from.length) return;
    to.push(shapes);
    show(from.pop());
    tell();
  };
  const choose = (key, focus = false) => {
    chosen = key;
    mark();
    tell();
    if (focus) nodes.get(key)?.focus();
  };
  const remove = () => {
    if (!chosen || chosen === "floor") return;
    const next = new Map(shapes);
    next.delete(chosen);
    step(next);
  };

  const free = (kind, letters) => {
    const taken = new Set([...shapes.values()].map((one) => one.code));
    for (let number = 0; ; number += 1) {
      const code = letters && number < 26 ? String.fromCharCode(65 + number) : `${kind}${number + 1}`;
      if (!taken.has(code)) return code;
    }
  };
  const ADDED = {
    zone: () => ({ kind: "zone", w: 6, d: 4, code: free("ZONE"), name: "New zone", zoneKind: "ambient" }),
    rack: () => ({ kind: "newrack", w: 0, d: 1.1, code: free("R", true), bays: 4, levels: 3, positions: 1, bayWidth: 2.7, pattern: root.dataset.pattern,
      upright: false, backward: false }),
    bin: () => ({ kind: "place", w: 1, d: 1, code: free("BIN-"), placeKind: "bin" }),
  };
  root.addEventListener("click", (event) => {
    const kind = event.target.closest("[data-add]")?.dataset.add, key = event.target.closest("li button")?.dataset.key;
    if (kind) {
      made += 1;
      const floor = shapes.get("floor"), shape = floors.fitted({ key: `new-${made}`, ...ADDED[kind]() });
      chosen = shape.key;
      change({ ...shape, x: floors.snapped(Math.max(0, (floor.w - shape.w) / 2), grid), y: floors.snapped(Math.max(0, (floor.d - shape.d) / 2), grid) });
      nodes.get(shape.key).focus();
    } else if (key) choose(key);
  });
  part("undo").addEventListener("click", () => back(before, after));
  part("redo").addEventListener("click", () => back(after, before));
  part("remove").addEventListener("click", remove);
  part("filter").addEventListener("input", tell);
  part("snap").addEventListener("change", (event) => { grid = Number(event.target.value); });

  // By pointer: what is chosen can be dragged, its corner makes it larger.
  const point = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  svg.addEventListener("pointerdown", (event) => {
    const corner = event.target === part("handle"), key = corner ? chosen : event.target.closest(".draw")?.dataset.key;
    if (!key) return choose(null);
    if (event.pointerType === "touch" && key !== chosen) return choose(key);
    if (key !== chosen) choose(key);
    drag = { shape: shapes.get(key), from: point(event), corner, was: shapes };
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
    return nodes.get(key).focus({ preventScroll: true });
  });
  svg.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const at = point(event), { shape, from, corner } = drag, [dx, dy] = [at.x - from.x, at.y - from.y];
    const next = corner ? floors.resized(shape, floors.snapped(shape.w + dx, grid), floors.snapped(shape.d + dy, grid), grid)
      : { ...shape, x: floors.snapped(shape.x + dx, grid), y: floors.snapped(shape.y + dy, grid) };
    if (!floors.same(shapes.get(shape.key), next)) show(new Map(shapes).set(shape.key, next));
  });
  const drop = () => {
    if (!drag) return;
    const { was, shape } = drag, now = shapes.get(shape.key);
    drag = null;
    if (!now || floors.same(shape, now)) return;
    before = [...before.slice(-199), was];
    after = [];
    mark();
    tell();
  };
  svg.addEventListener("pointerup", drop);
  svg.addEventListener("pointercancel", drop);
  svg.addEventListener("focusin", (event) => {
    const key = event.target.closest(".draw")?.dataset.key;
    if (key && key !== chosen && !drag) choose(key);
  });

  // By keys.
  const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  root.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && (key === "z" || key === "y") && !event.target.closest("input")) {
      event.preventDefault();
      return key === "y" || event.shiftKey ? back(after, before) : back(before, after);
    }
    const way = WAYS[event.key], shape = shapes.get(chosen);
    if (!event.target.closest(".draw") || !shape) return undefined;
    if (event.key === "Delete" || event.key === "Backspace") remove();
    else if (event.key === "Escape") { choose(null); part("filter").focus(); }
    else if (!way) return undefined;
    else if (event.shiftKey) change(floors.resized(shape, shape.w + way[0] * Math.max(grid, shape.bayWidth ?? 0), shape.d + way[1] * grid, grid));
    else change({ ...shape, x: floors.round(shape.x + way[0] * grid), y: floors.round(shape.y + way[1] * grid) });
    return event.preventDefault();
  });

  // To the server and back: first what would be done, then, when somebody says so, all of it.
  const load = async () => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(String(answer.status));
    const floor = await answer.json();
    return { fresh: floors.shapesOf(floor), seen: floor.seen };
  };
  const send = async (only_say) => fetch(address, { method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...floors.draft(base, shapes, seen), only_say }) });
  const complain = (sentences, other = false) => {
    faults.replaceChildren(...sentences.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    part("wrong").hidden = !sentences.length;
    part("take-in").hidden = !other;
  };
  const refused = async (answer) => {
    const told = await answer.json().catch(() => ({}));
    const each = (told.faults ?? []).map((one) => `${one.where}: ${one.got}. Expected ${one.expected}. ${one.remedy}`);
    const other = answer.status === 409 && (await load()).seen !== seen;
    complain(each.length ? each : [told.error ?? `The server answered ${answer.status}. Try again.`], other);
  };
  const guarded = (deed) => async () => {
    try { await deed(); } catch { complain(["The line is down. What you drew is still here: try again in a moment."]); }
  };
  const start = guarded(async () => {
    const got = await load();
    [base, seen, before, after, chosen] = [got.fresh, got.seen, [], [], null];
    show(got.fresh);
    tell();
    root.dataset.ready = "yes";
  });
  part("save").addEventListener("click", guarded(async () => {
    complain([]);
    const answer = await send(true);
    if (!answer.ok) return refused(answer);
    part("would").textContent = (await answer.json()).words;
    return sure.showModal();
  }));
  part("yes").addEventListener("click", guarded(async () => {
    sure.close();
    const answer = await send(false);
    if (!answer.ok) return refused(answer);
    say.textContent = `Saved: ${(await answer.json()).words}`;
    return start();
  }));
  part("no").addEventListener("click", () => sure.close());
  part("take-in").addEventListener("click", guarded(async () => {
    const got = await load(), mine = floors.rebased(base, shapes, got.fresh);
    [base, seen, before, after] = [got.fresh, got.seen, [], []];
    complain([]);
    show(mine);
    tell();
    say.textContent = "Their changes are taken in, and yours are kept. Look at both, then save.";
  }));
  window.addEventListener("beforeunload", (event) => { if (changed()) event.preventDefault(); });
  window.addEventListener("resize", mark);
  start();
})();
