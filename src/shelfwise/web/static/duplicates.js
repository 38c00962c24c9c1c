// Pairs by keyboard and without reloading: j and k move, the letters press the buttons of the pair that has the focus.
(() => {
  "use strict";
  const pairs = () => [...document.querySelectorAll("[data-pair]")];
  const here = () => document.activeElement?.closest?.("[data-pair]");
  let last = null;

  const focus = (pair) => {
    pair?.focus();
    pair?.scrollIntoView({ block: "nearest" });
  };

  // The answer is the pair as it stands now. Where something went wrong the form is sent as ever, and its page says what.
  const swap = async (form, pair) => {
    const told = new URLSearchParams(new FormData(form));
    const get = form.method === "get";
    const address = get ? `${form.getAttribute("action")}?${told}` : form.getAttribute("action");
    const answer = await fetch(address, {
      method: get ? "GET" : "POST", body: get ? null : told, headers: { "HX-Request": "true" },
    }).catch(() => null);
    if (!answer?.ok) return form.submit();
    const box = document.createElement("template");
    box.innerHTML = (await answer.text()).trim();
    const now = box.content.querySelector("[data-pair]");
    if (!now) return form.submit();
    pair.replaceWith(now);
    if (!get) last = now;
    focus(now);
  };

  document.addEventListener("submit", (event) => {
    const pair = event.target.closest("[data-pair]");
    if (!pair || !event.target.matches("[data-swap]")) return;
    event.preventDefault();
    swap(event.target, pair);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const all = pairs();
    const at = all.indexOf(here());
    if (event.key === "j") focus(all[Math.min(at + 1, all.length - 1)]);
    else if (event.key === "k") focus(all[Math.max(at - 1, 0)]);
    else if (!"mnu".includes(event.key)) return;
    else (here()?.querySelector(`[data-key="${event.key}"]`) ?? (event.key === "u" ? last?.querySelector('[data-key="u"]') : null))?.click();
    event.preventDefault();
  });
})();
