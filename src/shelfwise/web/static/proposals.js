// Clearing a long list without leaving it: choose, edit, decide by keyboard; rows go, nothing else moves.
(() => {
  "use strict";
  const card = document.querySelector("[data-proposals]");
  const form = document.getElementById("decide");
  if (!card || !form) return;
  const chosenText = document.getElementById("chosen");
  const bar = document.getElementById("said");
  const note = card.querySelector("input[name=note]");
  const signs = new Intl.NumberFormat(
    { de: "de-DE", fr: "fr-FR", ch: "de-CH" }[document.body.dataset.numbers] ?? "en-GB",
    { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const symbols = { EUR: "€", GBP: "£", USD: "$" };
  const money = (amount, currency) => currency in symbols ? `${symbols[currency]}${signs.format(amount)}`
    : `${signs.format(amount)} ${currency}`;
  const rows = () => [...card.querySelectorAll("tr[data-id]")];
  const open = () => rows().filter((row) => !row.classList.contains("gone"));
  const tick = (row) => row.querySelector("input[name=pick]");
  const amount = (row) => row.querySelector("input[data-amount]");
  const group = (row) => row.closest("tbody");
  let anchor = null;
  let undo = null;

  // Quantities: packs and minimum are said while typing, the server says them again.
  const near = (value, pack) => [Math.floor(value / pack) * pack, Math.ceil(value / pack) * pack];
  const check = (row) => {
    const input = amount(row);
    if (!input) return true;
    const value = Number(input.value.replace(",", "."));
    const pack = Number(row.dataset.pack);
    const least = Number(row.dataset.least);
    let wrong = "";
    if (!input.value.trim() || !Number.isFinite(value) || value <= 0) wrong = "a quantity above 0, please";
    else if (value < least) wrong = `at least ${least}`;
    else if (Math.abs(value / pack - Math.round(value / pack)) > 1e-9) {
      const [below, above] = near(value, pack);
      wrong = `packs of ${pack}: ${below > 0 ? `${below} or ` : ""}${above}`;
    }
    input.toggleAttribute("data-changed", input.value.trim() !== input.defaultValue);
    input.setAttribute("aria-invalid", wrong ? "true" : "false");
    row.querySelector(".fault").textContent = wrong;
    if (!wrong) row.querySelector("[data-line]").textContent = money(value * Number(row.dataset.cost), group(row).dataset.currency);
    return !wrong;
  };
  const cost = (row) => Number(amount(row).value.replace(",", ".")) * Number(row.dataset.cost);

  const sum = () => {
    for (const body of card.querySelectorAll("tbody[data-group]")) {
      const mine = [...body.querySelectorAll("tr[data-id]:not(.gone)")];
      body.hidden = body.querySelectorAll("tr[data-id]").length === 0;
      body.querySelector("[data-sum]").textContent = money(mine.reduce((all, row) => all + (cost(row) || 0), 0), body.dataset.currency);
      const all = body.querySelector("[data-group-all]");
      const ticked = mine.filter((row) => tick(row).checked).length;
      all.checked = mine.length > 0 && ticked === mine.length;
      all.indeterminate = ticked > 0 && ticked < mine.length;
    }
    const picked = open().filter((row) => tick(row).checked);
    for (const row of rows()) row.classList.toggle("chosen", tick(row).checked);
    if (!picked.length) {
      if ("some" in chosenText.dataset) chosenText.textContent = `${open().length} wait. Nothing is chosen.`;
      delete chosenText.dataset.some;
      return;
    }
    const orders = new Set(picked.map((row) => group(row).dataset.group));
    const totals = new Map();
    for (const row of picked) {
      const currency = group(row).dataset.currency;
      totals.set(currency, (totals.get(currency) || 0) + (cost(row) || 0));
    }
    const worth = [...totals].map(([currency, total]) => money(total, currency)).join(" and ");
    chosenText.dataset.some = "";
    chosenText.textContent = `${picked.length} ${picked.length === 1 ? "proposal becomes" : "proposals become"} `
      + `${orders.size} ${orders.size === 1 ? "order" : "orders"} for ${worth}`;
  };

  const choose = (row, on) => { if (!row.classList.contains("gone")) tick(row).checked = on; };
  const say = (text, bad, back) => {
    bar.querySelector("span").textContent = text;
    bar.classList.toggle("bad", Boolean(bad));
    bar.querySelector("button").hidden = !back;
    bar.hidden = false;
    undo = back || null;
  };

  const tell = async (path, data) => {
    const answer = await fetch(path, { method: "POST", body: data, headers: { Accept: "application/json" } });
    const kind = answer.headers.get("content-type") || "";
    if (answer.ok && kind.includes("json")) return answer.json();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    throw new Error(page.querySelector("#main p, main p")?.textContent || `The server answered ${answer.status}.`);
  };
  const back = (ids) => { const data = new URLSearchParams(); for (const id of ids) data.append("pick", id); return data; };

  const decide = async (verb) => {
    let picked = open().filter((row) => tick(row).checked);
    const here = document.activeElement.closest?.("tr[data-id]");
    if (!picked.length && here && !here.classList.contains("gone")) picked = [here];
    if (!picked.length) return say("Nothing is chosen.", true);
    const wrong = verb === "approve" ? picked.find((row) => !check(row)) : null;
    if (wrong) { amount(wrong).focus(); return say("A quantity needs another look.", true); }
    const data = back(picked.map((row) => row.dataset.id));
    for (const row of picked) data.append(`amount-${row.dataset.id}`, amount(row).value.trim());
    data.append("verb", verb);
    data.append("note", note.value);
    for (const button of card.querySelectorAll(".deciding button")) button.disabled = true;
    try {
      const said = await tell(form.action, data);
      const gone = picked.filter((row) => said.done.includes(Number(row.dataset.id)));
      const next = after(picked[picked.length - 1], gone);
      const places = gone.map((row) => [row, group(row), row.nextElementSibling]);
      for (const row of gone) row.remove();
      for (const [id, why] of Object.entries(said.faults)) {
        const row = document.getElementById(`proposal-${id}`);
        if (row) { row.querySelector(".fault").textContent = why; tick(row).checked = false; }
      }
      note.value = "";
      say(said.said, Object.keys(said.faults).length > 0 && !gone.length, gone.length ? () => takeBack(places) : null);
      (next || card.querySelector("[data-all]")).focus({ preventScroll: true });
    } catch (error) {
      say(error.message, true);
    } finally {
      for (const button of card.querySelectorAll(".deciding button")) button.disabled = false;
      sum();
    }
  };

  const after = (row, gone) => {
    const all = rows();
    const from = all.indexOf(row);
    return all.slice(from + 1).find((one) => !gone.includes(one)) || all.slice(0, from).reverse().find((one) => !gone.includes(one));
  };

  const takeBack = async (places) => {
    try {
      const said = await tell("/proposals/take-back", back(places.map(([row]) => row.dataset.id)));
      for (const [row, body, before] of places.reverse()) {
        if (!said.done.includes(Number(row.dataset.id))) continue;
        body.insertBefore(row, before && before.parentNode === body ? before : null);
        tick(row).checked = false;
      }
      say(said.said, false);
    } catch (error) {
      say(error.message, true);
    }
    sum();
  };

  // What others do meanwhile is told, and moves nothing.
  const look = async () => {
    const answer = await fetch("/proposals/open", { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const now = new Set(await answer.json());
    let news = now.size;
    for (const row of rows()) {
      const still = now.has(Number(row.dataset.id));
      if (still) news -= 1;
      if (row.classList.toggle("gone", !still)) { tick(row).checked = false; row.querySelector(".fault").textContent = "decided or no longer needed"; }
    }
    const hint = document.getElementById("moved-on");
    hint.hidden = news <= 0;
    hint.querySelector("span").textContent = news === 1 ? "One more proposal has been made." : `${news} more proposals have been made.`;
    sum();
  };
  let looking = 0;
  document.body.addEventListener("live-proposals", () => { clearTimeout(looking); looking = setTimeout(look, 700); });

  // Said to whoever is about to type, and not in each of a thousand rows.
  card.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-id]");
    if (row && event.target === amount(row)) event.target.title = `In packs of ${row.dataset.pack}, at least ${row.dataset.least}`;
  });
  card.addEventListener("input", (event) => { const row = event.target.closest("tr[data-id]"); if (row && event.target === amount(row)) { check(row); sum(); } });
  card.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) for (const row of open()) choose(row, event.target.checked);
    if (event.target.matches("[data-group-all]")) for (const row of event.target.closest("tbody").querySelectorAll("tr[data-id]")) choose(row, event.target.checked);
    if (event.target.matches("input[type=checkbox]")) { anchor = event.target.closest("tr[data-id]") || anchor; sum(); }
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); decide(event.submitter?.value || "approve"); });
  bar.querySelector("button").addEventListener("click", () => { const act = undo; undo = null; act?.(); });

  const move = (step) => {
    const all = rows();
    const here = document.activeElement.closest?.("tr[data-id]");
    const next = here ? all[all.indexOf(here) + step] : all[step > 0 ? 0 : all.length - 1];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
    return next;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest?.("tr[data-id]");
    if (row && event.target === amount(row)) {
      if (event.key === "Enter") { event.preventDefault(); if (check(row)) row.focus(); }
      if (event.key === "Escape") { event.target.value = event.target.defaultValue; check(row); sum(); row.focus(); }
      return;
    }
    if (event.target.matches?.("input:not([type=checkbox]), textarea, select")) {
      if (event.target === note && event.key === "Enter") { event.preventDefault(); decide("reject"); }
      return;
    }
    const keys = {
      j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
      x: () => { if (row) { choose(row, !tick(row).checked); anchor = row; sum(); } },
      X: () => {
        if (!row) return;
        const all = rows();
        const [from, to] = [all.indexOf(anchor || row), all.indexOf(row)].sort((one, other) => one - other);
        for (const one of all.slice(from, to + 1)) choose(one, true);
        sum();
      },
      e: () => { if (row) { amount(row).focus(); amount(row).select(); } },
      a: () => decide("approve"),
      r: () => note.focus(),
      u: () => { const act = undo; undo = null; act?.(); },
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  sum();
})();
