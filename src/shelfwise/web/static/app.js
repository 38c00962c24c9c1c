// What every page does: tick the clock, keep relative times true, hear of changes, and move in tables by keyboard.
(() => {
  "use strict";
  const body = document.body;
  const rate = Number(body.dataset.rate);
  const start = { wall: Date.now(), business: Number(body.dataset.now) };
  const zone = body.dataset.zone;
  const businessNow = () => start.business + (Date.now() - start.wall) * rate;

  const words = (milliseconds) => {
    const seconds = Math.abs(milliseconds) / 1000;
    if (seconds < 10) return "just now";
    const days = Math.floor(seconds / 86400);
    const text = seconds < 60 ? `${Math.floor(seconds)} s` : seconds < 3600 ? `${Math.floor(seconds / 60)} min`
      : seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)} h` : days < 21 ? `${days} days`
      : days < 120 ? `${Math.floor(days / 7)} weeks` : `${Math.floor(days / 30)} months`;
    return milliseconds > 0 ? `${text} ago` : `in ${text}`;
  };

  // As the server writes days; see writing.py.
  const writtenDay = (instant) => {
    const part = (options) => instant.toLocaleDateString("en-GB", { timeZone: zone, ...options });
    const [day, month, year] = part({ day: "2-digit", month: "2-digit", year: "numeric" }).split("/");
    const sign = ["de", "ch"].includes(body.dataset.numbers) ? "." : "/";
    const named = `${Number(day)} ${part({ month: "short" }).slice(0, 3)} ${year}`;
    const text = { dmy: [day, month, year].join(sign), mdy: [month, day, year].join(sign),
      ymd: [year, month, day].join("-") }[body.dataset.days] ?? named;
    return `${part({ weekday: "short" })} ${text}`;
  };

  const tick = () => {
    const now = new Date(businessNow());
    document.getElementById("clock-time").textContent =
      now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
    document.getElementById("clock-day").textContent = writtenDay(now);
    for (const time of document.querySelectorAll("time[datetime]:not([data-still])")) {
      const base = "wall" in time.dataset ? Date.now() : now.getTime();
      const text = words(base - Date.parse(time.dateTime));
      if (time.textContent !== text) time.textContent = text;
    }
  };

  // Pages listen while they are seen: a browser allows few lasting connections, and a page shown again asks for all.
  const everything = ["floor", "alerts", "proposals", "orders", "quarantine", "unclaimed"];
  let source = null;
  const tell = (topics) => {
    for (const topic of topics) body.dispatchEvent(new CustomEvent(`live-${topic}`));
  };
  const listen = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      let first = true;
      source = new EventSource("/live");
      source.addEventListener("open", () => {
        body.dataset.live = "yes";
        if (!first) tell(everything);
        first = false;
      });
      source.addEventListener("error", () => { body.dataset.live = "no"; });
      source.addEventListener("changed", (event) => tell(event.data.split(" ")));
      source.addEventListener("signed-out", () => location.reload());
    }
  };

  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
  const inTable = "table[data-rows] tbody tr";
  const moveInTable = (event) => {
    if (!(event.key in step) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select")) return;
    const row = event.target.closest?.(inTable);
    if (!row) {
      // From nowhere in particular, j is the first row and k the last; pages with keys of their own begin by themselves.
      if (event.target !== body || event.key.length > 1 || document.querySelector("[data-proposals], [data-inbox]")) return;
      const first = [...document.querySelectorAll(inTable)].filter((one) => one.querySelector("a, button"));
      first.at(step[event.key] > 0 ? 0 : -1)?.querySelector("a, button").focus();
      return;
    }
    let next = row;
    do next = step[event.key] > 0 ? next.nextElementSibling : next.previousElementSibling;
    while (next && !next.querySelector("a, button"));
    if (next) {
      event.preventDefault();
      next.querySelector("a, button").focus();
    }
  };

  if (zone) {
    setInterval(tick, rate > 60 ? 250 : 1000);
    tick();
    listen();
    let hidden = document.hidden;
    document.addEventListener("visibilitychange", () => {
      listen();
      if (hidden && !document.hidden) tell(everything);
      hidden = document.hidden;
    });
    window.addEventListener("pagehide", () => { source?.close(); source = null; });
    window.addEventListener("pageshow", (event) => { if (event.persisted) { listen(); tell(everything); } });
  }
  document.addEventListener("keydown", moveInTable);
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.ask;
    if (question && !window.confirm(question)) event.preventDefault();
  });
})();
