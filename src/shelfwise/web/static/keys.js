// The keyboard: "/" searches, "?" shows all keys, "g" and a letter go to a page, "]" and "[" turn pages of a list.
(() => {
  "use strict";
  const box = document.getElementById("find");
  const list = document.getElementById("suggestions");
  const help = document.getElementById("keys");
  if (!box || !list || !help) return;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const show = (on) => {
    list.hidden = !on;
    box.setAttribute("aria-expanded", String(on));
  };
  const mark = (next) => {
    for (const one of options()) one.setAttribute("aria-selected", String(one === next));
    next?.scrollIntoView({ block: "nearest" });
  };
  const marked = () => options().find((one) => one.getAttribute("aria-selected") === "true");

  new MutationObserver(() => show(document.activeElement === box && list.children.length > 0 && box.value.trim() !== ""))
    .observe(list, { childList: true });
  box.addEventListener("input", () => { if (!box.value.trim()) show(false); });
  box.addEventListener("focus", () => show(options().length > 0 && box.value.trim() !== ""));
  box.form.addEventListener("focusout", (event) => { if (!box.form.contains(event.relatedTarget)) show(false); });
  box.addEventListener("keydown", (event) => {
    const all = options();
    const here = all.indexOf(marked());
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && all.length && !list.hidden) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(here < 0 ? all[step > 0 ? 0 : all.length - 1] : all[(here + step + all.length) % all.length]);
    } else if (event.key === "Enter" && here >= 0 && !list.hidden) {
      event.preventDefault();
      location.assign(all[here].href);
    } else if (event.key === "Escape") {
      if (list.hidden) box.blur();
      show(false);
    }
  });

  // A page's own keys must not hear the letter after "g".
  let going = 0;
  const typing = (target) => target.matches?.("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const take = () => { event.preventDefault(); event.stopImmediatePropagation(); };
    if (going && Date.now() - going < 1500) {
      going = 0;
      const link = [...help.querySelectorAll("[data-go]")].find((one) => one.dataset.go === event.key);
      if (link) { take(); location.assign(link.href); }
      return;
    }
    if (help.open && event.key !== "?") return;
    const turn = { "]": "next", "[": "prev" }[event.key];
    if (event.key === "g") { take(); going = Date.now(); }
    else if (event.key === "/") { take(); box.focus(); box.select(); }
    else if (event.key === "?") { take(); if (help.open) help.close(); else help.showModal(); }
    else if (turn) {
      const link = document.querySelector(`a[rel=${turn}]`);
      if (link) { take(); location.assign(link.href); }
    }
  }, true);
})();
